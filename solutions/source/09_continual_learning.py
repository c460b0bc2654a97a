"""Exercises of chapter 09, continual learning: inputs, references, pitfalls, hints, proofs."""

from __future__ import annotations

import numpy as np

from course_lib.exercises import drawings
from course_lib.exercises.comparators import close, equal
from course_lib.exercises.specification import Exercise, ManualExercise, Option, Pitfall, Quiz, text
from course_lib.probing.continual import HELD, tiny_gradients
from course_lib.training.tiny import draw_tiny

# 09.1 ---------------------------------------------------------------------------------------------


def draw_matrix(rng):
    """A matrix in which every way of counting gives another number."""
    T = int(rng.integers(4, 6))
    R = rng.uniform(0.2, 0.9, size=(T, T))
    R[1, 0] = R[0, 0] + 0.04  # better than when it was learnt
    R[-1, 0] = R[:-1, 0].max() + 0.05  # a task that has become better: it counts with its sign
    R[0, 1:] += 0.1  # good before they were learnt: the maximum must not look there
    R[0, 1] = 0.99
    return {"R": np.round(R, 3), "untrained": np.round(rng.uniform(0.05, 0.3, size=T), 3)}


def numbers(R, untrained, *, end=None, lost=None, backward=None, forward=None):
    """The four numbers; each may be replaced by a mistake."""
    T = len(R)
    found = [
        R[-1].mean(),
        np.mean([R[j:-1, j].max() - R[-1, j] for j in range(T - 1)]),
        np.mean(R[-1, :-1] - np.diag(R)[:-1]),
        np.mean([R[j - 1, j] - untrained[j] for j in range(1, T)]),
    ]
    for place, mistake in enumerate((end, lost, backward, forward)):
        if mistake is not None:
            found[place] = mistake(R, untrained)
    return found


def wrong_number(**mistakes):
    return lambda R, untrained: numbers(R, untrained, **mistakes)


def maxima(R, first, last, count):
    return np.mean([R[first(j) : last, j].max() - R[-1, j] for j in range(count)])


READ_MATRIX = Exercise(
    id="09.1",
    title=text("Four numbers from a matrix", "从矩阵读出四个数"),
    points=3,
    objective="O1",
    function="read_matrix",
    inputs=draw_matrix,
    reference=lambda R, untrained: numbers(R, untrained),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    forbidden=(
        "course_lib.continual.average_accuracy",
        "course_lib.continual.forgetting",
        "course_lib.continual.backward_transfer",
        "course_lib.continual.forward_transfer",
    ),
    parts={
        "0": text("the average accuracy in the end", "最终平均准确率"),
        "1": text("forgetting", "遗忘"),
        "2": text("backward transfer", "反向迁移"),
        "3": text("forward transfer", "正向迁移"),
    },
    pitfalls=(
        Pitfall(
            "average_of_all",
            wrong_number(end=lambda R, b: R.mean()),
            text(
                "The first number is the mean of the whole matrix. What counts in the end is the last row.",
                "第一个数是整个矩阵的平均。最终的水平只看最后一行。",
            ),
        ),
        Pitfall(
            "average_of_diagonal",
            wrong_number(end=lambda R, b: np.diag(R).mean()),
            text(
                "The first number is the mean of the diagonal: each task just after it was learnt. Nothing can have been forgotten there.",
                "第一个数是对角线的平均：每个任务刚学完时的水平，那时还来不及遗忘。",
            ),
        ),
        Pitfall(
            "lower_triangle_average",
            wrong_number(end=lambda R, b: np.mean([R[i, : i + 1].mean() for i in range(len(R))])),
            text(
                "The first number averages over all times. It is the average *incremental* accuracy, another measure; here: the last row.",
                "第一个数对各个时刻都取了平均，那是另一种度量（平均增量准确率）。这里只看最后一行。",
            ),
        ),
        Pitfall(
            "maximum_over_all_rows",
            wrong_number(lost=lambda R, b: maxima(R, lambda j: 0, -1, len(R) - 1)),
            text(
                "Forgetting: your maximum looks at rows before task j was learnt. What was not yet learnt can't be forgotten: i runs from j.",
                "遗忘：取最大值时把学任务 j 之前的行也算了进去。还没学的谈不上忘，i 应从 j 开始。",
            ),
        ),
        Pitfall(
            "maximum_with_the_end",
            wrong_number(lost=lambda R, b: maxima(R, lambda j: j, None, len(R) - 1)),
            text(
                "Forgetting: your maximum includes the last row, so a task that became better counts as 0. It counts with its sign.",
                "遗忘：取最大值时包含了最后一行，于是变好的任务被记成 0。它应当带着符号计入。",
            ),
        ),
        Pitfall(
            "forgetting_from_the_diagonal",
            wrong_number(lost=lambda R, b: np.mean(np.diag(R)[:-1] - R[-1, :-1])),
            text(
                "Your forgetting is backward transfer with the sign turned. Forgetting starts from the *best* that a task has been since it was learnt.",
                "你算的遗忘只是反向迁移反了号。遗忘要从该任务学完以来的**最好**水平算起。",
            ),
        ),
        Pitfall(
            "last_task_counts",
            lambda R, untrained: numbers(
                R,
                untrained,
                lost=lambda R, b: (
                    np.sum([R[j:-1, j].max() - R[-1, j] for j in range(len(R) - 1)]) / len(R)
                ),
                backward=lambda R, b: np.mean(R[-1] - np.diag(R)),
            ),
            text(
                "You divided by T. The last task has had no time to be forgotten: both means run over the T − 1 earlier ones.",
                "你除以了 T。最后一个任务还没有机会被遗忘：两个平均都只对前 T − 1 个任务取。",
            ),
        ),
        Pitfall(
            "forgetting_over_all",
            wrong_number(
                lost=lambda R, b: maxima(R, lambda j: j, -1, len(R) - 1) * (1 - 1 / len(R))
            ),
            text(
                "Forgetting: you divided by T. The last task has had no time to be forgotten: divide by T − 1.",
                "遗忘：你除以了 T。最后一个任务还没有机会被遗忘，应除以 T − 1。",
            ),
        ),
        Pitfall(
            "backward_over_all",
            wrong_number(backward=lambda R, b: np.mean(R[-1] - np.diag(R))),
            text(
                "Backward transfer: you divided by T. The last task adds 0 and doesn't count: divide by T − 1.",
                "反向迁移：你除以了 T。最后一个任务必然贡献 0，不计在内，应除以 T − 1。",
            ),
        ),
        Pitfall(
            "forward_over_all",
            wrong_number(forward=lambda R, b: np.sum(np.diag(R, 1) - b[1:]) / len(R)),
            text(
                "Forward transfer: you divided by T. Before the first task there is no earlier one: divide by T − 1.",
                "正向迁移：你除以了 T。第一个任务之前没有更早的任务，应除以 T − 1。",
            ),
        ),
        Pitfall(
            "forward_wraps_around",
            wrong_number(forward=lambda R, b: np.mean([R[j - 1, j] - b[j] for j in range(len(R))])),
            text(
                "Forward transfer: at j = 0 your row j − 1 is −1, which is the *last* row. The sum begins at the second task.",
                "正向迁移：j = 0 时，行号 j − 1 成了 −1，也就是**最后**一行。求和应从第二个任务开始。",
            ),
        ),
        Pitfall(
            "forgetting_and_backward_exchanged",
            lambda R, untrained: [numbers(R, untrained)[k] for k in (0, 2, 1, 3)],
            text(
                "Forgetting and backward transfer stand in each other's place: A, F, BWT, FWT.",
                "遗忘与反向迁移的位置对调了：次序是 A、F、BWT、FWT。",
            ),
        ),
        Pitfall(
            "backward_turned",
            wrong_number(backward=lambda R, b: np.mean(np.diag(R)[:-1] - R[-1, :-1])),
            text(
                "Backward transfer has the wrong sign: below 0 means that later tasks did harm.",
                "反向迁移的符号反了：小于 0 表示后来的任务造成了损害。",
            ),
        ),
        Pitfall(
            "forward_without_baseline",
            wrong_number(forward=lambda R, b: np.mean(np.diag(R, 1))),
            text(
                "Forward transfer: subtract what the untrained model gets.",
                "正向迁移：要减去未训练模型的水平。",
            ),
        ),
        Pitfall(
            "forward_from_the_diagonal",
            wrong_number(forward=lambda R, b: np.mean(np.diag(R)[1:] - b[1:])),
            text(
                "Forward transfer looks at a task *before* it is learnt: row j − 1 of column j, not the diagonal.",
                "正向迁移看的是学任务 j **之前**的水平：第 j 列的第 j − 1 行，而不是对角线。",
            ),
        ),
        Pitfall(
            "matrix_turned",
            lambda R, untrained: numbers(R.T, untrained),
            text(
                "You exchanged rows and columns: row i is a time, column j a task.",
                "你把行与列弄反了：第 i 行是时刻，第 j 列是任务。",
            ),
        ),
    ),
    hints=(
        text(
            "Write T = len(R) and take the four formulas one at a time. Row i: after task i. Column j: task j.",
            "先写 T = len(R)，四个公式一个一个来。第 i 行：学完任务 i 之后；第 j 列：任务 j。",
        ),
        text(
            "The best of task j since it was learnt, without the end: `R[j:-1, j].max()`.",
            "任务 j 学完以来、不含最后一刻的最好水平：`R[j:-1, j].max()`。",
        ),
        text(
            "`np.diag(R, 1)` holds R[j − 1, j]: each task just before it is learnt.",
            "`np.diag(R, 1)` 就是各个 R[j − 1, j]：每个任务学之前的水平。",
        ),
    ),
    right={
        "numpy": (
            "def read_matrix(R, untrained):\n"
            "    T, lost, back, forth = len(R), 0.0, 0.0, 0.0\n"
            "    for j in range(T - 1):\n"
            "        lost += max(R[i][j] for i in range(j, T - 1)) - R[T - 1][j]\n"
            "        back += R[T - 1][j] - R[j][j]\n"
            "        forth += R[j][j + 1] - untrained[j + 1]\n"
            "    return sum(R[T - 1]) / T, lost / (T - 1), back / (T - 1), forth / (T - 1)\n",
            "def read_matrix(R, untrained):\n"
            "    seen = np.where(np.tri(len(R), dtype=bool), R, -np.inf)[:-1, :-1]\n"
            "    end = R[-1, :-1]\n"
            "    return [np.mean(R[-1]), np.mean(seen.max(0) - end), np.mean(end - R.diagonal()[:-1]),\n"
            "            np.mean(R.diagonal(1)) - np.mean(untrained[1:])]\n",
        )
    },
)

# 09.2 ---------------------------------------------------------------------------------------------


def draw_head(rng):
    return {
        "features": rng.normal(size=(6, 3)) + 0.3,
        "weights": rng.normal(size=(3, 4)),
        "bias": rng.normal(size=4),
    }


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def fisher_by(spread, size=lambda h: h**2, mean=True):
    """Fisher of a head from the spread N×K of the slopes and the size N×D of the inputs."""

    def of(features, weights, bias):
        s, n = spread(softmax(features @ weights + bias)), len(features) if mean else 1
        return [size(features).T @ s / n, s.sum(axis=0) / n]

    return of


def fisher_from(features, p):
    """The right sums, from answers p N×K that may be wrong."""
    spread = p * (1 - p)
    return [(features**2).T @ spread / len(features), spread.mean(axis=0)]


def of_sums(features, weights, bias):
    """Squares of mean slopes, labels as often as the model expects them: all 0."""
    return [np.zeros_like(weights), np.zeros_like(bias)]


FISHER_OF_HEAD = Exercise(
    id="09.2",
    title=text("The Fisher information of a head", "分类头的 Fisher 信息"),
    points=4,
    objective="O2",
    function="fisher_of_head",
    drawing=drawings.matrix("0"),
    inputs=draw_head,
    reference=fisher_by(lambda p: p * (1 - p)),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    forbidden=("course_lib.pytorch.fisher_diagonal", "course_lib.keras.fisher_diagonal"),
    parts={
        "0": text("F of the weights, D×K", "权重的 F，D×K"),
        "1": text("F of the biases, K", "偏置的 F，K"),
    },
    pitfalls=(
        Pitfall(
            "square_of_the_mean",
            of_sums,
            text(
                "All 0: you squared after averaging. The mean slope is 0 when labels come from the model; F is the mean of the *squares*.",
                "全是 0：你先平均再平方。标签由模型给出时，斜率的平均就是 0；F 是**平方**的平均。",
            ),
        ),
        Pitfall(
            "squared_probability",
            fisher_by(lambda p: p**2),
            text(
                "You squared p, as if the true label never were k. With probability p_k it is, and then the slope is 1 − p_k.",
                "你只把 p 平方了，好像标签从来不是 k。标签以概率 p_k 取 k，那时斜率是 1 − p_k。",
            ),
        ),
        Pitfall(
            "only_where_it_is_the_label",
            fisher_by(lambda p: p * (1 - p) ** 2),
            text(
                "You counted only the case y = k. With probability 1 − p_k the label is another one, and then the slope is −p_k, not 0.",
                "你只算了 y = k 的情形。标签以概率 1 − p_k 是别的类，那时斜率是 −p_k，不是 0。",
            ),
        ),
        Pitfall(
            "as_if_always_the_label",
            fisher_by(lambda p: (1 - p) ** 2),
            text(
                "(1 − p_k)² is the square for y = k. It happens with probability p_k; the other case is missing.",
                "(1 − p_k)² 是 y = k 时的平方，它发生的概率是 p_k；另一种情形漏掉了。",
            ),
        ),
        Pitfall(
            "softmax_over_examples",
            lambda features, weights, bias: fisher_from(
                features, softmax((features @ weights + bias).T).T
            ),
            text(
                "Your softmax runs over the examples. Each row, an example, has its own: `axis=1`.",
                "你的 softmax 是对样本做的。每一行（一个样本）各做各的：`axis=1`。",
            ),
        ),
        Pitfall(
            "bias_forgotten",
            lambda features, weights, bias: fisher_from(features, softmax(features @ weights)),
            text("The logits are hW + b: b is missing.", "logits 是 hW + b：漏了 b。"),
        ),
        Pitfall(
            "only_the_likeliest",
            fisher_by(lambda p: (np.eye(p.shape[1])[p.argmax(axis=1)] - p) ** 2),
            text(
                "You took the model's best guess for the label. The expectation runs over all labels, each with its probability.",
                "你把模型最可能的答案当成了标签。期望要对所有标签取，各按自己的概率加权。",
            ),
        ),
        Pitfall(
            "labels_equally_often",
            fisher_by(lambda p: p**2 + (1 - 2 * p) / p.shape[1]),
            text(
                "You averaged over the labels as if all were equally likely. They count with the model's probabilities.",
                "你把各个标签当成等可能的来平均。它们要按模型给出的概率加权。",
            ),
        ),
        Pitfall(
            "summed_over_labels",
            fisher_by(lambda p: 1 - 2 * p + p.shape[1] * p**2),
            text(
                "You added up over the labels without their probabilities.",
                "你对各个标签直接相加，没有乘各自的概率。",
            ),
        ),
        Pitfall(
            "sum_over_examples",
            fisher_by(lambda p: p * (1 - p), mean=False),
            text("You added up over examples; take the mean.", "你对样本求了和；应当取平均。"),
        ),
        Pitfall(
            "input_not_squared",
            fisher_by(lambda p: p * (1 - p), size=np.abs),
            text(
                "A weight's slope is h_d times the logit's, so its square holds h_d². Yours holds |h_d|.",
                "权重的斜率是 logit 的斜率乘 h_d，平方之后应是 h_d²；你这里是 |h_d|。",
            ),
        ),
        Pitfall(
            "input_with_its_sign",
            fisher_by(lambda p: p * (1 - p), size=lambda h: h),
            text(
                "A weight's slope is h_d times the logit's; square both. (No entry of F can be negative.)",
                "权重的斜率是 logit 的斜率乘 h_d，两者都要平方。（F 的元素不会是负数。）",
            ),
        ),
        Pitfall(
            "inputs_averaged_first",
            lambda features, weights, bias: [
                np.outer(
                    (features**2).mean(axis=0),
                    ((p := softmax(features @ weights + bias)) * (1 - p)).mean(axis=0),
                ),
                (p * (1 - p)).mean(axis=0),
            ],
            text(
                "You averaged h² and p(1 − p) apart and multiplied the means. The mean is taken over products, example by example.",
                "你把 h² 与 p(1 − p) 分别平均再相乘。应当逐个样本相乘，再取平均。",
            ),
        ),
        Pitfall(
            "root",
            lambda features, weights, bias: [
                np.sqrt(f) for f in fisher_by(lambda p: p * (1 - p))(features, weights, bias)
            ],
            text(
                "You took a root: F is the mean of the squares itself.",
                "你开了根号：F 就是平方的平均。",
            ),
        ),
        Pitfall(
            "temperature_of_entropy",
            fisher_by(lambda p: -p * np.log(p)),
            text(
                "That is an entropy. F needs the slopes of log p, squared.",
                "这是熵。F 需要的是 log p 的斜率的平方。",
            ),
        ),
    ),
    survivors={
        "z - z.max(axis=1, keepdims=True) → z + z.max(axis=1, keepdims=True)": "softmax is the same for every shift",
        "z.max(axis=1, keepdims=True) without axis": "softmax is the same for every shift",
        "z.max(axis=1, keepdims=True) → z.min(axis=1, keepdims=True)": "softmax is the same for every shift",
        "1 - p → p - 1": "it is squared: its sign does not matter",
    },
    hints=(
        text(
            "First one logit: ∂ log p_y / ∂z_k is 1 − p_k if y = k, and −p_k otherwise.",
            "先看一个 logit：∂ log p_y / ∂z_k 在 y = k 时是 1 − p_k，否则是 −p_k。",
        ),
        text(
            "Now square both, weight them by p_k and 1 − p_k, and simplify. It becomes very short.",
            "把两种情形平方，分别乘 p_k 与 1 − p_k，再化简，会变得非常短。",
        ),
        text(
            "∂z_k/∂W_dk = h_d. So F of W_dk is the mean over examples of h_d² times what you found; of the bias, without h_d².",
            "∂z_k/∂W_dk = h_d。所以 W_dk 的 F 是“h_d² 乘刚才的结果”对样本的平均；偏置的没有 h_d²。",
        ),
    ),
    right={
        "numpy": (
            "def fisher_of_head(features, weights, bias):\n"
            "    z = features @ weights + bias\n"
            "    p = np.exp(z - z.max(1, keepdims=True))\n"
            "    p = p / p.sum(1, keepdims=True)\n"
            "    v = p - p**2\n"
            "    return np.einsum('nd,nk->dk', features**2, v) / len(z), v.mean(0)\n",
            "def fisher_of_head(features, weights, bias):\n"
            "    F_w, F_b = np.zeros_like(weights), np.zeros_like(bias)\n"
            "    for h in features:\n"
            "        p = np.exp(h @ weights + bias)\n"
            "        p /= p.sum()\n"
            "        for y in range(len(p)):\n"
            "            slope = np.eye(len(p))[y] - p\n"
            "            F_b += p[y] * slope**2 / len(features)\n"
            "            F_w += p[y] * np.outer(h, slope) ** 2 / len(features)\n"
            "    return [F_w, F_b]\n",
        )
    },
)

# 09.3 ---------------------------------------------------------------------------------------------


def draw_held(rng):
    arrays = draw_tiny(rng)
    held = {f"anchor_{n}": arrays[n] + 0.3 * rng.normal(size=arrays[n].shape) for n in HELD}
    held |= {f"fisher_{n}": rng.uniform(0.1, 1.0, size=arrays[n].shape) for n in HELD}
    return {
        "images": rng.normal(size=(6, 2, 2, 3)).astype(np.float32),
        "labels": rng.permutation(np.arange(6) % 3),
        "strength": float(rng.choice([0.6, 0.8, 1.2])),
        "learning_rate": float(rng.choice([0.2, 0.3])),
        **arrays,
        **{n: v.astype(np.float32) for n, v in held.items()},
    }


def descend(pull=lambda f, moved, s: s * f * moved, *, slope=1.0, steps=2, **given):
    """Two steps; `pull` is the penalty's slope. Options are mistakes."""
    arrays = {n: given[n] for n in (*HELD, "mean", "variance")}
    for _ in range(steps):
        slopes = tiny_gradients(given["images"], given["labels"], arrays)
        for n in HELD:
            moved = arrays[n] - given[f"anchor_{n}"]
            step = slope * slopes[n] + pull(given[f"fisher_{n}"], moved, given["strength"])
            arrays[n] = arrays[n] - given["learning_rate"] * step
    return {n: arrays[n] for n in HELD}


def after_the_step(**given):
    """The penalty's slope is taken after the loss has moved the weights: two steps in a row."""
    arrays = {n: given[n] for n in (*HELD, "mean", "variance")}
    rate, strength = given["learning_rate"], given["strength"]
    for _ in range(2):
        slopes = tiny_gradients(given["images"], given["labels"], arrays)
        for n in HELD:
            arrays[n] = arrays[n] - rate * slopes[n]
            pull = given[f"fisher_{n}"] * (arrays[n] - given[f"anchor_{n}"])
            arrays[n] = arrays[n] - rate * strength * pull
    return {n: arrays[n] for n in HELD}


def piled_up(**given):
    """The second step adds the first one's gradients to its own."""
    arrays = {n: given[n] for n in (*HELD, "mean", "variance")}
    piles = dict.fromkeys(HELD, 0.0)
    for _ in range(2):
        slopes = tiny_gradients(given["images"], given["labels"], arrays)
        for n in HELD:
            pull = given[f"fisher_{n}"] * (arrays[n] - given[f"anchor_{n}"])
            piles[n] = piles[n] + slopes[n] + given["strength"] * pull
        arrays |= {n: arrays[n] - given["learning_rate"] * piles[n] for n in HELD}
    return {n: arrays[n] for n in HELD}


def report_of_held(**given):
    return descend(**given) | {"statistics_moved": False, "given_unchanged": True}


def held_by(pull=None, **options):
    return lambda **given: descend(**({"pull": pull} if pull else {}), **options, **given)


PYTORCH_HELD = """\
from torch.nn import functional
def ewc_step(model, weights, anchor, fisher, images, labels, strength, learning_rate):
    loss = functional.cross_entropy(model(images), labels)
    slopes = torch.autograd.grad(loss, weights)
    with torch.no_grad():
        for w, slope, old, f in zip(weights, slopes, anchor, fisher):
            w -= learning_rate * (slope + strength * f * (w - old))
"""
KERAS_HELD = """\
from course_lib.keras import cross_entropy, gradients
def ewc_step(model, weights, anchor, fisher, images, labels, strength, learning_rate):
    _, slopes = gradients(lambda: cross_entropy(model(images, training=False), labels), weights)
    for w, slope, old, f in zip(weights, slopes, anchor, fisher):
        w.assign_sub(learning_rate * (slope + strength * f * (w - old)))
"""


def held_code(old=None, new=None, *, pytorch=None, keras=None):
    """The right code with one replacement: the same in both frameworks, or one for each."""
    code = {}
    for name, source, change in (
        ("pytorch", PYTORCH_HELD, pytorch or (old and (old, new))),
        ("keras", KERAS_HELD, keras or (old and (old, new))),
    ):
        if change:
            assert change[0] in source, change
            code[name] = source.replace(*change)
    return code


EWC_STEP = Exercise(
    id="09.3",
    title=text("A step of EWC", "EWC 的一步"),
    points=4,
    objective="O2",
    function="ewc_step",
    inputs=draw_held,
    reference=report_of_held,
    comparator=close(rtol=2e-3, atol=2e-4),
    draws=2,
    probe="held_steps",
    forbidden=(
        "course_lib.pytorch.EWC",
        "course_lib.keras.EWC",
        "course_lib.pytorch.fit",
        "course_lib.keras.fit",
        ".fit",
        ".train_on_batch",
    ),
    parts={
        "kernel": text("the weights of mix after two steps", "两步之后 mix 的权重"),
        "gamma": text("the scales of norm after two steps", "两步之后 norm 的缩放"),
        "beta": text("the shifts of norm after two steps", "两步之后 norm 的平移"),
        "head": text("the weights of the head after two steps", "两步之后 head 的权重"),
        "bias": text("the biases of the head after two steps", "两步之后 head 的偏置"),
        "statistics_moved": text("“the BatchNorm statistics moved”", "“BatchNorm 的统计量变了”"),
        "given_unchanged": text(
            "“anchor and fisher are as they were”", "“anchor 与 fisher 没有被改动”"
        ),
    },
    pitfalls=(
        Pitfall(
            "training_mode",
            lambda **inputs: {"statistics_moved": True},
            text(
                "The BatchNorm statistics moved: the forward pass ran in training mode. They belong to the old task, too, and no penalty holds them.",
                "BatchNorm 的统计量变了：前向计算用了训练模式。它们也属于旧任务，却没有惩罚项拉住它们。",
            ),
            code=held_code(
                pytorch=("    loss =", "    model.train()\n    loss ="),
                keras=("training=False", "training=True"),
            ),
        ),
        Pitfall(
            "no_penalty",
            held_by(lambda f, moved, s: 0.0),
            text(
                "The step knows nothing of the old task: the penalty is missing.",
                "这一步完全不管旧任务：缺了惩罚项。",
            ),
            code=held_code("slope + strength * f * (w - old)", "slope"),
        ),
        Pitfall(
            "half_too_much",
            held_by(lambda f, moved, s: s / 2 * f * moved),
            text(
                "The pull is half of what it should be: the ½ of the penalty goes when the square is differentiated.",
                "拉力只有应有的一半：对平方求导时，惩罚项里的 ½ 正好消去。",
            ),
            code=held_code("strength * f", "strength / 2 * f"),
        ),
        Pitfall(
            "twice",
            held_by(lambda f, moved, s: 2 * s * f * moved),
            text(
                "The pull is twice what it should be: the penalty is λ/2 · F (θ − θ*)², with its ½.",
                "拉力大了一倍：惩罚项是 λ/2 · F (θ − θ*)²，前面有 ½。",
            ),
            code=held_code("strength * f", "2 * strength * f"),
        ),
        Pitfall(
            "towards_zero",
            lambda **given: descend(
                **{**given, **{f"anchor_{n}": 0 * given[f"anchor_{n}"] for n in HELD}}
            ),
            text(
                "You pull the weights to 0: that is weight decay. EWC pulls them to θ*, where the old task left them.",
                "你把权重往 0 拉，那是权重衰减。EWC 把权重拉向 θ*，也就是旧任务学完时的位置。",
            ),
            code=held_code("f * (w - old)", "f * w"),
        ),
        Pitfall(
            "pushes_away",
            held_by(lambda f, moved, s: -s * f * moved),
            text(
                "The penalty pushes away from θ*: its slope is λF(θ − θ*), not λF(θ* − θ).",
                "惩罚项在把权重推离 θ*：它的斜率是 λF(θ − θ*)，不是 λF(θ* − θ)。",
            ),
            code=held_code("(w - old)", "(old - w)"),
        ),
        Pitfall(
            "all_alike",
            held_by(lambda f, moved, s: s * moved),
            text(
                "All weights are held equally: that is L2-SP. EWC holds each by its F.",
                "所有权重拉得一样紧：那是 L2-SP。EWC 按各自的 F 来拉。",
            ),
            code=held_code("strength * f *", "strength *"),
        ),
        Pitfall(
            "fisher_squared",
            held_by(lambda f, moved, s: s * f**2 * moved),
            text(
                "F is a mean of squares already: don't square it again.",
                "F 已经是平方的平均，不要再平方。",
            ),
            code=held_code("strength * f *", "strength * f * f *"),
        ),
        Pitfall(
            "rate_on_the_loss_only",
            held_by(lambda f, moved, s: 0.0, steps=0),
            text(
                "Nothing moved. Change the weights themselves (`w -= …`, in Keras `w.assign_sub(…)`).",
                "什么都没动。要修改权重本身（`w -= …`，Keras 用 `w.assign_sub(…)`）。",
            ),
            code=held_code(
                pytorch=("w -= learning_rate", "w = w - learning_rate"),
                keras=(
                    "w.assign_sub(learning_rate * (slope + strength * f * (w - old)))",
                    "w = w - learning_rate * (slope + strength * f * (w - old))",
                ),
            ),
        ),
        Pitfall(
            "summed_over_the_batch",
            held_by(slope=6.0),
            text(
                "The loss is summed over the batch, so the old task weighs N times too little. Take the mean.",
                "损失对整批求了和，旧任务的分量就小了 N 倍。应当取平均。",
            ),
            code=held_code(
                pytorch=("labels)\n    slopes", 'labels, reduction="sum")\n    slopes'),
                keras=("lambda: cross_entropy", "lambda: 6 * cross_entropy"),
            ),
        ),
        Pitfall(
            "uphill",
            lambda **given: descend(**{**given, "learning_rate": -given["learning_rate"]}),
            text("You went uphill: subtract.", "你在上坡：应当减。"),
            code=held_code(pytorch=("w -= ", "w += "), keras=("assign_sub", "assign_add")),
        ),
        Pitfall(
            "mean_over_weights",
            held_by(lambda f, moved, s: s * f * moved / moved.size),
            text(
                "The penalty is averaged over the weights of a layer: it is a *sum* over all weights, Σᵢ.",
                "惩罚项对一层的权重取了平均：它是对所有权重**求和**，即 Σᵢ。",
            ),
            code=held_code("strength * f", "strength / np.prod(tuple(f.shape)) * f"),
        ),
        Pitfall(
            "gradients_pile_up",
            piled_up,
            text(
                "The second step is wrong, the first is right: gradients pile up in `.grad`. Set them to zero before each backward pass.",
                "第一步对，第二步错：梯度在 `.grad` 里越积越多。每次反向传播之前要清零。",
            ),
            code={
                "pytorch": "from torch.nn import functional\n"
                "def ewc_step(model, weights, anchor, fisher, images, labels, strength, learning_rate):\n"
                "    penalty = sum((f * (w - old) ** 2).sum() for w, old, f in zip(weights, anchor, fisher))\n"
                "    (functional.cross_entropy(model(images), labels) + strength / 2 * penalty).backward()\n"
                "    with torch.no_grad():\n"
                "        for w in weights:\n"
                "            w -= learning_rate * w.grad\n"
            },
        ),
        Pitfall(
            "penalty_after_the_step",
            after_the_step,
            text(
                "You made two steps in a row: the penalty's slope is taken where the loss's step has already led. Add both slopes first, then make one step.",
                "你接连走了两步：惩罚项的斜率是在损失那一步走完之后才取的。应先把两个斜率相加，再走一步。",
            ),
            code=held_code(
                pytorch=(
                    "            w -= learning_rate * (slope + strength * f * (w - old))",
                    "            w -= learning_rate * slope\n            w -= learning_rate * strength * f * (w - old)",
                ),
                keras=(
                    "        w.assign_sub(learning_rate * (slope + strength * f * (w - old)))",
                    "        w.assign_sub(learning_rate * slope)\n        w.assign_sub(learning_rate * strength * f * (w - old))",
                ),
            ),
        ),
        Pitfall(
            "distance_not_squared",
            held_by(lambda f, moved, s: s / 2 * f * np.sign(moved)),
            text(
                "Your pull is the same however far a weight has moved: that is the slope of |θ − θ*|. The penalty has the square.",
                "不管权重移动了多远，你的拉力都一样大：那是 |θ − θ*| 的斜率。惩罚项里是平方。",
            ),
            code=held_code(
                pytorch=("strength * f * (w - old)", "strength / 2 * f * (w - old).sign()"),
                keras=("strength * f * (w - old)", "strength / 2 * f * ops.sign(w - old)"),
            ),
        ),
        Pitfall(
            "penalty_without_rate",
            lambda **given: descend(
                lambda f, moved, s: s * f * moved / given["learning_rate"], **given
            ),
            text(
                "The pull is not multiplied by the learning rate: it is a part of the gradient like the rest.",
                "拉力没有乘学习率：它和其余部分一样，是梯度的一部分。",
            ),
            code=held_code(
                "learning_rate * (slope + strength * f * (w - old))",
                "(learning_rate * slope + strength * f * (w - old))",
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
            "The gradient of the whole is the sum of two: that of the cross-entropy, from the framework, and that of the penalty, by hand.",
            "总的梯度是两部分之和：交叉熵的梯度由框架来求，惩罚项的梯度用手写。",
        ),
        text(
            "∂/∂θᵢ of λ/2 · Fᵢ(θᵢ − θᵢ*)² is λFᵢ(θᵢ − θᵢ*).",
            "λ/2 · Fᵢ(θᵢ − θᵢ*)² 对 θᵢ 的导数是 λFᵢ(θᵢ − θᵢ*)。",
        ),
        text(
            "PyTorch: `torch.autograd.grad(loss, weights)`, then `w -= …` under torch.no_grad(). Keras: `gradients(loss_function, weights)`, "
            "calling the model with training=False, then `w.assign_sub(…)`.",
            "PyTorch：`torch.autograd.grad(loss, weights)`，再在 torch.no_grad() 下写 `w -= …`。Keras：`gradients(求损失的函数, weights)`，"
            "调用模型时传入 training=False，再 `w.assign_sub(…)`。",
        ),
    ),
    right={
        "pytorch": (
            "from torch.nn import functional\n"
            "def ewc_step(model, weights, anchor, fisher, images, labels, strength, learning_rate):\n"
            "    optimizer = torch.optim.SGD(weights, lr=learning_rate)\n"
            "    optimizer.zero_grad()\n"
            "    penalty = sum((f * (w - old) ** 2).sum() for w, old, f in zip(weights, anchor, fisher))\n"
            "    (functional.cross_entropy(model(images), labels) + strength / 2 * penalty).backward()\n"
            "    optimizer.step()\n",
            "def ewc_step(model, weights, anchor, fisher, images, labels, strength, learning_rate):\n"
            "    log_p = model(images).log_softmax(dim=1)\n"
            "    loss = -log_p[torch.arange(len(labels)), labels].mean()\n"
            "    slopes = torch.autograd.grad(loss, weights)\n"
            "    for k in range(len(weights)):\n"
            "        pull = strength * fisher[k] * (weights[k].detach() - anchor[k])\n"
            "        weights[k].data.add_(slopes[k] + pull, alpha=-learning_rate)\n",
        ),
        "keras": (
            "from course_lib.keras import cross_entropy, gradients\n"
            "def ewc_step(model, weights, anchor, fisher, images, labels, strength, learning_rate):\n"
            "    def loss():\n"
            "        penalty = sum(ops.sum(f * ops.square(w - old)) for w, old, f in zip(weights, anchor, fisher))\n"
            "        return cross_entropy(model(images, training=False), labels) + strength / 2 * penalty\n"
            "    _, slopes = gradients(loss, weights)\n"
            "    keras.optimizers.SGD(learning_rate).apply(slopes, weights)\n",
            "import tensorflow as tf\n"
            "def ewc_step(model, weights, anchor, fisher, images, labels, strength, learning_rate):\n"
            "    with tf.GradientTape() as tape:\n"
            "        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, model(images))\n"
            "    slopes = tape.gradient(loss, [w.value for w in weights])\n"
            "    for k, w in enumerate(weights):\n"
            "        w.assign(w - learning_rate * slopes[k] - learning_rate * strength * fisher[k] * (w - anchor[k]))\n",
        ),
    },
)

# 09.4 ---------------------------------------------------------------------------------------------


def draw_answers(rng):
    return {
        "z": 2 * rng.normal(size=(5, 4)),
        "z_old": 2 * rng.normal(size=(5, 4)),
        "temperature": float(rng.choice([2.0, 3.0, 4.0])),
    }


def soft_slope(z, z_old, T, scale):
    return scale(T) * (softmax(z / T) - softmax(z_old / T)) / len(z)


def turned_slope(z, z_old, temperature):
    p, old = softmax(z / temperature), softmax(z_old / temperature)
    ratio = np.log(p / old)
    return temperature * p * (ratio - (p * ratio).sum(axis=1, keepdims=True)) / len(z)


def terms_of_loss(z, z_old, temperature):
    p, old = softmax(z / temperature), softmax(z_old / temperature)
    return temperature**2 * old * np.log(old / p) / len(z)


DISTILLATION_SLOPE = Exercise(
    id="09.4",
    title=text("The slope of distillation", "蒸馏的斜率"),
    points=3,
    objective="O3",
    function="distillation_slope",
    inputs=draw_answers,
    reference=lambda z, z_old, temperature: soft_slope(z, z_old, temperature, lambda T: T),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    forbidden=("course_lib.pytorch.distillation_loss", "course_lib.keras.distillation_loss"),
    pitfalls=(
        Pitfall(
            "without_temperature",
            lambda z, z_old, temperature: soft_slope(z, z_old, 1.0, lambda T: 1.0),
            text(
                "The temperature does nothing in your answer. Both softmaxes take z/T.",
                "你的答案里温度没有起作用。两个 softmax 里都是 z/T。",
            ),
        ),
        Pitfall(
            "without_square",
            lambda z, z_old, temperature: soft_slope(z, z_old, temperature, lambda T: 1 / T),
            text(
                "That is the slope without the factor T²: with a high temperature it would vanish.",
                "这是没有乘 T² 时的斜率：温度一高它就几乎消失了。",
            ),
        ),
        Pitfall(
            "inner_derivative_forgotten",
            lambda z, z_old, temperature: soft_slope(z, z_old, temperature, lambda T: T**2),
            text(
                "T times too large: z goes in as z/T, so the chain rule brings a factor 1/T.",
                "大了 T 倍：进入 softmax 的是 z/T，链式法则会带来因子 1/T。",
            ),
        ),
        Pitfall(
            "no_scale",
            lambda z, z_old, temperature: soft_slope(z, z_old, temperature, lambda T: 1.0),
            text(
                "The difference of the softened answers is right; its factor is not 1. T² from the loss, 1/T from the chain rule.",
                "软化后答案之差是对的，但前面的因子不是 1：损失给出 T²，链式法则给出 1/T。",
            ),
        ),
        Pitfall(
            "turned",
            lambda z, z_old, temperature: soft_slope(z_old, z, temperature, lambda T: T),
            text(
                "The sign is turned: where the model gives a class more than the old one did, its logit has to come down.",
                "符号反了：模型给某一类的概率比旧模型高时，它的 logit 应当降下来，斜率为正。",
            ),
        ),
        Pitfall(
            "summed",
            lambda z, z_old, temperature: len(z) * soft_slope(z, z_old, temperature, lambda T: T),
            text(
                "You forgot the 1/N: the loss is a mean over examples.",
                "漏了 1/N：损失是对样本取平均。",
            ),
        ),
        Pitfall(
            "mean_over_classes",
            lambda z, z_old, temperature: (
                soft_slope(z, z_old, temperature, lambda T: T) / z.shape[1]
            ),
            text(
                "You divided by N·K. The divergence is a sum over classes; only the examples are averaged.",
                "你除以了 N·K。散度对类别是求和，只对样本取平均。",
            ),
        ),
        Pitfall(
            "teacher_without_temperature",
            lambda z, z_old, temperature: (
                temperature * (softmax(z / temperature) - softmax(z_old)) / len(z)
            ),
            text(
                "The teacher's softmax has no temperature: both take logits divided by T.",
                "教师的 softmax 没有除以温度：两边的 logits 都要除以 T。",
            ),
        ),
        Pitfall(
            "temperature_outside_only",
            lambda z, z_old, temperature: temperature * (softmax(z) - softmax(z_old)) / len(z),
            text(
                "T stands before the difference, but not inside: both softmaxes take z/T.",
                "差的前面有 T，softmax 里面却没有：两个 softmax 里都是 z/T。",
            ),
        ),
        Pitfall(
            "no_teacher",
            lambda z, z_old, temperature: temperature * softmax(z / temperature) / len(z),
            text(
                "The teacher's answers are missing: the slope is 0 where both say the same.",
                "缺了教师的回答：两边回答相同时，斜率应为 0。",
            ),
        ),
        Pitfall(
            "softmax_over_examples",
            lambda z, z_old, temperature: (
                temperature
                * (softmax(z.T / temperature) - softmax(z_old.T / temperature)).T
                / len(z)
            ),
            text(
                "Your softmax runs over the examples. Each row, an example, has its own: `axis=1`.",
                "你的 softmax 是对样本做的。每一行（一个样本）各做各的：`axis=1`。",
            ),
        ),
        Pitfall(
            "divergence_turned",
            turned_slope,
            text(
                "That is the slope of KL(student ‖ teacher). Here the teacher stands in front: the expectation is over *its* answers.",
                "这是 KL（学生 ‖ 教师） 的斜率。这里教师在前：期望是对**教师**的回答取的。",
            ),
        ),
        Pitfall(
            "loss_instead_of_slope",
            terms_of_loss,
            text(
                "Those are the terms of the loss. Asked is its slope with respect to the student's logits.",
                "这是损失的各项。要的是损失对学生 logits 的斜率。",
            ),
        ),
        Pitfall(
            "hard_answers",
            lambda z, z_old, temperature: (
                temperature
                * (softmax(z / temperature) - np.eye(z.shape[1])[z_old.argmax(axis=1)])
                / len(z)
            ),
            text(
                "You took the old model's best class only. Its soft answers say how near the other classes are: that is what is kept.",
                "你只取了旧模型最可能的那一类。它的软答案还说明其他类有多接近，要保留的正是这个。",
            ),
        ),
        Pitfall(
            "logits_compared",
            lambda z, z_old, temperature: (z - z_old) / len(z),
            text(
                "You compared logits. (For a very high temperature the slope comes near that, up to K and the mean logit.)",
                "你直接比较了 logits。（温度很高时，斜率会接近它，只差因子 K 和 logits 的均值。）",
            ),
        ),
    ),
    survivors={
        "logits - logits.max(axis=1, keepdims=True) → logits + logits.max(axis=1, keepdims=True)": "softmax is the same for every shift",
        "logits.max(axis=1, keepdims=True) without axis": "softmax is the same for every shift",
        "logits.max(axis=1, keepdims=True) → logits.min(axis=1, keepdims=True)": "softmax is the same for every shift",
    },
    hints=(
        text(
            "Only the cross-entropy part −Σ p_old log p depends on z: the old model's entropy is a constant.",
            "与 z 有关的只有交叉熵部分 −Σ p_old log p：旧模型的熵是常数。",
        ),
        text(
            "Chapter 02: the slope of cross-entropy with respect to its logits is p − target. Here the logits are u = z/T.",
            "第 02 章：交叉熵对 logits 的斜率是 p 减目标。这里的 logits 是 u = z/T。",
        ),
        text(
            "∂u/∂z = 1/T, the loss has the factor T², and there is a mean over N examples.",
            "∂u/∂z = 1/T，损失前有 T²，还要对 N 个样本取平均。",
        ),
    ),
    right={
        "numpy": (
            "def distillation_slope(z, z_old, temperature):\n"
            "    from scipy.special import softmax\n"
            "    p, p_old = softmax(z / temperature, axis=1), softmax(z_old / temperature, axis=1)\n"
            "    return temperature * (p - p_old) / z.shape[0]\n",
            "def distillation_slope(z, z_old, temperature):\n"
            "    T, slope = temperature, np.zeros_like(z)\n"
            "    def loss(z):\n"
            "        log = lambda a: a / T - np.log(np.exp(a / T).sum(1, keepdims=True))\n"
            "        p = np.exp(log(z_old))\n"
            "        return T**2 * (p * (log(z_old) - log(z))).sum(1).mean()\n"
            "    for i in np.ndindex(z.shape):\n"
            "        e = np.zeros_like(z); e[i] = 1e-5\n"
            "        slope[i] = (loss(z + e) - loss(z - e)) / 2e-5\n"
            "    return slope\n",
        )
    },
)

# 09.5 ---------------------------------------------------------------------------------------------


def draw_stream(rng):
    size, n = int(rng.integers(4, 6)), int(rng.integers(18, 26))
    places = np.array([int(rng.integers(t + 1)) for t in range(n)])
    places[size:][np.isin(places[size:], (0, size - 2))] = size + 2
    # So one place keeps its first example, and place 0 the first that comes when the memory is full.
    places[size], places[-1] = 0, 1
    places[size + 1] = places[-2] = size  # just outside: kept nowhere
    places[size + 3] = places[size + 6] = size - 1  # the last place changes twice
    places[1] = places[size - 2] = 0  # while there is room, the draw says nothing
    return {"size": size, "places": places}


def reservoir(size, places, *, outside=None, early=False):
    kept = []
    for t, place in enumerate(places):
        if len(kept) < size and not (early and t and place < len(kept)):
            kept.append(t)
        elif place < size:
            kept[place] = t
        elif outside:
            kept[outside(place, size)] = t
    return np.array(kept)


def moved_up(size, places):
    kept = list(range(size))
    for t in range(size, len(places)):
        if places[t] < size:
            kept.pop(places[t])
            kept.append(t)
    return np.array(kept)


RESERVOIR = Exercise(
    id="09.5",
    title=text("A fair memory for a stream", "给数据流一个公平的记忆库"),
    points=3,
    objective="O3",
    function="keep_fairly",
    inputs=draw_stream,
    reference=lambda size, places: reservoir(size, places),
    comparator=equal(),
    tensors=False,
    forbidden=(
        "course_lib.pytorch.Memory",
        "course_lib.keras.Memory",
        "course_lib.training.memory.Memory",
    ),
    pitfalls=(
        Pitfall(
            "the_last_ones",
            lambda size, places: np.arange(len(places))[-size:],
            text(
                "You keep the latest examples: the first tasks are gone from the memory, and with them from the model.",
                "你留下的是最近的样本：最早的任务会从记忆库里消失，也就从模型里消失。",
            ),
        ),
        Pitfall(
            "the_first_ones",
            lambda size, places: np.arange(size),
            text(
                "You keep the first examples for ever: later tasks never get in. (Or you wrote the *place* into the memory: what belongs there is the example's number t.)",
                "你永远只留最早的样本：后来的任务进不来。（或者你往记忆库里写的是**位置**：该写的是样本的编号 t。）",
            ),
        ),
        Pitfall(
            "ring",
            lambda size, places: np.array(
                [max(t for t in range(len(places)) if t % size == s) for s in range(size)]
            ),
            text(
                "You overwrite place t mod size, one after the other: that keeps the latest ones. Use the given draw.",
                "你按 t mod size 轮流覆盖，结果留下的是最近的样本。要用给出的随机位置。",
            ),
        ),
        Pitfall(
            "always_replaces",
            lambda size, places: reservoir(size, places, outside=lambda place, size: place % size),
            text(
                "A new example always gets in with you. It gets in only when the drawn place is inside the memory; so late examples seldom do.",
                "在你这里新样本总能进来。只有抽到的位置落在记忆库内才能进：越晚来的越难进。",
            ),
        ),
        Pitfall(
            "last_place_never",
            lambda size, places: reservoir(size, np.where(places == size - 1, size, places)),
            text(
                "With you the last place never changes: places run from 0 to size − 1, and each of them may be drawn.",
                "在你这里最后一个位置从不更换：位置是 0 到 size − 1，每个都可能被抽到。",
            ),
        ),
        Pitfall(
            "moves_up",
            moved_up,
            text(
                "The others moved up when one left. An example keeps its place; the new one takes just the place that was drawn.",
                "有一个离开时，其余的都往前挪了。样本应留在原位，新样本只占抽到的那个位置。",
            ),
        ),
        Pitfall(
            "places_in_the_beginning",
            lambda size, places: np.array(
                [
                    places[k] if k < size and k == v else v
                    for k, v in enumerate(reservoir(size, places))
                ]
            ),
            text(
                "For the first examples you kept what they had drawn. While there is room the draw says nothing: keep t.",
                "对最早的几个样本，你存下的是它们抽到的数。还有空位时抽签不起作用：应存 t。",
            ),
        ),
        Pitfall(
            "outside_goes_to_the_end",
            lambda size, places: reservoir(size, places, outside=lambda place, size: size - 1),
            text(
                "A draw outside the memory means: this example is not kept. You put it at the last place.",
                "抽到记忆库之外的位置，意味着这个样本不保留；你却把它放到了最后一个位置。",
            ),
        ),
        Pitfall(
            "replaces_while_there_is_room",
            lambda size, places: reservoir(size, places, early=True),
            text(
                "While there is room, every example is kept in the next free place, whatever was drawn.",
                "还有空位时，不管抽到什么，样本都放进下一个空位。",
            ),
        ),
        Pitfall(
            "sorted",
            lambda size, places: np.sort(reservoir(size, places)),
            text(
                "The right examples, but in another order: give them place by place.",
                "样本是对的，但次序变了：请按位置 0、1、2……给出。",
            ),
        ),
        Pitfall(
            "first_arrival_stays",
            lambda size, places: np.array(
                [
                    next((t for t in range(size, len(places)) if places[t] == s), s)
                    for s in range(size)
                ]
            ),
            text(
                "You replace each place only once. Every later draw of the same place replaces again.",
                "每个位置你只替换了一次。以后再抽到同一位置，还要再替换。",
            ),
        ),
    ),
    hints=(
        text(
            "Keep a list of numbers of examples. Go through the stream with `enumerate(places)`.",
            "用一个列表存样本的编号，用 `enumerate(places)` 走一遍数据流。",
        ),
        text(
            "Three cases for example t: there is room; its place is inside (below size); its place is outside.",
            "样本 t 有三种情形：还有空位；抽到的位置在库内（小于 size）；抽到的位置在库外。",
        ),
        text(
            "Room: append t. Inside: kept[place] = t. Outside: nothing.",
            "有空位：append t。在库内：kept[place] = t。在库外：什么也不做。",
        ),
    ),
    right={
        "numpy": (
            "def keep_fairly(size, places):\n"
            "    kept = np.arange(size)\n"
            "    for t in range(size, len(places)):\n"
            "        if places[t] < size:\n"
            "            kept[places[t]] = t\n"
            "    return kept\n",
            "def keep_fairly(size, places):\n"
            "    t = np.arange(len(places))\n"
            "    return np.array([max([s, *t[(t >= size) & (places == s)]]) for s in range(size)])\n",
        )
    },
)

# 09.6 ---------------------------------------------------------------------------------------------


def draw_growth(rng):
    return {"extra": int(rng.integers(2, 4)), **draw_tiny(rng)}


def grown(head, bias, extra, **rest):
    return {
        "kernel": np.concatenate([head, np.zeros((len(head), extra))], axis=1),
        "bias": np.concatenate([bias, np.zeros(extra)]),
    }


def report_of_growth(head, bias, extra, **rest):
    size = (len(head) + 1) * (len(bias) + extra)
    return grown(head, bias, extra) | {
        "trainable": size,
        "linear": True,
        "new_at_zero": True,
        "old_unchanged": True,
        "independent": True,
    }


PYTORCH_GROWN = """\
def grown_head(head, extra):
    new = nn.Linear(head.in_features, head.out_features + extra)
    with torch.no_grad():
        new.weight.zero_()
        new.bias.zero_()
        new.weight[: head.out_features] = head.weight
        new.bias[: head.out_features] = head.bias
    return new
"""
KERAS_GROWN = """\
def grown_head(head, extra):
    kernel, bias = head.get_weights()
    new = keras.layers.Dense(len(bias) + extra)
    new.build((None, len(kernel)))
    more, none = np.zeros((len(kernel), extra)), np.zeros(extra)
    new.set_weights([np.concatenate([kernel, more], axis=1), np.concatenate([bias, none])])
    return new
"""


def grown_code(pytorch=None, keras=None):
    code = {}
    for name, source, change in (
        ("pytorch", PYTORCH_GROWN, pytorch),
        ("keras", KERAS_GROWN, keras),
    ):
        if change:
            assert change[0] in source, change
            code[name] = source.replace(*change)
    return code


GROWN_HEAD = Exercise(
    id="09.6",
    title=text("A head that grows", "会生长的分类头"),
    points=3,
    objective="O4",
    function="grown_head",
    inputs=draw_growth,
    reference=report_of_growth,
    comparator=close(rtol=1e-6, atol=1e-7),
    probe="growing",
    errors=(
        (
            r"'NoneType' object has no attribute|not enough values to unpack",
            text(
                "Return one linear layer, with weights and biases: the old classes have both.",
                "要返回一个线性层，权重和偏置都要有：旧类别两样都有。",
            ),
        ),
    ),
    forbidden=("course_lib.pytorch.grow_head", "course_lib.keras.grow_head"),
    parts={
        "kernel": text("the weights of the new layer, D×(K+extra)", "新层的权重，D×(K+extra)"),
        "bias": text("the biases of the new layer", "新层的偏置"),
        "trainable": text("how many of its numbers can learn", "新层中可以学习的数的个数"),
        "linear": text("“the new layer is linear”", "“新层是线性的”"),
        "new_at_zero": text("“the new outputs start at zero”", "“新的输出从零开始”"),
        "old_unchanged": text("“the old layer is as it was”", "“旧层没有被改动”"),
        "independent": text(
            "“changing the new layer leaves the old one alone”", "“改动新层不会影响旧层”"
        ),
    },
    pitfalls=(
        Pitfall(
            "old_rows_lost",
            lambda head, bias, extra, **rest: {
                "kernel": np.zeros((len(head), len(bias) + extra)),
                "bias": np.zeros(len(bias) + extra),
            },
            text(
                "The new layer knows nothing of the old classes: carry their weights and biases over.",
                "新层把旧类别全丢了：要把它们的权重和偏置搬过来。",
            ),
            code=grown_code(
                pytorch=(
                    "        new.weight[: head.out_features] = head.weight\n        new.bias[: head.out_features] = head.bias\n",
                    "",
                ),
                keras=(
                    "kernel, bias = head.get_weights()",
                    "kernel, bias = [0 * w for w in head.get_weights()]",
                ),
            ),
        ),
        Pitfall(
            "old_biases_lost",
            lambda head, bias, extra, **rest: {
                "kernel": grown(head, bias, extra)["kernel"],
                "bias": np.zeros(len(bias) + extra),
            },
            text("The weights came along, the old biases did not.", "权重搬过来了，旧的偏置没有。"),
            code=grown_code(
                pytorch=("        new.bias[: head.out_features] = head.bias\n", ""),
                keras=("np.concatenate([bias, none])", "np.concatenate([0 * bias, none])"),
            ),
        ),
        Pitfall(
            "new_in_front",
            lambda head, bias, extra, **rest: {
                "kernel": np.concatenate([np.zeros((len(head), extra)), head], axis=1),
                "bias": np.concatenate([np.zeros(extra), bias]),
            },
            text(
                "The new classes stand in front: every old label now means another class. Old ones first.",
                "新类别排到了前面：旧的标签全都换了含义。旧类别在前，新类别在后。",
            ),
            code=grown_code(
                pytorch=("[: head.out_features]", "[extra:]"),
                keras=(
                    "np.concatenate([kernel, more], axis=1), np.concatenate([bias, none])",
                    "np.concatenate([more, kernel], axis=1), np.concatenate([none, bias])",
                ),
            ),
        ),
        Pitfall(
            "total_instead_of_extra",
            lambda head, bias, extra, **rest: {
                "kernel": np.zeros((len(head), extra)),
                "bias": np.zeros(extra),
            },
            text(
                "The new layer has only `extra` outputs: that is a head of its own. Here all classes stand in one layer.",
                "新层只有 `extra` 个输出，那是另一个分类头。这里要求新旧类别都在同一层里。",
            ),
            code=grown_code(
                pytorch=(
                    PYTORCH_GROWN.partition("\n")[2],
                    "    new = nn.Linear(head.in_features, extra)\n    nn.init.zeros_(new.weight)\n    nn.init.zeros_(new.bias)\n    return new\n",
                ),
                keras=(
                    KERAS_GROWN.partition("\n")[2],
                    "    new = keras.layers.Dense(extra, kernel_initializer='zeros')\n    new.build((None, len(head.get_weights()[0])))\n    return new\n",
                ),
            ),
        ),
        Pitfall(
            "new_rows_copied",
            lambda head, bias, extra, **rest: {
                "kernel": np.concatenate([head, head[:, :extra]], axis=1),
                "bias": np.concatenate([bias, bias[:extra]]),
            },
            text(
                "The new rows are copies of old ones: the model would call every old class by two names. They start at zero.",
                "新的行是旧行的副本：模型会把旧类别叫成两个名字。新的行应从零开始。",
            ),
            code=grown_code(
                pytorch=(
                    "        new.bias[: head.out_features] = head.bias\n",
                    "        new.bias[: head.out_features] = head.bias\n        new.weight[head.out_features :] = head.weight[:extra]\n        new.bias[head.out_features :] = head.bias[:extra]\n",
                ),
                keras=(
                    "more, none = np.zeros((len(kernel), extra)), np.zeros(extra)",
                    "more, none = kernel[:, :extra], bias[:extra]",
                ),
            ),
        ),
        Pitfall(
            "same_size",
            lambda head, bias, extra, **rest: {"kernel": head, "bias": bias},
            text("The layer has not grown.", "这一层没有变大。"),
            code=grown_code(
                pytorch=(
                    PYTORCH_GROWN.partition("\n")[2],
                    "    import copy\n    return copy.deepcopy(head)\n",
                ),
                keras=(
                    KERAS_GROWN.partition("\n")[2],
                    "    extra = 0\n" + KERAS_GROWN.partition("\n")[2],
                ),
            ),
        ),
        Pitfall(
            "old_layer_changed",
            lambda head, bias, extra, **rest: {"old_unchanged": False},
            text(
                "You changed the old layer: its weights, or the flags of what learns. It is still needed: its answers are what LwF holds on to.",
                "你改动了旧层：权重，或者“哪些可以学习”的标志。它还有用：LwF 要保持的正是它的回答。",
            ),
            code=grown_code(
                pytorch=(
                    "    return new",
                    "    with torch.no_grad():\n        head.weight.zero_()\n    return new",
                ),
                keras=(
                    "    return new",
                    "    head.set_weights([0 * kernel, bias])\n    return new",
                ),
            ),
        ),
        Pitfall(
            "frozen",
            lambda head, bias, extra, **rest: {"trainable": 0, "old_unchanged": True},
            text(
                "Nothing in the new layer can learn any more. It is frozen, or (PyTorch) its weights hang on the old ones' graph: copy under torch.no_grad() or with .detach().",
                "新层里没有任何参数可以学习了。要么它被冻结了，要么（PyTorch）新权重还挂在旧权重的计算图上：请在 torch.no_grad() 下拷贝，或先 .detach()。",
            ),
            code=grown_code(
                pytorch=("    return new", "    return new.requires_grad_(False)"),
                keras=("    return new", "    new.trainable = False\n    return new"),
            ),
        ),
        Pitfall(
            "with_softmax",
            lambda head, bias, extra, **rest: {"linear": False},
            text(
                "The new layer is not linear: leave the activation out. A head gives logits.",
                "新层不是线性的：不要加激活函数。分类头给出的是 logits。",
            ),
            code=grown_code(
                keras=("Dense(len(bias) + extra)", "Dense(len(bias) + extra, activation='softmax')")
            ),
        ),
        Pitfall(
            "new_rows_as_drawn",
            lambda head, bias, extra, **rest: {"new_at_zero": False},
            text(
                "The new outputs (the end of the layer) do not start at zero: a fresh layer is filled with random numbers. Set all of it to zero first, biases too, then carry the old classes over.",
                "新的输出（层的末尾）没有从零开始：新建的层里填着随机数。先把权重和偏置全部置零，再把旧类别搬过来。",
            ),
            code=grown_code(
                pytorch=("        new.weight.zero_()\n        new.bias.zero_()\n", ""),
                keras=(
                    "more, none = np.zeros((len(kernel), extra)), np.zeros(extra)",
                    "more, none = new.get_weights()[0][:, -extra:], np.zeros(extra)",
                ),
            ),
        ),
    ),
    hints=(
        text(
            "Make a new, larger linear layer; set all of it to zero; then copy the old classes into its front.",
            "新建一个更大的线性层，先全部置零，再把旧类别的参数拷到前面。",
        ),
        text(
            "PyTorch keeps weights K×D (a row is a class), Keras D×K (a column is a class).",
            "PyTorch 的权重是 K×D（一行一个类别），Keras 的是 D×K（一列一个类别）。",
        ),
        text(
            "PyTorch: under torch.no_grad(), `new.weight[:K] = head.weight`. Keras: `new.build((None, D))`, then `new.set_weights([…, …])`.",
            "PyTorch：在 torch.no_grad() 下 `new.weight[:K] = head.weight`。Keras：先 `new.build((None, D))`，再 `new.set_weights([…, …])`。",
        ),
    ),
    right={
        "pytorch": (
            "def grown_head(head, extra):\n"
            "    K, D = head.weight.shape\n"
            "    new = nn.Linear(D, K + extra)\n"
            "    new.weight = nn.Parameter(torch.cat([head.weight.detach(), torch.zeros(extra, D)]))\n"
            "    new.bias = nn.Parameter(torch.cat([head.bias.detach(), torch.zeros(extra)]))\n"
            "    return new\n",
            "from torch.nn import functional\n"
            "def grown_head(head, extra):\n"
            "    K, D = head.weight.shape\n"
            "    new = nn.Linear(D, K + extra)\n"
            "    new.load_state_dict({'weight': functional.pad(head.weight.data, (0, 0, 0, extra)), 'bias': functional.pad(head.bias.data, (0, extra))})\n"
            "    return new\n",
        ),
        "keras": (
            "def grown_head(head, extra):\n"
            "    kernel, bias = (np.asarray(w) for w in head.get_weights())\n"
            "    new = keras.layers.Dense(bias.size + extra, kernel_initializer='zeros', bias_initializer='zeros')\n"
            "    new.build((None, kernel.shape[0]))\n"
            "    new.kernel.assign(np.pad(kernel, ((0, 0), (0, extra))))\n"
            "    new.bias.assign(np.pad(bias, (0, extra)))\n"
            "    return new\n",
            "def grown_head(head, extra):\n"
            "    D, K = head.kernel.shape\n"
            "    new = keras.layers.Dense(K + extra)\n"
            "    new.build((None, D))\n"
            "    new.kernel.assign(ops.concatenate([ops.convert_to_tensor(head.kernel), ops.zeros((D, extra))], axis=1))\n"
            "    new.bias.assign(ops.concatenate([ops.convert_to_tensor(head.bias), ops.zeros(extra)]))\n"
            "    return new\n",
        ),
    },
)

# 09.7 ---------------------------------------------------------------------------------------------


def draw_scored(rng):
    """Unequal tasks, classes in no order; most mistakes are between tasks."""
    order = rng.permutation(7)
    groups = [order[:2].tolist(), order[2:5].tolist(), order[5:].tolist()]
    labels = rng.permutation(
        np.concatenate([np.arange(7), rng.choice(order[:2], 9), rng.choice(7, 14)])
    )
    z = rng.normal(size=(len(labels), 7)) - 1.5
    z[np.arange(len(labels)), labels] += 1.0
    z[:, order[5:]] += 0.8  # the last task is loud
    # Not rounded to decimals: no ties.
    return {"logits": z.astype(np.float32), "labels": labels, "groups": groups}


def two_scores(logits, labels, groups):
    task = np.zeros(logits.shape[1], int)
    for t, group in enumerate(groups):
        task[group] = t
    masked = np.where(task == task[labels][:, None], logits, -np.inf)
    said = logits.argmax(axis=1)
    wrong = said != labels
    return [
        float(np.mean(masked.argmax(axis=1) == labels)),
        float(np.mean(~wrong)),
        float(np.mean(task[said[wrong]] != task[labels[wrong]])),
    ]


def scores_but(**changes):
    places = {"told": 0, "untold": 1, "between": 2}

    def answer(logits, labels, groups):
        found = two_scores(logits, labels, groups)
        for name, change in changes.items():
            found[places[name]] = change(logits, labels, groups, found)
        return found

    return answer


def by_task(logits, labels, groups, told):
    """The mean of the tasks' own accuracies."""
    each = []
    for group in groups:
        rows = np.isin(labels, group)
        each.append(two_scores(logits[rows], labels[rows], groups)[0 if told else 1])
    return float(np.mean(each))


def places_not_labels(logits, labels, groups, found):
    right = [np.argmax(logits[i, g]) == y for i, y in enumerate(labels) for g in groups if y in g]
    return float(np.mean(right))


TWO_SCORES = Exercise(
    id="09.7",
    title=text("One model, two scores", "同一个模型，两种成绩"),
    points=3,
    objective="O5",
    function="two_scores",
    inputs=draw_scored,
    reference=two_scores,
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    parts={
        "0": text("accuracy when the task is told", "告知任务时的准确率"),
        "1": text("accuracy when it is not", "不告知任务时的准确率"),
        "2": text(
            "the part of the mistakes that name a class of another task",
            "错误中认到别的任务去的比例",
        ),
    },
    pitfalls=(
        Pitfall(
            "peeks",
            scores_but(untold=lambda z, y, g, found: found[0]),
            text(
                "Both scores are the same: the second still looks at the task. Nobody says it there: one argmax over all classes.",
                "两种成绩一样：第二种仍然偷看了任务。那里没有人告诉你任务，应在全部类别上取一次 argmax。",
            ),
        ),
        Pitfall(
            "never_told",
            scores_but(told=lambda z, y, g, found: found[1]),
            text(
                "Both scores are the same: the first should choose among the classes of the example's own task only.",
                "两种成绩一样：第一种应当只在样本所属任务的类别里选。",
            ),
        ),
        Pitfall(
            "place_for_label",
            scores_but(told=places_not_labels),
            text(
                "`logits[i, group].argmax()` gives a *place in the group*, not a label. Put the group's label there before you compare.",
                "`logits[i, group].argmax()` 给出的是**组内的位置**，不是标签。比较之前先换成该组里的标签。",
            ),
        ),
        Pitfall(
            "mean_of_tasks",
            scores_but(
                told=lambda z, y, g, found: by_task(z, y, g, True),
                untold=lambda z, y, g, found: by_task(z, y, g, False),
            ),
            text(
                "You averaged over tasks; here every example counts the same, and the tasks are not equally large.",
                "你按任务取了平均；这里每个样本分量相同，而各任务大小不一。",
            ),
        ),
        Pitfall(
            "of_all_examples",
            scores_but(between=lambda z, y, g, found: found[2] * (1 - found[1])),
            text(
                "The third number is a part of the *mistakes*, not of all examples.",
                "第三个数是占**错误**的比例，不是占全部样本的比例。",
            ),
        ),
        Pitfall(
            "within",
            scores_but(between=lambda z, y, g, found: 1 - found[2]),
            text(
                "You counted the mistakes within a task; asked are those between tasks.",
                "你数的是任务内部的错误；要的是认到别的任务去的。",
            ),
        ),
        Pitfall(
            "difference_of_scores",
            scores_but(between=lambda z, y, g, found: found[0] - found[1]),
            text(
                "The difference of the scores is not that part: an example may name another task and also be wrong within its own.",
                "两种成绩之差并不是这个比例：一个样本可能既认到了别的任务，在自己的任务里也选错。",
            ),
        ),
        Pitfall(
            "difference_over_mistakes",
            scores_but(between=lambda z, y, g, found: (found[0] - found[1]) / (1 - found[1])),
            text(
                "You took the mistakes that vanish when the task is told. Some that name another task don't vanish: told the task, they are wrong within it.",
                "你数的是告知任务之后消失的错误。有些认到别的任务去的错误并不会消失：告知了任务，在任务内部仍然选错。",
            ),
        ),
        Pitfall(
            "scores_exchanged",
            lambda logits, labels, groups: [
                two_scores(logits, labels, groups)[k] for k in (1, 0, 2)
            ],
            text(
                "The two accuracies stand in each other's place: first with the task told.",
                "两个准确率的位置对调了：先给告知任务的。",
            ),
        ),
        Pitfall(
            "told_by_task",
            scores_but(told=lambda z, y, g, found: by_task(z, y, g, True)),
            text(
                "The first score is a mean over tasks, like the second fault of the function above. Every example counts the same, and the tasks are not equally large.",
                "第一种成绩是按任务取的平均，这正是上面那个函数的第二处毛病。每个样本分量相同，而各任务大小不一。",
            ),
        ),
        Pitfall(
            "zero_instead_of_minus_infinity",
            scores_but(
                told=lambda z, y, g, found: float(
                    np.mean(
                        np.array(
                            [
                                np.argmax(
                                    np.where(
                                        np.isin(
                                            np.arange(z.shape[1]), next(q for q in g if k in q)
                                        ),
                                        row,
                                        0.0,
                                    )
                                )
                                for row, k in zip(z, y, strict=True)
                            ]
                        )
                        == y
                    )
                )
            ),
            text(
                "You set the other tasks' logits to 0. A logit of 0 may be the largest: leave them out or set them to −∞.",
                "你把别的任务的 logits 设成了 0。0 也可能是最大的：应当排除在外，或设为 −∞。",
            ),
        ),
        Pitfall(
            "errors_instead",
            lambda logits, labels, groups: [
                1 - s if k < 2 else s for k, s in enumerate(two_scores(logits, labels, groups))
            ],
            text("These are error rates; asked are accuracies.", "这是错误率；要的是准确率。"),
        ),
    ),
    hints=(
        text(
            "Make an array that gives for each class the number of its task; then `task[labels]` is each example's task.",
            "先做一个数组，给出每个类别属于第几个任务；`task[labels]` 就是每个样本的任务。",
        ),
        text(
            "First score: logits of other tasks' classes become −∞, then argmax. Second: argmax as it is.",
            "第一种成绩：把其他任务的类别的 logits 换成 −∞，再取 argmax。第二种：直接取 argmax。",
        ),
        text(
            "Third: among the rows where the second argmax is wrong, compare `task[said]` with `task[labels]`.",
            "第三个数：在第二种 argmax 出错的那些行里，比较 `task[said]` 与 `task[labels]`。",
        ),
    ),
    right={
        "numpy": (
            "def two_scores(logits, labels, groups):\n"
            "    told, untold, mistakes, between = 0, 0, 0, 0\n"
            "    for z, y in zip(logits, labels):\n"
            "        own = next(g for g in groups if y in g)\n"
            "        told += max(own, key=lambda k: z[k]) == y\n"
            "        said = int(np.argmax(z))\n"
            "        untold += said == y\n"
            "        mistakes += said != y\n"
            "        between += said not in own\n"
            "    return told / len(labels), untold / len(labels), between / mistakes\n",
            "def two_scores(logits, labels, groups):\n"
            "    member = np.array([[k in g for k in range(logits.shape[1])] for g in groups])\n"
            "    own = member[member[:, labels].argmax(0)]\n"
            "    said = logits.argmax(1)\n"
            "    told = (logits - 1e9 * ~own).argmax(1) == labels\n"
            "    wrong = said != labels\n"
            "    return [told.mean(), 1 - wrong.mean(), (~own[np.arange(len(said)), said])[wrong].mean()]\n",
        )
    },
)

# 09.8 ---------------------------------------------------------------------------------------------


def draw_strengths(rng):
    """Nine strengths, three sequences each, almost every one with a part; three budgets, one of which nothing meets.

    Each strength has a level on the diagonal and a fall from it, by draw.
    """
    first = ([0.60] * 3, [0.15] * 3)
    little = ([0.71] * 3, [0.03] * 3)  # forgets least; best if the last task doesn't count
    middle = [
        ([0.80] * 3, [0.00, 0.03, 0.36]),  # the best within the large budget; one draw is above it
        ([0.77] * 3, [0.10] * 3),  # the best within the small one, and if each draw must be within
        ([0.86] * 3, [0.07, 0.07, 0.58]),  # the highest diagonal within, and the highest median
        ([0.92] * 3, [0.20, 0.20, 0.41]),  # the best in the end, outside; within by its median
        ([0.97, 0.70, 0.70], [0.20, 0.48, 0.48]),  # the best single sequence, outside
    ]
    last = ([0.62] * 3, [0.14] * 3)
    order = rng.permutation(5).tolist()
    strengths = [first, little, *(middle[k] for k in order), last]
    R = np.array(
        [
            [sequence(rng, d, *one) for d, one in enumerate(zip(*each, strict=True))]
            for each in strengths
        ]
    )
    R[0, :, -1, -1] = 0.97  # the last task alone is no measure
    small = R[2 + order.index(1)]
    # A task has become better: it counts with its sign. One was good before it was learnt: that counts nowhere.
    small[:, -1, :3] += [0.26, -0.12, -0.14]
    small[:, 0, 2] = 0.99
    R = np.insert(R, 7, R[2 + order.index(0)], axis=0)  # a tie: the earlier one counts
    large, none = rng.uniform(0.308, 0.322), rng.uniform(0.02, 0.05)
    budgets = rng.permutation(np.round([large, 0.17, none], 3))
    return {"R": R.astype(np.float32), "budgets": budgets}


def sequence(rng, draw, level, fall, T=4):
    """A matrix that begins at a level and in the last row has lost so much; later tasks lose more of it.

    When a task is at its best differs from draw to draw: a mean matrix hides it.
    """
    R = rng.uniform(0.0, 0.2, size=(T, T))
    best = {0: draw % 3, 1: 1 + draw % 2}
    for i, j in zip(*np.tril_indices(T), strict=True):
        lost = fall * (0.6 + 0.4 * j) * (i == T - 1 and j < T - 1)
        better = 0.09 * (i == best.get(j))
        R[i, j] = min(1, level + better - lost + rng.uniform(-0.003, 0.003))
    return np.round(R, 3)


def losses(R):
    return [R[j:-1, j].max() - R[-1, j] for j in range(len(R) - 1)]


def forgot(R):
    return np.mean(losses(R))


def mean_lost(R):
    return np.mean([[forgot(r) for r in one] for one in R], axis=1)


def chosen(R, allowed, *, of=lambda r: r[-1].mean(), together=np.mean, admit=None, none=-1):
    lost = np.array([[forgot(r) for r in one] for one in R])
    fits = admit(lost, allowed) if admit else lost.mean(axis=1) <= allowed
    worth = np.array([together([of(r) for r in one]) for one in R])
    return int(np.argmax(np.where(fits, worth, -np.inf))) if fits.any() else none


def by_other_loss(lost, R, allowed):
    """The choice when forgetting was counted in another way."""
    fits, worth = np.array(lost) <= allowed, R[:, :, -1].mean(axis=(1, 2))
    return int(np.argmax(np.where(fits, worth, -np.inf))) if fits.any() else -1


def for_each(choose):
    """Ask for one budget after the other."""
    return lambda R, budgets: np.array([choose(R, allowed) for allowed in budgets])


CHOOSE_STRENGTH = Exercise(
    id="09.8",
    title=text("Choose a strength under a budget", "在预算内选强度"),
    points=3,
    objective="O5",
    function="choose_strength",
    inputs=draw_strengths,
    reference=for_each(chosen),
    comparator=equal(),
    tensors=False,
    pitfalls=(
        Pitfall(
            "budget_ignored",
            for_each(lambda R, allowed: chosen(R, np.inf)),
            text(
                "You took the best in the end without asking how much it forgets.",
                "你选了最终最好的，没有看它忘了多少。",
            ),
        ),
        Pitfall(
            "least_forgetting",
            for_each(lambda R, allowed: int(mean_lost(R).argmin())),
            text(
                "You took the strength that forgets least. It may have learnt least: among those within the budget the *accuracy* decides.",
                "你选了遗忘最少的强度，它可能学得也最少：在预算之内，要由**准确率**来决定。",
            ),
        ),
        Pitfall(
            "best_single_run",
            for_each(lambda R, allowed: chosen(R, np.inf, together=np.max)),
            text(
                "You took the best single sequence. One lucky draw is no reason: average over draws first.",
                "你按单独一次最好的序列来选。一次好运气不算数：先对各次抽样取平均。",
            ),
        ),
        Pitfall(
            "every_draw_must_fit",
            for_each(
                lambda R, allowed: chosen(R, allowed, admit=lambda lost, a: (lost <= a).all(axis=1))
            ),
            text(
                "You asked that every draw stays within the budget; asked is the mean over draws.",
                "你要求每一次抽样都在预算之内；题目看的是各次抽样的平均。",
            ),
        ),
        Pitfall(
            "judged_by_the_diagonal",
            for_each(lambda R, allowed: chosen(R, allowed, of=lambda r: r.diagonal().mean())),
            text(
                "You judged by the diagonal, each task just after it was learnt. What counts is the last row. (Or did you take medians over the draws? Asked are means.)",
                "你按对角线来评，也就是每个任务刚学完时的水平。要看的是最后一行。（还是对抽样取了中位数？要的是平均数。）",
            ),
        ),
        Pitfall(
            "the_first_that_fits",
            for_each(
                lambda R, allowed: (
                    int(np.argmax(fits)) if (fits := mean_lost(R) <= allowed).any() else -1
                )
            ),
            text(
                "You took the first strength within the budget; the best of them is asked.",
                "你取了预算内的第一个强度；要的是其中最好的。",
            ),
        ),
        Pitfall(
            "the_last_that_fits",
            for_each(lambda R, allowed: int(max([-1, *np.flatnonzero(mean_lost(R) <= allowed)]))),
            text(
                "You took the largest strength within the budget; the best of them is asked.",
                "你取了预算内最大的强度；要的是其中最好的。",
            ),
        ),
        Pitfall(
            "forgetting_of_the_mean_matrix",
            for_each(
                lambda R, allowed: by_other_loss(
                    [forgot(one.mean(axis=0)) for one in R], R, allowed
                )
            ),
            text(
                "Your forgetting is too small. It counts from the best since a task was learnt (not from the diagonal), for each sequence by itself (not for the mean of the matrices): first the maximum, then the mean over draws.",
                "你算的遗忘偏小。它从任务学完以来的最好水平算起（不是对角线），而且每条序列各算各的（不是先把矩阵平均）：先取最大值，再对抽样取平均。",
            ),
        ),
        Pitfall(
            "forgetting_too_large",
            for_each(
                lambda R, allowed: by_other_loss(
                    [np.mean([np.maximum(losses(r), 0) for r in one]) for one in R], R, allowed
                )
            ),
            text(
                "Your forgetting is too large. The maximum runs over the rows from j (not before task j was learnt) to the last but one, and a task that became better counts with its sign.",
                "你算的遗忘偏大。最大值取第 j 行到倒数第二行（学任务 j 之前的行不算），变好的任务要带着符号计入。",
            ),
        ),
        Pitfall(
            "last_task_left_out",
            for_each(lambda R, allowed: chosen(R, allowed, of=lambda r: r[-1, :-1].mean())),
            text(
                "You left the last task out of the accuracy, too. Only forgetting leaves it out.",
                "你算准确率时也漏了最后一个任务。只有遗忘才不算它。",
            ),
        ),
        Pitfall(
            "last_task_alone",
            for_each(lambda R, allowed: chosen(R, allowed, of=lambda r: r[-1, -1])),
            text(
                "You judged by the last task alone. The average in the end runs over all tasks: the whole last row.",
                "你只看了最后一个任务。最终平均准确率要对全部任务取平均，也就是整个最后一行。",
            ),
        ),
        Pitfall(
            "best_of_all_or_nothing",
            for_each(
                lambda R, allowed: (
                    best if mean_lost(R)[best := chosen(R, np.inf)] <= allowed else -1
                )
            ),
            text(
                "You found no strength within a budget that some strengths keep. Ask of *each* whether its forgetting (not 1 − accuracy) is within, then take the best of these.",
                "有强度在预算之内，你却一个也没找到。应对**每个**强度看遗忘（不是 1 − 准确率）是否在预算内，再取其中最好的。",
            ),
        ),
        Pitfall(
            "zero_for_none",
            for_each(lambda R, allowed: chosen(R, allowed, none=0)),
            text(
                "Where no strength is within the budget, say so with −1. An argmax over an empty choice gives 0, which is a strength.",
                "没有一个强度在预算之内时，要用 −1 说明。对空的选择取 argmax 会得到 0，而 0 是一个真实的强度。",
            ),
        ),
    ),
    survivors={
        "R[:, :, -1].mean(axis=(1, 2)) → R[:, :, -1].sum(axis=(1, 2))": "the largest sum is the largest mean",
        "lost <= allowed → lost < allowed": "no mean of forgetting is exactly the budget",
    },
    hints=(
        text(
            "Two tables S×D first: forgetting and the average accuracy in the end, for each strength and draw. Then means over draws.",
            "先做两张 S×D 的表：每个强度、每次抽样的遗忘与最终平均准确率。再对抽样取平均。",
        ),
        text(
            "`np.where(fits, accuracy, -np.inf).argmax()` is the best among those that fit.",
            "`np.where(fits, accuracy, -np.inf).argmax()` 就是合格者中最好的。",
        ),
        text(
            "Before it: where `not fits.any()`, the answer for this budget is −1.",
            "在它之前：若 `not fits.any()`，这个预算的答案就是 −1。",
        ),
    ),
    right={
        "numpy": (
            "def choose_strength(R, budgets):\n"
            "    found = []\n"
            "    for allowed in budgets:\n"
            "        best, worth = -1, -1.0\n"
            "        for s in range(len(R)):\n"
            "            lost = [max(r[i][j] for i in range(j, len(r) - 1)) - r[-1][j] for r in R[s] for j in range(len(r) - 1)]\n"
            "            end = R[s][:, -1].mean()\n"
            "            if sum(lost) / len(lost) <= allowed and end > worth:\n"
            "                best, worth = s, end\n"
            "        found.append(best)\n"
            "    return found\n",
            "def choose_strength(R, budgets):\n"
            "    T = R.shape[-1]\n"
            "    seen = np.where(np.tri(T, dtype=bool), R, -1)[:, :, :-1, :-1].max(axis=2)\n"
            "    lost = (seen - R[:, :, -1, :-1]).mean(axis=(1, 2))\n"
            "    order = np.argsort(-R[:, :, -1].mean(axis=(1, 2)), kind='stable')\n"
            "    return np.array([next((int(s) for s in order if lost[s] <= a), -1) for a in budgets])\n",
        )
    },
)

# 09.9 ---------------------------------------------------------------------------------------------

REPORT = ManualExercise(
    id="09.9",
    title=text("A product that never forgets?", "从不遗忘的产品？"),
    points=3,
    objective="O5",
    rubric=(
        (
            1,
            text(
                "Names the setting: the task number is told in the test (task-incremental), but the product is not told it; asks for one argmax over all classes",
                "指出场景：测试时告知了任务编号（任务增量），而产品使用时没有；要求在全部类别上取一次 argmax",
            ),
        ),
        (
            1,
            text(
                "Names a selection or averaging fault: λ chosen on the test part, one order and one seed, or the mean of the diagonal instead of the last row; asks for the remedy",
                "指出选择或取平均上的毛病：在测试集上选 λ、只有一种次序一个种子，或用对角线而不是最后一行取平均；并说明怎样补救",
            ),
        ),
        (
            1,
            text(
                "Names a missing baseline (naive, joint training, replay with a small memory, frozen features with class means) or that what is called domain adaptation here is another problem; says what it would show",
                "指出缺少的基线（朴素微调、联合训练、小记忆库回放、冻结特征加类均值），或指出把它称作领域自适应是另一个问题；并说明能看出什么",
            ),
        ),
    ),
)

EXERCISES = (
    READ_MATRIX, FISHER_OF_HEAD, EWC_STEP, DISTILLATION_SLOPE, RESERVOIR, GROWN_HEAD, TWO_SCORES,
    CHOOSE_STRENGTH, REPORT,
)  # fmt: skip

QUIZZES = (
    Quiz(
        id="09.q1",
        question=text(
            "A network learns five pairs of digits, one pair after the other, by plain training. In the end it is asked about all ten digits. What is its accuracy, roughly?",
            "网络用普通的训练依次学习五对数字。学完之后问它全部十个数字，准确率大约是多少？",
        ),
        options=(
            Option(
                text("about 0.9: it has learnt each pair well", "约 0.9：每一对都学得很好"),
                text(
                    "It did learn each pair well, when that pair's turn came. Section 7 shows what was left of it four pairs later.",
                    "轮到每一对时，它确实学得很好。第 7 节会告诉你再学四对之后还剩多少。",
                ),
            ),
            Option(
                text("about 0.5: it forgets half", "约 0.5：忘掉一半"),
                text(
                    "One would hope so. But nothing in the loss speaks for the old pairs, and the loss of the new pair speaks against them.",
                    "但愿如此。可是损失里没有一项替旧的几对说话，新一对的损失反而压低它们。",
                ),
            ),
            Option(
                text("about 0.2: it knows the last pair only", "约 0.2：只认得最后一对"),
                text(
                    "Yes. With every step on a new pair, softmax lowers the old classes' outputs; in the end nearly every answer is one of the last pair.",
                    "对。在新的一对上每走一步，softmax 都会压低旧类别的输出；到最后几乎每个回答都出自最后一对。",
                ),
                right=True,
            ),
            Option(
                text("0.1: chance", "0.1：瞎猜"),
                text(
                    "Below 0.2 it falls only if training is unstable: the last pair itself has just been learnt.",
                    "除非训练不稳定，否则不会低于 0.2：最后一对刚刚学过。",
                ),
            ),
        ),
    ),
    Quiz(
        id="09.q2",
        question=text(
            "A network has just been trained until the gradient of its training loss is nearly 0. To find the Fisher diagonal quickly, somebody squares the gradient of one large batch. What comes out?",
            "网络刚训练到训练损失的梯度几乎为 0。有人为了快，用一大批样本的梯度平方来当 Fisher 对角元。结果如何？",
        ),
        options=(
            Option(
                text("the same, with less noise", "一样，而且噪声更小"),
                text(
                    "A batch's gradient is the mean of the examples' gradients. Squaring the mean is not the mean of the squares.",
                    "一批的梯度是各样本梯度的平均。平均的平方不等于平方的平均。",
                ),
            ),
            Option(
                text(
                    "nearly 0 everywhere: no weight seems to matter",
                    "处处几乎为 0：好像哪个权重都不重要",
                ),
                text(
                    "Yes. At a minimum the examples' gradients cancel, though none of them is 0. EWC would then hold nothing.",
                    "对。在极小点，各样本的梯度互相抵消，尽管单个都不为 0。这样 EWC 什么也拉不住。",
                ),
                right=True,
            ),
            Option(
                text("too large by the size of the batch", "大了批大小那么多倍"),
                text(
                    "Never: the square of a mean is at most the mean of the squares. At a minimum the gradients cancel.",
                    "不会偏大：平均的平方不超过平方的平均。而在极小点，各梯度互相抵消。",
                ),
            ),
        ),
    ),
    Quiz(
        id="09.q3",
        question=text(
            "Learning without forgetting keeps no old example. On which inputs does it ask for the old answers?",
            "“无遗忘学习”（LwF）不保存任何旧样本。它在哪些输入上要求保持旧的回答？",
        ),
        options=(
            Option(
                text("on random noise", "在随机噪声上"),
                text(
                    "There are methods that do; LwF has something nearer at hand.",
                    "有的方法这样做；LwF 有更现成的东西可用。",
                ),
            ),
            Option(
                text("on the new task's examples", "在新任务的样本上"),
                text(
                    "Yes: what would the old head have said of this new picture? So it works the better, the more the new pictures look like the old ones.",
                    "对：旧的分类头会怎样看这张新图片？所以新图片与旧图片越像，它越管用。",
                ),
                right=True,
            ),
            Option(
                text("on a few old examples in a memory", "在记忆库里的少量旧样本上"),
                text(
                    "That would be replay (or both together, as in iCaRL).",
                    "那就是回放了（或者两者并用，如 iCaRL）。",
                ),
            ),
        ),
    ),
    Quiz(
        id="09.q4",
        question=text(
            "The borrowed network stays frozen; each new class is stored as the mean of its features. Which order of the tasks is the worst?",
            "借来的网络始终冻结，每个新类别只存它的特征均值。按什么次序学任务结果最差？",
        ),
        options=(
            Option(
                text("hard classes last", "难的类别放最后"),
                text(
                    "Look again: what does the mean of one class know of the others?",
                    "再想想：一个类别的均值与其他类别有关系吗？",
                ),
            ),
            Option(
                text("hard classes first", "难的类别放最前"),
                text(
                    "Look again: what does the mean of one class know of the others?",
                    "再想想：一个类别的均值与其他类别有关系吗？",
                ),
            ),
            Option(
                text(
                    "none: all orders end in the same model",
                    "没有区别：无论什么次序，最后都是同一个模型",
                ),
                text(
                    "Yes. The means don't depend on each other, so nothing can be overwritten. What such a model can't do is learn better features.",
                    "对。各个均值互不相干，谁也不会覆盖谁。这种模型做不到的，是学出更好的特征。",
                ),
                right=True,
            ),
        ),
    ),
)
