"""Exercises of chapter 07, domain adaptation: inputs, references, pitfalls, hints, proofs."""

from __future__ import annotations

from functools import partial

import numpy as np

from course_lib.exercises import drawings
from course_lib.exercises.comparators import close, equal
from course_lib.exercises.specification import Exercise, ManualExercise, Option, Pitfall, Quiz, text
from course_lib.training.tiny import draw_tiny

# Why some changes to a solution change nothing.
SOFTMAX = "any number may be taken from a whole row before softmax"


def log_softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


# 07.1 ---------------------------------------------------------------------------------------------


def draw_samples(rng):
    n, m = (int(size) for size in rng.choice([5, 6, 7, 8], size=2, replace=False))
    return {
        "f_s": rng.normal(size=(n, 3)),
        "f_t": rng.normal(size=(m, 3)) * 1.3 + 0.6,
        "widths": [
            float(width) for width in rng.choice([0.5, 0.8, 1.2, 1.9, 3.0], 3, replace=False)
        ],
    }


def mmd(f_s, f_t, widths, *, biased=False, together=np.mean, square=True, half=True, cross=2.0,
        swapped=False, squared_widths=True, left=lambda n: n * (n - 1), own_pairs=True):  # fmt: skip
    """The squared MMD of a kernel of several widths; the options are bugs."""

    def k(a, b):
        d = ((a[:, None] - b[None]) ** 2).sum(axis=2)
        d = d if square else np.sqrt(d)
        below = [(2 if half else 1) * (w**2 if squared_widths else w) for w in widths]
        return together([np.exp(-d / b) for b in below], axis=0)

    def within(f):
        K, n = k(f, f), len(f)
        if biased:
            return K.mean()
        off = K.sum() - np.trace(K)
        return off / left(n)

    K = k(f_s, f_t)
    between = K.mean() if own_pairs else (K.sum() - np.trace(K)) / (K.size - min(K.shape))
    found = within(f_s) + within(f_t) - cross * between
    return -found if swapped else found


MMD = Exercise(
    id="07.1",
    title=text("MMD², unbiased", "无偏的 MMD²"),
    points=3,
    objective="O1",
    function="mmd_unbiased",
    inputs=draw_samples,
    reference=lambda f_s, f_t, widths: mmd(f_s, f_t, widths),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    forbidden=("course_lib.pytorch.mmd_squared", "course_lib.keras.mmd_squared"),
    survivors={
        "a[:, None] - b[None] → b[None] - a[:, None]": "the difference is squared",
        "kernel(f_s, f_t) → kernel(f_t, f_s)": "a kernel is symmetric, and all pairs are averaged",
    },
    pitfalls=(
        Pitfall(
            "biased",
            lambda f_s, f_t, widths: mmd(f_s, f_t, widths, biased=True),
            text(
                "That is the biased estimate: each row is compared with itself, too, and k(a, a) = 1 makes the result too large.",
                "这是有偏估计：每一行还与自己比了一次，而 k(a, a) = 1，于是结果偏大。",
            ),
        ),
        Pitfall(
            "diagonal_out_but_n_squared",
            lambda f_s, f_t, widths: mmd(f_s, f_t, widths, left=lambda n: n * n),
            text(
                "You left the diagonal out of the sum, but still divide by n². n(n − 1) pairs are left.",
                "求和时去掉了对角线，却仍然除以 n²。剩下的是 n(n − 1) 对。",
            ),
        ),
        Pitfall(
            "cross_term_once",
            lambda f_s, f_t, widths: mmd(f_s, f_t, widths, cross=1.0),
            text(
                "The term between the domains counts twice: (a − b)² = a² + b² − 2ab.",
                "两个域之间的那一项要算两次：(a − b)² = a² + b² − 2ab。",
            ),
        ),
        Pitfall(
            "distance_not_squared",
            lambda f_s, f_t, widths: mmd(f_s, f_t, widths, square=False),
            text(
                "The exponent has the *squared* distance; you took the distance (that is another kernel, Laplace's).",
                "指数里是距离的**平方**；你用的是距离本身（那是另一种核，拉普拉斯核）。",
            ),
        ),
        Pitfall(
            "two_forgotten",
            lambda f_s, f_t, widths: mmd(f_s, f_t, widths, half=False),
            text("The exponent is −d² / 2σ²; the 2 is missing.", "指数是 −d² / 2σ²，漏了 2。"),
        ),
        Pitfall(
            "width_not_squared",
            lambda f_s, f_t, widths: mmd(f_s, f_t, widths, squared_widths=False),
            text(
                "The exponent has σ², you divided by 2σ: the result would change with the unit.",
                "指数里是 σ²，你除以的是 2σ：这样换个单位结果就变了。",
            ),
        ),
        Pitfall(
            "kernels_summed",
            lambda f_s, f_t, widths: mmd(f_s, f_t, widths, together=np.sum),
            text(
                "You added the kernels of the widths; take their mean.",
                "你把各个宽度的核加了起来；应当取平均。",
            ),
        ),
        Pitfall(
            "another_number_of_pairs",
            lambda f_s, f_t, widths: mmd(f_s, f_t, widths, left=lambda n: (n - 1) ** 2),
            text(
                "Count the pairs again: each of n rows has n − 1 others, so n(n − 1) are left, not (n − 1)².",
                "再数一遍有多少对：n 行中每一行有 n − 1 个别的行，所以是 n(n − 1) 对，不是 (n − 1)²。",
            ),
        ),
        Pitfall(
            "all_but_one",
            lambda f_s, f_t, widths: mmd(f_s, f_t, widths, left=lambda n: n * n - 1),
            text(
                "You divided by n² − 1. The diagonal has n entries: n² − n pairs are left.",
                "你除以了 n² − 1。对角线有 n 个元素：剩下的是 n² − n 对。",
            ),
        ),
        Pitfall(
            "diagonal_between_left_out",
            lambda f_s, f_t, widths: mmd(f_s, f_t, widths, own_pairs=False),
            text(
                "Between the domains there is no row that meets itself: average over all n·m pairs there.",
                "两个域之间没有哪一行会遇上自己：那里应对全部 n·m 对取平均。",
            ),
        ),
        Pitfall(
            "mean_width",
            lambda f_s, f_t, widths: mmd(f_s, f_t, [float(np.mean(widths))]),
            text(
                "You averaged the widths and took one kernel. Average the *kernels*.",
                "你把宽度取了平均，只用了一个核。应当对**核**取平均。",
            ),
        ),
        Pitfall(
            "exponents_averaged",
            lambda f_s, f_t, widths: mmd(
                f_s, f_t, [float(np.mean(np.array(widths) ** -2.0)) ** -0.5]
            ),
            text(
                "You averaged the exponents: that multiplies kernels. Average after exp.",
                "你对指数取了平均，那是把核相乘。应当先 exp，再取平均。",
            ),
        ),
        Pitfall(
            "rooted",
            lambda f_s, f_t, widths: float(np.sqrt(max(mmd(f_s, f_t, widths), 0.0))),
            text(
                "Asked for is MMD² itself: no root, and no cut at 0. The unbiased estimate may be negative.",
                "要的是 MMD² 本身：不开根号，也不在 0 处截断。无偏估计可以为负。",
            ),
        ),
        Pitfall(
            "sign",
            lambda f_s, f_t, widths: mmd(f_s, f_t, widths, swapped=True),
            text(
                "The sign is reversed (or its absolute value was taken): pairs within a domain count plus, pairs between them minus.",
                "符号反了（或取了绝对值）：域内的对取正，域间的对取负。",
            ),
        ),
    ),
    hints=(
        text(
            "Write a helper `k(a, b)` that gives the n×m matrix of kernel values, mean over the widths already taken.",
            "先写一个辅助函数 `k(a, b)`，给出 n×m 的核矩阵，其中已对各宽度取平均。",
        ),
        text(
            "All squared distances: `((a[:, None] - b[None]) ** 2).sum(axis=2)`.",
            "全部距离平方：`((a[:, None] - b[None]) ** 2).sum(axis=2)`。",
        ),
        text(
            "Within a domain: `(K.sum() - np.trace(K)) / (n * (n - 1))`; between them all n·m pairs: `.mean()`.",
            "域内：`(K.sum() - np.trace(K)) / (n * (n - 1))`；域间是全部 n·m 对：`.mean()`。",
        ),
    ),
    right={
        "numpy": (
            "def mmd_unbiased(f_s, f_t, widths):\n"
            "    f = np.concatenate([f_s, f_t]); n, m = len(f_s), len(f_t)\n"
            "    d = (f**2).sum(1)[:, None] + (f**2).sum(1)[None] - 2 * f @ f.T\n"
            "    k = np.mean([np.exp(-d / (2 * w * w)) for w in widths], axis=0)\n"
            "    a = np.full((n, n), 1 / n / (n - 1)); b = np.full((m, m), 1 / m / (m - 1))\n"
            "    np.fill_diagonal(a, 0); np.fill_diagonal(b, 0)\n"
            "    w = np.block([[a, np.full((n, m), -1 / n / m)], [np.full((m, n), -1 / n / m), b]])\n"
            "    return (w * k).sum()\n",
            "def mmd_unbiased(f_s, f_t, widths):\n"
            "    def k(a, b):\n"
            "        return sum(np.exp(-((a - b) ** 2).sum() / (2 * w**2)) for w in widths) / len(widths)\n"
            "    def inside(f):\n"
            "        pairs = [k(f[i], f[j]) for i in range(len(f)) for j in range(i)]\n"
            "        return sum(pairs) / len(pairs)\n"
            "    between = [k(a, b) for a in f_s for b in f_t]\n"
            "    return inside(f_s) + inside(f_t) - 2 * sum(between) / len(between)\n",
        )
    },
)

# 07.2 ---------------------------------------------------------------------------------------------


def draw_two_clouds(rng):
    mix_s, mix_t = rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    mean_s, mean_t = rng.normal(size=(2, 3))
    return {
        "f_s": rng.normal(size=(9, 3)) @ mix_s + mean_s,
        "f_t": rng.normal(size=(7, 3)) @ mix_t + mean_t,
        "f_new": rng.normal(size=(4, 3)) @ mix_t + mean_t,
        "epsilon": float(rng.choice([0.05, 0.1, 0.2])),
    }


def power(C, exponent):
    values, vectors = np.linalg.eigh(C)
    return (vectors * values**exponent) @ vectors.T


def recolour(f_s, f_t, f_new, epsilon, *, ddof=1, order=(0, 1), cholesky=False, entrywise=False, mean="source",
             backwards=False, own=False, ridge=True, powers=(-0.5, 0.5), about_mean=True, everywhere=False,
             least=False, own_mean=False):  # fmt: skip
    """New target rows with the source's mean and covariance; the options are bugs."""
    if backwards:
        f_s, f_t = f_t, f_s
    if own:
        f_t = f_new
    D = f_s.shape[1]
    added = epsilon * (np.ones((D, D)) if everywhere else np.eye(D) * ridge)
    covariances = [np.cov(f.T, ddof=ddof) for f in (f_t, f_s)]
    if not about_mean:
        covariances = [f.T @ f / (len(f) - 1) for f in (f_t, f_s)]
    C_t, C_s = (C + added for C in covariances)
    if least:
        half = power(C_t, 0.5)
        A = power(C_t, -0.5) @ power(half @ C_s @ half, 0.5) @ power(C_t, -0.5)
    elif cholesky:
        A = np.linalg.inv(np.linalg.cholesky(C_t)).T @ np.linalg.cholesky(C_s).T
    elif entrywise:
        A = np.diag(np.sqrt(np.diag(C_s) / np.diag(C_t)))
    else:
        steps = [power(C_t, powers[0]), power(C_s, powers[1])]
        A = steps[order[0]] @ steps[order[1]]
    if mean == "kept":
        return f_new @ A
    centred = (f_new - (f_new if own_mean else f_t).mean(axis=0)) @ A
    return centred + {"target": f_t.mean(axis=0), "source": f_s.mean(axis=0), "none": 0}[mean]


CORAL = Exercise(
    id="07.2",
    title=text("Bring the target to the model", "把目标域搬到模型这边"),
    points=3,
    objective="O2",
    function="bring_home",
    drawing=drawings.points(
        behind="f_s",
        across=text("first feature", "第一个特征"),
        down=text("second feature", "第二个特征"),
    ),
    inputs=draw_two_clouds,
    reference=recolour,
    comparator=close(rtol=1e-6, atol=1e-8),
    tensors=False,
    pitfalls=(
        Pitfall(
            "entry_by_entry",
            lambda **inputs: recolour(**inputs, entrywise=True),
            text(
                "You matched the variances only (one factor for each feature). The covariances between features differ, too: take roots "
                "of the whole matrices.",
                "你只对齐了方差（每个特征一个倍数）。特征之间的协方差也不同：要对整个矩阵开方。",
            ),
        ),
        Pitfall(
            "coloured_then_whitened",
            lambda **inputs: recolour(**inputs, order=(1, 0)),
            text(
                "The order is wrong: first whiten with the target's own root (nearest to the data), then colour with the source's.",
                "次序反了：先用目标域自己的根去白化（紧挨着数据），再用源域的根去着色。",
            ),
        ),
        Pitfall(
            "cholesky",
            lambda **inputs: recolour(**inputs, cholesky=True),
            text(
                "The covariance of your result is right, but it is turned: Cholesky's factors are another root. Asked for are the "
                "symmetric ones, as in the text.",
                "你的结果协方差是对的，但转了个方向：Cholesky 因子是另一种根。题目要的是对称的根，与正文一样。",
            ),
        ),
        Pitfall(
            "another_map",
            lambda **inputs: recolour(**inputs, least=True),
            text(
                "Your result has the right mean and covariance, by another map (the one of optimal transport, which moves the data least). Here: whiten with the target's root, then colour with the source's.",
                "你的结果均值与协方差都对，但用的是另一个变换（最优传输的那个，对数据的改动最小）。这里要的是：先用目标域的根白化，再用源域的根着色。",
            ),
        ),
        Pitfall(
            "not_about_the_mean",
            lambda **inputs: recolour(**inputs, about_mean=False),
            text(
                "These are second moments, not covariances: take each domain's mean out before multiplying.",
                "这是二阶矩，不是协方差：相乘之前，每个域要先减去自己的均值。",
            ),
        ),
        Pitfall(
            "epsilon_everywhere",
            lambda **inputs: recolour(**inputs, everywhere=True),
            text(
                "`C + epsilon` adds ε to *every* entry; εI has it on the diagonal only.",
                "`C + epsilon` 把 ε 加到了**每一个**元素上；εI 只在对角线上有 ε。",
            ),
        ),
        Pitfall(
            "mean_of_the_new_rows",
            lambda **inputs: recolour(**inputs, own_mean=True),
            text(
                "You took out the mean of `f_new`. It belongs to `f_t`: the new rows may be few, even one.",
                "你减去的是 `f_new` 自己的均值。应当减 `f_t` 的：新来的行可能很少，甚至只有一行。",
            ),
        ),
        Pitfall(
            "not_whitened",
            lambda **inputs: recolour(**inputs, powers=(0.5, 0.5)),
            text(
                "You coloured without whitening: the target's root has the exponent −1/2.",
                "没有白化就着色了：目标域的根，指数是 −1/2。",
            ),
        ),
        Pitfall(
            "exponents_swapped",
            lambda **inputs: recolour(**inputs, powers=(0.5, -0.5)),
            text(
                "The exponents are exchanged: −1/2 belongs to the target (taken out), +1/2 to the source (put in).",
                "指数弄反了：−1/2 属于目标域（去掉它），+1/2 属于源域（加上它）。",
            ),
        ),
        Pitfall(
            "no_roots",
            lambda **inputs: recolour(**inputs, powers=(-1.0, 1.0)),
            text(
                "The covariance of fA is AᵀCA: A enters twice, so *roots* are needed.",
                "fA 的协方差是 AᵀCA：A 出现两次，所以要**开方**。",
            ),
        ),
        Pitfall(
            "mean_kept",
            lambda **inputs: recolour(**inputs, mean="target"),
            text(
                "The covariance is right, but the mean is still the target's. Put the source's mean in.",
                "协方差对了，均值却还是目标域的。最后应加上源域的均值。",
            ),
        ),
        Pitfall(
            "mean_lost",
            lambda **inputs: recolour(**inputs, mean="none"),
            text(
                "The source's mean is missing: add it at the end.",
                "漏了源域的均值：最后要加上。",
            ),
        ),
        Pitfall(
            "not_centred",
            lambda **inputs: recolour(**inputs, mean="kept"),
            text(
                "You multiplied without centring: take the target's mean out first, put the source's in at the end.",
                "没有先减均值就乘了：先减去目标域的均值，最后加上源域的均值。",
            ),
        ),
        Pitfall(
            "the_other_way",
            lambda **inputs: recolour(**inputs, backwards=True),
            text(
                "That is the map from the source to the target, as in the text. Here the model stays, and the *target* rows come to it.",
                "这是正文里从源域到目标域的变换。这里模型不动，是**目标域**的行搬过来。",
            ),
        ),
        Pitfall(
            "statistics_of_the_new_rows",
            lambda **inputs: recolour(**inputs, own=True),
            text(
                "You took mean and covariance from `f_new`. They belong to `f_t`: the new rows may be few, even one.",
                "你用了 `f_new` 自己的均值与协方差。应当用 `f_t` 的：新来的行可能很少，甚至只有一行。",
            ),
        ),
        Pitfall(
            "divided_by_n",
            lambda **inputs: recolour(**inputs, ddof=0),
            text(
                "The covariances are divided by n; here it is n − 1, as in np.cov.",
                "协方差除以了 n；这里要除以 n − 1，与 np.cov 一样。",
            ),
        ),
        Pitfall(
            "epsilon_forgotten",
            lambda **inputs: recolour(**inputs, ridge=False),
            text(
                "εI is missing: add it to both covariances before taking roots.",
                "漏了 εI：开方之前要加到两个协方差上。",
            ),
        ),
    ),
    hints=(
        text(
            "Three moves: take the mean out and whiten, colour, put the other mean in.",
            "三步：减均值并白化，着色，加上另一个均值。",
        ),
        text(
            "A symmetric root: `values, vectors = np.linalg.eigh(C)`, then `(vectors * values**p) @ vectors.T` with p = ½ or −½.",
            "对称的根：`values, vectors = np.linalg.eigh(C)`，再取 `(vectors * values**p) @ vectors.T`，p 为 ½ 或 −½。",
        ),
        text(
            "Rows are examples, so matrices stand on the right: `(f_new - mean_t) @ root_t @ root_s + mean_s`.",
            "一行是一个样本，所以矩阵写在右边：`(f_new - mean_t) @ root_t @ root_s + mean_s`。",
        ),
    ),
    right={
        "numpy": (
            "def bring_home(f_s, f_t, f_new, epsilon):\n"
            "    def split(f):\n"
            "        centred = f - f.mean(axis=0)\n"
            "        C = centred.T @ centred / (len(f) - 1) + epsilon * np.identity(f.shape[1])\n"
            "        V, w, _ = np.linalg.svd(C)\n"
            "        return f.mean(axis=0), V, w\n"
            "    mean_s, V, w = split(f_s)\n"
            "    mean_t, U, u = split(f_t)\n"
            "    return (f_new - mean_t) @ (U @ np.diag(u**-0.5) @ U.T) @ (V @ np.diag(w**0.5) @ V.T) + mean_s\n",
            "def bring_home(f_s, f_t, f_new, epsilon):\n"
            "    from scipy.linalg import sqrtm\n"
            "    eye = epsilon * np.eye(f_s.shape[1])\n"
            "    root_s, root_t = (np.real(sqrtm(np.cov(f, rowvar=False) + eye)) for f in (f_s, f_t))\n"
            "    white = np.linalg.solve(root_t, (f_new - f_t.mean(0)).T).T\n"
            "    return white @ root_s + f_s.mean(0)\n",
        )
    },
)

# 07.3 ---------------------------------------------------------------------------------------------


def draw_target_images(rng):
    shift = rng.normal(size=3)
    brightness = rng.normal(size=(12, 1, 1, 3)) * 2  # images differ from each other,
    lighting = rng.normal(size=(1, 5, 5, 3))  # and places do
    noise = rng.normal(size=(12, 5, 5, 3)) * 1.4
    return {
        "images": (shift + brightness + lighting + noise).astype(np.float32),
        **draw_tiny(rng),
    }


def target_statistics(images, kernel, **rest):
    z = images @ kernel
    return {
        "mean": z.mean(axis=(0, 1, 2)),
        "variance": z.var(axis=(0, 1, 2)),
        "weights_moved": False,
        "mode_restored": True,
    }


def statistics_but(change):
    """Know a mistake by part of the report."""
    return lambda **inputs: change(target_statistics(**inputs), inputs)


PYTORCH_STATISTICS = """\
def adapt_statistics(model, images):
    norm = model.backbone.norm
    with torch.no_grad():
        z = model.backbone.mix(images)
        norm.running_mean.copy_(z.mean(dim=(0, 1, 2)))
        norm.running_var.copy_(z.var(dim=(0, 1, 2)))
"""
KERAS_STATISTICS = """\
from keras import ops
def adapt_statistics(model, images):
    norm = model.backbone.norm
    z = model.backbone.mix(images)
    norm.moving_mean.assign(ops.mean(z, axis=(0, 1, 2)))
    norm.moving_variance.assign(ops.var(z, axis=(0, 1, 2)))
"""


def changed(pytorch_source, keras_source, pytorch=None, keras=None):
    """Give the right code with one replacement in each framework: (what stands there, instead)."""
    code = {}
    for name, source, change in (
        ("pytorch", pytorch_source, pytorch),
        ("keras", keras_source, keras),
    ):
        if change:
            assert change[0] in source, change
            code[name] = source.replace(*change)
    return code


def statistics_code(pytorch=None, keras=None):
    return changed(PYTORCH_STATISTICS, KERAS_STATISTICS, pytorch, keras)


ADAPT = Exercise(
    id="07.3",
    title=text("The target's own statistics", "用目标域自己的统计量"),
    points=3,
    objective="O2",
    function="adapt_statistics",
    drawing=drawings.bars("mean", across=text("unit", "单元"), down=text("mean", "均值")),
    inputs=draw_target_images,
    reference=target_statistics,
    comparator=close(rtol=1e-2, atol=1e-3),
    probe="adapted_statistics",
    forbidden=(
        "course_lib.pytorch.estimate_statistics",
        "course_lib.keras.estimate_statistics",
    ),
    survivors={
        "what stands under 'with torch.no_grad():', without it": "copying into a buffer records nothing that matters",
    },
    parts={
        "mean": text("the layer's mean afterwards", "之后该层的均值"),
        "variance": text("the layer's variance afterwards", "之后该层的方差"),
        "weights_moved": text("“a weight has changed”", "“有权重变了”"),
        "mode_restored": text(
            "“the model is as it came, but for the statistics”",
            "“除统计量外，模型与送来时一样”",
        ),
    },
    pitfalls=(
        Pitfall(
            "one_batch_with_momentum",
            lambda images, kernel, mean, variance, **rest: {
                "mean": 0.9 * mean + 0.1 * (images @ kernel).mean(axis=(0, 1, 2)),
            },
            text(
                "The statistics moved a tenth of the way only: one forward pass in training mode mixes 0.1 of the batch into the old "
                "ones. Set them, or let nothing of the old be kept (PyTorch: momentum 1; Keras: momentum 0).",
                "统计量只移动了十分之一：训练模式下的一次前向计算，只把当前批的 0.1 混进旧值。请直接设定，或让旧值一点不留（PyTorch 的 momentum 取 1，"
                "Keras 的取 0）。",
            ),
            code={
                "pytorch": "def adapt_statistics(model, images):\n    model.train()\n    with torch.no_grad():\n        model(images)\n    model.eval()\n",
                "keras": "def adapt_statistics(model, images):\n    model(images, training=True)\n",
            },
        ),
        Pitfall(
            "deviation_for_variance",
            statistics_but(lambda right, inputs: {"variance": np.sqrt(right["variance"])}),
            text(
                "The layer keeps the *variance*; you put the standard deviation there.",
                "该层保存的是**方差**，你放进去的是标准差。",
            ),
            code=statistics_code(
                pytorch=("z.var(", "z.std("),
                keras=("ops.var(", "ops.std("),
            ),
        ),
        Pitfall(
            "mean_only",
            lambda images, kernel, mean, variance, **rest: {
                "mean": (images @ kernel).mean(axis=(0, 1, 2)),
                "variance": variance,
            },
            text(
                "The mean is the target's, the variance is still the source's.",
                "均值已是目标域的，方差还是源域的。",
            ),
            code=statistics_code(
                pytorch=("        norm.running_var.copy_(z.var(dim=(0, 1, 2)))\n", ""),
                keras=("    norm.moving_variance.assign(ops.var(z, axis=(0, 1, 2)))\n", ""),
            ),
        ),
        Pitfall(
            "per_image",
            statistics_but(
                lambda right, inputs: {
                    "variance": (inputs["images"] @ inputs["kernel"])
                    .mean(axis=(1, 2))
                    .var(axis=0, ddof=1)
                }
            ),
            text(
                "That is the variance of the images' means. Every *place* of every image is an example for the layer: take it over N, H "
                "and W at once.",
                "这是各张图片均值的方差。对该层来说，每张图片的每个**位置**都是一个样本：应对 N、H、W 一起求。",
            ),
            code=statistics_code(
                pytorch=("z.var(dim=(0, 1, 2))", "z.mean(dim=(1, 2)).var(dim=0)"),
                keras=(
                    "ops.var(z, axis=(0, 1, 2))",
                    "ops.var(ops.mean(z, axis=(1, 2)), axis=0) * 12 / 11",
                ),
            ),
        ),
        Pitfall(
            "over_images_first",
            statistics_but(
                lambda right, inputs: {
                    "variance": (inputs["images"] @ inputs["kernel"])
                    .var(axis=0, ddof=1)
                    .mean(axis=(0, 1))
                }
            ),
            text(
                "You took a variance at each place and averaged those: what differs between places is lost. Take it over N, H and W at once.",
                "你在每个位置各求方差再取平均：位置之间的差别就丢了。应对 N、H、W 一起求。",
            ),
            code=statistics_code(
                pytorch=("z.var(dim=(0, 1, 2))", "z.var(dim=0).mean(dim=(0, 1))"),
                keras=(
                    "ops.var(z, axis=(0, 1, 2))",
                    "ops.mean(ops.var(z, axis=0), axis=(0, 1)) * 12 / 11",
                ),
            ),
        ),
        *(
            Pitfall(
                f"over_places_first_in_{framework}",
                statistics_but(
                    lambda right, inputs, ddof=ddof: {
                        "variance": (inputs["images"] @ inputs["kernel"])
                        .var(axis=(1, 2), ddof=ddof)
                        .mean(axis=0)
                    }
                ),
                text(
                    "You averaged the variances of the images (or of batches): what differs between them is lost. Take it over N, H "
                    "and W at once.",
                    "你把各张图片（或各批）的方差取了平均：图片之间的差别就丢了。应对 N、H、W 一起求。",
                ),
                code=statistics_code(**{framework: change}),
            )
            for framework, ddof, change in (  # PyTorch's var divides by the count less one
                ("pytorch", 1, ("z.var(dim=(0, 1, 2))", "z.var(dim=(1, 2)).mean(dim=0)")),
                (
                    "keras",
                    0,
                    ("ops.var(z, axis=(0, 1, 2))", "ops.mean(ops.var(z, axis=(1, 2)), axis=0)"),
                ),
            )
        ),
        Pitfall(
            "one_number_for_all",
            statistics_but(
                lambda right, inputs: {
                    "mean": np.full(
                        4, (inputs["images"] @ inputs["kernel"]).mean(), dtype=np.float32
                    )
                }
            ),
            text(
                "All channels got the same mean. Each of the D channels has its own: leave the last axis out of the mean.",
                "所有通道得到了同一个均值。D 个通道各有各的：求平均时不要包括最后一个轴。",
            ),
            code=statistics_code(
                pytorch=("z.mean(dim=(0, 1, 2))", "z.mean().expand(4)"),
                keras=("ops.mean(z, axis=(0, 1, 2))", "ops.mean(z) * ops.ones((4,))"),
            ),
        ),
        Pitfall(
            "statistics_of_the_output",
            lambda images, kernel, gamma, beta, mean, variance, **rest: {
                "mean": (gamma * (images @ kernel - mean) / np.sqrt(variance + 1e-5) + beta).mean(
                    axis=(0, 1, 2)
                ),
            },
            text(
                "You measured what comes *out of* the BatchNorm layer. Its statistics are those of what goes in: what `mix` gives.",
                "你量的是 BatchNorm 层的**输出**。它的统计量描述的是输入，也就是 `mix` 的输出。",
            ),
            code=statistics_code(
                pytorch=(
                    "model.backbone.mix(images)",
                    "norm(model.backbone.mix(images).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)",
                ),
                keras=("model.backbone.mix(images)", "norm(model.backbone.mix(images))"),
            ),
        ),
        Pitfall(
            "weights_changed",
            lambda **inputs: {"weights_moved": True},
            text(
                "A weight has changed (γ and β are weights). Adaptation of the statistics leaves all weights as they are.",
                "有权重变了（γ 与 β 也是权重）。只适应统计量时，所有权重都要原样不动。",
            ),
            code=statistics_code(
                pytorch=("norm.running_mean.copy_", "norm.bias.copy_"),
                keras=("norm.moving_mean.assign", "norm.beta.assign"),
            ),
        ),
        Pitfall(
            "left_in_training_mode",
            lambda **inputs: {"mode_restored": False, "weights_moved": False},
            text(
                "The model came in inference mode and went back in another state: the next batch would move its statistics again. Its "
                "momentum must be the old one, too, and the same weights must learn (leave `requires_grad` and `trainable` alone).",
                "模型送来时处于推理模式，还回去时却变了：下一批数据又会移动它的统计量。momentum 也要恢复原值，学习的权重也不能变（不要动 `requires_grad` 和 `trainable`）。",
            ),
            code=statistics_code(
                pytorch=(
                    "    norm = model.backbone.norm\n",
                    "    norm = model.backbone.norm\n    model.train()\n",
                ),
                keras=(
                    "    norm = model.backbone.norm\n",
                    "    norm = model.backbone.norm\n    norm.trainable = False\n",
                ),
            ),
        ),
        Pitfall(
            "nothing_changes",
            lambda mean, variance, **inputs: {"mean": mean, "variance": variance},
            text(
                "The statistics are still the source's. In inference mode a forward pass moves nothing, and `x = …` only renames.",
                "统计量还是源域的。推理模式下的前向计算不会移动它们；而 `x = …` 只是换了个名字。",
            ),
            code={
                "pytorch": "def adapt_statistics(model, images):\n    model(images)\n",
                "keras": "def adapt_statistics(model, images):\n    model(images, training=False)\n",
            },
        ),
    ),
    hints=(
        text(
            "What goes into the BatchNorm layer is `model.backbone.mix(images)`, N×H×W×D: the channels are the last axis.",
            "进入 BatchNorm 层的是 `model.backbone.mix(images)`，形状 N×H×W×D：通道在最后一个轴。",
        ),
        text(
            "Its mean and variance over N, H and W are D numbers each.",
            "对 N、H、W 求均值与方差，各得到 D 个数。",
        ),
        text(
            "PyTorch: `norm.running_mean.copy_(…)`, `norm.running_var.copy_(…)` under torch.no_grad(). Keras: "
            "`norm.moving_mean.assign(…)`, `norm.moving_variance.assign(…)`.",
            "PyTorch：在 torch.no_grad() 下用 `norm.running_mean.copy_(…)`、`norm.running_var.copy_(…)`。Keras：用 "
            "`norm.moving_mean.assign(…)`、`norm.moving_variance.assign(…)`。",
        ),
    ),
    right={
        "pytorch": (
            "def adapt_statistics(model, images):\n"
            "    norm = model.backbone.norm\n"
            "    kept, norm.momentum = norm.momentum, 1.0\n"
            "    norm.train()\n"
            "    with torch.no_grad():\n"
            "        model(images)\n"
            "    norm.eval()\n"
            "    norm.momentum = kept\n",
            "def adapt_statistics(model, images):\n"
            "    z = model.backbone.mix(images).detach().flatten(0, 2)\n"
            "    variance, mean = torch.var_mean(z, dim=0, unbiased=False)\n"
            "    state = model.state_dict()\n"
            "    state['backbone.norm.running_mean'].copy_(mean)\n"
            "    state['backbone.norm.running_var'].copy_(variance)\n",
        ),
        "keras": (
            "def adapt_statistics(model, images):\n"
            "    norm = model.backbone.norm\n"
            "    kept, norm.momentum = norm.momentum, 0.0\n"
            "    model(images, training=True)\n"
            "    norm.momentum = kept\n",
            "def adapt_statistics(model, images):\n"
            "    z = keras.ops.convert_to_numpy(model.backbone.mix(images))\n"
            "    rows = z.reshape(-1, z.shape[-1])\n"
            "    norm = model.backbone.norm\n"
            "    gamma, beta, _, _ = norm.get_weights()\n"
            "    norm.set_weights([gamma, beta, rows.mean(axis=0), rows.var(axis=0, ddof=1)])\n",
        ),
    },
)

# 07.4 ---------------------------------------------------------------------------------------------


def draw_players(rng):
    return {
        "x_s": rng.normal(size=(6, 2, 2, 3)).astype(np.float32),
        "y_s": rng.permutation(np.arange(6) % 3),
        "x_t": (rng.normal(size=(6, 2, 2, 3)) * 1.5 + 0.7).astype(np.float32),
        "strength": float(rng.choice([0.3, 0.5, 2.0])),
        "learning_rate": float(rng.choice([0.05, 0.1])),
        "judge": rng.normal(size=(4, 1)).astype(np.float32),
        "judge_bias": rng.normal(size=1).astype(np.float32),
        **draw_tiny(rng),
    }


def report_of_players(strength, **rest):
    multiples = np.array([1.0, -strength, 1.0, 1.0])
    return {"first": multiples, "second": multiples, "straight": True, "statistics_moved": True}


def went(multiples):
    """Know a mistake by how far each part went in the first step."""
    return lambda strength, **rest: {"first": np.array(multiples(strength), dtype=float)}


PYTORCH_DANN = """\
from torch.nn import functional
class Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, f, strength):
        ctx.strength = strength
        return f.view_as(f)
    @staticmethod
    def backward(ctx, slope):
        return -ctx.strength * slope, None
def dann_step(model, discriminator, x_s, y_s, x_t, strength, learning_rate):
    weights = [*model.parameters(), *discriminator.parameters()]
    f_s, f_t = model.backbone(x_s), model.backbone(x_t)
    z = discriminator(Reverse.apply(torch.cat([f_s, f_t]), strength))
    is_target = torch.cat([torch.zeros(len(f_s), 1), torch.ones(len(f_t), 1)])
    of_classes = functional.cross_entropy(model.head(f_s), y_s)
    of_domains = functional.binary_cross_entropy_with_logits(z, is_target)
    slopes = torch.autograd.grad(of_classes + of_domains, weights)
    with torch.no_grad():
        for w, slope in zip(weights, slopes):
            w -= learning_rate * slope
"""
KERAS_DANN = """\
from keras import ops
from course_lib.keras import binary_cross_entropy, cross_entropy, gradients
def dann_step(model, discriminator, x_s, y_s, x_t, strength, learning_rate):
    weights = [*model.trainable_weights, *discriminator.trainable_weights]
    def loss():
        f_s, f_t = model.backbone(x_s, training=True), model.backbone(x_t, training=True)
        f = ops.concatenate([f_s, f_t])
        reversed_f = ops.stop_gradient((1 + strength) * f) - strength * f
        is_target = ops.concatenate([ops.zeros((len(x_s), 1)), ops.ones((len(x_t), 1))])
        of_classes = cross_entropy(model.head(f_s), y_s)
        of_domains = binary_cross_entropy(discriminator(reversed_f), is_target)
        return of_classes + of_domains
    _, slopes = gradients(loss, weights)
    for w, slope in zip(weights, slopes):
        w.assign_sub(learning_rate * slope)
"""


def dann_code(pytorch=None, keras=None):
    return changed(PYTORCH_DANN, KERAS_DANN, pytorch, keras)


DANN_STEP = Exercise(
    id="07.4",
    title=text("One step, two players", "一步，两个玩家"),
    points=4,
    objective="O3",
    function="dann_step",
    inputs=draw_players,
    reference=report_of_players,
    comparator=close(rtol=1e-2, atol=1e-3),
    probe="adversarial_steps",
    forbidden=tuple(
        f"course_lib.{framework}.{name}"
        for framework in ("pytorch", "keras")
        for name in ("reverse_gradient", "fit", "DANN")
    ),
    parts={
        "first": text(
            "first step: the backbone along the classifier's gradient and along the discriminator's, then the head, then the "
            "discriminator, each as a multiple of η",
            "第一步：主干沿分类器的梯度、沿判别器的梯度，然后是分类头、判别器各走了 η 的几倍",
        ),
        "second": text("the same for the second step", "第二步，同上"),
        "straight": text("“nothing moved along any other gradient”", "“没有沿别的梯度移动”"),
        "statistics_moved": text("“the BatchNorm statistics moved”", "“BatchNorm 的统计量变了”"),
    },
    pitfalls=(
        Pitfall(
            "a_copy_stepped",
            lambda **inputs: {"first": np.zeros(4), "statistics_moved": False},
            text(
                "The models that were handed in have not changed at all. Was the step made on copies, or nothing done? Change the given ones, in place.",
                "交给你的模型一点没变。是不是在副本上走的步，或者什么也没做？要就地修改给定的模型。",
            ),
            code={
                "pytorch": "import copy\n"
                + PYTORCH_DANN.replace(
                    "    weights = [",
                    "    model, discriminator = copy.deepcopy(model), copy.deepcopy(discriminator)\n"
                    "    weights = [",
                ),
                "keras": "def dann_step(model, discriminator, x_s, y_s, x_t, strength, learning_rate):\n"
                "    return None\n",
            },
        ),
        Pitfall(
            "inference_mode",
            lambda **inputs: {"statistics_moved": False},
            text(
                "The BatchNorm statistics did not move: a training step needs training mode (Keras: `training=True`).",
                "BatchNorm 的统计量没有变：训练一步要用训练模式（Keras：`training=True`）。",
            ),
            code=dann_code(
                pytorch=("    weights = [", "    model.eval()\n    weights = ["),
                keras=(", training=True", ""),
            ),
        ),
        Pitfall(
            "not_reversed",
            went(lambda strength: [1, strength, 1, 1]),
            text(
                "The backbone went *with* the discriminator: it makes the domains easier to tell apart. Its share has to be reversed.",
                "主干**帮着**判别器走：两个域反而更容易分辨了。传给主干的那一份要反转。",
            ),
            code=dann_code(
                pytorch=("return -ctx.strength * slope", "return ctx.strength * slope"),
                keras=(
                    "ops.stop_gradient((1 + strength) * f) - strength * f",
                    "ops.stop_gradient((1 - strength) * f) + strength * f",
                ),
            ),
        ),
        Pitfall(
            "plain_sum",
            went(lambda strength: [1, 1, 1, 1]),
            text(
                "The two losses are simply added: no reversal, no λ. The backbone helps the discriminator.",
                "两个损失只是相加：没有反转，也没有 λ。主干在帮判别器。",
            ),
            code=dann_code(
                pytorch=("Reverse.apply(torch.cat([f_s, f_t]), strength)", "torch.cat([f_s, f_t])"),
                keras=("discriminator(reversed_f)", "discriminator(f)"),
            ),
        ),
        Pitfall(
            "discriminator_reversed_too",
            went(lambda strength: [1, -strength, 1, -strength]),
            text(
                "You subtracted λ·L_D from the loss: then the *discriminator* goes uphill, too, and learns to be wrong. Only what flows on "
                "into the backbone is reversed.",
                "你从损失里减去了 λ·L_D：这样**判别器**也在上坡，学着答错。只有继续流进主干的那一份才反转。",
            ),
            code=dann_code(
                pytorch=(
                    "    slopes = torch.autograd.grad(of_classes + of_domains, weights)\n",
                    "    z = discriminator(torch.cat([f_s, f_t]))\n"
                    "    of_domains = functional.binary_cross_entropy_with_logits(z, is_target)\n"
                    "    slopes = torch.autograd.grad(of_classes - strength * of_domains, weights)\n",
                ),
                keras=(
                    "        return of_classes + of_domains\n",
                    "        return of_classes - strength * binary_cross_entropy(discriminator(f), is_target)\n",
                ),
            ),
        ),
        Pitfall(
            "strength_for_both",
            went(lambda strength: [1, -strength, 1, strength]),
            text(
                "λ weighs the discriminator's own step as well. It learns at full strength; λ belongs to the reversal alone.",
                "λ 也乘到了判别器自己的一步上。判别器要用全部力量学；λ 只属于反转。",
            ),
            code=dann_code(
                pytorch=(
                    "    slopes = torch.autograd.grad(of_classes + of_domains, weights)\n",
                    "    z = discriminator(Reverse.apply(torch.cat([f_s, f_t]), 1.0))\n"
                    "    of_domains = strength * functional.binary_cross_entropy_with_logits(z, is_target)\n"
                    "    slopes = torch.autograd.grad(of_classes + of_domains, weights)\n",
                ),
                keras=(
                    "        return of_classes + of_domains\n",
                    "        z = discriminator(ops.stop_gradient(2 * f) - f)\n"
                    "        return of_classes + strength * binary_cross_entropy(z, is_target)\n",
                ),
            ),
        ),
        Pitfall(
            "mean_of_each_domain",
            went(lambda strength: [1, -2 * strength, 1, 2]),
            text(
                "The discriminator's loss is twice too large: you added the means of both domains. L_D is the mean over all 2n rows.",
                "判别器的损失大了一倍：你把两个域的平均加了起来。L_D 是对全部 2n 行取平均。",
            ),
            code=dann_code(
                pytorch=("(z, is_target)", "(z, is_target) * 2"),
                keras=(
                    "binary_cross_entropy(discriminator(reversed_f), is_target)",
                    "2 * binary_cross_entropy(discriminator(reversed_f), is_target)",
                ),
            ),
        ),
        Pitfall(
            "summed",
            went(lambda strength: [1, -12 * strength, 1, 12]),
            text(
                "The discriminator's loss is a sum over the rows; L_D is their mean.",
                "判别器的损失是对各行求和；L_D 是平均。",
            ),
            code=dann_code(
                pytorch=("(z, is_target)", "(z, is_target, reduction='sum')"),
                keras=(
                    "binary_cross_entropy(discriminator(reversed_f), is_target)",
                    "12 * binary_cross_entropy(discriminator(reversed_f), is_target)",
                ),
            ),
        ),
        Pitfall(
            "strength_on_the_classes",
            went(lambda strength: [strength, -1, strength, 1]),
            text(
                "λ weighs the wrong loss: it belongs to what comes from the discriminator, not to L_C.",
                "λ 乘错了损失：它属于从判别器传来的那一份，不属于 L_C。",
            ),
            code=dann_code(
                pytorch=(
                    "    slopes = torch.autograd.grad(of_classes + of_domains, weights)\n",
                    "    z = discriminator(Reverse.apply(torch.cat([f_s, f_t]), 1.0))\n"
                    "    of_domains = functional.binary_cross_entropy_with_logits(z, is_target)\n"
                    "    slopes = torch.autograd.grad(strength * of_classes + of_domains, weights)\n",
                ),
                keras=(
                    "        return of_classes + of_domains\n",
                    "        z = discriminator(ops.stop_gradient(2 * f) - f)\n"
                    "        return strength * of_classes + binary_cross_entropy(z, is_target)\n",
                ),
            ),
        ),
        Pitfall(
            "strength_forgotten",
            went(lambda strength: [1, -1, 1, 1]),
            text(
                "Reversed, but with the factor 1: λ is missing.",
                "反转了，但倍数是 1：漏了 λ。",
            ),
            code=dann_code(
                pytorch=("return -ctx.strength * slope", "return -slope"),
                keras=(
                    "ops.stop_gradient((1 + strength) * f) - strength * f",
                    "ops.stop_gradient(2 * f) - f",
                ),
            ),
        ),
        Pitfall(
            "cut_off",
            went(lambda strength: [1, 0, 1, 1]),
            text(
                "Nothing of the discriminator's gradient reaches the backbone: the features were cut off (`detach`, `stop_gradient`).",
                "判别器的梯度一点也没有传到主干：特征被截断了（`detach`、`stop_gradient`）。",
            ),
            code=dann_code(
                pytorch=(
                    "Reverse.apply(torch.cat([f_s, f_t]), strength)",
                    "torch.cat([f_s, f_t]).detach()",
                ),
                keras=("discriminator(reversed_f)", "discriminator(ops.stop_gradient(f))"),
            ),
        ),
        Pitfall(
            "discriminator_stands_still",
            went(lambda strength: [1, -strength, 1, 0]),
            text(
                "The discriminator did not move. It is a player, too: update its weights.",
                "判别器没有动。它也是玩家：它的权重也要更新。",
            ),
            code=dann_code(
                pytorch=(
                    "        for w, slope in zip(weights, slopes):",
                    "        for w, slope in zip(model.parameters(), slopes):",
                ),
                keras=(
                    "    for w, slope in zip(weights, slopes):",
                    "    for w, slope in zip(model.trainable_weights, slopes):",
                ),
            ),
        ),
        Pitfall(
            "uphill",
            went(lambda strength: [-1, strength, -1, -1]),
            text("Everything went uphill: subtract.", "全都在上坡：应当减。"),
            code=dann_code(pytorch=("w -= ", "w += "), keras=("assign_sub", "assign_add")),
        ),
        Pitfall(
            "nothing_moves",
            went(lambda strength: [0, 0, 0, 0]),
            text(
                "Nothing moved. `w = w - …` only renames; change the weight itself. Or were the gradients emptied before the step?",
                "什么都没动。`w = w - …` 只是换了名字；要修改权重本身。也可能在更新之前就把梯度清零了。",
            ),
            code=dann_code(
                pytorch=("w -= learning_rate * slope", "w = w - learning_rate * slope"),
                keras=("w.assign_sub(learning_rate * slope)", "w = w - learning_rate * slope"),
            ),
        ),
        Pitfall(
            "gradients_pile_up",
            lambda strength, **rest: {
                "first": np.array([1.0, -strength, 1.0, 1.0]),
                "straight": False,
            },
            text(
                "The first step is right, the second goes elsewhere: `backward()` *adds* to what the first one left in `.grad`. Empty "
                "model *and* discriminator first.",
                "第一步是对的，第二步走偏了：`backward()` 把梯度**加**在第一步留下的 `.grad` 上。模型**和**判别器都要先清零。",
            ),
            code=dann_code(
                pytorch=(
                    "    slopes = torch.autograd.grad(of_classes + of_domains, weights)\n",
                    "    (of_classes + of_domains).backward()\n    slopes = [w.grad for w in weights]\n",
                )
            ),
        ),
        Pitfall(
            "one_batch_for_both",
            lambda **inputs: {"straight": False, "statistics_moved": True},
            text(
                "The parts moved, but not along the two gradients meant here. Look: do source and target pass through the backbone one "
                "after the other, each normalised by its own batch? Is the target 1 and the source 0, the mean over all 2n? Does the "
                "cross-entropy see the source alone, from logits? (Exchanged labels are not −L_D: another gradient.) No decay, no momentum, not Adam?",
                "各部分都动了，但走的不是题目所说的两个梯度。请检查：源与目标是不是先后通过主干，各按自己的批归一化？目标记 1、源记 0，对全部 2n "
                "个取平均？交叉熵是不是只看源域，并且从 logits 算起？（把标签对调并不等于 −L_D，那是另一个梯度。）有没有加衰减或动量，或用了 Adam？",
            ),
            code=dann_code(
                pytorch=(
                    "    f_s, f_t = model.backbone(x_s), model.backbone(x_t)\n",
                    "    f_s, f_t = model.backbone(torch.cat([x_s, x_t])).split(len(x_s))\n",
                ),
                keras=(
                    "        f_s, f_t = model.backbone(x_s, training=True), model.backbone(x_t, training=True)\n",
                    "        f_s, f_t = ops.split(model.backbone(ops.concatenate([x_s, x_t]), training=True), 2)\n",
                ),
            ),
        ),
    ),
    errors=(
        (
            r"a leaf Variable that requires grad is being used in an in-place operation",
            text(
                "PyTorch would record the update itself. Make it under `torch.no_grad()`.",
                "这样 PyTorch 会把更新本身也记录下来。请在 `torch.no_grad()` 下更新。",
            ),
        ),
    ),
    hints=(
        text(
            "You need two losses: the cross-entropy of the source's classes, the binary cross-entropy of the domains. Which weights are in "
            "which?",
            "需要两个损失：源域类别的交叉熵，域的二元交叉熵。哪些权重出现在哪一个里？",
        ),
        text(
            "Without any trick: compute both gradients, and give the backbone g_C − λ g_D, the head g_C, the discriminator g_D. With the "
            "reversal one loss is enough: their sum.",
            "不用任何技巧：把两个梯度都算出来，主干用 g_C − λ g_D，分类头用 g_C，判别器用 g_D。有了反转层，只要一个损失：两者之和。",
        ),
        text(
            "PyTorch: `torch.autograd.grad(loss, weights, retain_graph=True)` twice. Keras: `gradients(loss_function, weights)` twice, or "
            "`ops.stop_gradient((1 + strength) * f) - strength * f` once.",
            "PyTorch：用两次 `torch.autograd.grad(loss, weights, retain_graph=True)`。Keras：用两次 `gradients(loss_function, weights)`，或者用一次 "
            "`ops.stop_gradient((1 + strength) * f) - strength * f`。",
        ),
    ),
    right={
        "pytorch": (
            "from torch.nn import functional\n"
            "def dann_step(model, discriminator, x_s, y_s, x_t, strength, learning_rate):\n"
            "    f_s, f_t = model.backbone(x_s), model.backbone(x_t)\n"
            "    classify = functional.cross_entropy(model.head(f_s), y_s)\n"
            "    apart = (functional.softplus(discriminator(f_s)).sum() + functional.softplus(-discriminator(f_t)).sum()) / (len(f_s) + len(f_t))\n"
            "    own, head, judge = ([*part.parameters()] for part in (model.backbone, model.head, discriminator))\n"
            "    g_c = torch.autograd.grad(classify, own + head, retain_graph=True)\n"
            "    g_d = torch.autograd.grad(apart, own + judge)\n"
            "    k = len(own)\n"
            "    steps = [a - strength * b for a, b in zip(g_c[:k], g_d[:k])] + [*g_c[k:]] + [*g_d[k:]]\n"
            "    for w, step in zip(own + head + judge, steps):\n"
            "        w.data.sub_(learning_rate * step)\n",
            "from torch.nn import functional\n"
            "def dann_step(model, discriminator, x_s, y_s, x_t, strength, learning_rate):\n"
            "    players = [*model.parameters(), *discriminator.parameters()]\n"
            "    optimizer = torch.optim.SGD(players, lr=learning_rate)\n"
            "    optimizer.zero_grad()\n"
            "    f_s, f_t = model.backbone(x_s), model.backbone(x_t)\n"
            "    f = torch.cat([f_s, f_t])\n"
            "    f = (1 + strength) * f.detach() - strength * f\n"
            "    y = torch.cat([torch.zeros(len(x_s)), torch.ones(len(x_t))])\n"
            "    loss = functional.cross_entropy(model.head(f_s), y_s)\n"
            "    loss = loss + functional.binary_cross_entropy(discriminator(f).sigmoid()[:, 0], y)\n"
            "    loss.backward()\n"
            "    optimizer.step()\n",
        ),
        "keras": (
            "from keras import ops\n"
            "from course_lib.keras import cross_entropy, gradients\n"
            "def dann_step(model, discriminator, x_s, y_s, x_t, strength, learning_rate):\n"
            "    own, head, judge = (p.trainable_weights for p in (model.backbone, model.head, discriminator))\n"
            "    def features():\n"
            "        return model.backbone(x_s, training=True), model.backbone(x_t, training=True)\n"
            "    def apart():\n"
            "        f_s, f_t = features()\n"
            "        return (ops.sum(ops.softplus(discriminator(f_s))) + ops.sum(ops.softplus(-discriminator(f_t)))) / (len(x_s) + len(x_t))\n"
            "    def classify():\n"
            "        return cross_entropy(model.head(features()[0]), y_s)\n"
            "    _, g_c = gradients(classify, [*own, *head])\n"
            "    _, g_d = gradients(apart, [*own, *judge])\n"
            "    k = len(own)\n"
            "    steps = [a - strength * b for a, b in zip(g_c[:k], g_d[:k])] + list(g_c[k:]) + list(g_d[k:])\n"
            "    for w, step in zip([*own, *head, *judge], steps):\n"
            "        w.assign(w - learning_rate * step)\n",
            "import tensorflow as tf\n"
            "def dann_step(model, discriminator, x_s, y_s, x_t, strength, learning_rate):\n"
            "    @tf.custom_gradient\n"
            "    def turn(f):\n"
            "        return tf.identity(f), lambda slope: -strength * slope\n"
            "    weights = model.trainable_variables + discriminator.trainable_variables\n"
            "    with tf.GradientTape() as tape:\n"
            "        f_s, f_t = model.backbone(x_s, training=True), model.backbone(x_t, training=True)\n"
            "        z = discriminator(turn(tf.concat([f_s, f_t], 0)))\n"
            "        y = tf.concat([tf.zeros((len(x_s), 1)), tf.ones((len(x_t), 1))], 0)\n"
            "        loss = keras.losses.BinaryCrossentropy(from_logits=True)(y, z)\n"
            "        loss += keras.losses.SparseCategoricalCrossentropy(from_logits=True)(y_s, model.head(f_s))\n"
            "    optimizer = keras.optimizers.SGD(learning_rate)\n"
            "    optimizer.apply(tape.gradient(loss, weights), weights)\n",
        ),
    },
)

# 07.5 ---------------------------------------------------------------------------------------------


def draw_shares(rng):
    """Two rows of five shares; at least two classes gain and two lose."""
    while True:
        shares_s, shares_t = rng.dirichlet(np.full(5, 8.0)), rng.dirichlet(np.full(5, 2.0))
        gains = shares_t - shares_s
        if 2 <= (gains > 0.03).sum() <= 3 and (gains < -0.03).sum() >= 2:
            error = float(rng.choice([0.01, 0.02, 0.04]))
            return {"shares_s": shares_s, "shares_t": shares_t, "source_error": error}


def gap(shares_s, shares_t):
    return 0.5 * np.abs(np.asarray(shares_s) - np.asarray(shares_t)).sum()


LEAST_ERROR = Exercise(
    id="07.5",
    title=text("What alignment must cost", "对齐必须付出的代价"),
    points=2,
    objective="O3",
    function="least_target_error",
    inputs=draw_shares,
    reference=lambda shares_s, shares_t, source_error: float(
        gap(shares_s, shares_t) - source_error
    ),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    survivors={
        "shares_s - shares_t → shares_t - shares_s": "the difference's size is taken",
    },
    pitfalls=(
        Pitfall(
            "half_forgotten",
            lambda shares_s, shares_t, source_error: max(
                0.0, 2 * float(gap(shares_s, shares_t)) - source_error
            ),
            text(
                "Every example that leaves one class arrives in another: Σ|p − q| counts it twice. The distance is half the sum.",
                "每个样本离开一类，就进入另一类：Σ|p − q| 把它数了两次。距离是这个和的一半。",
            ),
        ),
        Pitfall(
            "largest_difference",
            lambda shares_s, shares_t, source_error: max(
                0.0, float(np.abs(shares_s - shares_t).max()) - source_error
            ),
            text(
                "You took the largest difference of one class. All classes together count: half the sum of the differences.",
                "你取的是单个类别的最大差。应当把所有类别合起来：差的绝对值之和的一半。",
            ),
        ),
        Pitfall(
            "source_error_forgotten",
            lambda shares_s, shares_t, source_error: float(gap(shares_s, shares_t)),
            text(
                "That is the least *sum* of both errors. What the source's error has used up, the target need not pay.",
                "这是两个错误率之**和**的下界。源域已经承担的那部分，目标域不必再付。",
            ),
        ),
        Pitfall(
            "source_error_added",
            lambda shares_s, shares_t, source_error: float(gap(shares_s, shares_t)) + source_error,
            text(
                "You added the source's error. From ε_s + ε_t ≥ TV it is to be subtracted.",
                "你加上了源域的错误率。由 ε_s + ε_t ≥ TV，应当减去。",
            ),
        ),
        Pitfall(
            "halved_between_both",
            lambda shares_s, shares_t, source_error: max(0.0, float(gap(shares_s, shares_t)) / 2),
            text(
                "You shared the sum evenly between both domains. The source's error is known: the rest falls to the target.",
                "你把两者之和平分给了两个域。源域的错误率是已知的，余下的都落在目标域。",
            ),
        ),
        Pitfall(
            "mean_over_classes",
            lambda shares_s, shares_t, source_error: (
                float(np.abs(np.asarray(shares_s) - np.asarray(shares_t)).mean()) - source_error
            ),
            text(
                "You took the *mean* of |p − q| over the classes. Half of their *sum* counts, however many classes there are.",
                "你对各类别的 |p − q| 取了**平均**。要的是它们**之和**的一半，与类别多少无关。",
            ),
        ),
        Pitfall(
            "half_and_error_forgotten",
            lambda shares_s, shares_t, source_error: 2 * float(gap(shares_s, shares_t)),
            text(
                "That is Σ|p − q|: halve it, and take the source's error off.",
                "这是 Σ|p − q|：先减半，再减去源域的错误率。",
            ),
        ),
        Pitfall(
            "half_of_everything",
            lambda shares_s, shares_t, source_error: (
                float(gap(shares_s, shares_t)) - source_error / 2
            ),
            text(
                "The half belongs to Σ|p − q| alone; the source's error is taken off whole.",
                "½ 只属于 Σ|p − q|；源域的错误率要整个减去。",
            ),
        ),
        Pitfall(
            "as_a_share",
            lambda shares_s, shares_t, source_error: (
                float(gap(shares_s, shares_t)) * (1 - source_error)
            ),
            text(
                "You multiplied by 1 − ε_s. From ε_s + ε_t ≥ TV the error is subtracted.",
                "你乘了 1 − ε_s。由 ε_s + ε_t ≥ TV，错误率是减去的。",
            ),
        ),
        Pitfall(
            "euclidean",
            lambda shares_s, shares_t, source_error: max(
                0.0, float(np.sqrt(((shares_s - shares_t) ** 2).sum())) - source_error
            ),
            text(
                "That is the Euclidean distance. The chance that two labels differ is bounded by half the sum of |p − q|.",
                "这是欧氏距离。两个标签不同的概率，下界是 |p − q| 之和的一半。",
            ),
        ),
        Pitfall(
            "divergence",
            lambda shares_s, shares_t, source_error: max(
                0.0,
                float((shares_s * np.log(shares_s / np.maximum(shares_t, 1e-12))).sum())
                - source_error,
            ),
            text(
                "That is the Kullback–Leibler divergence; the derivation above needs the total variation.",
                "这是 KL 散度；上面的推导用的是全变差距离。",
            ),
        ),
    ),
    hints=(
        text(
            "Perfectly aligned features: the *answers* have the same shares in both domains. Which shares can they have?",
            "特征完全对齐时，**预测**在两个域里的占比相同。那么这些占比可能是什么？",
        ),
        text(
            "TV(p_s, p_t) ≤ TV(p_s, r) + TV(r, p_t) for the answers' shares r; the two terms are bounded by the two errors.",
            "设预测的占比为 r，则 TV(p_s, p_t) ≤ TV(p_s, r) + TV(r, p_t)；两项分别不超过两个错误率。",
        ),
        text(
            "`0.5 * np.abs(shares_s - shares_t).sum()`, less the source's error.",
            "`0.5 * np.abs(shares_s - shares_t).sum()` 减去源域的错误率。",
        ),
    ),
    right={
        "numpy": (
            "def least_target_error(shares_s, shares_t, source_error):\n"
            "    return np.maximum(shares_s - shares_t, 0).sum() - source_error\n",
            "def least_target_error(shares_s, shares_t, source_error):\n"
            "    kept = sum(min(p, q) for p, q in zip(shares_s, shares_t))\n"
            "    return 1 - kept - source_error\n",
        )
    },
)

# 07.6 ---------------------------------------------------------------------------------------------


def draw_logits(rng):
    z = rng.normal(size=(5, 4)) * np.array([[0.0], [0.5], [1.0], [2.0], [4.0]])
    z[3, rng.integers(4)] = z[3].min() - 10  # here a small number inside the logarithm shows
    return {"z": z + rng.normal(size=(5, 1)) * 3}


def entropy_slope(z, *, mean=True, sign=-1.0, own=True, by_p=False, base=1.0, gini=False, of_all=False,
                  instead=None, weighed=True, hard=False, whole=False, added=0.0):  # fmt: skip
    """The gradient of the mean entropy by the logits; the options are bugs."""
    log_p = log_softmax(z.reshape(1, -1)).reshape(z.shape) if whole else log_softmax(z)
    p = np.exp(log_p)
    log_p = np.log(p + added) if added else log_p
    H = -(p * log_p).sum(axis=1, keepdims=True)
    H = H.mean() if of_all else H if instead is None else instead(H)
    slope = sign * (p if weighed else 1.0) * (log_p + (H if own else 0.0))
    if hard:
        slope = p - np.eye(z.shape[1])[p.argmax(axis=1)]
    if by_p:
        slope = -(log_p + 1)
    if gini:
        slope = p * (1 - p)
    return slope / base / (len(z) if mean else 1)


SMALL_NUMBER = text(
    "A small number was added inside the logarithm: where a probability is small, too, that changes the result. "
    "log p = z − log Σ eᶻ needs none.",
    "对数里加了一个很小的数：概率也很小的地方，结果就变了。log p = z − log Σ eᶻ 不需要它。",
)

ENTROPY = Exercise(
    id="07.6",
    title=text("Where certainty pulls", "确信把预测拉向哪里"),
    points=3,
    objective="O4",
    function="entropy_slope",
    drawing=drawings.matrix(across=text("class", "类别"), down=text("example", "样本")),
    inputs=draw_logits,
    reference=entropy_slope,
    comparator=close(rtol=1e-10, atol=1e-13),  # what differences of H give is not so exact
    tensors=False,
    forbidden=(
        "torch.autograd.grad",
        "torch.func.grad",
        "tensorflow.GradientTape",
        "jax.grad",
        ".backward",
        "course_lib.keras.gradients",
        "course_lib.pytorch.gradients",
    ),
    survivors={
        "z - z.max(axis=1, keepdims=True) → z + z.max(axis=1, keepdims=True)": SOFTMAX,
        "z.max(axis=1, keepdims=True) without axis": SOFTMAX,
        "z.max(axis=1, keepdims=True) → z.min(axis=1, keepdims=True)": SOFTMAX,
    },
    pitfalls=(
        Pitfall(
            "summed",
            lambda z: entropy_slope(z, mean=False),
            text(
                "That is the gradient of the *sum* over the rows; asked for is the mean: divide by N.",
                "这是对各行**求和**的梯度；题目要平均：除以 N。",
            ),
        ),
        Pitfall(
            "sign",
            lambda z: entropy_slope(z, sign=1.0),
            text(
                "The sign is reversed: asked for is the gradient itself, not the step downhill.",
                "符号反了：要的是梯度本身，不是下降的那一步。",
            ),
        ),
        Pitfall(
            "own_term_only",
            lambda z: entropy_slope(z, own=False),
            text(
                "Only the term of class k itself is there. Each logit moves *all* probabilities (they sum to 1), which adds H.",
                "只有第 k 类自己的那一项。每个 logit 都会牵动**全部**概率（总和为 1），因此还要加上 H。",
            ),
        ),
        Pitfall(
            "by_the_probabilities",
            lambda z: entropy_slope(z, by_p=True),
            text(
                "That is the derivative by p_k, −(log p_k + 1). One more step of the chain rule: ∂p_j/∂z_k = p_j(δ_jk − p_k).",
                "这是对 p_k 的导数 −(log p_k + 1)。还差链式法则的一步：∂p_j/∂z_k = p_j(δ_jk − p_k)。",
            ),
        ),
        Pitfall(
            "in_bits",
            lambda z: entropy_slope(z, base=np.log(2)),
            text(
                "You used logarithms to base 2; here entropy is in nats (np.log).",
                "你用了以 2 为底的对数；这里的熵以自然对数计（np.log）。",
            ),
        ),
        Pitfall(
            "variance",
            lambda z: entropy_slope(z, gini=True),
            text(
                "p(1 − p) is the slope of a single sigmoid or softmax output, not of the entropy.",
                "p(1 − p) 是单个 sigmoid 或 softmax 输出的斜率，不是熵的。",
            ),
        ),
        Pitfall(
            "entropy_of_the_whole_batch",
            lambda z: entropy_slope(z, of_all=True),
            text(
                "H is each row's own entropy, not the mean over the batch: a row's logits move that row's answer only.",
                "H 是每一行自己的熵，不是整批的平均：一行的 logits 只牵动这一行的预测。",
            ),
        ),
        Pitfall(
            "one_for_entropy",
            lambda z: entropy_slope(z, instead=np.ones_like),
            text(
                "Where you have 1 there should be H: −p_k(log p_k + H). The derivative of p log p by p is log p + 1, but all p_j depend on z_k.",
                "写 1 的地方应当是 H：−p_k(log p_k + H)。p log p 对 p 的导数是 log p + 1，但每个 p_j 都依赖 z_k。",
            ),
        ),
        Pitfall(
            "entropy_subtracted",
            lambda z: entropy_slope(z, instead=np.negative),
            text(
                "A sign: Σ_j p_j log p_j is −H, so H is *added* to log p_k.",
                "一个符号错了：Σ_j p_j log p_j 等于 −H，所以 log p_k 要**加上** H。",
            ),
        ),
        Pitfall(
            "not_weighed",
            lambda z: entropy_slope(z, weighed=False),
            text(
                "The factor p_k in front is missing: ∂p_j/∂z_k = p_j(δ_jk − p_k) brings it in.",
                "漏了前面的 p_k：它来自 ∂p_j/∂z_k = p_j(δ_jk − p_k)。",
            ),
        ),
        Pitfall(
            "towards_the_answer",
            lambda z: entropy_slope(z, hard=True),
            text(
                "That is the gradient of the cross-entropy with the answer as a label (pseudo-labels). The entropy's is another: it weighs by p.",
                "这是以预测为标签的交叉熵（伪标签）的梯度。熵的梯度是另一个：它以 p 加权。",
            ),
        ),
        Pitfall(
            "softmax_over_everything",
            lambda z: entropy_slope(z, whole=True),
            text(
                "Your softmax runs over all rows together; each row has its own (axis=1).",
                "你的 softmax 对所有行一起做了；应当每一行各做各的（axis=1）。",
            ),
        ),
        Pitfall(
            "over_everything",
            lambda z: entropy_slope(z) / z.shape[1],
            text(
                "You divided by N·K. The entropy already sums over the classes; the mean is over the N rows.",
                "你除以了 N·K。熵本身已对类别求和；平均只对 N 行。",
            ),
        ),
        Pitfall("eighth_digit_added", partial(entropy_slope, added=1e-8), SMALL_NUMBER),
        Pitfall("tenth_digit_added", partial(entropy_slope, added=1e-10), SMALL_NUMBER),
        Pitfall("twelfth_digit_added", partial(entropy_slope, added=1e-12), SMALL_NUMBER),
    ),
    hints=(
        text(
            "Chapter 02: ∂ log p_j / ∂z_k = δ_jk − p_k, and ∂p_j/∂z_k = p_j(δ_jk − p_k).",
            "第 02 章：∂ log p_j / ∂z_k = δ_jk − p_k，∂p_j/∂z_k = p_j(δ_jk − p_k)。",
        ),
        text(
            "In −Σ_j p_j log p_j the derivative of log p_j contributes Σ_j p_j(δ_jk − p_k) = 0. What is left?",
            "在 −Σ_j p_j log p_j 中，log p_j 的导数贡献为 Σ_j p_j(δ_jk − p_k) = 0。还剩下什么？",
        ),
        text(
            "−p_k log p_k + p_k Σ_j p_j log p_j = −p_k (log p_k + H); then divide by N.",
            "−p_k log p_k + p_k Σ_j p_j log p_j = −p_k (log p_k + H)；最后除以 N。",
        ),
    ),
    right={
        "numpy": (
            "def entropy_slope(z):\n"
            "    p = np.exp(z - z.max(axis=1, keepdims=True)); p /= p.sum(axis=1, keepdims=True)\n"
            "    out = np.zeros_like(p)\n"
            "    for i, row in enumerate(p):\n"
            "        jacobian = np.diag(row) - np.outer(row, row)\n"
            "        out[i] = -jacobian @ np.log(row)\n"
            "    return out / len(z)\n",
            "def entropy_slope(z):\n"
            "    from scipy.special import softmax\n"
            "    p, N = softmax(z, axis=1), len(z)\n"
            "    # by z directly: log p_k = z_k − c, and the constants cancel\n"
            "    centre = (p * z).sum(axis=1, keepdims=True)\n"
            "    return -p * (z - centre) / N\n",
        )
    },
)

# 07.7 ---------------------------------------------------------------------------------------------


def draw_answers(rng):
    """Logits in which each other way of being *sure* keeps other rows."""
    # With these counts and shares each way of rounding keeps another number; none is answered with 2.
    labels = rng.permutation(np.repeat([0, 1, 3, 4], [6, 5, 3, 2]))
    share = float(rng.choice([0.6, 0.8]))
    while True:
        z = rng.normal(size=(16, 5)) * np.where(labels == 1, 0.1, 0.6)[:, None]
        # Class 1 is known with less certainty than any other: one threshold for all would lose it.
        z[np.arange(16), labels] += np.where(labels == 1, 0.5, 2.0) + rng.uniform(0, 0.25, 16)
        # One row is answered with 0, and yet its probability of 1 is above that of any answered with 1.
        z[rng.choice(np.flatnonzero(labels == 0))] = [2.6, 2.5, -1.0, -1.0, -1.0]
        z += rng.uniform(-6, 6, size=(16, 1))
        measures = (None, certainty_of, lead_of, largest_of)
        kept = {tuple(balanced(z, share, by=measure)) for measure in measures}
        if len(kept) == len(measures) and (z.argmax(axis=1) == labels).all():
            return {"z": z, "share": share}


def certainty_of(z):
    """Another measure of sure: minus the entropy."""
    return (np.exp(log_softmax(z)) * log_softmax(z)).sum(axis=1)


def largest_of(z):
    """Another measure of sure: the answer's logit."""
    return z.max(axis=1)


def lead_of(z):
    """Another measure of sure: how far the answer's probability is ahead of the second."""
    return np.diff(np.sort(np.exp(log_softmax(z)), axis=1)[:, -2:])[:, 0]


def balanced(z, share, *, by=None, keep=None, worst=False, whole=False):
    """Pseudo-labels, the surest share of each answered class; the options are bugs."""
    answers = z.argmax(axis=1)
    sure = np.exp(log_softmax(z)).max(axis=1) if by is None else by(z)
    found = np.full(len(z), -1)
    groups = (
        [np.arange(len(z))] if whole else [np.flatnonzero(answers == k) for k in range(z.shape[1])]
    )
    for rows in groups:
        count = int(np.ceil(share * len(rows))) if keep is None else keep(share, rows, z)
        order = rows[np.argsort(sure[rows] if worst else -sure[rows])]
        found[order[:count]] = answers[order[:count]]
    return found


def by_column(z, share):
    """A bug: the surest of all rows for a class, whatever they are answered with."""
    p, answers = np.exp(log_softmax(z)), z.argmax(axis=1)
    found = np.full(len(z), -1)
    for k in range(z.shape[1]):
        found[np.argsort(-p[:, k])[: int(np.ceil(share * (answers == k).sum()))]] = k
    return found


PSEUDO = Exercise(
    id="07.7",
    title=text("A share of every class", "每一类都取一份"),
    points=3,
    objective="O4",
    function="balanced_pseudo_labels",
    inputs=draw_answers,
    reference=balanced,
    comparator=equal(),
    tensors=False,
    pitfalls=(
        Pitfall(
            "one_share_for_all",
            lambda z, share: balanced(z, share, whole=True),
            text(
                "You took the surest share of *all* rows: a class that the model is unsure of gets nothing. Take the share within each "
                "answered class.",
                "你在**全部**样本里取最有把握的一份：模型没把握的那一类就什么也得不到。应当在每个预测类别内部取。",
            ),
        ),
        Pitfall(
            "by_the_largest_logit",
            lambda z, share: balanced(z, share, by=largest_of),
            text(
                "You sorted by the largest *logit*. Rows have different offsets; how sure an answer is says the probability, after softmax.",
                "你按最大的 **logit** 排序。各行的基准不同；有多大把握，要看 softmax 之后的概率。",
            ),
        ),
        Pitfall(
            "rounded_down",
            lambda z, share: balanced(z, share, keep=lambda s, rows, z: int(s * len(rows))),
            text(
                "The number to keep is rounded *up*, so that a small class keeps at least one.",
                "保留的个数要**向上**取整，使小类至少保留一个。",
            ),
        ),
        Pitfall(
            "rounded",
            lambda z, share: balanced(z, share, keep=lambda s, rows, z: round(s * len(rows))),
            text(
                "Round up, not to the nearest: ⌈share · count⌉.",
                "要向上取整，不是四舍五入：⌈share · 个数⌉。",
            ),
        ),
        Pitfall(
            "always_one_more",
            lambda z, share: balanced(z, share, keep=lambda s, rows, z: int(s * len(rows)) + 1),
            text(
                "`int(…) + 1` is one too many where share · count is a whole number already. Round up: ⌈share · count⌉.",
                "share · 个数本来就是整数时，`int(…) + 1` 会多出一个。应当向上取整：⌈share · 个数⌉。",
            ),
        ),
        Pitfall(
            "surest_of_all_rows",
            by_column,
            text(
                "For a class you took the surest of *all* rows; some of them are answered with another class. Rank only those answered with it.",
                "对一个类别，你在**全部**行里取最有把握的；其中有的预测的是别的类。只能在预测为该类的行里排序。",
            ),
        ),
        Pitfall(
            "above_a_quantile",
            lambda z, share: balanced(
                z, share, keep=lambda s, rows, z: len(rows) - 1 - int((len(rows) - 1) * (1 - s))
            ),
            text(
                "Strictly above a quantile there are fewer than ⌈share · count⌉ rows. Sort and count.",
                "严格大于分位数的行，会少于 ⌈share · 个数⌉ 个。请排序再数。",
            ),
        ),
        Pitfall(
            "by_entropy",
            lambda z, share: balanced(z, share, by=certainty_of),
            text(
                "You ranked by entropy. Here *sure* is the probability of the answer.",
                "你按熵排了序。这里的“把握”是所预测类别的概率。",
            ),
        ),
        Pitfall(
            "threshold",
            lambda z, share: np.where(
                np.exp(log_softmax(z)).max(axis=1) > share, z.argmax(axis=1), -1
            ),
            text(
                "You used `share` as a threshold on the probability. It is the part of each answered class that is kept.",
                "你把 `share` 当成了概率的阈值。它是每个预测类别中保留的比例。",
            ),
        ),
        Pitfall(
            "by_margin",
            lambda z, share: balanced(z, share, by=lead_of),
            text(
                "You ranked by the lead over the second class. Here *sure* is the probability of the answer itself.",
                "你按领先第二名的幅度排了序。这里的“把握”是所预测类别的概率本身。",
            ),
        ),
        Pitfall(
            "share_of_all_rows",
            lambda z, share: balanced(
                z, share, keep=lambda s, rows, z: int(np.ceil(s * len(z) / z.shape[1]))
            ),
            text(
                "You kept the same number in each class. The share is of those that were *answered* with it.",
                "你给每一类留了同样多。比例是相对于**预测为该类**的样本而言的。",
            ),
        ),
        Pitfall(
            "the_least_sure",
            lambda z, share: balanced(z, share, worst=True),
            text(
                "You kept the least sure ones: the order is reversed.",
                "你保留的是最没把握的：次序反了。",
            ),
        ),
        Pitfall(
            "everything",
            lambda z, share: z.argmax(axis=1),
            text(
                "Every row got a label. Kept is a *share* of each class, the rest get −1.",
                "每一行都给了标签。每一类只保留一份，其余应为 −1。",
            ),
        ),
        Pitfall(
            "zero_for_none",
            lambda z, share: np.maximum(balanced(z, share), 0),
            text(
                "Rows that are not kept have −1, not 0: 0 is a class.",
                "没有保留的行应为 −1，不是 0：0 是一个类别。",
            ),
        ),
    ),
    hints=(
        text(
            "Answers and their probabilities first: `argmax` and `max` over the classes, the second after softmax.",
            "先求预测与它的概率：对类别取 `argmax` 与 `max`，后者在 softmax 之后取。",
        ),
        text(
            "For each class k: `rows = np.flatnonzero(answers == k)`, then the `⌈share · len(rows)⌉` surest of them.",
            "对每个类别 k：`rows = np.flatnonzero(answers == k)`，再取其中最有把握的 `⌈share · len(rows)⌉` 个。",
        ),
        text(
            "`rows[np.argsort(-sure[rows])][:count]` are the surest; start from `np.full(len(z), -1)`.",
            "`rows[np.argsort(-sure[rows])][:count]` 就是最有把握的；从 `np.full(len(z), -1)` 开始填。",
        ),
    ),
    right={
        "numpy": (
            "def balanced_pseudo_labels(z, share):\n"
            "    p = np.exp(z - z.max(axis=1, keepdims=True))\n"
            "    sure, answers = 1 / p.sum(axis=1), p.argmax(axis=1)\n"
            "    rank = np.array([((answers == a) & (sure > s)).sum() for a, s in zip(answers, sure)])\n"
            "    count = np.ceil(share * np.bincount(answers, minlength=z.shape[1]))\n"
            "    return np.where(rank < count[answers], answers, -1)\n",
            "def balanced_pseudo_labels(z, share):\n"
            "    from scipy.special import softmax\n"
            "    p = softmax(z, axis=1)\n"
            "    labels = [-1] * len(z)\n"
            "    for k in sorted(set(z.argmax(axis=1).tolist())):\n"
            "        rows = sorted((i for i in range(len(z)) if z[i].argmax() == k), key=lambda i: p[i, k], reverse=True)\n"
            "        for i in rows[: -int(-len(rows) * share // 1)]:\n"
            "            labels[i] = k\n"
            "    return np.array(labels)\n",
        )
    },
)

# 07.8 ---------------------------------------------------------------------------------------------


def draw_candidates(rng):
    """Six candidates: each wrong rule picks another one than the right rule."""
    S, N, K = 6, 24, 3
    y = rng.permutation(np.arange(N) % K)

    def answers(labels, sharpness):
        return sharpness * np.eye(K)[labels] + rng.normal(size=(N, K)) * 0.4

    tolerance = float(rng.choice([0.04, 0.05]))
    kinds = {
        "collapsed": (answers(np.zeros(N, dtype=int), 9.0), 0.967),
        # Allowed as a difference from the best; not by 1 − tolerance, not as a part of the best.
        "good": (answers(y, 3.0), 0.9708 - tolerance),
        "best on the source": (answers(y, 0.6), 0.97),
        "forgot the source": (answers(y, 6.0), 0.965 - tolerance),  # just not allowed
        "plain": (answers(y, 1.2), 0.965),
        "second": (answers(y, 2.0), 0.94),
    }
    order = [list(kinds)[i] for i in rng.permutation(S)]
    while order.index("forgot the source") > order.index("good"):  # filtering must move the index
        order = [order[i] for i in rng.permutation(S)]
    offsets = rng.uniform(-4, 4, size=(S, N, 1))
    return {
        "logits": np.stack([kinds[name][0] for name in order]) + offsets,
        "source_accuracy": np.array([kinds[name][1] for name in order]),
        "tolerance": tolerance,
    }


def information(logits, whole=False):
    """Of each candidate's answers: mutual information, certainty, entropy of the mean, and a sum: S each."""
    found = []
    for z in logits:
        log_p = log_softmax(z.reshape(1, -1)).reshape(z.shape) if whole else log_softmax(z)
        p = np.exp(log_p)
        certainty = float((p * log_p).sum(axis=1).mean())
        mean = p.mean(axis=0)
        spread = float(-(mean * np.log(mean)).sum())
        found.append((spread + certainty, certainty, spread, spread + certainty * len(z)))
    return np.array(found).T


def choose(logits, source_accuracy, tolerance, *, score=0, least=None, position=False, sign=1.0,
           unit=1.0, whole=False):  # fmt: skip
    """The index of the choice and its score; the options are bugs."""
    scores = information(logits, whole)[score] / unit
    floor = (
        source_accuracy.max() - tolerance if least is None else least(source_accuracy, tolerance)
    )
    allowed = np.flatnonzero(source_accuracy >= floor)
    best = int((sign * scores[allowed]).argmax())
    return [best if position else int(allowed[best]), float(scores[allowed[best]])]


CHOOSE = Exercise(
    id="07.8",
    title=text("Choose without labels", "没有标签，怎样选"),
    points=3,
    objective="O5",
    function="choose_blind",
    inputs=draw_candidates,
    reference=lambda logits, source_accuracy, tolerance: choose(logits, source_accuracy, tolerance),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    forbidden=(
        "course_lib.adaptation.target_information",
        "course_lib.adaptation.target_certainty",
    ),
    survivors={
        "source_accuracy >= source_accuracy.max() - tolerance → source_accuracy > source_accuracy.max() - tolerance": (
            "no model lies exactly at the edge"
        ),
    },
    parts={
        "0": text("the index of the candidate", "候选的序号"),
        "1": text("its score", "它的得分"),
    },
    pitfalls=(
        Pitfall(
            "position_after_filtering",
            lambda **inputs: choose(**inputs, position=True),
            text(
                "The score is right, but the index is a position among those *left*. Give the candidate's index in the list you were given.",
                "得分是对的，但序号是**筛选之后**的位置。应当给出它在原列表中的序号。",
            ),
        ),
        Pitfall(
            "certainty",
            lambda **inputs: choose(**inputs, score=1),
            text(
                "You chose by certainty alone: a model that puts everything into one class is the surest of all. The entropy of the mean "
                "answer is missing.",
                "你只按确信程度来选：把一切都归到同一类的模型最有把握。漏了平均预测的熵。",
            ),
        ),
        Pitfall(
            "source_forgotten",
            lambda **inputs: choose(**inputs, least=lambda a, t: -1.0),
            text(
                "You did not ask for the source's accuracy: the choice has lost what it was taught.",
                "你没有看源域准确率：选中的那个已经丢掉了学过的东西。",
            ),
        ),
        Pitfall(
            "source_decides",
            lambda **inputs: choose(**inputs, least=lambda a, t: a.max()),
            text(
                "You chose by the source's accuracy. It says little about the target; it only rules candidates out.",
                "你按源域准确率来选。它说明不了目标域；它只用来排除候选。",
            ),
        ),
        Pitfall(
            "relative_to_the_first",
            lambda **inputs: choose(**inputs, least=lambda a, t: 1.0 - t),
            text(
                "The tolerance is measured from the *best* source accuracy among the candidates, not from 1.",
                "容差从各候选中**最好**的源域准确率算起，不是从 1 算起。",
            ),
        ),
        Pitfall(
            "relative_tolerance",
            lambda **inputs: choose(**inputs, least=lambda a, t: a.max() * (1 - t)),
            text(
                "You took `tolerance` as a part of the best accuracy. It is a difference: at most `tolerance` below it.",
                "你把 `tolerance` 当成了最好准确率的一个比例。它是一个差：最多比最好的低 `tolerance`。",
            ),
        ),
        Pitfall(
            "function_as_given",
            lambda **inputs: choose(
                **inputs, score=1, whole=True, position=True, least=lambda a, t: 1.0 - t
            ),
            text(
                "That is what the function with all its faults gives. Take them one at a time: over which axis does softmax run?",
                "这正是带着全部毛病的原函数给出的结果。一处一处来：softmax 是沿哪个轴做的？",
            ),
        ),
        Pitfall(
            "softmax_over_everything",
            lambda **inputs: choose(**inputs, whole=True),
            text(
                "One of the faults is still there: softmax runs over all N×K numbers of a model. Each row has its own sum (axis=1).",
                "还有一处毛病没改：softmax 对一个模型的 N×K 个数一起做了。每一行应有自己的总和（axis=1）。",
            ),
        ),
        Pitfall(
            "spread_alone",
            lambda **inputs: choose(**inputs, score=2),
            text(
                "You have H(mean p) only: a model that knows nothing has that, too. Take off the mean entropy of the answers.",
                "你只有平均预测的熵：一无所知的模型也有。还要减去各预测之熵的平均。",
            ),
        ),
        Pitfall(
            "entropies_summed",
            lambda **inputs: choose(**inputs, score=3),
            text(
                "You took off the *sum* of the answers' entropies; it is their mean over the N pictures.",
                "你减去的是各预测之熵的**和**；应当是对 N 张图片的平均。",
            ),
        ),
        Pitfall(
            "in_bits",
            lambda **inputs: choose(**inputs, unit=np.log(2)),
            text(
                "The choice is right; the score is in bits. Here it is in nats: np.log.",
                "选对了，但得分以比特计。这里以自然对数计：np.log。",
            ),
        ),
        Pitfall(
            "score_first",
            lambda **inputs: choose(**inputs)[::-1],
            text(
                "The order: the index first, then its score.",
                "次序：先给序号，再给得分。",
            ),
        ),
        Pitfall(
            "least_information",
            lambda **inputs: choose(**inputs, sign=-1.0),
            text(
                "You took the smallest score; larger is better.", "你取了得分最小的；应取最大的。"
            ),
        ),
        Pitfall(
            "counts_for_probabilities",
            lambda logits, source_accuracy, tolerance: (
                lambda scores, allowed: [
                    int(allowed[scores[allowed].argmax()]),
                    float(scores[allowed].max()),
                ]
            )(
                np.array(
                    [
                        -sum(
                            q * np.log(q)
                            for q in np.bincount(z.argmax(axis=1), minlength=z.shape[1]) / len(z)
                            if q > 0
                        )
                        for z in logits
                    ]
                ),
                np.flatnonzero(source_accuracy >= source_accuracy.max() - tolerance),
            ),
            text(
                "You used the answers' counts only. The score needs the probabilities: H(mean p) − mean H(p).",
                "你只用了预测的频数。得分要用概率：平均概率的熵，减去各个概率之熵的平均。",
            ),
        ),
    ),
    hints=(
        text(
            "Softmax first (over the last axis), then two entropies: of the mean answer, and the mean of the answers' entropies.",
            "先做 softmax（沿最后一个轴），再求两个熵：平均预测的熵，各预测之熵的平均。",
        ),
        text(
            "`allowed = np.flatnonzero(source_accuracy >= source_accuracy.max() - tolerance)`.",
            "`allowed = np.flatnonzero(source_accuracy >= source_accuracy.max() - tolerance)`。",
        ),
        text(
            "`best = allowed[scores[allowed].argmax()]`: an index into the whole list.",
            "`best = allowed[scores[allowed].argmax()]`：这是在整个列表里的序号。",
        ),
    ),
    right={
        "numpy": (
            "def choose_blind(logits, source_accuracy, tolerance):\n"
            "    p = np.exp(logits - logits.max(axis=2, keepdims=True))\n"
            "    p = p / p.sum(axis=2, keepdims=True)\n"
            "    def entropy(q):\n"
            "        return -(q * np.log(q)).sum(axis=-1)\n"
            "    score = entropy(p.mean(axis=1)) - entropy(p).mean(axis=1)\n"
            "    score = np.where(source_accuracy < max(source_accuracy) - tolerance, -np.inf, score)\n"
            "    return int(score.argmax()), score.max()\n",
            "def choose_blind(logits, source_accuracy, tolerance):\n"
            "    from scipy.special import log_softmax\n"
            "    found = (None, -1.0)\n"
            "    for i, z in enumerate(logits):\n"
            "        if source_accuracy[i] + tolerance < source_accuracy.max():\n"
            "            continue\n"
            "        log_p = log_softmax(z, axis=1)\n"
            "        p, mean = np.exp(log_p), np.exp(log_p).mean(axis=0)\n"
            "        score = (p * (log_p - np.log(mean))).sum() / len(z)  # mean divergence from the mean\n"
            "        if score > found[1]:\n"
            "            found = (i, score)\n"
            "    return list(found)\n",
        )
    },
)

# 07.9 ---------------------------------------------------------------------------------------------

REPORT = ManualExercise(
    id="07.9",
    title=text("A paper to review", "审一篇论文"),
    points=3,
    objective="O6",
    rubric=(
        (
            1,
            text(
                "First fault: named with its reason (½) and with the experiment or number to ask for (½). Any of: λ and the "
                "epoch chosen on target labels, though called “unsupervised”; DANN's number from another paper and code, without the "
                "augmentation; the discriminator at 50 % as proof; the partial setting, where perfect alignment must cost errors, or no "
                "word on the classes' shares; one run, no interval; no ceiling, so “most of the gap” means nothing; the simple baselines "
                "missing.",
                "第一个毛病：指出并说明理由（½ 分），说出应要求的实验或数字（½ 分）。下列任一项：用目标标签选 λ 与轮数，却称“无监督”；DANN 的数取自"
                "别的论文和代码，没有那套增强；把判别器 50% 当作证明；部分自适应时完美对齐必然出错，或没有交代各类占比；只跑一次，没有区间；没有上限，"
                "“大部分差距”无从谈起；没有简单基线。",
            ),
        ),
        (
            1,
            text(
                "Second fault, of another kind, likewise.", "第二个毛病，须属于另一类，评分同上。"
            ),
        ),
        (
            1,
            text(
                "Third fault, of yet another kind, likewise.",
                "第三个毛病，须又属于另一类，评分同上。",
            ),
        ),
    ),
)

EXERCISES = (MMD, CORAL, ADAPT, DANN_STEP, LEAST_ERROR, ENTROPY, PSEUDO, CHOOSE, REPORT)

# Quizzes ------------------------------------------------------------------------------------------

QUIZZES = (
    Quiz(
        id="07.q1",
        question=text(
            "A classifier gets nearly every *printed* digit right that it has not seen. How will it do on *handwritten* ones, without "
            "having seen one?",
            "一个分类器，对没见过的**印刷**数字几乎全对。从没见过手写数字，它在**手写**数字上会怎样？",
        ),
        options=(
            Option(
                text("Nearly as well: a seven is a seven", "差不多一样好：7 就是 7"),
                text(
                    "The labels mean the same, but the pictures come from elsewhere. The next cells measure what that costs.",
                    "标签的含义没变，图片的来处却变了。接下来的几个单元格会量出代价。",
                ),
            ),
            Option(
                text(
                    "It depends most on what it looks at: pixels or features",
                    "最要紧的是它看什么：像素还是特征",
                ),
                text(
                    "Yes. On pixels it falls to a quarter or so, on borrowed features it keeps most: run the cell.",
                    "对。看像素，跌到四分之一左右；看借来的特征，还能保住大半。运行看看。",
                ),
                right=True,
            ),
            Option(
                text("No better than guessing", "与瞎猜一样"),
                text(
                    "Not quite: even pixels keep more than one in ten. But you are right to fear the worst.",
                    "还不至于：连像素都比十分之一好。不过往坏处想是对的。",
                ),
            ),
        ),
    ),
    Quiz(
        id="07.q2",
        question=text(
            "Two samples with the same mean, one spread twice as wide. What will MMD with the *linear* kernel say, what with an RBF "
            "kernel, for large samples?",
            "两个样本均值相同，其中一个的散布大一倍。样本很多时，**线性核**的 MMD 会怎么说，RBF 核又会怎么说？",
        ),
        options=(
            Option(
                text("Both are 0: the means agree", "都是 0：均值一致"),
                text(
                    "The linear kernel compares means of the features themselves; an RBF kernel compares the means of infinitely many others.",
                    "线性核比较的是特征本身的均值；RBF 核比较的是无穷多个其他特征的均值。",
                ),
            ),
            Option(
                text("Linear: 0. RBF: above 0", "线性核：0；RBF 核：大于 0"),
                text(
                    "Yes: what differs is not in the mean. An RBF kernel is *characteristic*: only equal distributions give 0.",
                    "对：差别不在均值里。RBF 核是**特征核**（characteristic）：只有分布相同才为 0。",
                ),
                right=True,
            ),
            Option(
                text("Both are above 0", "都大于 0"),
                text(
                    "On a small sample, by chance, yes. With more examples the linear one goes to 0.",
                    "样本少时，碰巧会这样。样本一多，线性核的就趋于 0。",
                ),
            ),
        ),
    ),
    Quiz(
        id="07.q3",
        question=text(
            "After adversarial training, the discriminator is right half of the time. What do you know?",
            "对抗训练之后，判别器有一半判对。由此你知道了什么？",
        ),
        options=(
            Option(
                text("The classifier now works on the target", "分类器在目标域上能用了"),
                text(
                    "Nothing about classes has been looked at. Section 4 shows three ways to have 50 % and be wrong.",
                    "类别根本没有被看过。第 4 节会给出三种“判别器在 50% 上下，分类却不行”的情形。",
                ),
            ),
            Option(
                text(
                    "The features of both domains have the same distribution",
                    "两个域的特征分布相同了",
                ),
                text(
                    "Not even that: *this* discriminator finds no difference. Another one may.",
                    "连这一点也不知道：只是**这一个**判别器找不出差别。换一个也许就能。",
                ),
            ),
            Option(
                text(
                    "This discriminator can't tell them apart, no more",
                    "这个判别器分不出来，仅此而已",
                ),
                text(
                    "Yes. Whether another could, and whether the classes match, has to be asked separately.",
                    "对。换一个能不能分出来、类别对没对上，都要另外去问。",
                ),
                right=True,
            ),
        ),
    ),
    Quiz(
        id="07.q4",
        question=text(
            "Eight models, adapted or not, and not a single target label. Which number would you choose by?",
            "八个模型，有的适应过，有的没有，一个目标标签也没有。你会按哪个数来挑？",
        ),
        options=(
            Option(
                text("The accuracy on held-out source examples", "留出的源域样本上的准确率"),
                text(
                    "It is honest, but about another domain: all eight are good there, and a handful of pictures decides.",
                    "它是诚实的，但说的是另一个域：八个在那里都好，只差几张图片。",
                ),
            ),
            Option(
                text(
                    "How hard the domains are to tell apart in the features",
                    "两个域的特征有多难分辨",
                ),
                text(
                    "That is what alignment aims at, not what we want. Section 4 showed aligned features that are wrong on everything.",
                    "那是对齐的目标，不是我们想要的。第 4 节有对齐了却全错的特征。",
                ),
            ),
            Option(
                text(
                    "How sure *and* how varied the answers on the target are",
                    "目标域上的预测有多确信，**而且**有多多样",
                ),
                text(
                    "The most useful of the three here, with a warning: some of the methods maximise just that in training.",
                    "三者中它在这里最有用；但要小心：有的方法训练时最大化的正是它。",
                ),
                right=True,
            ),
        ),
    ),
)
