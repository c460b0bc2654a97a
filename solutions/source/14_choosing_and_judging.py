"""Exercises of chapter 14, choosing and judging: inputs, references, pitfalls, hints, proofs."""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy import stats
from scipy.special import log_softmax, softmax

from course_lib.exercises import drawings
from course_lib.exercises.comparators import close
from course_lib.exercises.specification import Exercise, ManualExercise, Option, Pitfall, Quiz, text
from course_lib.training.forgetting import draw_fresh
from course_lib.training.tiny import EPSILON, draw_tiny, tiny_features


def changed(sources, pytorch=None, keras=None):
    """Give the right code with one replacement in each framework: (what stands there, instead)."""
    code = {}
    for name, change in (("pytorch", pytorch), ("keras", keras)):
        if change:
            assert change[0] in sources[name], change
            code[name] = sources[name].replace(*change)
    return code


def all_differ(right, wrong, *, least=1e-3):
    """Say whether each wrong value is far enough from the right one."""
    return all(np.shape(w) != np.shape(right) or np.max(np.abs(w - right)) > least for w in wrong)


# 14.1 ---------------------------------------------------------------------------------------------


def draw_answers(rng):
    """A source's answers on nine target examples of three classes, unequally many."""
    y = rng.permutation(np.array([0, 0, 0, 0, 1, 1, 1, 2, 2]))
    return {"p": rng.dirichlet(np.full(4, 0.7), size=9), "y": y}


def leep_of(p, y, *, joint_only=False, axis=0, hard=False, inside=False, total=False, sign=1.0,
            base=1.0, last_hard=False, uniform=False):  # fmt: skip
    """LEEP; the options are bugs."""
    sharp = np.eye(p.shape[1])[p.argmax(axis=1)]
    counted = sharp if hard else p
    joint = np.stack([counted[y == k].sum(axis=0) for k in np.unique(y)]) / len(p)
    given = joint if joint_only else joint / np.maximum(joint.sum(axis=axis, keepdims=True), 1e-12)
    if uniform:
        means = np.stack([p[y == k].mean(axis=0) for k in np.unique(y)])
        given = means / means.sum(axis=0)
    asked = sharp if last_hard else p
    if inside:
        values = (asked * np.log(np.maximum(given[y], 1e-12))).sum(axis=1)
    else:
        values = np.log(np.maximum((asked * given[y]).sum(axis=1), 1e-12))
    return float(sign * (values.sum() if total else values.mean()) / base)


LEEP = Exercise(
    id="14.1",
    title=text("LEEP, from the definition", "由定义写出 LEEP"),
    points=4,
    objective="O1",
    function="leep_score",
    inputs=draw_answers,
    reference=lambda p, y: leep_of(p, y),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    forbidden=(
        "course_lib.transferability.leep",
        "course_lib.transferability.log_me",
    ),
    pitfalls=(
        Pitfall(
            "joint_not_conditional",
            lambda p, y: leep_of(p, y, joint_only=True),
            text(
                "You predicted with the joint P̂(y, z). Divide each column by P̂(z): asked for is the label *given* the source's class.",
                "你直接用联合分布 P̂(y, z) 去预测。每一列要除以 P̂(z)：要的是**已知**源类别时的标签概率。",
            ),
        ),
        Pitfall(
            "wrong_condition",
            lambda p, y: leep_of(p, y, axis=1),
            text(
                "You divided by P̂(y): that is the source's class given the label. Turn it round.",
                "你除以了 P̂(y)，得到的是已知标签时的源类别概率。方向反了。",
            ),
        ),
        Pitfall(
            "hard_counts",
            lambda p, y: leep_of(p, y, hard=True),
            text(
                "You counted the source's best class only. LEEP counts *probabilities*: each example adds its whole row.",
                "你只数了源模型得分最高的类别。LEEP 数的是**概率**：每个样本贡献整行。",
            ),
        ),
        Pitfall(
            "hard_prediction",
            lambda p, y: leep_of(p, y, last_hard=True),
            text(
                "In the prediction you used the source's best class only. Sum over all its classes, each with its probability.",
                "预测时你只用了源模型的最佳类别。应当对所有源类别按概率求和。",
            ),
        ),
        Pitfall(
            "log_inside",
            lambda p, y: leep_of(p, y, inside=True),
            text(
                "You averaged logarithms over z. First the sum over z, then the logarithm: log of the expected prediction.",
                "你在对 z 求和之前就取了对数。先对 z 求和，再取对数：是“期望预测”的对数。",
            ),
        ),
        Pitfall(
            "classes_alike",
            lambda p, y: leep_of(p, y, uniform=True),
            text(
                "You took the mean row of each class, as if all classes were equally frequent. In the joint a frequent class weighs more.",
                "你对每个类别取了平均行，等于假设各类一样多。联合分布里，样本多的类别权重更大。",
            ),
        ),
        Pitfall(
            "sum",
            lambda p, y: leep_of(p, y, total=True),
            text(
                "That is the sum over examples. LEEP is the mean.", "这是对样本求和。LEEP 是平均。"
            ),
        ),
        Pitfall(
            "sign",
            lambda p, y: leep_of(p, y, sign=-1.0),
            text(
                "The sign is turned: LEEP is a mean log-probability, hence never above 0.",
                "符号反了：LEEP 是对数概率的平均，不会大于 0。",
            ),
        ),
        Pitfall(
            "bits",
            lambda p, y: leep_of(p, y, base=np.log(2)),
            text(
                "You took log₂. Here it is the natural logarithm.", "你用了 log₂，这里是自然对数。"
            ),
        ),
    ),
    hints=(
        text(
            "First a table K×Z: row k sums the rows of p whose label is k, divided by N.",
            "先做一张 K×Z 的表：第 k 行是标签为 k 的那些 p 行之和，再除以 N。",
        ),
        text(
            "Divide each column by its sum: P̂(y | z). `table / table.sum(axis=0)`.",
            "每一列除以该列之和，得 P̂(y | z)：`table / table.sum(axis=0)`。",
        ),
        text(
            "`(p * given[y]).sum(axis=1)` is the probability of the right label for each example. Then the mean of its logarithm.",
            "`(p * given[y]).sum(axis=1)` 是每个样本正确标签的概率。再取对数求平均。",
        ),
    ),
    right={
        "numpy": (
            "def leep_score(p, y):\n"
            "    n, Z = p.shape\n"
            "    total = 0.0\n"
            "    for i in range(n):\n"
            "        expected = 0.0\n"
            "        for z in range(Z):\n"
            "            expected += p[i, z] * p[y == y[i], z].sum() / p[:, z].sum()\n"
            "        total += np.log(expected)\n"
            "    return total / n\n",
            "def leep_score(p, y):\n"
            "    same = (y[:, None] == y[None]).astype(float)\n"
            "    given = (same @ p) / p.sum(axis=0)\n"
            "    return np.log(np.einsum('nz,nz->n', p, given)).mean()\n",
        )
    },
)

# 14.2 ---------------------------------------------------------------------------------------------


def draw_evidence(rng):
    return {
        "f": rng.normal(size=(7, 3)),
        "t": (rng.random(7) < 0.4).astype(float) + 0.1 * rng.normal(size=7),
        "alpha": float(rng.choice([0.5, 2.0, 3.0])),
        "beta": float(rng.choice([1.5, 4.0, 6.0])),
    }


def evidence_of(f, t, alpha, beta, *, each=True, prior=True, constant=True, kept=True, det=1.0,
                mean=True, half=True, swapped=False):  # fmt: skip
    """Log evidence of a linear model for each example; the options are bugs."""
    if swapped:
        alpha, beta = 1 / alpha, 1 / beta
    n, width = f.shape
    a = alpha * np.eye(width) + beta * f.T @ f
    m = (beta if mean else 1.0) * np.linalg.solve(a, f.T @ t)
    log_p = n / 2 * np.log(beta / (2 * np.pi) if constant else beta)
    log_p += (width / 2 * np.log(alpha)) if prior else 0.0
    log_p -= det * np.linalg.slogdet(a)[1] / 2
    log_p -= beta * np.sum((t - f @ m) ** 2) / (2 if half else 1)
    log_p -= alpha * np.sum(m**2) / 2 if kept else 0.0
    return float(log_p / n if each else log_p)


EVIDENCE = Exercise(
    id="14.2",
    title=text("The evidence of a linear model", "线性模型的证据"),
    points=3,
    objective="O1",
    function="evidence",
    inputs=draw_evidence,
    reference=lambda f, t, alpha, beta: evidence_of(f, t, alpha, beta),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    forbidden=("course_lib.transferability.log_evidence", "course_lib.transferability.log_me"),
    pitfalls=(
        Pitfall(
            "not_for_each",
            lambda **i: evidence_of(**i, each=False),
            text("Divide by N: the score is per example.", "要除以 N：分数是平均到每个样本的。"),
        ),
        Pitfall(
            "no_prior",
            lambda **i: evidence_of(**i, prior=False),
            text(
                "The prior's own normaliser, (D/2) log α, is missing.",
                "漏了先验自己的归一化项 (D/2) log α。",
            ),
        ),
        Pitfall(
            "no_two_pi",
            lambda **i: evidence_of(**i, constant=False),
            text("2π is missing: (N/2) log(β / 2π).", "漏了 2π：应为 (N/2) log(β / 2π)。"),
        ),
        Pitfall(
            "weights_free",
            lambda **i: evidence_of(**i, kept=False),
            text("The term of the weights, (α/2)‖m‖², is missing.", "漏了权重那一项 (α/2)‖m‖²。"),
        ),
        Pitfall(
            "determinant_kept",
            lambda **i: evidence_of(**i, det=-1.0),
            text(
                "log|A| has the wrong sign: the more the data decide, the larger A, and the *smaller* the evidence for a given fit.",
                "log|A| 的符号反了：数据决定的方向越多，A 越大，拟合相同时证据**越小**。",
            ),
        ),
        Pitfall(
            "no_determinant",
            lambda **i: evidence_of(**i, det=0.0),
            text(
                "½ log|A| is missing. Without it a wider network is always better: it is the price of flexibility.",
                "漏了 ½ log|A|。没有它，网络越宽总是越好：这一项正是灵活性的代价。",
            ),
        ),
        Pitfall(
            "mean_without_beta",
            lambda **i: evidence_of(**i, mean=False),
            text("m = β A⁻¹ Fᵀt: the β in front is missing.", "m = β A⁻¹ Fᵀt：前面的 β 漏了。"),
        ),
        Pitfall(
            "half_missing",
            lambda **i: evidence_of(**i, half=False),
            text(
                "The squared error has the factor β/2, not β.", "平方误差前的系数是 β/2，不是 β。"
            ),
        ),
        Pitfall(
            "variances",
            lambda **i: evidence_of(**i, swapped=True),
            text(
                "You took α and β as variances. They are precisions, 1/variance.",
                "你把 α、β 当成了方差。它们是精度，即方差的倒数。",
            ),
        ),
    ),
    hints=(
        text(
            "Either write the five terms of the formula one by one, or ask: which normal distribution does t itself have?",
            "可以把公式的五项逐一写出；也可以想：t 本身服从怎样的正态分布？",
        ),
        text(
            "A = αI + βFᵀF, m = β A⁻¹Fᵀt. `np.linalg.solve` and `np.linalg.slogdet` keep it stable.",
            "A = αI + βFᵀF，m = β A⁻¹Fᵀt。用 `np.linalg.solve` 和 `np.linalg.slogdet` 更稳定。",
        ),
        text(
            "(D/2) log α + (N/2) log(β/2π) − ½ log|A| − (β/2)‖t − Fm‖² − (α/2)‖m‖², all divided by N.",
            "(D/2) log α + (N/2) log(β/2π) − ½ log|A| − (β/2)‖t − Fm‖² − (α/2)‖m‖²，整体除以 N。",
        ),
    ),
    survivors={
        "t - f @ m → f @ m - t": "it is squared",
    },
    right={
        "numpy": (
            "def evidence(f, t, alpha, beta):\n"
            "    covariance = np.eye(len(t)) / beta + f @ f.T / alpha\n"
            "    size = np.linalg.slogdet(2 * np.pi * covariance)[1]\n"
            "    return -(size + t @ np.linalg.inv(covariance) @ t) / 2 / len(t)\n",
            "def evidence(f, t, alpha, beta):\n"
            "    u, s, _ = np.linalg.svd(f, full_matrices=True)\n"
            "    variance = np.full(len(t), 1 / beta)\n"
            "    variance[: len(s)] += s**2 / alpha\n"
            "    along = u.T @ t\n"
            "    return np.mean(-0.5 * np.log(2 * np.pi * variance) - along**2 / variance / 2)\n",
        )
    },
)

# 14.3 ---------------------------------------------------------------------------------------------


def draw_pilot(rng):
    """Two methods under five seeds that share their luck; drawn again until every mistake shows.

    Sometimes four seeds are enough, fewer than the pilot has: who begins to count there is wrong.
    """
    few = rng.random() < 0.3
    while True:
        luck = rng.normal(0.8, 0.04, 5)
        drawn = {
            "a": np.round(luck + rng.normal(0.02, 0.012, 5), 3),
            "b": np.round(luck + rng.normal(0.0, 0.012, 5), 3),
            "half_width": float(rng.choice([0.03, 0.04, 0.05] if few else [0.005, 0.006, 0.008])),
        }
        right = repetitions_of(**drawn)
        wrong = [repetitions_of(**drawn, **bug) for bug in PILOT_BUGS]
        if (right == 4 if few else 6 <= right <= 60) and all(w != right for w in wrong):
            return drawn


PILOT_BUGS = (
    {"paired": False},
    {"normal": True},
    {"ddof": 0},
    {"full": True},
    {"fixed": True},
    {"root": False},
    {"freedom": 0},
    {"sides": 1},
)


def repetitions_of(a, b, half_width, *, paired=True, normal=False, ddof=1, full=False, fixed=False,
                   root=True, freedom=1, sides=2):  # fmt: skip
    """How many repetitions; the options are bugs."""
    s = (a - b).std(ddof=ddof) if paired else np.sqrt(a.var(ddof=1) + b.var(ddof=1))
    upper = 1 - 0.05 / sides
    for n in range(2, 5000):
        t = stats.t.ppf(upper, (len(a) if fixed else n) - freedom)
        t = stats.norm.ppf(upper) if normal else t
        reach = t * s / (np.sqrt(n) if root else n) * (2 if full else 1)
        if reach <= half_width:
            return n
    return 5000


REPETITIONS = Exercise(
    id="14.3",
    title=text("How many seeds can settle it?", "要几个种子才分得出？"),
    points=3,
    objective="O2",
    function="repetitions",
    inputs=draw_pilot,
    reference=lambda **i: repetitions_of(**i),
    comparator=close(rtol=1e-9, atol=1e-9),
    tensors=False,
    forbidden=("course_lib.comparing.seeds_needed",),
    pitfalls=(
        Pitfall(
            "unpaired",
            lambda **i: repetitions_of(**i, paired=False),
            text(
                "You added the two variances, as if the methods did not share their seeds. Take the spread of a − b.",
                "你把两个方差加了起来，好像两种方法没有共用种子。应取 a − b 的标准差。",
            ),
        ),
        Pitfall(
            "normal_quantile",
            lambda **i: repetitions_of(**i, normal=True),
            text(
                "1.96 holds for a known spread. With n seeds it is Student's quantile with n − 1 degrees of freedom.",
                "1.96 只适用于标准差已知的情形。用 n 个种子时，应取自由度 n − 1 的 t 分位数。",
            ),
        ),
        Pitfall(
            "population_spread",
            lambda **i: repetitions_of(**i, ddof=0),
            text(
                "The spread of a sample divides by n − 1 (`ddof=1`).",
                "样本标准差应除以 n − 1（`ddof=1`）。",
            ),
        ),
        Pitfall(
            "whole_width",
            lambda **i: repetitions_of(**i, full=True),
            text(
                "half_width is the reach to *one* side; you made the whole interval that narrow.",
                "half_width 是**一侧**的长度；你让整个区间都这么窄。",
            ),
        ),
        Pitfall(
            "quantile_of_the_pilot",
            lambda **i: repetitions_of(**i, fixed=True),
            text(
                "The quantile stayed at the pilot's five seeds. It belongs to the n that you try, and shrinks with it.",
                "分位数停在了试验的五个种子上。它应随所试的 n 变化，n 越大越小。",
            ),
        ),
        Pitfall(
            "no_root",
            lambda **i: repetitions_of(**i, root=False),
            text(
                "The error of a mean falls with √n, not with n.",
                "均值的误差按 √n 减小，而不是按 n。",
            ),
        ),
        Pitfall(
            "freedom",
            lambda **i: repetitions_of(**i, freedom=0),
            text(
                "n seeds leave n − 1 degrees of freedom, not n; or you stopped one n too soon.",
                "n 个种子的自由度是 n − 1，不是 n，或者少试了一个 n。",
            ),
        ),
        Pitfall(
            "one_sided",
            lambda **i: repetitions_of(**i, sides=1),
            text(
                "That is the 95 % quantile: 5 % outside on *each* side. A 95 % interval leaves 2.5 % on each.",
                "你用了 95% 分位数，两侧各留 5%。95% 区间每侧只留 2.5%。",
            ),
        ),
        Pitfall(
            "one_more",
            lambda **i: repetitions_of(**i) + 1,
            text(
                "One too many: asked for is the smallest n that is enough.",
                "多了一个：要的是够用的最小 n。",
            ),
        ),
    ),
    hints=(
        text(
            "What is the sample whose mean you want to know? One number per seed.",
            "你想知道的是哪个样本的均值？每个种子一个数。",
        ),
        text(
            "Try n = 2, 3, 4 … and stop at the first whose reach t · s / √n is small enough.",
            "依次试 n = 2、3、4……，在第一个使 t · s / √n 足够小的地方停下。",
        ),
        text(
            "`stats.t.ppf(0.975, n - 1) * (a - b).std(ddof=1) / np.sqrt(n) <= half_width`.",
            "`stats.t.ppf(0.975, n - 1) * (a - b).std(ddof=1) / np.sqrt(n) <= half_width`。",
        ),
    ),
    survivors={
        "2 → 3": "a pilot that two seeds settle would hide most other mistakes: none is drawn",
        "a - b → b - a": "the spread is the same",
        "stats.t.ppf(0.975, n - 1) * s / np.sqrt(n) > half_width → stats.t.ppf(0.975, n - 1) * s / np.sqrt(n) >= half_width": "no reach is exactly half_width",
    },
    right={
        "numpy": (
            "def repetitions(a, b, half_width):\n"
            "    s = np.std(np.subtract(a, b), ddof=1)\n"
            "    n = 2\n"
            "    while stats.t.interval(0.95, n - 1, scale=s / n**0.5)[1] > half_width:\n"
            "        n += 1\n"
            "    return n\n",
            "def repetitions(a, b, half_width):\n"
            "    d = a - b\n"
            "    s = np.sqrt(np.sum((d - d.mean()) ** 2) / (len(d) - 1))\n"
            "    n = np.arange(2, 3000)\n"
            "    enough = stats.t.isf(0.025, n - 1) * s / np.sqrt(n) <= half_width\n"
            "    return int(n[enough][0])\n",
        )
    },
)

# 14.4 ---------------------------------------------------------------------------------------------


def draw_differences(rng):
    """Six to nine differences in 1024ths, so that sums are exact; drawn again until every mistake shows.

    On either side of 0, mostly below: who forgets to take the mean's size, or doubles one tail, is right above it.
    """
    n, sign = rng.integers(6, 10), -1 if rng.random() < 0.75 else 1
    while True:
        d = sign * rng.integers(-20, 45, n) / 1024
        right = p_of(d)
        if 0.02 < right < 0.4 and all_differ(right, [p_of(d, **bug) for bug in P_BUGS]):
            return {"differences": d}


P_BUGS = (
    {"one_sided": True},
    {"strict": True},
    {"others": True},
    {"sign_test": True},
    {"student": True},
    {"median": True},
    {"kept": True},
)


def p_of(d, *, one_sided=False, strict=False, others=False, sign_test=False, student=False,
         median=False, kept=False):  # fmt: skip
    """The exact p-value of the paired permutation test; the options are bugs."""
    if student:
        return float(stats.ttest_1samp(d, 0).pvalue)
    if sign_test:
        return float(stats.binomtest(int((d > 0).sum()), int((d != 0).sum())).pvalue)
    signs = np.array(list(product((1, -1), repeat=len(d))))
    centre = np.median if median else np.mean
    values, found = centre(signs * d, axis=1), centre(d)
    if kept:
        return float(1 - np.mean(np.abs(values) >= abs(found)))
    if one_sided:
        return float(np.mean(values >= found))
    if others:
        return float((np.sum(np.abs(values) >= abs(found)) - 1) / (len(signs) - 1))
    far = np.abs(values) > abs(found) if strict else np.abs(values) >= abs(found)
    return float(np.mean(far))


P_VALUE = Exercise(
    id="14.4",
    title=text("A paired permutation test, exactly", "配对置换检验，精确地算"),
    points=3,
    objective="O2",
    function="p_value",
    inputs=draw_differences,
    reference=lambda differences: p_of(differences),
    comparator=close(rtol=1e-6, atol=1e-6),
    tensors=False,
    forbidden=(
        "course_lib.comparing.sign_flip_test",
        "scipy.stats.permutation_test",
        "scipy.stats.wilcoxon",
    ),
    pitfalls=(
        Pitfall(
            "one_sided",
            lambda differences: p_of(differences, one_sided=True),
            text(
                "You counted one side only. Before looking, either method might have been ahead: compare |mean|.",
                "你只数了一侧。看数据之前，两种方法都可能领先：应比较均值的绝对值。",
            ),
        ),
        Pitfall(
            "strictly_further",
            lambda differences: p_of(differences, strict=True),
            text(
                "“At least as far” includes the signs as they are (and their mirror image): use ≥. Otherwise p can be 0.",
                "“至少一样远”包括数据本来的符号（及其镜像）：应当用 ≥。否则 p 可能为 0。",
            ),
        ),
        Pitfall(
            "without_itself",
            lambda differences: p_of(differences, others=True),
            text(
                "You left out the signs as found. They are one of the 2ⁿ equally likely choices.",
                "你去掉了数据本来的那组符号。它也是 2ⁿ 种等可能的选择之一。",
            ),
        ),
        Pitfall(
            "sign_test",
            lambda differences: p_of(differences, sign_test=True),
            text(
                "That is the sign test: it forgets how large the differences are. Flip signs, but keep sizes.",
                "这是符号检验，忘了差值的大小。翻转符号，但保留大小。",
            ),
        ),
        Pitfall(
            "student",
            lambda differences: p_of(differences, student=True),
            text(
                "That is Student's paired t test. Here no normal distribution is assumed: count sign flips.",
                "这是 Student 的配对 t 检验。这里不假设正态分布：请清点符号的翻转。",
            ),
        ),
        Pitfall(
            "median",
            lambda differences: p_of(differences, median=True),
            text("You compared medians. Compare means.", "你比较的是中位数，应比较均值。"),
        ),
        Pitfall(
            "turned_round",
            lambda differences: p_of(differences, kept=True),
            text(
                "That is the share that lies *nearer* to 0. The p-value is the share at least as far.",
                "这是离 0 **更近**的那部分所占的比例。p 值是至少一样远的比例。",
            ),
        ),
    ),
    hints=(
        text(
            "If the methods are alike, every difference might have come out with the other sign: 2ⁿ equally likely tables.",
            "如果两种方法没有差别，每个差值都可能是另一个符号：共有 2ⁿ 张等可能的表。",
        ),
        text(
            "`itertools.product((1, -1), repeat=n)` gives all of them.",
            "`itertools.product((1, -1), repeat=n)` 给出所有符号组合。",
        ),
        text(
            "The share of the 2ⁿ with |mean of signs × differences| ≥ |mean of differences|.",
            "在 2ⁿ 种里，|符号×差值的均值| ≥ |差值的均值| 所占的比例。",
        ),
    ),
    right={
        "numpy": (
            "def p_value(differences):\n"
            "    n, far = len(differences), 0\n"
            "    for code in range(2**n):\n"
            "        total = sum(d if code >> i & 1 else -d for i, d in enumerate(differences))\n"
            "        far += abs(total) >= abs(sum(differences))\n"
            "    return far / 2**n\n",
            "def p_value(differences):\n"
            "    sums = np.zeros(1)\n"
            "    for d in differences:\n"
            "        sums = np.concatenate([sums + d, sums - d])\n"
            "    return np.mean(np.abs(sums) >= abs(differences.sum()))\n",
        )
    },
)

# 14.5 ---------------------------------------------------------------------------------------------

GRID = np.array([1.0, 2.0, 0.25, 4.0, 0.5, 8.0, 0.75, 3.0, 1.5, 6.0])  # nine are drawn, in no order


def draw_logits(rng):
    """Training logits that are right and sure, validation less so, a test of another kind."""
    while True:

        def part(n, scale, right):
            y = rng.integers(0, 3, n)
            said = np.where(rng.random(n) < right, y, (y + 1 + rng.integers(0, 2, n)) % 3)
            z = scale * (1.5 * np.eye(3)[said] + rng.normal(0, 0.6, (n, 3)))
            return np.round(z, 2), y

        z_train, y_train = part(12, 5.0, 1.0)
        z_validation, y_validation = part(24, 4.0, 0.75)
        z_test, y_test = part(10, 4.0, 0.45)
        drawn = {
            "z_train": z_train,
            "y_train": y_train,
            "z_validation": z_validation,
            "y_validation": y_validation,
            "z_test": z_test,
            "y_test": y_test,
            "temperatures": rng.permutation(rng.permutation(GRID)[:9]),
        }
        right = calibrated(**drawn)
        wrong = [calibrated(**drawn, **bug) for bug in CALIBRATION_BUGS]
        if (
            all(w["temperature"] != right["temperature"] for w in wrong[:5])
            and 1.0 < right["temperature"] < 8.0
        ):
            return drawn


CALIBRATION_BUGS = (
    {"on": "test"},
    {"on": "train"},
    {"by": "accuracy"},
    {"by": "worst"},
    {"how": "times"},
    {"how": "of probabilities"},
    {"give": "validation"},
    {"give": "as they were"},
)


def calibrated(z_train, y_train, z_validation, y_validation, z_test, y_test, temperatures, *,
               on="validation", by="surprise", how="divide", give="test"):  # fmt: skip
    """Choose a temperature and apply it; the options are bugs."""
    z, y = {
        "train": (z_train, y_train),
        "validation": (z_validation, y_validation),
        "test": (z_test, y_test),
    }[on]

    def at(logits, T):
        if how == "times":
            return log_softmax(logits * T, axis=1)
        if how == "of probabilities":
            return log_softmax(softmax(logits, axis=1) / T, axis=1)
        return log_softmax(logits / T, axis=1)

    losses = []
    for T in temperatures:
        log_p = at(z, T)
        if by == "accuracy":
            losses.append(-np.mean(log_p.argmax(axis=1) == y))
        else:
            losses.append(-log_p[np.arange(len(y)), y].mean() * (-1 if by == "worst" else 1))
    best = float(temperatures[int(np.argmin(losses))])
    asked = z_validation if give == "validation" else z_test
    p = softmax(asked, axis=1) if give == "as they were" else np.exp(at(asked, best))
    return {"temperature": best, "probabilities": p}


TEMPERATURE = Exercise(
    id="14.5",
    title=text("Find the bugs: a temperature that flatters", "找错：一个自我美化的温度"),
    points=3,
    objective="O3",
    function="calibrate",
    drawing=drawings.bars(
        "probabilities", across=text("class", "类别"), down=text("probability", "概率")
    ),
    inputs=draw_logits,
    reference=lambda **i: calibrated(**i),
    comparator=close(rtol=1e-5, atol=1e-7),
    tensors=False,
    forbidden=("course_lib.calibration.fit_temperature",),
    parts={
        "temperature": text("the temperature", "温度"),
        "probabilities": text("the test probabilities", "测试集上的概率"),
    },
    pitfalls=(
        Pitfall(
            "on_the_test",
            lambda **i: calibrated(**i, on="test"),
            text(
                "The temperature was chosen on the test: the report then flatters itself. Choose on validation.",
                "温度是在测试集上选的，报告就自我美化了。应在验证集上选。",
            ),
        ),
        Pitfall(
            "on_the_training",
            lambda **i: calibrated(**i, on="train"),
            text(
                "The temperature was chosen on the training examples, where the network is right and may be sure. Choose on validation.",
                "温度是在训练样本上选的，那里网络全对，当然可以很有把握。应在验证集上选。",
            ),
        ),
        Pitfall(
            "by_accuracy",
            lambda **i: calibrated(**i, by="accuracy"),
            text(
                "No temperature changes the accuracy: all tie. Choose by mean surprise (negative log-likelihood).",
                "任何温度都不改变准确率，全部打平。应按平均惊讶度（负对数似然）选。",
            ),
        ),
        Pitfall(
            "the_worst",
            lambda **i: calibrated(**i, by="worst"),
            text(
                "You took the largest surprise. Take the smallest.",
                "你取了最大的惊讶度，应取最小。",
            ),
        ),
        Pitfall(
            "times",
            lambda **i: calibrated(**i, how="times"),
            text(
                "You multiplied by T. Logits are *divided* by the temperature.",
                "你乘了 T。logits 应当**除以**温度。",
            ),
        ),
        Pitfall(
            "of_probabilities",
            lambda **i: calibrated(**i, how="of probabilities"),
            text(
                "You divided probabilities by T and took softmax of them: softmax twice. Divide the logits, then softmax once.",
                "你把概率除以 T 再做 softmax，等于做了两次。应先除 logits，再做一次 softmax。",
            ),
        ),
        Pitfall(
            "of_validation",
            lambda **i: calibrated(**i, give="validation"),
            text(
                "These are the validation's probabilities. The temperature comes from there; what is asked are the test's.",
                "这是验证集的概率。温度来自验证集，要交的是测试集的概率。",
            ),
        ),
        Pitfall(
            "not_applied",
            lambda **i: calibrated(**i, give="as they were"),
            text(
                "The temperature was found but not used: the test logits must be divided by it, too.",
                "温度求出来了却没有用上：测试 logits 也要除以它。",
            ),
        ),
    ),
    hints=(
        text(
            "Three sets come in. Which of them may decide, and which is only reported on?",
            "进来三份数据。哪一份可以用来做决定，哪一份只用来报告？",
        ),
        text(
            "softmax(z / T): the logits are divided, once. Mean surprise: −mean of log p at the true class.",
            "softmax(z / T)：被除的是 logits，只做一次。平均惊讶度：真实类别处 log p 的平均，取负号。",
        ),
        text(
            "For each T the surprise on validation; the T of the smallest; then softmax(z_test / T).",
            "对每个 T 求验证集上的惊讶度，取最小者的 T，再算 softmax(z_test / T)。",
        ),
    ),
    right={
        "numpy": (
            "from scipy.special import log_softmax, softmax\n"
            "def calibrate(z_train, y_train, z_validation, y_validation, z_test, y_test, temperatures):\n"
            "    rows = np.arange(len(y_validation))\n"
            "    surprise = [-log_softmax(z_validation / T, axis=1)[rows, y_validation].mean() for T in temperatures]\n"
            "    T = float(temperatures[np.argmin(surprise)])\n"
            "    return {'temperature': T, 'probabilities': softmax(z_test / T, axis=1)}\n",
            "def calibrate(z_train, y_train, z_validation, y_validation, z_test, y_test, temperatures):\n"
            "    def probabilities(z, T):\n"
            "        e = np.exp((z - z.max(axis=1, keepdims=True)) / T)\n"
            "        return e / e.sum(axis=1, keepdims=True)\n"
            "    def likelihood(T):\n"
            "        p = probabilities(z_validation, T)\n"
            "        return np.log(np.take_along_axis(p, y_validation[:, None], axis=1)).sum()\n"
            "    T = max(temperatures, key=likelihood)\n"
            "    return {'temperature': float(T), 'probabilities': probabilities(z_test, T)}\n",
        )
    },
)

# 14.6 ---------------------------------------------------------------------------------------------


def draw_witness(rng):
    """A network in two halves with a hidden layer before the head, so that the head is no shortcut.

    Places count unequally, so slopes differ between them. Images, channels and classes are 5, 4 and 3:
    who divides by the wrong number is found out. Drawn again until every map has evidence and every mistake shows.
    """
    while True:
        drawn = {
            "images": rng.normal(size=(5, 2, 3, 3)).astype(np.float32),
            "classes": rng.integers(0, 3, 5),
            "shares": rng.dirichlet(np.full(6, 3.0)).reshape(2, 3),
            "hidden": rng.normal(size=(4, 4)).astype(np.float32),
            **draw_tiny(rng),
        }
        right = maps_of(**drawn)
        if not (right.max(axis=(1, 2)) > 0.01).all():
            continue  # an empty map cannot show every mistake
        if all_differ(right, [maps_of(**drawn, **bug) for bug in MAP_BUGS], least=0.003):
            return drawn


MAP_BUGS = (
    {"relu": "none"},
    {"relu": "size"},
    {"which": "best"},
    {"which": "all"},
    {"slopes": "of probability"},
    {"slopes": "sum"},
    {"slopes": "mean of loss"},
    {"slopes": "each"},
    {"channels": "mean"},
    {"times": False},
    {"scaled": True},
)


def maps_of(images, classes, shares, hidden, head, bias, kernel, gamma, beta, mean, variance, *, relu="zero",
            which="asked", slopes="mean", times=True, channels="sum", scaled=False):  # fmt: skip
    """Grad-CAM of a small network; the options are bugs."""
    maps = np.maximum(0, gamma * (images @ kernel - mean) / np.sqrt(variance + EPSILON) + beta)
    places = maps.shape[1] * maps.shape[2]
    before = (maps * shares[..., None]).sum(axis=(1, 2)) @ hidden
    z = np.maximum(0, before) @ head + bias
    chosen = np.eye(z.shape[1])[z.argmax(axis=1) if which == "best" else classes]
    chosen = np.ones_like(chosen) if which == "all" else chosen
    if slopes == "of probability":
        p = softmax(z, axis=1)
        chosen = (p * chosen).sum(axis=1, keepdims=True) * (chosen - p)
    slope = ((chosen @ head.T) * (before > 0)) @ hidden.T
    slope = slope[:, None, None] * shares[..., None]  # ∂z/∂A at each place
    alpha = slope if slopes == "each" else slope.mean(axis=(1, 2), keepdims=True)
    alpha = alpha * places if slopes == "sum" else alpha
    alpha = alpha / len(maps) if slopes == "mean of loss" else alpha
    found = ((maps if times else 1 + 0 * maps) * alpha).sum(axis=-1)
    found = found / maps.shape[3] if channels == "mean" else found
    found = {"zero": np.maximum(found, 0), "none": found, "size": np.abs(found)}[relu]
    return found / found.max(axis=(1, 2), keepdims=True) if scaled else found


CAM = {
    "pytorch": """\
def evidence_map(model, images, classes):
    maps = model.look(images).detach().requires_grad_()
    z = model.judge(maps)
    evidence = z[torch.arange(len(z)), classes].sum()
    (slopes,) = torch.autograd.grad(evidence, [maps])
    alpha = slopes.mean(dim=(1, 2), keepdim=True)
    return torch.relu((alpha * maps).sum(dim=-1)).detach()
""",
    "keras": """\
import keras
from keras import ops
from course_lib.keras import gradients
def evidence_map(model, images, classes):
    maps = keras.Variable(model.look(images))
    def evidence():
        z = model.judge(maps)
        return ops.sum(z * ops.one_hot(classes, z.shape[-1]))
    _, (slopes,) = gradients(evidence, [maps])
    alpha = ops.mean(slopes, axis=(1, 2), keepdims=True)
    return ops.relu(ops.sum(alpha * maps, axis=-1))
""",
}


def mapped(**bug):
    """Give what a buggy answer would report."""
    return lambda **inputs: {"maps": maps_of(**inputs, **bug)}


EVIDENCE_MAP = Exercise(
    id="14.6",
    title=text("Grad-CAM of a network in two halves", "给两段式网络写 Grad-CAM"),
    points=4,
    objective="O4",
    function="evidence_map",
    drawing=drawings.pictures("maps"),
    inputs=draw_witness,
    reference=lambda **i: {"maps": maps_of(**i), "network_unchanged": True},
    comparator=close(rtol=1e-3, atol=1e-5),
    probe="explaining",
    forbidden=("course_lib.pytorch.grad_cam", "course_lib.keras.grad_cam"),
    parts={
        "maps": text("the maps", "热力图"),
        "network_unchanged": text(
            "“the network is as it was: weights, statistics, what may learn”",
            "“网络没有变：权重、统计量、可训练标志都和原来一样”",
        ),
    },
    pitfalls=(
        Pitfall(
            "changed_the_network",
            lambda **i: {"network_unchanged": False},
            text(
                "The network changed: an explanation runs in inference mode and updates nothing (Keras: no `training=True`). "
                "Nor does it leave weights frozen.",
                "网络被改动了：解释应在推理模式下进行，什么都不更新（Keras：不要 `training=True`）；也不能把权重留在冻结状态。",
            ),
            code=changed(
                CAM,
                ("    maps = ", "    model.train()\n    maps = "),
                ("model.look(images)", "model.look(images, training=True)"),
            ),
        ),
        Pitfall(
            "against_as_well",
            mapped(relu="none"),
            text(
                "There are values below 0: places that speak *against* the class. Grad-CAM keeps the evidence for it: ReLU.",
                "图里有负值：那是**反对**该类别的位置。Grad-CAM 只留支持的证据：要做 ReLU。",
            ),
            code=changed(
                CAM,
                ("torch.relu((alpha * maps).sum(dim=-1))", "(alpha * maps).sum(dim=-1)"),
                (
                    "ops.relu(ops.sum(alpha * maps, axis=-1))",
                    "ops.sum(alpha * maps, axis=-1)",
                ),
            ),
        ),
        Pitfall(
            "size_only",
            mapped(relu="size"),
            text(
                "You took absolute values: what speaks against the class looks like evidence for it.",
                "你取了绝对值：反对该类别的位置看起来也成了证据。",
            ),
            code=changed(CAM, ("torch.relu(", "torch.abs("), ("ops.relu(", "ops.abs(")),
        ),
        Pitfall(
            "of_the_best",
            mapped(which="best"),
            text(
                "You explained the class that the network prefers. Asked for is the class in `classes`, right or wrong.",
                "你解释的是网络最看好的类别。要解释的是 `classes` 给出的类别，不管对错。",
            ),
            code=changed(
                CAM,
                ("z[torch.arange(len(z)), classes].sum()", "z.max(dim=1).values.sum()"),
                ("ops.sum(z * ops.one_hot(classes, z.shape[-1]))", "ops.sum(ops.max(z, axis=1))"),
            ),
        ),
        Pitfall(
            "of_all",
            mapped(which="all"),
            text(
                "You differentiated the sum over all classes: this map does not depend on the class.",
                "你对所有类别之和求了导：这张图与类别无关。",
            ),
            code=changed(
                CAM,
                ("z[torch.arange(len(z)), classes].sum()", "z.sum()"),
                ("ops.sum(z * ops.one_hot(classes, z.shape[-1]))", "ops.sum(z)"),
            ),
        ),
        Pitfall(
            "of_a_probability",
            mapped(slopes="of probability"),
            text(
                "You differentiated a probability. Its slope vanishes where the network is sure: take the logit.",
                "你对概率求了导。网络很有把握时它的斜率趋于 0：应取 logit。",
            ),
            code=changed(
                CAM,
                ("z = model.judge(maps)", "z = model.judge(maps).softmax(dim=1)"),
                ("z = model.judge(maps)", "z = ops.softmax(model.judge(maps), axis=1)"),
            ),
        ),
        Pitfall(
            "sum_over_places",
            mapped(slopes="sum"),
            text(
                "Everything is too large by the number of places: α is the *mean* of the slopes over places.",
                "所有数都大了“位置个数”倍：α 是斜率对位置的**平均**。",
            ),
            code=changed(
                CAM,
                ("slopes.mean(dim=(1, 2), keepdim=True)", "slopes.sum(dim=(1, 2), keepdim=True)"),
                (
                    "ops.mean(slopes, axis=(1, 2), keepdims=True)",
                    "ops.sum(slopes, axis=(1, 2), keepdims=True)",
                ),
            ),
        ),
        Pitfall(
            "slopes_not_averaged",
            mapped(slopes="each"),
            text(
                "You multiplied each place's own slope by the map. Average the slopes over the places first.",
                "你把各位置自己的斜率直接乘了特征图。应先对位置求平均。",
            ),
            code=changed(
                CAM,
                ("slopes.mean(dim=(1, 2), keepdim=True)", "slopes"),
                ("ops.mean(slopes, axis=(1, 2), keepdims=True)", "slopes"),
            ),
        ),
        Pitfall(
            "mean_over_channels",
            mapped(channels="mean"),
            text(
                "You averaged over channels; the formula sums them.",
                "你对通道取了平均，公式里是求和。",
            ),
            code=changed(
                CAM,
                ("(alpha * maps).sum(dim=-1)", "(alpha * maps).mean(dim=-1)"),
                ("ops.sum(alpha * maps, axis=-1)", "ops.mean(alpha * maps, axis=-1)"),
            ),
        ),
        Pitfall(
            "mean_over_images",
            mapped(slopes="mean of loss"),
            text(
                "Everything is too small by the number of images: you averaged the logits. Sum them: each depends on its own map alone.",
                "所有数都小了“图片张数”倍：你对各图的 logit 取了平均。应当求和：每个 logit 只依赖自己那张图。",
            ),
            code=changed(
                CAM,
                ("classes].sum()", "classes].mean()"),
                (
                    "ops.sum(z * ops.one_hot(classes, z.shape[-1]))",
                    "ops.sum(z * ops.one_hot(classes, z.shape[-1])) / len(images)",
                ),
            ),
        ),
        Pitfall(
            "slopes_alone",
            mapped(times=False),
            text(
                "The slopes were not multiplied by the maps: every place gets the same. Weigh the *maps* by α.",
                "斜率没有与特征图相乘，于是每个位置都一样。应以 α 为权，对**特征图**加权求和。",
            ),
            code=changed(
                CAM,
                ("(alpha * maps)", "(alpha + 0 * maps)"),
                ("alpha * maps", "alpha + 0 * maps"),
            ),
        ),
        Pitfall(
            "scaled_to_one",
            mapped(scaled=True),
            text(
                "Each map was divided by its maximum. Good for drawing, but it hides that one picture has hardly any evidence.",
                "每张图都除以了自己的最大值。画图可以，但这会掩盖“有的图几乎没有证据”。",
            ),
            code=changed(
                CAM,
                (
                    "    return torch.relu((alpha * maps).sum(dim=-1)).detach()\n",
                    "    found = torch.relu((alpha * maps).sum(dim=-1)).detach()\n    return found / found.amax(dim=(1, 2), keepdim=True)\n",
                ),
                (
                    "    return ops.relu(ops.sum(alpha * maps, axis=-1))\n",
                    "    found = ops.relu(ops.sum(alpha * maps, axis=-1))\n    return found / ops.max(found, axis=(1, 2), keepdims=True)\n",
                ),
            ),
        ),
    ),
    hints=(
        text(
            "Cut the network at its maps: compute them, then treat them as the input whose slopes you want.",
            "在特征图处把网络切开：先算出特征图，再把它当作要求斜率的输入。",
        ),
        text(
            "The logits of all images can be summed before differentiating: each depends on its own map alone.",
            "可以先把所有图片的 logit 加起来再求导：每个 logit 只依赖自己那张特征图。",
        ),
        text(
            "α: mean of the slopes over places, N×1×1×D. Map: ReLU of the sum over channels of α · maps.",
            "α：斜率对位置取平均，N×1×1×D。热力图：对通道求和 α · 特征图，再做 ReLU。",
        ),
    ),
    survivors={
        "-1 → 1": "the logits have two axes, so the last one is axis 1",
    },
    right={
        "pytorch": (
            "def evidence_map(model, images, classes):\n"
            "    found = []\n"
            "    for image, c in zip(images, classes):\n"
            "        maps = model.look(image[None])\n"
            "        maps.retain_grad()\n"
            "        model.judge(maps)[0, c].backward()\n"
            "        alpha = maps.grad.mean(dim=(0, 1, 2))\n"
            "        found.append((maps[0] @ alpha).clamp(min=0))\n"
            "    model.zero_grad()\n"
            "    return torch.stack(found).detach()\n",
            "from torch.nn.functional import one_hot\n"
            "def evidence_map(model, images, classes):\n"
            "    with torch.no_grad():\n"
            "        maps = model.look(images)\n"
            "    def evidence(A):\n"
            "        z = model.judge(A)\n"
            "        return (z * one_hot(classes, z.shape[1])).sum()\n"
            "    slopes = torch.func.grad(evidence)(maps)\n"
            "    found = torch.einsum('nhwd,nd->nhw', maps, slopes.mean(dim=(1, 2)))\n"
            "    return torch.where(found > 0, found, 0.0).detach()\n",
        ),
        "keras": (
            "import keras\n"
            "from keras import ops\n"
            "from course_lib.keras import gradients\n"
            "def evidence_map(model, images, classes):\n"
            "    found = []\n"
            "    for i in range(len(images)):\n"
            "        maps = keras.Variable(model.look(images[i : i + 1]))\n"
            "        _, slopes = gradients(lambda: model.judge(maps)[0, int(classes[i])], [maps])\n"
            "        alpha = ops.mean(slopes[0], axis=(0, 1, 2))\n"
            "        found.append(ops.maximum(ops.sum(maps[0] * alpha, axis=-1), 0))\n"
            "    return ops.stack(found)\n",
            "from keras import Variable, ops\n"
            "from course_lib.keras import gradients\n"
            "def evidence_map(model, images, classes):\n"
            "    maps = Variable(model.look(images))\n"
            "    def evidence():\n"
            "        z = model.judge(maps)\n"
            "        return ops.sum(ops.take_along_axis(z, ops.reshape(classes, (-1, 1)), axis=1))\n"
            "    slopes = gradients(evidence, [maps])[1][0]\n"
            "    return ops.relu(ops.einsum('nhwd,nd->nhw', maps, ops.mean(slopes, axis=(1, 2))))\n",
        ),
    },
)

# 14.7 ---------------------------------------------------------------------------------------------

ORDER = (("head", "bias"), ("gamma", "beta", "mean", "variance"), ("kernel",))


def draw_forgetful(rng):
    while True:
        drawn = {
            "images": rng.normal(size=(4, 2, 2, 3)).astype(np.float32),
            "fresh_seed": int(rng.integers(1, 10_000)),
            **draw_tiny(rng),
        }
        right = forgotten(**drawn)
        if all_differ(right, [forgotten(**drawn, **bug) for bug in FORGET_BUGS], least=0.02):
            return drawn


FORGET_BUGS = (
    {"only_one": True},
    {"upwards": True},
    {"leave": ("mean", "variance")},
    {"leave": ("bias", "beta")},
    {"one_less": True},
    {"nothing": True},
    {"everything": True},
)


def forgotten(images, fresh_seed, *, only_one=False, upwards=False, leave=(), one_less=False,
              nothing=False, everything=False, **arrays):  # fmt: skip
    """Logits after one, two and three parts were forgotten; the options are bugs."""
    fresh = draw_fresh(arrays, fresh_seed)
    order = ORDER[::-1] if upwards else ORDER
    logits = []
    for parts in (1, 2, 3):
        chosen = order[parts - 1 : parts] if only_one else order[: parts - one_less]
        chosen = ORDER if everything else () if nothing else chosen
        names = [n for part in chosen for n in part if n not in leave]
        now = arrays | {n: fresh[n] for n in names}
        features = tiny_features(images, **{n: now[n] for n in (*ORDER[1], *ORDER[2])})
        logits.append(features @ now["head"] + now["bias"])
    return np.stack(logits)


def after(**bug):
    """Give what a buggy answer would report."""
    return lambda **inputs: {"logits": forgotten(**inputs, **bug)}


FORGET = {
    "pytorch": """\
def forget(model, fresh, parts):
    for name in ("head", "backbone.norm", "backbone.mix")[:parts]:
        new = fresh.get_submodule(name).state_dict()
        model.get_submodule(name).load_state_dict(new)
""",
    "keras": """\
def forget(model, fresh, parts):
    def layers(m):
        return (m.head, m.backbone.norm, m.backbone.mix)
    for old, new in list(zip(layers(model), layers(fresh)))[:parts]:
        old.set_weights(new.get_weights())
""",
}

FORGETTING = Exercise(
    id="14.7",
    title=text("A network that forgets from the top down", "从顶层开始遗忘的网络"),
    points=3,
    objective="O4",
    function="forget",
    inputs=draw_forgetful,
    reference=lambda **i: {
        "logits": forgotten(**i),
        "fresh_unchanged": True,
        "may_learn": True,
    },
    comparator=close(rtol=1e-3, atol=1e-4),
    probe="forgetting",
    parts={
        "logits": text(
            "the logits after one, two and three parts were forgotten",
            "忘掉一个、两个、三个部分之后的 logits",
        ),
        "fresh_unchanged": text(
            "“the fresh model is as it was, also when the other is changed later”",
            "“新模型没有变，之后再改原模型也不影响它”",
        ),
        "may_learn": text(
            "“what could learn before can still learn, in both models”",
            "“两个模型里原来能训练的，现在仍能训练”",
        ),
    },
    pitfalls=(
        Pitfall(
            "shared",
            lambda **i: {"fresh_unchanged": False},
            text(
                "The two models share weights now, or the fresh one was changed: whoever trains one moves the other. Copy *values*.",
                "两个模型现在共用权重，或者新模型被改动了：训练其中一个，另一个也会动。应复制**数值**。",
            ),
            code={
                "pytorch": "def forget(model, fresh, parts):\n"
                "    model.head = fresh.head\n"
                "    if parts > 1:\n"
                "        model.backbone.norm = fresh.backbone.norm\n"
                "    if parts > 2:\n"
                "        model.backbone.mix = fresh.backbone.mix\n",
                "keras": "def forget(model, fresh, parts):\n"
                "    model.head = fresh.head\n"
                "    if parts > 1:\n"
                "        model.backbone.norm = fresh.backbone.norm\n"
                "    if parts > 2:\n"
                "        model.backbone.mix = fresh.backbone.mix\n",
            },
        ),
        Pitfall(
            "one_part_alone",
            after(only_one=True),
            text(
                "Only the last part of the list was forgotten. A cascade keeps going: with 2, the head *and* the norm are fresh.",
                "只忘掉了最后那一个部分。级联是累积的：parts 为 2 时，head **和** norm 都要换新。",
            ),
            code=changed(
                FORGET, ("[:parts]", "[parts - 1 : parts]"), ("[:parts]", "[parts - 1 : parts]")
            ),
        ),
        Pitfall(
            "from_the_bottom",
            after(upwards=True),
            text(
                "It forgot from the input upwards. Begin at the output: head, then norm, then mix.",
                "是从输入端往上忘的。应从输出端开始：先 head，再 norm，再 mix。",
            ),
            code=changed(
                FORGET,
                (
                    '("head", "backbone.norm", "backbone.mix")',
                    '("backbone.mix", "backbone.norm", "head")',
                ),
                (
                    "(m.head, m.backbone.norm, m.backbone.mix)",
                    "(m.backbone.mix, m.backbone.norm, m.head)",
                ),
            ),
        ),
        Pitfall(
            "statistics_kept",
            after(leave=("mean", "variance")),
            text(
                "BatchNorm's running statistics were left. They are learned from data as well, and a network that keeps them has not forgotten.",
                "BatchNorm 的滑动统计量留了下来。它们也是从数据里学来的，留着就不算忘记。",
            ),
            code={
                "pytorch": "def forget(model, fresh, parts):\n"
                "    with torch.no_grad():\n"
                '        for name in ("head", "backbone.norm", "backbone.mix")[:parts]:\n'
                "            pairs = zip(model.get_submodule(name).parameters(), fresh.get_submodule(name).parameters())\n"
                "            for old, new in pairs:\n"
                "                old.copy_(new)\n",
                "keras": "def forget(model, fresh, parts):\n"
                "    def layers(m):\n"
                "        return (m.head, m.backbone.norm, m.backbone.mix)\n"
                "    for old, new in list(zip(layers(model), layers(fresh)))[:parts]:\n"
                "        for a, b in zip(old.trainable_weights, new.trainable_weights):\n"
                "            a.assign(b)\n",
            },
        ),
        Pitfall(
            "biases_kept",
            after(leave=("bias", "beta")),
            text(
                "The biases were left (the head's, the norm's β). Everything that was learned must go.",
                "偏置留了下来（head 的偏置、norm 的 β）。学到的东西都要换掉。",
            ),
            code={
                "pytorch": "def forget(model, fresh, parts):\n"
                '    for name in ("head", "backbone.norm", "backbone.mix")[:parts]:\n'
                "        new = {k: v for k, v in fresh.get_submodule(name).state_dict().items() if k != 'bias'}\n"
                "        model.get_submodule(name).load_state_dict(new, strict=False)\n",
                "keras": "def forget(model, fresh, parts):\n"
                "    def layers(m):\n"
                "        return (m.head, m.backbone.norm, m.backbone.mix)\n"
                "    for old, new in list(zip(layers(model), layers(fresh)))[:parts]:\n"
                "        for a, b in zip(old.weights, new.weights):\n"
                "            if a.name not in ('bias', 'beta'):\n"
                "                a.assign(b)\n",
            },
        ),
        Pitfall(
            "one_less",
            after(one_less=True),
            text(
                "One part too few was forgotten: with 1 the head is fresh already.",
                "少忘了一个部分：parts 为 1 时，head 就应当换新。",
            ),
            code=changed(FORGET, ("[:parts]", "[: parts - 1]"), ("[:parts]", "[: parts - 1]")),
        ),
        Pitfall(
            "all_at_once",
            after(everything=True),
            text(
                "Everything was forgotten at once: `parts` says how many.",
                "一下子全忘了：`parts` 说的是忘几个部分。",
            ),
            code=changed(FORGET, ("[:parts]", ""), ("[:parts]", "")),
        ),
        Pitfall(
            "nothing_happened",
            after(nothing=True),
            text(
                "The model answers as before. It is to be changed in place: values copied into the layers it has.",
                "模型的回答和原来一样。应当就地改动：把数值复制进它现有的层。",
            ),
            code={
                "pytorch": "import copy\ndef forget(model, fresh, parts):\n    model = copy.deepcopy(fresh)\n",
                "keras": "def forget(model, fresh, parts):\n    model = fresh\n",
            },
        ),
    ),
    hints=(
        text(
            "Three parts in the order from output to input; the first `parts` of them get the fresh model's values.",
            "按从输出到输入的顺序有三个部分；前 `parts` 个换成新模型的数值。",
        ),
        text(
            "Not only weights: whatever a layer keeps, BatchNorm's running mean and variance included.",
            "不只是权重：层里保存的一切都算，包括 BatchNorm 的滑动均值与方差。",
        ),
        text(
            "PyTorch: `layer.load_state_dict(other.state_dict())`. Keras: `layer.set_weights(other.get_weights())`.",
            "PyTorch：`layer.load_state_dict(other.state_dict())`。Keras：`layer.set_weights(other.get_weights())`。",
        ),
    ),
    right={
        "pytorch": (
            "def forget(model, fresh, parts):\n"
            "    pairs = [(model.head, fresh.head), (model.backbone.norm, fresh.backbone.norm), (model.backbone.mix, fresh.backbone.mix)]\n"
            "    with torch.no_grad():\n"
            "        for old, new in pairs[:parts]:\n"
            "            for a, b in zip(old.state_dict().values(), new.state_dict().values()):\n"
            "                a.copy_(b)\n",
            "import copy\n"
            "def forget(model, fresh, parts):\n"
            "    model.head = copy.deepcopy(fresh.head)\n"
            "    if parts >= 2:\n"
            "        model.backbone.norm = copy.deepcopy(fresh.backbone.norm)\n"
            "    if parts >= 3:\n"
            "        model.backbone.mix = copy.deepcopy(fresh.backbone.mix)\n",
        ),
        "keras": (
            "def forget(model, fresh, parts):\n"
            "    pairs = [(model.head, fresh.head), (model.backbone.norm, fresh.backbone.norm), (model.backbone.mix, fresh.backbone.mix)]\n"
            "    for old, new in pairs[:parts]:\n"
            "        for a, b in zip(old.weights, new.weights):\n"
            "            a.assign(b.value)\n",
            "def forget(model, fresh, parts):\n"
            "    model.head.set_weights(fresh.head.get_weights())\n"
            "    if parts >= 2:\n"
            "        model.backbone.norm.set_weights(fresh.backbone.norm.get_weights())\n"
            "    if parts >= 3:\n"
            "        model.backbone.mix.set_weights(fresh.backbone.mix.get_weights())\n",
        ),
    },
)

# 14.8 ---------------------------------------------------------------------------------------------


def draw_people(rng):
    """Three classes in three groups of unlike size and mixture; drawn again until every mistake shows.

    The smallest group lacks a class: a mean over all classes is none there.
    """
    while True:
        group = rng.permutation(np.repeat([2, 5, 7], (14, 9, 6)))
        y = np.where(
            rng.random(29) < np.where(group == 2, 0.7, 0.35), 1, 2 * rng.integers(0, 2, 29)
        )
        y = np.where((group == 7) & (y == 2), 0, y)
        wrong = rng.random(29) < np.where(y == 1, 0.5, 0.15) * np.where(group == 7, 1.2, 1.0)
        drawn = {
            "y": y,
            "predicted": np.where(wrong, (y + rng.integers(1, 3, 29)) % 3, y),
            "group": group,
        }
        if [len(np.unique(y[group == g])) for g in (2, 5, 7)] != [3, 3, 2]:
            continue
        right = gap_of(**drawn)
        if all_differ(right, [gap_of(**drawn, **bug) for bug in GAP_BUGS], least=0.01):
            return drawn


GAP_BUGS = (
    {"balanced": False},
    {"only_worst": True},
    {"to_overall": True},
    {"spread": True},
    {"by_class": True},
    {"first_and_last": True},
    {"turned": True},
)


def gap_of(y, predicted, group, *, balanced=True, only_worst=False, to_overall=False, spread=False,
           by_class=False, first_and_last=False, turned=False):  # fmt: skip
    """The gap between groups; the options are bugs."""
    wrong = (y != predicted).astype(float)
    if by_class:
        rates = [wrong[y == k].mean() for k in np.unique(y)]
        return float(max(rates) - min(rates))
    rates = []
    for g in np.unique(group):
        here = group == g
        by_k = [wrong[here & (y == k)].mean() for k in np.unique(y[here])]
        rates.append(np.mean(by_k) if balanced else wrong[here].mean())
    if only_worst:
        return float(max(rates))
    if to_overall:
        return float(max(rates) - wrong.mean())
    if spread:
        return float(np.std(rates))
    if first_and_last:
        return float(rates[0] - rates[-1])
    return float(min(rates) - max(rates)) if turned else float(max(rates) - min(rates))


GAP = Exercise(
    id="14.8",
    title=text("The gap between groups", "群体之间的差距"),
    points=2,
    objective="O5",
    function="gap_between_groups",
    inputs=draw_people,
    reference=lambda **i: gap_of(**i),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    pitfalls=(
        Pitfall(
            "mixture_counts",
            lambda **i: gap_of(**i, balanced=False),
            text(
                "You took each group's plain error. Groups differ in their mixture of classes: average over the classes first.",
                "你直接用了各群体的错误率。各群体的类别构成不同：应先在每个类别内求错误率，再平均。",
            ),
        ),
        Pitfall(
            "worst_alone",
            lambda **i: gap_of(**i, only_worst=True),
            text(
                "That is the worst group's error. Subtract the best group's.",
                "这是最差群体的错误率，还要减去最好群体的。",
            ),
        ),
        Pitfall(
            "to_the_average",
            lambda **i: gap_of(**i, to_overall=True),
            text(
                "You compared with everybody's error, in which the large group weighs most. Compare worst with best group.",
                "你是与总体错误率相比的，而总体里大群体占的分量最大。应比较最差与最好的群体。",
            ),
        ),
        Pitfall(
            "standard_deviation",
            lambda **i: gap_of(**i, spread=True),
            text(
                "That is a standard deviation. Asked for is worst minus best.",
                "这是标准差。要的是最差减最好。",
            ),
        ),
        Pitfall(
            "between_classes",
            lambda **i: gap_of(**i, by_class=True),
            text(
                "That is the gap between classes. Asked for is the one between groups.",
                "这是类别之间的差距。要的是群体之间的。",
            ),
        ),
        Pitfall(
            "first_minus_last",
            lambda **i: gap_of(**i, first_and_last=True),
            text(
                "You subtracted the last group from the first. Which is worst and which best comes from the data.",
                "你用第一个群体减了最后一个。哪个最差、哪个最好，要看数据。",
            ),
        ),
        Pitfall(
            "best_minus_worst",
            lambda **i: gap_of(**i, turned=True),
            text(
                "The sign is turned: worst minus best is not negative.",
                "符号反了：最差减最好不会是负数。",
            ),
        ),
    ),
    hints=(
        text(
            "One error for each group, then the largest minus the smallest.",
            "每个群体一个错误率，然后最大减最小。",
        ),
        text(
            "Within a group: the error within each class that occurs there, and the mean of these.",
            "在一个群体里：对出现的每个类别各求错误率，再取平均。",
        ),
        text(
            "`[np.mean([wrong[(group == g) & (y == k)].mean() for k in np.unique(y[group == g])]) for g in np.unique(group)]`.",
            "`[np.mean([wrong[(group == g) & (y == k)].mean() for k in np.unique(y[group == g])]) for g in np.unique(group)]`。",
        ),
    ),
    survivors={
        "predicted[mine & (y == k)] != k → predicted[mine & (y == k)] == k": "the spread of shares that are right is that of shares that are wrong",
    },
    right={
        "numpy": (
            "def gap_between_groups(y, predicted, group):\n"
            "    errors = {}\n"
            "    for g in set(group.tolist()):\n"
            "        rates = []\n"
            "        for k in set(y[group == g].tolist()):\n"
            "            members = [i for i in range(len(y)) if group[i] == g and y[i] == k]\n"
            "            rates.append(sum(predicted[i] != k for i in members) / len(members))\n"
            "        errors[g] = sum(rates) / len(rates)\n"
            "    return max(errors.values()) - min(errors.values())\n",
            "def gap_between_groups(y, predicted, group):\n"
            "    def recall(g):\n"
            "        hit, true = (predicted == y)[group == g], y[group == g]\n"
            "        return np.mean([hit[true == k].mean() for k in np.unique(true)])\n"
            "    recalls = np.array([recall(g) for g in np.unique(group)])\n"
            "    return np.ptp(recalls)\n",
        )
    },
)

# 14.9 ---------------------------------------------------------------------------------------------

LETTER = ManualExercise(
    id="14.9",
    title=text("A report to be refereed", "审一份报告"),
    points=3,
    objective="O6",
    rubric=(
        (
            1,
            text(
                "One fault of the *comparison* (test used for choosing, unequal seeds, no interval or pairs, best of many), with what to ask for. Named without a demand: half.",
                "指出一处**比较**上的毛病（用测试集做选择、种子数不等、没有区间或配对、从许多次里挑最好），并说明应要求什么。只点名不提要求：一半分。",
            ),
        ),
        (
            1,
            text(
                "A second fault of another kind (overlap of source and test, calibration, groups, baseline), likewise.",
                "第二处毛病，须属另一类（源与测试重叠、校准、分群体、基线），评分同上。",
            ),
        ),
        (
            1,
            text(
                "What the map can and cannot show: where, not what; asks for the shuffled cue, the randomised network or another intervention.",
                "热力图能说明什么、不能说明什么：只说在哪里，不说是什么；要求打乱线索、随机化网络或其他干预。",
            ),
        ),
    ),
)

EXERCISES = (
    LEEP,
    EVIDENCE,
    REPETITIONS,
    P_VALUE,
    TEMPERATURE,
    EVIDENCE_MAP,
    FORGETTING,
    GAP,
    LETTER,
)

# Quizzes ------------------------------------------------------------------------------------------

QUIZZES = (
    Quiz(
        id="14.q1",
        question=text(
            "The target is handwritten digits. What is true of frozen features from printed *digits* (the same ten classes), "
            "*letters drawn as if by hand*, and clean printed *letters*? All small, all trained equally long.",
            "目标是手写数字。论冻结特征，哪种说法对？比较的是印刷体**数字**（同样的十个类别）、**仿手写的字母**和规整的印刷**字母**；三者一样小，训练得一样久。",
        ),
        options=(
            Option(
                text(
                    "Printed digits are clearly best: the classes are the same",
                    "印刷数字明显最好：类别相同",
                ),
                text(
                    "The same names, other pictures: neat typefaces never bend a stroke. Look at the matrix.",
                    "名字相同，图片不同：规整的字体从不弯曲笔画。请看下面的矩阵。",
                ),
            ),
            Option(
                text(
                    "Letters drawn as if by hand serve about as well as printed digits, or better",
                    "仿手写的字母与印刷数字差不多，甚至更好",
                ),
                text(
                    "Yes. Other classes, but the target's *variation*: bends, pens, blur. Which of the two leads is a matter of the training's luck.",
                    "对。类别不同，却有目标的**变化方式**：弯曲、笔锋、模糊。两者谁领先，要看训练的运气。",
                ),
                right=True,
            ),
            Option(
                text(
                    "Clean letters are clearly best: 52 classes teach most",
                    "规整的字母明显最好：52 类教得最多",
                ),
                text(
                    "Many classes help, but these pictures vary as little as printed digits do.",
                    "类别多有帮助，可这些图片和印刷数字一样缺少变化。",
                ),
            ),
        ),
    ),
    Quiz(
        id="14.q2",
        question=text(
            "You compare two methods on five draws of labels. A is better in all five, by 0.01 to 0.03. The intervals of A and of B overlap widely. What follows?",
            "你在五次标签抽样上比较两种方法。五次都是 A 更好，好 0.01 到 0.03。但 A 与 B 各自的区间大幅重叠。这说明什么？",
        ),
        options=(
            Option(
                text("Overlapping intervals: no difference shown", "区间重叠：没有显示出差别"),
                text(
                    "The two intervals hold the luck of the draws, which both methods shared. Look at the interval of the *difference*.",
                    "两个区间都包含了抽样的运气，而这份运气是两种方法共有的。请看**差值**的区间。",
                ),
            ),
            Option(
                text(
                    "The interval of the difference may well leave out 0",
                    "差值的区间很可能不含 0",
                ),
                text(
                    "Yes. Paired, the shared luck cancels. (An exact sign-flip test, though, cannot go below 2/2⁵ = 0.06 with five pairs.)",
                    "对。配对之后，共有的运气抵消了。（不过只有五对时，精确的符号翻转检验最低只能到 2/2⁵ = 0.06。）",
                ),
                right=True,
            ),
            Option(
                text("Five out of five: A is better, p = 1/32", "五比五：A 更好，p = 1/32"),
                text(
                    "Had B won all five you would have said the same of B: two sides, p = 2/32, about 0.06.",
                    "如果五次都是 B 赢，你也会对 B 这样说：要算两侧，p = 2/32，约 0.06。",
                ),
            ),
        ),
    ),
    Quiz(
        id="14.q3",
        question=text(
            "A classifier is calibrated *perfectly*. You estimate its ECE from 100 test pictures with 15 bins. What do you expect?",
            "某分类器的校准是**完美**的。你用 100 张测试图片、15 个箱估计它的 ECE。预计得到多少？",
        ),
        options=(
            Option(
                text("About 0", "大约是 0"),
                text(
                    "|accuracy − confidence| is never negative, so the noise of each bin adds and does not cancel.",
                    "|准确率 − 置信度| 不会是负数，所以每个箱的噪声只会相加，不会抵消。",
                ),
            ),
            Option(
                text("Clearly above 0", "明显大于 0"),
                text(
                    "Yes: an absolute value of noise has a mean above 0. The next cell measures how much, and how it falls with N.",
                    "对：噪声取绝对值，均值就大于 0。下一个单元格会测出有多大、随 N 怎样下降。",
                ),
                right=True,
            ),
            Option(
                text("Above or below 0, with mean 0", "有正有负，均值为 0"),
                text("ECE has no sign: it sums absolute values.", "ECE 没有正负：它把绝对值相加。"),
            ),
        ),
    ),
    Quiz(
        id="14.q4",
        question=text(
            "Two networks tell 0–4 from 5–9. One reads the digit. The other was trained on pictures in which high digits are written in darker ink, and it reads the "
            "ink. What will Grad-CAM show of the second?",
            "两个网络区分 0–4 与 5–9。一个看的是字形；另一个的训练图片里，大数字的墨迹更深，它看的是墨色。Grad-CAM 会怎样显示第二个网络？",
        ),
        options=(
            Option(
                text("Heat beside the digit: the map gives it away", "热点落在数字之外，露出马脚"),
                text(
                    "The ink is *on* the digit. A map says where the network looks, and both look at the digit.",
                    "墨迹就在数字**上**。热力图只说网络看哪里，而两者都看数字。",
                ),
            ),
            Option(
                text("Heat on the digit, as in the honest one", "热点在数字上，和老实的网络一样"),
                text(
                    "Yes. Where is not what. What gives it away is an intervention: change the ink and see the accuracy fall.",
                    "对。“在哪里”不等于“是什么”。要靠干预才能揭穿：改一改墨色，看准确率掉下来。",
                ),
                right=True,
            ),
            Option(
                text("An empty map", "一张空图"),
                text(
                    "There is evidence, and it lies where the ink is.",
                    "证据是有的，就在有墨的地方。",
                ),
            ),
        ),
    ),
    Quiz(
        id="14.q5",
        question=text(
            "In the source, capital letters carry a stamp in the corner (95 %). You use its features for digits; no digit you label has a stamp. Are you safe?",
            "在源数据里，大写字母的角上大多有一个印章（95%）。你拿它的特征来认数字，标注的数字没有一张带印章。你安全吗？",
        ),
        options=(
            Option(
                text(
                    "Yes: my data has no stamp, so nothing can be learned about it",
                    "安全：我的数据里没有印章，学不到它",
                ),
                text(
                    "Nothing can be *un*learned about it either: features that react to stamps stay, unseen until somebody stamps a form.",
                    "可也没法把它**忘掉**：对印章有反应的特征还在，等到有人在表格上盖了章才会显现。",
                ),
            ),
            Option(
                text(
                    "No: stamped digits will fare worse, more than with a source without the habit",
                    "不安全：带印章的数字会更差，比没有这种习惯的源差得更多",
                ),
                text(
                    "Yes; section 5 measures it, against a source whose stamps mean nothing, and against no source at all.",
                    "对；第 5 节会测量，并与“印章毫无含义的源”以及“根本没有源”比较。",
                ),
                right=True,
            ),
            Option(
                text("Yes, if I fine-tune everything", "只要全部微调就安全"),
                text(
                    "Fine-tuning on unstamped pictures has no reason to remove what stamps do. It is measured below.",
                    "在没有印章的图片上微调，没有理由去除印章的作用。下面会测量。",
                ),
            ),
        ),
    ),
)
