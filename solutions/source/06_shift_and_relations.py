"""Exercises of chapter 06, shift, instances, tasks, relations: inputs, references, pitfalls, hints, proofs."""

from __future__ import annotations

import numpy as np

from course_lib.exercises import drawings
from course_lib.exercises.comparators import close
from course_lib.exercises.specification import Exercise, ManualExercise, Option, Pitfall, Quiz, text
from course_lib.training.tiny import draw_tiny

# 06.1 ---------------------------------------------------------------------------------------------


def draw_explanations(rng):
    given_y = rng.dirichlet(np.full(4, 1.5), size=3).T + np.array(
        [[0.6, 0, 0], [0, 0.6, 0], [0, 0, 0.6], [0.2] * 3]
    )
    given_y = given_y / given_y.sum(axis=0)  # P(x | y), 4×3
    shares, new = np.array([0.5, 0.3, 0.2]), np.array([0.15, 0.25, 0.6])
    return {"source": given_y * rng.permutation(shares), "seen": given_y @ rng.permutation(new)}


def parts_of(source):
    """P(y | x) and P(x | y)."""
    return source / source.sum(axis=1, keepdims=True), source / source.sum(axis=0)


def new_shares(source, seen):
    return np.linalg.lstsq(parts_of(source)[1], seen, rcond=None)[0]


def covariate(source, seen):
    return parts_of(source)[0] * seen[:, None]


def label(source, seen):
    return parts_of(source)[1] * new_shares(source, seen)


def ratios_scaled(source, seen):
    w = np.linalg.lstsq(source, seen, rcond=None)[0]
    return w / w.sum()


def exchanged(source, seen):
    given_x, given_y = parts_of(source)
    return [given_y * seen[:, None], given_x * np.linalg.lstsq(given_x, seen, rcond=None)[0]]


TWO_EXPLANATIONS = Exercise(
    id="06.1",
    title=text("Two stories, one picture", "同样的观测，两种解释"),
    points=4,
    objective="O1",
    function="two_explanations",
    drawing=drawings.matrix("1", across=text("y", "y"), down=text("x", "x")),
    inputs=draw_explanations,
    reference=lambda source, seen: [covariate(source, seen), label(source, seen)],
    comparator=close(rtol=1e-4, atol=1e-6),
    tensors=False,
    parts={
        "0": text("the table under covariate shift", "协变量偏移下的表"),
        "1": text("the table under label shift", "标签偏移下的表"),
    },
    pitfalls=(
        Pitfall(
            "swapped",
            lambda source, seen: [label(source, seen), covariate(source, seen)],
            text(
                "The two tables have changed places: covariate shift keeps P(y | x), label shift keeps P(x | y).",
                "两张表的位置颠倒了：协变量偏移保持 P(y | x) 不变，标签偏移保持 P(x | y) 不变。",
            ),
        ),
        Pitfall(
            "answers_averaged",
            lambda source, seen: [
                covariate(source, seen),
                parts_of(source)[1] * (seen @ parts_of(source)[0]),
            ],
            text(
                "The second table's shares are the source's answers averaged over the target, seen @ P(y | x). Under label shift "
                "P(y | x) is not to be trusted: solve P(x | y) q = seen for q. (A test: the rows of your table should add up to seen.)",
                "第二张表里各类的占比，是把源域的回答在目标域上取平均（seen @ P(y | x)）得到的。标签偏移时 P(y | x) 不再可信，"
                "应当从 P(x | y) q = seen 解出 q。（自查：你的表按行相加应当等于 seen。）",
            ),
        ),
        Pitfall(
            "ratio_on_conditional",
            lambda source, seen: [
                covariate(source, seen),
                parts_of(source)[1] * np.linalg.lstsq(source, seen, rcond=None)[0],
            ],
            text(
                "You solved with the joint table P(x, y): that gives the ratios w = q / P(y), not the shares q. Multiply them into "
                "the joint table, or solve with P(x | y).",
                "你用联合表 P(x, y) 去解，得到的是比值 w = q / P(y)，不是占比 q。要么把它乘回联合表，要么用 P(x | y) 来解。",
            ),
        ),
        Pitfall(
            "rows_not_normalised",
            lambda source, seen: [
                source * seen[:, None] / (source * seen[:, None]).sum(),
                label(source, seen),
            ],
            text(
                "In the first table the rows were scaled by seen without dividing by the source's own P(x) first: its rows do not "
                "add up to seen.",
                "第一张表的各行直接乘了 seen，却没有先除以源域自己的 P(x)：各行之和不等于 seen。",
            ),
        ),
        Pitfall(
            "same_twice",
            lambda source, seen: [covariate(source, seen)] * 2,
            text(
                "Both tables keep P(y | x). The second one keeps P(x | y), and changes the shares of the classes.",
                "两张表都保持了 P(y | x)。第二张应当保持 P(x | y)，改变的是各类占比。",
            ),
        ),
        Pitfall(
            "conditionals",
            lambda source, seen: list(parts_of(source)),
            text(
                "These are the two things that stay, P(y | x) and P(x | y). Asked for are joint tables of the target: each adds up to 1.",
                "这是两样不变的东西：P(y | x) 与 P(x | y)。要的是目标域的联合表，每张的总和为 1。",
            ),
        ),
        Pitfall(
            "columns_scaled",
            lambda source, seen: [
                parts_of(source)[1] * seen[:, None] / source.sum(axis=1, keepdims=True),
                label(source, seen),
            ],
            text(
                "In the first table P(x | y) was used. Covariate shift keeps P(y | x): each *row* of the source divided by its sum.",
                "第一张表里用了 P(x | y)。协变量偏移保持的是 P(y | x)：源域的每一**行**除以该行之和。",
            ),
        ),
        Pitfall(
            "shares_only",
            lambda source, seen: [
                covariate(source, seen).sum(axis=0),
                new_shares(source, seen),
            ],
            text(
                "These are the shares of the classes. Asked for are the whole tables X×Y.",
                "这是各类的占比。要的是整张 X×Y 的表。",
            ),
        ),
        Pitfall(
            "ratios_scaled",
            lambda source, seen: [covariate(source, seen), source * ratios_scaled(source, seen)],
            text(
                "In the second table the ratios w = q / P(y) were scaled to sum 1. They are no shares: w times the old shares adds up to 1, w itself need not.",
                "第二张表里，比值 w = q / P(y) 被缩放到了总和 1。它们不是占比：w 乘以旧占比之和才等于 1，w 自己不必。",
            ),
        ),
        Pitfall(
            "old_shares_kept",
            lambda source, seen: [covariate(source, seen), np.outer(seen, source.sum(axis=0))],
            text(
                "Your second table is P_t(x) times the source's shares, as if x said nothing of the class. Keep P(x | y), and solve for the new shares.",
                "你的第二张表是 P_t(x) 乘以源域的占比，好像 x 与类别无关。应当保持 P(x | y)，再解出新占比。",
            ),
        ),
        Pitfall(
            "conditionals_exchanged",
            exchanged,
            text(
                "P(y | x) and P(x | y) have changed places: dividing each *row* by its sum (axis=1) gives P(y | x), dividing each *column* gives P(x | y).",
                "P(y | x) 与 P(x | y) 用反了：每**行**除以该行之和（axis=1）得 P(y | x)，每**列**除以该列之和得 P(x | y)。",
            ),
        ),
    ),
    hints=(
        text(
            "P(x, y) can be taken apart in two ways: P(x) P(y | x) and P(y) P(x | y). Keep one factor, put in the new other one.",
            "P(x, y) 有两种拆法：P(x) P(y | x) 与 P(y) P(x | y)。一个因子不动，另一个换成新的。",
        ),
        text(
            "First table: `source / source.sum(axis=1, keepdims=True)` is P(y | x), and the new P(x) is seen.",
            "第一张：`source / source.sum(axis=1, keepdims=True)` 是 P(y | x)，新的 P(x) 就是 seen。",
        ),
        text(
            "Second table: seen = P(x | y) q is a system of X equations for the Y new shares q: `np.linalg.lstsq` solves it.",
            "第二张：seen = P(x | y) q 是关于 Y 个新占比 q 的 X 个方程，可以用 `np.linalg.lstsq` 求解。",
        ),
    ),
    survivors={
        "source / source.sum(axis=0) → source * source.sum(axis=0)": "any scale of a column serves: its factor q takes it up",
        "source.sum(axis=0) without axis": "any scale of a column serves: its factor q takes it up",
        "source.sum(axis=0) → source.mean(axis=0)": "any scale of a column serves: its factor q takes it up",
    },
    right={
        "numpy": (
            "def two_explanations(source, seen):\n"
            "    w = np.linalg.pinv(source) @ seen\n"
            "    return source * (seen / source.sum(axis=1))[:, None], source * w\n",
            "def two_explanations(source, seen):\n"
            "    first = np.stack([seen[x] * source[x] / source[x].sum() for x in range(len(seen))])\n"
            "    A = source / source.sum(axis=0, keepdims=True)\n"
            "    q = np.linalg.solve(A.T @ A, A.T @ seen)\n"
            "    return [first, A @ np.diag(q)]\n",
        )
    },
)

# 06.2 ---------------------------------------------------------------------------------------------


def draw_posteriors(rng):
    p = rng.dirichlet(np.array([0.9, 0.5, 0.5]), size=10)
    shares = rng.permutation(np.array([0.5, 0.3, 0.2]))
    return {"p": p, "shares": shares, "rounds": int(rng.integers(3, 6))}


def estimate(p, shares, rounds, *, divide=True, axis=1, compound=False, hard=False, start=None, replace=False):  # fmt: skip
    """The EM iteration; the options are bugs."""
    q, old = shares if start is None else start, shares
    for _ in range(rounds):
        r = p * (q / old if divide else q)
        r = r if axis is None else r / r.sum(axis=axis, keepdims=True)
        p, old = r if compound else p, q if replace else old
        q = np.eye(p.shape[1])[r.argmax(axis=1)].mean(axis=0) if hard else r.mean(axis=0)
    return q


def estimated_with(**bugs):
    return lambda p, shares, rounds: estimate(p, shares, rounds, **bugs)


ESTIMATE_SHARES = Exercise(
    id="06.2",
    title=text("New shares from old answers", "从旧模型的回答推出新占比"),
    points=3,
    objective="O2",
    function="estimate_shares",
    drawing=drawings.bars(across=text("class", "类别"), down=text("share", "比例")),
    inputs=draw_posteriors,
    reference=lambda p, shares, rounds: estimate(p, shares, rounds),
    comparator=close(rtol=1e-5, atol=1e-7),
    tensors=False,
    pitfalls=(
        Pitfall(
            "not_divided",
            estimated_with(divide=False),
            text(
                "You multiplied by the new shares without dividing by the old ones. The answers p already contain the source's shares.",
                "你乘了新占比，却没有除以旧占比。p 里本来就含有源域的占比。",
            ),
        ),
        Pitfall(
            "rows_not_normalised",
            estimated_with(axis=None),
            text(
                "After weighing, the rows of r no longer add up to 1. Normalise each row before you take the mean.",
                "加权之后，r 的各行不再相加为 1。求平均之前要先逐行归一化。",
            ),
        ),
        Pitfall(
            "compounded",
            estimated_with(compound=True),
            text(
                "Each round weighed the answers of the round before. Begin every round from the original p; only q is carried on.",
                "每一轮都在上一轮加权过的结果上再加权。每一轮都要从原来的 p 开始，传下去的只有 q。",
            ),
        ),
        Pitfall(
            "one_round",
            lambda p, shares, rounds: estimate(p, shares, 1),
            text(
                "That is the first round: the mean of the answers. It moves only part of the way; go on for `rounds` rounds. (Or q and "
                "`shares` are one and the same array, so that q / shares is 1 in every round: start with a copy.)",
                "这是第一轮的结果，也就是回答的平均。它只走了一部分路，要继续走满 `rounds` 轮。（也可能 q 与 `shares` 是同一个数组，"
                "于是每一轮的 q / shares 都是 1：应当先复制一份。）",
            ),
        ),
        Pitfall(
            "hard_counts",
            estimated_with(hard=True),
            text(
                "You counted the most probable classes. Take the mean of the probabilities: an answer of 0.6 is 0.6 of an example.",
                "你数的是最可能的类别。应当对概率取平均：0.6 的回答就算 0.6 个样本。",
            ),
        ),
        Pitfall(
            "ratios",
            lambda p, shares, rounds: estimate(p, shares, rounds) / shares,
            text(
                "These are the ratios q / shares, by which examples would be weighed. Asked for are the shares q; they add up to 1.",
                "这是用来给样本加权的比值 q / shares。要的是占比 q，它们相加为 1。",
            ),
        ),
        Pitfall(
            "one_round_too_many",
            lambda p, shares, rounds: estimate(p, shares, rounds + 1),
            text("One round too many.", "多走了一轮。"),
        ),
        Pitfall(
            "one_round_too_few",
            lambda p, shares, rounds: estimate(p, shares, rounds - 1),
            text("One round too few.", "少走了一轮。"),
        ),
        Pitfall(
            "uniform_start",
            lambda p, shares, rounds: estimate(
                p, shares, rounds, start=np.full(len(shares), 1 / len(shares))
            ),
            text(
                "You started at equal shares. Start at the source's: then the first round is the mean of the answers.",
                "你从均等的占比出发。应当从源域的占比出发，这样第一轮就是回答的平均。",
            ),
        ),
        Pitfall(
            "upside_down",
            lambda p, shares, rounds: estimate(p * shares**2, shares, rounds),
            text(
                "The source's shares are multiplied in where they should be divided out.",
                "源域的占比应当除掉，你却乘了上去。",
            ),
        ),
        Pitfall(
            "columns_normalised",
            estimated_with(axis=0),
            text(
                "You normalised the columns of r. Each *row* is one example's probabilities: it is the rows that add up to 1 (axis=1).",
                "你归一化的是 r 的各列。每一**行**是一个样本的概率：应当让每行相加为 1（axis=1）。",
            ),
        ),
        Pitfall(
            "old_shares_replaced",
            estimated_with(replace=True),
            text(
                "From the second round on you divided by the shares of the round before. p contains the *source's* shares, in every round.",
                "从第二轮起，你除以的是上一轮的占比。p 里含的始终是**源域**的占比，每一轮都要除以它。",
            ),
        ),
        Pitfall(
            "normalised_at_the_end",
            lambda p, shares, rounds: (q := estimate(p, shares, rounds, axis=None)) / q.sum(),
            text(
                "You scaled q at the end. It is the rows of r that must be normalised, in each round, before the mean.",
                "你在最后才缩放 q。应当在每一轮里先逐行归一化 r，再取平均。",
            ),
        ),
        Pitfall(
            "until_it_stands",
            lambda p, shares, rounds: estimate(p, shares, 500),
            text(
                "You went on until q no longer moves. Asked for is q after exactly `rounds` rounds.",
                "你一直迭代到 q 不再变化。要的是恰好 `rounds` 轮之后的 q。",
            ),
        ),
        Pitfall(
            "answers_counted",
            lambda p, shares, rounds: np.bincount(p.argmax(axis=1), minlength=p.shape[1]) / len(p),
            text(
                "You counted which class is the most probable, as in step 1 above. Here the probabilities themselves are used, round after round.",
                "你数的是哪一类最可能，那是上面第一步的做法。这里要用概率本身，一轮一轮地算。",
            ),
        ),
    ),
    hints=(
        text(
            "One round: weigh the columns of p by q / shares, normalise the rows, take the mean over the rows.",
            "一轮的做法：把 p 的各列乘以 q / shares，逐行归一化，再按行取平均。",
        ),
        text(
            "`q / shares` has K numbers, p has K columns: `p * (q / shares)` does the right thing.",
            "`q / shares` 有 K 个数，p 有 K 列：写 `p * (q / shares)` 就行。",
        ),
        text(
            "Keep p as it is; in the loop make `r = p * (q / shares)`, divide by `r.sum(axis=1, keepdims=True)`, then `q = r.mean(axis=0)`.",
            "p 保持不动；循环里写 `r = p * (q / shares)`，除以 `r.sum(axis=1, keepdims=True)`，再令 `q = r.mean(axis=0)`。",
        ),
    ),
    right={
        "numpy": (
            "def estimate_shares(p, shares, rounds):\n"
            "    likelihood = p / shares\n"
            "    q = shares.copy()\n"
            "    for _ in range(rounds):\n"
            "        q = (likelihood * q / (likelihood @ q)[:, None]).mean(0)\n"
            "    return q\n",
            "def estimate_shares(p, shares, rounds):\n"
            "    w = [1.0] * len(shares)\n"
            "    for _ in range(rounds):\n"
            "        total = [0.0] * len(shares)\n"
            "        for row in np.asarray(p):\n"
            "            weighed = [a * b for a, b in zip(row, w)]\n"
            "            total = [t + v / sum(weighed) for t, v in zip(total, weighed)]\n"
            "        w = [t / len(p) / s for t, s in zip(total, shares)]\n"
            "    return [a * s for a, s in zip(w, shares)]\n",
        )
    },
)

# 06.3 ---------------------------------------------------------------------------------------------


def draw_gaussians(rng):
    turn = rng.uniform(0.3, 1.2)
    axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    covariance = axes @ np.diag(rng.uniform([0.3, 1.5], [0.5, 2.5])) @ axes.T
    if rng.random() < 0.5:  # a third feature, correlated with the other two
        covariance = np.pad(covariance, (0, 1))
        covariance += np.outer([0.4, -0.5, 0.8], [0.4, -0.5, 0.8])
    mean_s, step = rng.normal(size=(2, len(covariance)))
    step *= rng.uniform(1.2, 1.6) / np.sqrt(step @ np.linalg.solve(covariance, step))
    wanted = float(rng.choice([50, 100, 200]))
    return {"mean_s": mean_s, "mean_t": mean_s + step, "covariance": covariance, "wanted": wanted}


def needed(distance):
    return lambda mean_s, mean_t, covariance, wanted: float(
        wanted * np.exp(distance(mean_t - mean_s, covariance))
    )


EXAMPLES_NEEDED = Exercise(
    id="06.3",
    title=text("The price of distance", "距离的代价"),
    points=3,
    objective="O3",
    function="examples_needed",
    inputs=draw_gaussians,
    reference=needed(lambda d, C: d @ np.linalg.solve(C, d)),
    comparator=close(rtol=1e-6, atol=1e-6),  # so that rounding shows
    tensors=False,
    pitfalls=(
        Pitfall(
            "half",
            needed(lambda d, C: d @ np.linalg.solve(C, d) / 2),
            text(
                "The exponent is half of what it should be. E[w] has the ½ that cancels; E[w²] has 2·(−½) + 2 in front of δᵀΣ⁻¹δ.",
                "指数少了一半。E[w] 里的 ½ 会抵消；而 E[w²] 里 δᵀΣ⁻¹δ 前面的系数是 2·(−½) + 2。",
            ),
        ),
        Pitfall(
            "twice",
            needed(lambda d, C: 2 * d @ np.linalg.solve(C, d)),
            text(
                "The exponent is twice what it should be: w² brings 2δᵀΣ⁻¹δ from the mean of the exponential, and −δᵀΣ⁻¹δ from the constant.",
                "指数多了一倍：w² 中，指数函数的期望贡献 2δᵀΣ⁻¹δ，常数项贡献 −δᵀΣ⁻¹δ。",
            ),
        ),
        Pitfall(
            "root",
            needed(lambda d, C: np.sqrt(d @ np.linalg.solve(C, d))),
            text(
                "You took the distance; the exponent is the *squared* distance.",
                "你用的是距离，指数里应当是距离的**平方**。",
            ),
        ),
        Pitfall(
            "no_covariance",
            needed(lambda d, C: d @ d),
            text(
                "The covariance does not occur. A step along a narrow direction of the cloud is a long way.",
                "协方差没有出现。沿着数据云窄的方向走一步，就是很远。",
            ),
        ),
        Pitfall(
            "not_inverted",
            needed(lambda d, C: d @ C @ d),
            text(
                "It is δᵀΣ⁻¹δ: the covariance is to be inverted.", "应当是 δᵀΣ⁻¹δ：协方差要取逆。"
            ),
        ),
        Pitfall(
            "diagonal",
            needed(lambda d, C: (d**2 / np.diag(C)).sum()),
            text(
                "Only the variances were used. The features are correlated: use the whole matrix.",
                "你只用了方差。各个特征是相关的：要用整个矩阵。",
            ),
        ),
        Pitfall(
            "divided",
            needed(lambda d, C: -(d @ np.linalg.solve(C, d))),
            text(
                "You divided by E[w²]: that is how many examples remain of `wanted`. Asked is how many it takes so that `wanted` remain.",
                "你除以了 E[w²]：那是 `wanted` 个样本还剩多少。要问的是：要多少个，才能剩下 `wanted` 个。",
            ),
        ),
        Pitfall(
            "one_plus",
            lambda mean_s, mean_t, covariance, wanted: float(
                wanted * (1 + (mean_t - mean_s) @ np.linalg.solve(covariance, mean_t - mean_s))
            ),
            text(
                "You took the variance of w to be the squared distance. E[w²] grows exponentially with it.",
                "你把 w 的方差当成了距离的平方。E[w²] 是随它指数增长的。",
            ),
        ),
        Pitfall(
            "factor_only",
            lambda mean_s, mean_t, covariance, wanted: float(
                np.exp((mean_t - mean_s) @ np.linalg.solve(covariance, mean_t - mean_s))
            ),
            text(
                "That is the factor E[w²]. How many examples are that for `wanted` effective ones?",
                "这是倍数 E[w²]。要得到 `wanted` 个有效样本，一共需要多少个？",
            ),
        ),
        Pitfall(
            "variance",
            lambda mean_s, mean_t, covariance, wanted: (
                needed(lambda d, C: d @ np.linalg.solve(C, d))(mean_s, mean_t, covariance, wanted)
                - wanted
            ),
            text(
                "You took the variance of w, E[w²] − 1. What stands in n_eff is E[w²] itself.",
                "你用的是 w 的方差，即 E[w²] − 1。n_eff 里出现的是 E[w²] 本身。",
            ),
        ),
        Pitfall(
            "rounded_up",
            lambda mean_s, mean_t, covariance, wanted: float(
                np.ceil(
                    needed(lambda d, C: d @ np.linalg.solve(C, d))(
                        mean_s, mean_t, covariance, wanted
                    )
                )
            ),
            text(
                "Right but for the fraction: you rounded up. Return the number as the formula gives it.",
                "除了小数部分都对：你向上取整了。请按公式原样返回，保留小数。",
            ),
        ),
        Pitfall(
            "rounded_down",
            lambda mean_s, mean_t, covariance, wanted: float(
                np.floor(
                    needed(lambda d, C: d @ np.linalg.solve(C, d))(
                        mean_s, mean_t, covariance, wanted
                    )
                )
            ),
            text(
                "Right but for the fraction: you cut it off (`int`, `//`). Return the number as the formula gives it.",
                "除了小数部分都对：你把它截掉了（`int`、`//`）。请按公式原样返回，保留小数。",
            ),
        ),
        Pitfall(
            "one_and_a_half",
            needed(lambda d, C: 1.5 * d @ np.linalg.solve(C, d)),
            text(
                "The exponent is one and a half times what it should be: log w contains −½D, so log w² contains −D, not −½D.",
                "指数多了一半：log w 里有 −½D，所以 log w² 里是 −D，不是 −½D。",
            ),
        ),
    ),
    hints=(
        text(
            "n_eff ≈ n / E[w²], since E[w] = 1. So n = wanted · E[w²], and all that is left is E[w²] over the source.",
            "因为 E[w] = 1，所以 n_eff ≈ n / E[w²]。于是 n = wanted · E[w²]，只剩下在源域上求 E[w²]。",
        ),
        text(
            "With δ = μ_t − μ_s: log w(x) = δᵀΣ⁻¹(x − μ_s) − ½δᵀΣ⁻¹δ. For a Gaussian z of mean 0 and variance v, E[e^z] = e^{v/2}.",
            "令 δ = μ_t − μ_s：log w(x) = δᵀΣ⁻¹(x − μ_s) − ½δᵀΣ⁻¹δ。均值为 0、方差为 v 的高斯变量 z 满足 E[e^z] = e^{v/2}。",
        ),
        text(
            "2δᵀΣ⁻¹(x − μ_s) has the variance 4δᵀΣ⁻¹δ. So E[w²] = exp(2D − D) with D = δᵀΣ⁻¹δ (`np.linalg.solve`).",
            "2δᵀΣ⁻¹(x − μ_s) 的方差是 4δᵀΣ⁻¹δ。所以 E[w²] = exp(2D − D)，其中 D = δᵀΣ⁻¹δ（用 `np.linalg.solve`）。",
        ),
    ),
    survivors={
        "delta @ np.linalg.solve(covariance, delta) → np.linalg.solve(covariance, delta) @ delta": "the same scalar product",
        "mean_t - mean_s → mean_s - mean_t": "D does not depend on the sign of δ",
    },
    right={
        "numpy": (
            "def examples_needed(mean_s, mean_t, covariance, wanted):\n"
            "    d = np.asarray(mean_t) - mean_s\n"
            "    return wanted * np.exp(d @ np.linalg.inv(covariance) @ d)\n",
            "def examples_needed(mean_s, mean_t, covariance, wanted):\n"
            "    L = np.linalg.cholesky(covariance)\n"
            "    z = np.linalg.solve(L, mean_s - mean_t)\n"
            "    return float(wanted) * float(np.e ** (z**2).sum())\n",
        )
    },
)

# 06.4 ---------------------------------------------------------------------------------------------


def draw_ratios(rng):
    ratios = np.exp(rng.normal(size=12) * 1.6)
    ratios[:2] = [0.02, 30.0]
    clips = np.array([0.5, 1.0, 2.0, 5.0, 12.0, 40.0]) * rng.uniform(0.85, 1.15, 6).round(2)
    clips = rng.permutation(clips)
    sizes = sorted(size_of(np.minimum(ratios, c)) for c in clips)
    dropped = max(size_of(np.where(ratios > c, 1e-12, ratios)) for c in clips if c < 30)
    demands = [0.8 * sizes[0], 0.95 * dropped, 0.5 * (sizes[3] + sizes[4]), 0.5 * (sizes[-1] + 12)]
    return {"ratios": ratios, "clips": clips, "demands": rng.permutation(np.array(demands))}


def size_of(w):
    return w.sum() ** 2 / (w**2).sum()


def chosen_clips(
    ratios, clips, demands, *, pick=max, size=size_of, cut=np.minimum, none=0.0, enough=None
):
    """For each demand the clip; the options are bugs."""
    enough = enough or (lambda found, least: found >= least)
    answers = []
    for least in demands:
        good = [c for c in clips if enough(size(cut(ratios, c)), least)]
        answers.append(float(pick(good)) if good else float(none))
    return answers


def clips_with(**bugs):
    return lambda ratios, clips, demands: chosen_clips(ratios, clips, demands, **bugs)


CHOOSE_CLIPS = Exercise(
    id="06.4",
    title=text("As little clipping as the budget allows", "在预算内尽量少截断"),
    points=3,
    objective="O3",
    function="choose_clips",
    inputs=draw_ratios,
    reference=lambda ratios, clips, demands: chosen_clips(ratios, clips, demands),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    pitfalls=(
        Pitfall(
            "smallest",
            clips_with(pick=min),
            text(
                "You took the smallest limit that suffices. Every cut falsifies weights: take the *largest* one that suffices.",
                "你取了满足要求的最小上限。截断总会歪曲权重：应当取满足要求的**最大**上限。",
            ),
        ),
        Pitfall(
            "first_found",
            clips_with(pick=lambda good: good[0]),
            text(
                "You took the first limit in the list that suffices; the list is in no order.",
                "你取了列表里第一个满足要求的上限，但列表并没有排序。",
            ),
        ),
        Pitfall(
            "before_cutting",
            clips_with(cut=lambda ratios, c: ratios),
            text(
                "The effective sample size is that of the weights *after* the cut; before it, no limit makes a difference.",
                "有效样本数要用**截断之后**的权重来算；截断之前，取哪个上限都一样。",
            ),
        ),
        Pitfall(
            "dropped",
            clips_with(cut=lambda ratios, c: np.where(ratios > c, 0.0, ratios) + 1e-12),
            text(
                "You threw away the examples above the limit. They are the most like the target: cut their weight, keep them.",
                "你把超过上限的样本扔掉了。它们恰恰最像目标域：应当压低权重，而不是丢弃。",
            ),
        ),
        Pitfall(
            "scaled_first",
            clips_with(cut=lambda ratios, c: np.minimum(ratios / ratios.mean(), c)),
            text(
                "You scaled the ratios to mean 1 before the cut. The limits are meant for the ratios themselves.",
                "你先把比值缩放到均值 1 再截断。这些上限是针对比值本身的。",
            ),
        ),
        Pitfall(
            "sum_of_weights",
            clips_with(size=lambda w: w.sum()),
            text(
                "You compared the sum of the weights. The effective sample size is (Σw)² / Σw².",
                "你比较的是权重之和。有效样本数是 (Σw)² / Σw²。",
            ),
        ),
        Pitfall(
            "upper_bound",
            clips_with(enough=lambda found, least: found <= least),
            text(
                "You asked for *at most* so many effective examples. The demand is a lower bound.",
                "你要求的是有效样本数**不超过**要求。要求是下限。",
            ),
        ),
        Pitfall(
            "no_way_out",
            lambda ratios, clips, demands: chosen_clips(ratios, clips, demands, none=min(clips)),
            text(
                "One demand cannot be met by any limit. The answer is then 0.0, so that somebody notices.",
                "有一个要求哪个上限都满足不了。这时应当返回 0.0，好让人注意到。",
            ),
        ),
        Pitfall(
            "as_a_share",
            clips_with(size=lambda w: size_of(w) / len(w)),
            text(
                "You compared the effective *share*, n_eff / n, with a demand in examples.",
                "你用有效**比例** n_eff / n 去和以样本数计的要求比较。",
            ),
        ),
        Pitfall(
            "sizes_returned",
            lambda ratios, clips, demands: [
                max(
                    [n for c in clips if (n := size_of(np.minimum(ratios, c))) >= least],
                    default=0.0,
                )
                for least in demands
            ],
            text(
                "You returned effective sample sizes. Asked for are the limits c that lead to them.",
                "你返回的是有效样本数。要的是对应的上限 c。",
            ),
        ),
        Pitfall(
            "largest_anyway",
            lambda ratios, clips, demands: chosen_clips(ratios, clips, demands, none=max(clips)),
            text(
                "One demand cannot be met by any limit, and you gave the largest limit all the same. The answer is then 0.0, so that somebody notices.",
                "有一个要求哪个上限都满足不了，你却照样给出了最大的上限。这时应当返回 0.0，好让人注意到。",
            ),
        ),
        Pitfall(
            "not_squared",
            clips_with(size=lambda w: w.sum() / (w**2).sum()),
            text(
                "The sum above the line is squared: n_eff = (Σw)² / Σw².",
                "分子上的和要平方：n_eff = (Σw)² / Σw²。",
            ),
        ),
    ),
    hints=(
        text(
            "For one limit c: `w = np.minimum(ratios, c)`, then the effective sample size of w.",
            "对某个上限 c：先 `w = np.minimum(ratios, c)`，再算 w 的有效样本数。",
        ),
        text(
            "For one demand: collect the limits whose size is at least the demand, and take the largest of them.",
            "对某个要求：把有效样本数不小于它的上限收集起来，取其中最大的。",
        ),
        text(
            "`max(good, default=0.0)` gives 0.0 for an empty list. Do that for each demand and return the list.",
            "`max(good, default=0.0)` 在列表为空时给出 0.0。对每个要求都这样做，返回一个列表。",
        ),
    ),
    right={
        "numpy": (
            "def choose_clips(ratios, clips, demands):\n"
            "    w = np.minimum(ratios[:, None], clips[None])\n"
            "    size = w.sum(0) ** 2 / (w**2).sum(0)\n"
            "    return np.array([np.where(size >= least, clips, 0).max() for least in demands])\n",
            "def choose_clips(ratios, clips, demands):\n"
            "    answers = []\n"
            "    for least in demands:\n"
            "        answer = 0.0\n"
            "        for c in sorted(clips):\n"
            "            w = [min(r, c) for r in ratios]\n"
            "            if sum(w) ** 2 / sum(v * v for v in w) >= least:\n"
            "                answer = c\n"
            "        answers.append(answer)\n"
            "    return answers\n",
        )
    },
    survivors={
        "size(c) >= least → size(c) > least": "no limit meets a demand exactly",
    },
)

# 06.5 ---------------------------------------------------------------------------------------------


def draw_round(rng):
    w_s, w_t = rng.uniform(0.5, 1.5, 8), rng.uniform(0.5, 1.5, 5)
    missed_t = rng.permutation(np.array([True, False, False, False, False]))
    missed_s = rng.permutation(np.arange(8) < 4)
    w_t = np.where(missed_t, 1.3, w_t)  # a heavy one is missed: the weights matter for the error
    total = w_s.sum() + w_t.sum()
    return {
        "w_s": w_s / total,
        "w_t": w_t / total,
        "missed_s": missed_s,
        "missed_t": missed_t,
        "rounds": int(rng.integers(5, 12)),
    }


def boost(w_s, w_t, missed_s, missed_t, rounds, *, error_on="target", weighted=True, source=1, target=-1,
          two=2, count=None, scale=True, divide=True, hits=(), one_factor=None):  # fmt: skip
    """One round; the options are bugs."""
    w, missed = {
        "target": (w_t, missed_t),
        "source": (w_s, missed_s),
        "both": (np.concatenate([w_s, w_t]), np.concatenate([missed_s, missed_t])),
    }[error_on]
    error = float(w @ missed / (w.sum() if divide else 1)) if weighted else float(np.mean(missed))
    beta = 1 / (1 + np.sqrt(two * np.log(count or len(w_s)) / rounds))
    odds = error / (1 - error)
    beta, odds = {None: (beta, odds), "beta": (beta, beta), "odds": (odds, odds)}[one_factor]
    moved_s = (~missed_s if "source" in hits else missed_s).astype(float)
    moved_t = -(~missed_t).astype(float) if "target" in hits else missed_t.astype(float)
    new_s, new_t = w_s * beta ** (source * moved_s), w_t * odds ** (target * moved_t)
    total = new_s.sum() + new_t.sum() if scale else 1.0
    return [new_s / total, new_t / total, error]


def round_with(**bugs):
    return lambda w_s, w_t, missed_s, missed_t, rounds: boost(
        w_s, w_t, missed_s, missed_t, rounds, **bugs
    )


def error_after(w_s, w_t, missed_s, missed_t, rounds):
    new_s, new_t, _ = boost(w_s, w_t, missed_s, missed_t, rounds)
    return [new_s, new_t, float(new_t @ missed_t / new_t.sum())]


BOOST_ROUND = Exercise(
    id="06.5",
    title=text("Find the bugs: a round of TrAdaBoost", "找错：TrAdaBoost 的一轮"),
    points=3,
    objective="O4",
    function="boost_round",
    inputs=draw_round,
    reference=boost,
    comparator=close(rtol=1e-5, atol=1e-8),
    tensors=False,
    parts={
        "0": text("the source's weights", "源域的权重"),
        "1": text("the target's weights", "目标域的权重"),
        "2": text("the error ε", "错误率 ε"),
    },
    pitfalls=(
        Pitfall(
            "as_printed",
            round_with(error_on="both", source=-1, weighted=False),
            text(
                "That is the program as it stands: three mistakes are in it.",
                "这就是原来的程序，里面有三个错误。",
            ),
        ),
        Pitfall(
            "error_on_both",
            round_with(error_on="both"),
            text(
                "The error ε is measured on source and target together. It is the *target's*: only the target knows what is right.",
                "错误率 ε 是在源域和目标域上合起来算的。它应当是**目标域**的：什么是对的，只有目标域知道。",
            ),
        ),
        Pitfall(
            "error_unweighted",
            round_with(weighted=False),
            text(
                "Each target example counts alike in your ε. It is the *weighted* error.",
                "你的 ε 把每个目标样本同等看待。它应当是**加权**的错误率。",
            ),
        ),
        Pitfall(
            "source_grows",
            round_with(source=-1),
            text(
                "A source example that was missed gains weight, as in AdaBoost. Here it contradicts the target: it must fade.",
                "被分错的源样本反而加重了，那是 AdaBoost 的做法。在这里，它与目标域相矛盾，应当淡出。",
            ),
        ),
        Pitfall(
            "error_on_both_unweighted",
            round_with(error_on="both", weighted=False),
            text(
                "The source's weights move the right way now; ε is still wrong in two ways (on which examples, and how they count).",
                "源域权重的方向对了；但 ε 仍有两处不对：在哪些样本上算，以及样本怎样计数。",
            ),
        ),
        Pitfall(
            "error_on_both_and_source_grows",
            round_with(error_on="both", source=-1),
            text(
                "ε is weighted now. Two mistakes are left: whose error it is, and which way a missed source example moves.",
                "ε 已经加权了。还剩两个错误：它是谁的错误率，以及被分错的源样本该往哪边变。",
            ),
        ),
        Pitfall(
            "unweighted_and_source_grows",
            round_with(weighted=False, source=-1),
            text(
                "ε is the target's now. Two mistakes are left: how the examples count in it, and which way a missed source example moves.",
                "ε 已经是目标域的了。还剩两个错误：样本在其中怎样计数，以及被分错的源样本该往哪边变。",
            ),
        ),
        Pitfall(
            "target_fades",
            round_with(target=1),
            text(
                "A target example that was missed fades in your version. It must gain: ε/(1−ε) is below 1, so divide by it.",
                "在你的版本里，被分错的目标样本淡出了。它应当加重：ε/(1−ε) 小于 1，所以要除以它。",
            ),
        ),
        Pitfall(
            "all_counted",
            lambda w_s, w_t, missed_s, missed_t, rounds: boost(
                w_s, w_t, missed_s, missed_t, rounds, count=len(w_s) + len(w_t)
            ),
            text(
                "n in β is the number of *source* examples.",
                "β 里的 n 是**源域**样本的个数。",
            ),
        ),
        Pitfall(
            "each_on_its_own",
            lambda w_s, w_t, missed_s, missed_t, rounds: [
                *(w / w.sum() for w in boost(w_s, w_t, missed_s, missed_t, rounds)[:2]),
                boost(w_s, w_t, missed_s, missed_t, rounds)[2],
            ],
            text(
                "Source and target were each scaled to sum 1. They are scaled together: so the source as a whole can fade.",
                "源域与目标域各自缩放到了总和 1。应当合在一起缩放：这样源域整体才可能淡出。",
            ),
        ),
        Pitfall(
            "not_scaled",
            round_with(scale=False),
            text(
                "The new weights are to be scaled so that all of them together add up to 1.",
                "新权重还要缩放，使全部权重之和为 1。",
            ),
        ),
        Pitfall(
            "not_divided",
            round_with(divide=False),
            text(
                "ε is the missed share *of the target's weight*: divide by the sum of the target's weights, which is not 1 (source and target together add up to 1).",
                "ε 是被分错的部分占**目标域权重**的比例：要除以目标域权重之和，而它不等于 1（源域与目标域加起来才是 1）。",
            ),
        ),
        Pitfall(
            "error_afterwards",
            error_after,
            text(
                "You measured ε with the *new* weights. (With these it is always ½: that is what the step makes of it.)",
                "你用**新**权重来算 ε。（用新权重，它永远是 ½：这一步正是把它变成 ½。）",
            ),
        ),
        Pitfall(
            "hits_shrink",
            round_with(hits=("target",)),
            text(
                "You let the target's *hits* shrink by ε/(1−ε), as AdaBoost is often written. Among the target's examples that is the same, but not against the source: the formula here makes the missed ones grow.",
                "你让目标域**分对**的样本乘以 ε/(1−ε) 变小，AdaBoost 常这样写。只看目标域内部，两者一样；与源域放在一起就不同了：这里的公式是让分错的变大。",
            ),
        ),
        Pitfall(
            "source_hits_fade",
            round_with(hits=("source",)),
            text(
                "The source's *hits* fade in your version. It is the missed ones that contradict the target.",
                "在你的版本里，源域**分对**的样本淡出了。与目标域矛盾的是分错的那些。",
            ),
        ),
        Pitfall(
            "beta_for_both",
            round_with(one_factor="beta"),
            text(
                "You moved the target's weights by β, too. Their factor is ε/(1−ε), which changes with the error.",
                "目标域的权重你也用了 β。它们的因子是 ε/(1−ε)，随错误率而变。",
            ),
        ),
        Pitfall(
            "odds_for_both",
            round_with(one_factor="odds"),
            text(
                "You moved the source's weights by ε/(1−ε). Their factor is β, which is the same in all rounds.",
                "源域的权重你用了 ε/(1−ε)。它们的因子是 β，每一轮都相同。",
            ),
        ),
        Pitfall(
            "error_on_source",
            round_with(error_on="source"),
            text(
                "ε was measured on the source. It is the *target's*: only the target knows what is right.",
                "ε 是在源域上算的。它应当是**目标域**的：什么是对的，只有目标域知道。",
            ),
        ),
    ),
    hints=(
        text(
            "Three lines are wrong. Compare each with the formulas, one symbol at a time.",
            "有三处写错了。把每一行与公式逐个符号对照。",
        ),
        text(
            "ε: on which examples, and with which weights? Two of the mistakes are there.",
            "ε 是在哪些样本上、用什么权重算的？其中两个错误就在这里。",
        ),
        text(
            "β < 1. Should a source example that was missed be multiplied by β or by 1/β?",
            "β < 1。被分错的源样本，该乘以 β 还是 1/β？",
        ),
    ),
    survivors={"w_t @ missed_t → missed_t @ w_t": "the same scalar product"},
    right={
        "numpy": (
            "def boost_round(w_s, w_t, missed_s, missed_t, rounds):\n"
            "    error = w_t[missed_t].sum() / w_t.sum()\n"
            "    w_s, w_t = w_s.copy(), w_t.copy()\n"
            "    w_s[missed_s] /= 1 + np.sqrt(2 * np.log(len(w_s)) / rounds)\n"
            "    w_t[missed_t] *= (1 - error) / error\n"
            "    total = w_s.sum() + w_t.sum()\n"
            "    return w_s / total, w_t / total, error\n",
            "def boost_round(w_s, w_t, missed_s, missed_t, rounds):\n"
            "    error = np.average(missed_t, weights=w_t)\n"
            "    log_beta = -np.log1p((2 * np.log(w_s.size) / rounds) ** 0.5)\n"
            "    new = np.concatenate([w_s * np.exp(log_beta * missed_s), w_t * np.where(missed_t, 1 / error - 1, 1)])\n"
            "    new = new / new.sum()\n"
            "    return [new[: w_s.size], new[w_s.size :], error]\n",
        )
    },
)

# 06.6 ---------------------------------------------------------------------------------------------


def draw_domains(rng):
    return {
        "x_s": rng.normal(size=(9, 2, 2, 3)).astype(np.float32),
        "y_s": rng.permutation(np.arange(9) % 3),
        "x_t": (0.6 * rng.normal(size=(4, 2, 2, 3)) + 0.8).astype(np.float32),
        "y_t": rng.permutation(np.arange(4) % 3),
        "share": float(rng.choice([0.2, 0.3, 0.7])),
        "learning_rate": float(rng.choice([0.4, 0.5])),  # so long that two steps are not one
        **draw_tiny(rng),
    }


def shares_report(share, **rest):
    both = np.array([share, 1 - share])
    return {"first": both, "second": both, "along": True, "statistics_moved": True}


def shares_seen(shares, **more):
    """Know a mistake by what the first step was made of."""
    return lambda share, **rest: {"first": np.array(shares(share)), **more}


PYTORCH_JOINT = """\
from torch.nn import functional
def joint_step(model, x_s, y_s, x_t, y_t, share, learning_rate):
    model.zero_grad()
    L_s = functional.cross_entropy(model(x_s), y_s)
    L_t = functional.cross_entropy(model(x_t), y_t)
    (share * L_s + (1 - share) * L_t).backward()
    with torch.no_grad():
        for w in model.parameters():
            w -= learning_rate * w.grad
"""
KERAS_JOINT = """\
from course_lib.keras import cross_entropy, gradients
def joint_step(model, x_s, y_s, x_t, y_t, share, learning_rate):
    weights = model.trainable_variables
    def loss():
        L_s = cross_entropy(model(x_s, training=True), y_s)
        L_t = cross_entropy(model(x_t, training=True), y_t)
        return share * L_s + (1 - share) * L_t
    _, slopes = gradients(loss, weights)
    for w, slope in zip(weights, slopes):
        w.assign_sub(learning_rate * slope)
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


def joint_code(pytorch, keras=None):
    return changed(PYTORCH_JOINT, KERAS_JOINT, pytorch, keras or pytorch)


JOINT = "share * L_s + (1 - share) * L_t"

JOINT_STEP = Exercise(
    id="06.6",
    title=text("One step on two domains", "在两个域上走一步"),
    points=4,
    objective="O4",
    function="joint_step",
    inputs=draw_domains,
    reference=shares_report,
    comparator=close(rtol=5e-3, atol=2e-3),
    probe="shares_of_steps",
    forbidden=(
        ".fit",
        ".train_on_batch",
        *(
            f"course_lib.{half}.{name}"
            for half in ("pytorch", "keras")
            for name in ("fit", "SourceAndTarget")
        ),
    ),
    parts={
        "first": text(
            "how much of the source's and the target's gradient is in the first step",
            "第一步里源域梯度与目标域梯度各占多少",
        ),
        "second": text(
            "how much of the source's and the target's gradient is in the second step",
            "第二步里源域梯度与目标域梯度各占多少",
        ),
        "along": text(
            "“the steps are made of these two gradients and nothing else”",
            "“这两步只由这两个梯度组成”",
        ),
        "statistics_moved": text("“the BatchNorm statistics moved”", "“BatchNorm 的统计量变了”"),
    },
    pitfalls=(
        Pitfall(
            "a_copy_stepped",
            lambda **inputs: {"first": np.zeros(2), "statistics_moved": False},
            text(
                "The model that was handed in has not changed at all. Did you step on a copy, or return a new model? Change the given one, in place.",
                "交给你的模型一点没变。你是不是在副本上走的步，或者返回了一个新模型？要就地修改给定的模型。",
            ),
            code={
                "pytorch": "import copy\n"
                + PYTORCH_JOINT.replace(
                    "    model.zero_grad()\n",
                    "    model = copy.deepcopy(model)\n    model.zero_grad()\n",
                )
            },
        ),
        Pitfall(
            "learning_rate_forgotten",
            lambda share, learning_rate, **rest: {
                "first": np.array([share, 1 - share]) / learning_rate
            },
            text(
                "The step is 1/`learning_rate` times too long: the gradient is subtracted whole.",
                "步子长了 1/`learning_rate` 倍：你减去了整个梯度，没有乘学习率。",
            ),
            code=changed(
                PYTORCH_JOINT,
                KERAS_JOINT,
                ("learning_rate * w.grad", "w.grad"),
                ("learning_rate * slope", "slope"),
            ),
        ),
        Pitfall(
            "inference_mode",
            lambda **inputs: {"statistics_moved": False},
            text(
                "The BatchNorm statistics did not move: the forward pass ran in inference mode (Keras: `training=True` is missing).",
                "BatchNorm 的统计量没有变：前向计算是在推理模式下做的（Keras：漏了 `training=True`）。",
            ),
            code=joint_code(
                ("    model.zero_grad()\n", "    model.zero_grad()\n    model.eval()\n"),
                (", training=True", ""),
            ),
        ),
        Pitfall(
            "swapped",
            shares_seen(lambda share: [1 - share, share]),
            text(
                "λ and 1 − λ have changed places: λ belongs to the source.",
                "λ 与 1 − λ 对调了：λ 属于源域。",
            ),
            code=joint_code((JOINT, "(1 - share) * L_s + share * L_t")),
        ),
        Pitfall(
            "plain_sum",
            shares_seen(lambda share: [1.0, 1.0]),
            text(
                "Both losses count in full. Weigh them with λ and 1 − λ.",
                "两个损失都按全额计入了。要用 λ 与 1 − λ 加权。",
            ),
            code=joint_code((JOINT, "L_s + L_t")),
        ),
        Pitfall(
            "target_in_full",
            shares_seen(lambda share: [share, 1.0]),
            text(
                "The target's loss counts in full; its factor is 1 − λ.",
                "目标域的损失按全额计入了；它的系数是 1 − λ。",
            ),
            code=joint_code((JOINT, "share * L_s + L_t")),
        ),
        Pitfall(
            "source_only",
            shares_seen(lambda share: [share, 0.0]),
            text(
                "Nothing of the target is in the step.",
                "这一步里没有目标域的成分。",
            ),
            code=joint_code((JOINT, "share * L_s")),
        ),
        Pitfall(
            "target_only",
            shares_seen(lambda share: [0.0, 1 - share]),
            text(
                "Nothing of the source is in the step. (Emptying `.grad` between the two losses throws the first gradient away.)",
                "这一步里没有源域的成分。（在两个损失之间清空 `.grad`，会把前一个梯度丢掉。）",
            ),
            code=joint_code((JOINT, "(1 - share) * L_t")),
        ),
        Pitfall(
            "halved",
            shares_seen(lambda share: [share / 2, (1 - share) / 2]),
            text(
                "The step is half as long as it should be: λ and 1 − λ are the mean already; do not divide by the number of domains.",
                "步子短了一半：λ 与 1 − λ 已经是平均了，不要再除以域的个数。",
            ),
            code=joint_code((JOINT, "(share * L_s + (1 - share) * L_t) / 2")),
        ),
        Pitfall(
            "sums",
            shares_seen(lambda share: [9 * share, 4 * (1 - share)]),
            text(
                "Each loss was summed over its examples. Take each domain's mean: else the larger batch counts more, whatever λ says.",
                "两个损失都是对样本求和。要取每个域的平均：否则无论 λ 是多少，批大的一边都更重。",
            ),
            code=joint_code(
                (JOINT, "share * len(y_s) * L_s + (1 - share) * len(y_t) * L_t"),
                (JOINT, "share * y_s.shape[0] * L_s + (1 - share) * y_t.shape[0] * L_t"),
            ),
        ),
        Pitfall(
            "uphill",
            shares_seen(lambda share: [-share, share - 1]),
            text("You went uphill: subtract.", "你在上坡：应当减。"),
            code=changed(
                PYTORCH_JOINT, KERAS_JOINT, ("w -= ", "w += "), ("assign_sub", "assign_add")
            ),
        ),
        Pitfall(
            "nothing_moves",
            shares_seen(lambda share: [0.0, 0.0]),
            text(
                "Nothing moved. `w = w - …` only renames; change the weight itself (`w -= …` under torch.no_grad(), in Keras "
                "`w.assign_sub(…)`). Or were the gradients emptied before the step?",
                "什么都没动。`w = w - …` 只是换了名字；要修改权重本身（在 torch.no_grad() 下写 `w -= …`，Keras 用 `w.assign_sub(…)`）。"
                "也可能在更新之前就把梯度清零了。",
            ),
            code=changed(
                PYTORCH_JOINT,
                KERAS_JOINT,
                ("w -= learning_rate * w.grad", "w = w - learning_rate * w.grad"),
                ("w.assign_sub(learning_rate * slope)", "w = w - learning_rate * slope"),
            ),
        ),
        Pitfall(
            "gradients_pile_up",
            lambda share, **rest: {
                "first": np.array([share, 1 - share]),
                "along": False,
                "statistics_moved": True,
            },
            text(
                "The first step is right, the second goes elsewhere: `backward()` *adds* to what the first one left in `.grad`. Empty it "
                "first.",
                "第一步是对的，第二步走偏了：`backward()` 把梯度**加**在第一步留下的 `.grad` 上。要先清零。",
            ),
            code=changed(PYTORCH_JOINT, KERAS_JOINT, ("    model.zero_grad()\n", "")),
        ),
        Pitfall(
            "another_gradient",
            lambda **inputs: {"along": False, "statistics_moved": True},
            text(
                "The step is not made of the two gradients at the given weights alone. Did source and target go through BatchNorm in *one* "
                "batch? Let them through one after the other. Or did the weights move between the two, a step for the source and then one "
                "for the target? Both gradients belong to the same weights: one step. (Or: softmax taken twice, a decay added, an optimizer that is not plain gradient descent, a "
                "weight left out.)",
                "这一步不只由原来权重处的这两个梯度组成。源域和目标域是不是合成**一批**通过了 BatchNorm？应当一个接一个地通过。是不是先为源域"
                "走一步、再为目标域走一步，中间权重已经动了？两个梯度要在同样的权重处求，只走一步。（也可能是：多做了一次 "
                "softmax、加了衰减、优化器不是普通的梯度下降，或漏了某个权重。）",
            ),
            code={
                "pytorch": "from torch.nn import functional\n"
                "def joint_step(model, x_s, y_s, x_t, y_t, share, learning_rate):\n"
                "    model.zero_grad()\n"
                "    z = model(torch.cat([x_s, x_t]))\n"
                "    L_s = functional.cross_entropy(z[:len(x_s)], y_s)\n"
                "    L_t = functional.cross_entropy(z[len(x_s):], y_t)\n"
                "    (share * L_s + (1 - share) * L_t).backward()\n"
                "    with torch.no_grad():\n"
                "        for w in model.parameters():\n"
                "            w -= learning_rate * w.grad\n",
                "keras": "from keras import ops\n"
                "from course_lib.keras import cross_entropy, gradients\n"
                "def joint_step(model, x_s, y_s, x_t, y_t, share, learning_rate):\n"
                "    weights = model.trainable_variables\n"
                "    def loss():\n"
                "        z = model(ops.concatenate([x_s, x_t]), training=True)\n"
                "        n = x_s.shape[0]\n"
                "        return share * cross_entropy(z[:n], y_s) + (1 - share) * cross_entropy(z[n:], y_t)\n"
                "    for w, slope in zip(weights, gradients(loss, weights)[1]):\n"
                "        w.assign_sub(learning_rate * slope)\n",
            },
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
            "It is the step of chapter 05 with another loss: two forward passes, two mean cross-entropies, one weighted sum.",
            "就是第 05 章的那一步，只是损失不同：两次前向、两个平均交叉熵、一个加权和。",
        ),
        text(
            "Send `x_s` and `x_t` through the model one after the other, not in one batch: BatchNorm normalises each domain by itself.",
            "让 `x_s` 与 `x_t` 先后通过模型，不要并成一批：BatchNorm 要对每个域各自归一化。",
        ),
        text(
            "`share * L_s + (1 - share) * L_t`, its gradient, then every weight minus `learning_rate` times its gradient.",
            "`share * L_s + (1 - share) * L_t`，求它的梯度，再让每个权重减去 `learning_rate` 乘以自己的梯度。",
        ),
    ),
    right={
        "pytorch": (
            "from torch.nn import functional\n"
            "def joint_step(model, x_s, y_s, x_t, y_t, share, learning_rate):\n"
            "    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)\n"
            "    optimizer.zero_grad()\n"
            "    (share * functional.cross_entropy(model(x_s), y_s)).backward()\n"
            "    ((1 - share) * functional.cross_entropy(model(x_t), y_t)).backward()\n"
            "    optimizer.step()\n",
            "from torch.nn import functional\n"
            "def joint_step(model, x_s, y_s, x_t, y_t, share, learning_rate):\n"
            "    weights = list(model.parameters())\n"
            "    g_s = torch.autograd.grad(functional.nll_loss(model(x_s).log_softmax(1), y_s), weights)\n"
            "    g_t = torch.autograd.grad(functional.nll_loss(model(x_t).log_softmax(1), y_t), weights)\n"
            "    for w, s, t in zip(weights, g_s, g_t):\n"
            "        w.data.sub_(learning_rate * (share * s + (1 - share) * t))\n",
        ),
        "keras": (
            "from course_lib.keras import cross_entropy, gradients\n"
            "def joint_step(model, x_s, y_s, x_t, y_t, share, learning_rate):\n"
            "    weights = model.trainable_variables\n"
            "    _, g_s = gradients(lambda: cross_entropy(model(x_s, training=True), y_s), weights)\n"
            "    _, g_t = gradients(lambda: cross_entropy(model(x_t, training=True), y_t), weights)\n"
            "    mixed = [share * s + (1 - share) * t for s, t in zip(g_s, g_t)]\n"
            "    keras.optimizers.SGD(learning_rate).apply(mixed, weights)\n",
            "import tensorflow as tf\n"
            "def joint_step(model, x_s, y_s, x_t, y_t, share, learning_rate):\n"
            "    of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)\n"
            "    with tf.GradientTape() as tape:\n"
            "        loss = share * of(y_s, model(x_s, training=True)) + (1 - share) * of(y_t, model(x_t, training=True))\n"
            "    for w, g in zip(model.trainable_variables, tape.gradient(loss, model.trainable_variables)):\n"
            "        w.assign(w - learning_rate * g)\n",
        ),
    },
)

# 06.7 ---------------------------------------------------------------------------------------------


def draw_two_tasks(rng):
    arrays = draw_tiny(rng, features=5)
    return {
        "images": rng.normal(size=(8, 2, 2, 3)).astype(np.float32),
        "labels": np.stack([rng.permutation(np.arange(8) % 3) for _ in range(2)], axis=1),
        "second": rng.normal(size=arrays["head"].shape).astype(np.float32),
        **arrays,
    }


def gradients_of(
    images, labels, kernel, gamma, beta, mean, variance, head, bias, second, with_heads=False
):
    """The gradients of both tasks' losses, flat, in inference mode."""
    scale = np.sqrt(variance + 1e-5)
    normal = (images @ kernel - mean) / scale
    active = gamma * normal + beta
    h = np.maximum(active, 0).mean(axis=(1, 2))
    found, places = [], images.shape[1] * images.shape[2]
    for i, W in enumerate((head, second)):
        z = h @ W + bias
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        dz = (p - np.eye(W.shape[1])[labels[:, i]]) / len(images)
        da = (dz @ W.T)[:, None, None, :] / places * (active > 0)
        dn = da * gamma / scale
        parts = [
            np.einsum("nijc,nijd->cd", images, dn),
            (da * normal).sum((0, 1, 2)),
            da.sum((0, 1, 2)),
        ]
        own = [h.T @ dz, dz.sum(axis=0)]
        blank = [np.zeros_like(a) for a in own]
        heads = (own + blank if i == 0 else blank + own) if with_heads else []
        found.append(np.concatenate([a.ravel() for a in parts + heads]))
    return found


def cosine(one, other):
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def agreement_report(**inputs):
    return {
        "cosine": cosine(*gradients_of(**inputs)),
        "weights_kept": True,
        "statistics_kept": True,
        "mode_kept": True,
        "gradients_left": False,
    }


def cosine_is(of):
    """Know a mistake by the number alone."""
    return lambda **inputs: {"cosine": float(of(*gradients_of(**inputs)))}


PYTORCH_AGREEMENT = """\
from torch.nn import functional
def agreement(model, images, labels):
    model.eval()
    f = model.backbone(images)
    trunk = list(model.backbone.parameters())
    found = []
    for i, head in enumerate((model.first, model.second)):
        loss = functional.cross_entropy(head(f), labels[:, i])
        slopes = torch.autograd.grad(loss, trunk, retain_graph=True)
        found.append(torch.cat([g.flatten() for g in slopes]))
    model.train()
    one, other = found
    return one @ other / (one.norm() * other.norm())
"""
KERAS_AGREEMENT = """\
from keras import ops
from course_lib.keras import cross_entropy, gradients
def agreement(model, images, labels):
    trunk = model.backbone.trainable_weights
    found = []
    for i, head in enumerate((model.first, model.second)):
        def loss():
            return cross_entropy(head(model.backbone(images, training=False)), labels[:, i])
        _, slopes = gradients(loss, trunk)
        found.append(ops.concatenate([ops.reshape(g, (-1,)) for g in slopes]))
    one, other = found
    return ops.sum(one * other) / (ops.norm(one) * ops.norm(other))
"""


def agreement_code(pytorch=None, keras=None):
    return changed(PYTORCH_AGREEMENT, KERAS_AGREEMENT, pytorch, keras)


def heads_cosine(**inputs):
    """The cosine of the gradients of the two heads' own weights."""
    trunk = sum(inputs[name].size for name in ("kernel", "gamma", "beta"))
    one, other = (flat[trunk:] for flat in gradients_of(**inputs, with_heads=True))
    half = len(one) // 2
    return cosine(one[:half], other[half:])


def cosine_by_array(**inputs):
    """The mean of the cosines of the trunk's single arrays."""
    ends = np.cumsum([inputs[name].size for name in ("kernel", "gamma")])
    pairs = zip(*(np.split(flat, ends) for flat in gradients_of(**inputs)), strict=True)
    return float(np.mean([cosine(one, other) for one, other in pairs]))


HEADS_ONLY = {
    "pytorch": (
        "        slopes = torch.autograd.grad(loss, trunk, retain_graph=True)\n",
        "        slopes = torch.autograd.grad(loss, list(head.parameters()), retain_graph=True)\n"
        "        slopes = [slopes[0].T, slopes[1]]\n",
    ),
    "keras": (
        "gradients(loss, trunk)\n",
        "gradients(loss, head.trainable_weights)\n",
    ),
}
BY_ARRAY = {
    "pytorch": (
        "    return one @ other / (one.norm() * other.norm())\n",
        "    parts = [w.numel() for w in trunk]\n"
        "    pairs = list(zip(one.split(parts), other.split(parts)))\n"
        "    return sum(functional.cosine_similarity(a, b, dim=0) for a, b in pairs) / len(pairs)\n",
    ),
    "keras": (
        "    return ops.sum(one * other) / (ops.norm(one) * ops.norm(other))\n",
        "    parts = np.cumsum([int(np.prod(w.shape)) for w in trunk])[:-1]\n"
        "    pairs = list(zip(np.split(np.array(one), parts), np.split(np.array(other), parts)))\n"
        "    return float(np.mean([a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in pairs]))\n",
    ),
}

AGREEMENT = Exercise(
    id="06.7",
    title=text("Do two tasks agree?", "两个任务一致吗？"),
    points=4,
    objective="O5",
    function="agreement",
    inputs=draw_two_tasks,
    reference=agreement_report,
    comparator=close(rtol=2e-3, atol=2e-4),
    probe="agreement",
    forbidden=(
        "course_lib.pytorch.gradient_cosine",
        "course_lib.keras.gradient_cosine",
    ),
    parts={
        "cosine": text("the cosine", "余弦"),
        "weights_kept": text("“the weights are as before”", "“权重和原来一样”"),
        "statistics_kept": text(
            "“the BatchNorm statistics are as before”", "“BatchNorm 的统计量和原来一样”"
        ),
        "mode_kept": text(
            "“the model is in the mode in which it came, and the same weights learn”",
            "“模型仍处于送来时的模式，学习的权重也没变”",
        ),
        "gradients_left": text("“gradients were left in .grad”", "“.grad 里留下了梯度”"),
    },
    pitfalls=(
        Pitfall(
            "training_mode",
            lambda **inputs: {"statistics_kept": False},
            text(
                "The BatchNorm statistics moved: you measured in training mode. A measurement leaves no trace.",
                "BatchNorm 的统计量变了：你是在训练模式下测量的。测量不该留下痕迹。",
            ),
            code=agreement_code(("    model.eval()\n", ""), ("training=False", "training=True")),
        ),
        Pitfall(
            "left_in_inference_mode",
            lambda **inputs: {"mode_kept": False},
            text(
                "The number is measured, but the model stays in inference mode: a training that goes on would not notice. Put it back. "
                "(Or other weights learn now than before: leave `requires_grad` and `trainable` alone.)",
                "数是量出来了，模型却停在推理模式：接下去的训练不会察觉。请恢复原来的模式。"
                "（也可能是学习的权重变了：不要动 `requires_grad` 和 `trainable`。）",
            ),
            code=agreement_code(("    model.train()\n", "")),
        ),
        Pitfall(
            "gradients_left_behind",
            lambda **inputs: {"statistics_kept": True, "mode_kept": True, "gradients_left": True},
            text(
                "Gradients were left in `.grad`, to which the next `backward()` would add. `torch.autograd.grad` returns gradients "
                "without storing them; or empty them at the end.",
                "`.grad` 里留下了梯度，下一次 `backward()` 会加在上面。`torch.autograd.grad` 只返回梯度、不存放；或者最后把它们清空。",
            ),
            code={
                "pytorch": PYTORCH_AGREEMENT.replace(
                    "    return one @", "    loss.backward()\n    return one @"
                )
            },
        ),
        Pitfall(
            "heads_included",
            lambda **inputs: {"cosine": cosine(*gradients_of(**inputs, with_heads=True))},
            text(
                "The heads' weights are in your vectors. Each task's gradient is 0 in the other's head, which makes the cosine small: "
                "compare on the shared trunk alone.",
                "你的向量里包含了分类头的权重。每个任务对另一个头的梯度都是 0，余弦因此变小：只在共享主干上比较。",
            ),
            code=agreement_code(
                (
                    "        slopes = torch.autograd.grad(loss, trunk, retain_graph=True)\n",
                    "        every = list(model.parameters())\n"
                    "        slopes = torch.autograd.grad(loss, every, retain_graph=True, allow_unused=True)\n"
                    "        slopes = [torch.zeros_like(w) if g is None else g for w, g in zip(every, slopes)]\n",
                ),
                (
                    "        _, slopes = gradients(loss, trunk)\n",
                    "        _, slopes = gradients(loss, trunk + head.trainable_weights)\n"
                    "        own = slopes[len(trunk):]\n"
                    "        blank = [ops.zeros_like(g) for g in own]\n"
                    "        slopes = slopes[:len(trunk)] + (own + blank if i == 0 else blank + own)\n",
                ),
            ),
        ),
        Pitfall(
            "not_normalised",
            cosine_is(lambda one, other: one @ other),
            text(
                "That is the scalar product. Divide by both lengths: a cosine lies between −1 and 1.",
                "这是内积。要除以两个长度：余弦在 −1 与 1 之间。",
            ),
            code=agreement_code(
                (" / (one.norm() * other.norm())", ""), (" / (ops.norm(one) * ops.norm(other))", "")
            ),
        ),
        Pitfall(
            "squared_lengths",
            cosine_is(lambda one, other: one @ other / ((one @ one) * (other @ other))),
            text(
                "You divided by the squared lengths.",
                "你除以的是长度的平方。",
            ),
            code=agreement_code(
                ("(one.norm() * other.norm())", "(one @ one * (other @ other))"),
                ("(ops.norm(one) * ops.norm(other))", "(ops.sum(one**2) * ops.sum(other**2))"),
            ),
        ),
        Pitfall(
            "sum_of_both",
            cosine_is(lambda one, other: cosine(one, one + other)),
            text(
                "The second vector holds both gradients: `backward()` was called twice, and `.grad` adds up. Empty it in between.",
                "第二个向量里含有两个梯度：调用了两次 `backward()`，而 `.grad` 会累加。两次之间要清空。",
            ),
            code={
                "pytorch": PYTORCH_AGREEMENT.replace(
                    "    one, other = found\n", "    one, other = found\n    other = one + other\n"
                )
            },
        ),
        Pitfall(
            "same_labels",
            lambda **inputs: {
                "cosine": cosine(*gradients_of(**{**inputs, "labels": inputs["labels"][:, [0, 0]]}))
            },
            text(
                "Both losses use the first column of labels. Each task has its own.",
                "两个损失都用了第一列标签。每个任务有自己的一列。",
            ),
            code=agreement_code(("labels[:, i]", "labels[:, 0]"), ("labels[:, i]", "labels[:, 0]")),
        ),
        Pitfall(
            "same_head",
            lambda **inputs: {
                "cosine": cosine(*gradients_of(**{**inputs, "second": inputs["head"]}))
            },
            text(
                "Both losses go through the first head. Each task has its own.",
                "两个损失都经过了第一个头。每个任务有自己的头。",
            ),
            code=agreement_code(
                ("(model.first, model.second)", "(model.first, model.first)"),
                ("(model.first, model.second)", "(model.first, model.first)"),
            ),
        ),
        Pitfall(
            "opposite",
            cosine_is(lambda one, other: -cosine(one, other)),
            text(
                "The sign is the other way round (or the absolute value was taken).",
                "符号反了（或取了绝对值）。",
            ),
            code=agreement_code(
                ("return one", "return -one"), ("return ops.sum", "return -ops.sum")
            ),
        ),
        Pitfall(
            "a_step_was_made",
            lambda **inputs: {"weights_kept": False},
            text(
                "The weights have changed: only measure, make no step.",
                "权重变了：只测量，不要走步。",
            ),
            code=agreement_code(
                (
                    "    model.train()\n",
                    "    model.train()\n    with torch.no_grad():\n        model.first.weight.add_(0.1)\n",
                ),
                (
                    "    one, other = found\n",
                    "    one, other = found\n    trunk[0].assign_add(0.1 * trunk[0])\n",
                ),
            ),
        ),
        Pitfall(
            "heads_only",
            lambda **inputs: {"cosine": heads_cosine(**inputs)},
            text(
                "You compared the gradients of the two *heads*. They share no weight; the question is what the tasks want of the trunk.",
                "你比较的是两个**头**的梯度。它们没有共用的权重；要问的是两个任务各想让主干怎样变。",
            ),
            code=agreement_code(HEADS_ONLY["pytorch"], HEADS_ONLY["keras"]),
        ),
        Pitfall(
            "mean_of_cosines",
            lambda **inputs: {"cosine": cosine_by_array(**inputs)},
            text(
                "You averaged the cosines of the single weight arrays. Join all of them to one long vector first: a long gradient then counts more.",
                "你把各个权重数组的余弦取了平均。应当先把它们接成一个长向量：这样，大的梯度才会更重。",
            ),
            code=agreement_code(BY_ARRAY["pytorch"], BY_ARRAY["keras"]),
        ),
        Pitfall(
            "same_vector_twice",
            lambda **inputs: {"cosine": 1.0},
            text(
                "Your two vectors are one and the same. (PyTorch: `.grad` is an array that the next `backward()` writes into; keep a copy with `.clone()`, or use `torch.autograd.grad`.)",
                "你的两个向量其实是同一个。（PyTorch：`.grad` 是同一块内存，下一次 `backward()` 会写进去；请用 `.clone()` 留一份，或改用 `torch.autograd.grad`。）",
            ),
            code=agreement_code(
                ("one, other = found", "one, other = found[0], found[0]"),
                ("one, other = found", "one, other = found[0], found[0]"),
            ),
        ),
    ),
    hints=(
        text(
            "Two losses, one for each head and column of labels; for each the gradient with respect to the *backbone's* weights.",
            "两个损失，各用一个头和一列标签；对每个损失，求它对**主干**权重的梯度。",
        ),
        text(
            "PyTorch: `torch.autograd.grad(loss, list(model.backbone.parameters()))` returns the gradients and stores nothing; keep the "
            "graph for the second (`retain_graph=True`), or go forwards twice. Keras: `gradients(loss, model.backbone.trainable_weights)`.",
            "PyTorch：`torch.autograd.grad(loss, list(model.backbone.parameters()))` 返回梯度而不存放；第二次还要用同一张图时写 "
            "`retain_graph=True`，或者再前向一次。Keras：`gradients(loss, model.backbone.trainable_weights)`。",
        ),
        text(
            "Flatten and join each list into one vector; one·other / (‖one‖ ‖other‖). PyTorch: `model.eval()` before, `model.train()` after; "
            "Keras: `training=False`.",
            "把每组梯度展平并接成一个向量；one·other / (‖one‖ ‖other‖)。PyTorch：之前 `model.eval()`，之后 `model.train()`；Keras：`training=False`。",
        ),
    ),
    survivors={"flat[0] @ flat[1] → flat[1] @ flat[0]": "the same scalar product"},
    right={
        "pytorch": (
            "from torch.nn import functional\n"
            "def agreement(model, images, labels):\n"
            "    was = model.training\n"
            "    model.eval()\n"
            "    vectors = []\n"
            "    for head, y in ((model.first, labels[:, 0]), (model.second, labels[:, 1])):\n"
            "        model.zero_grad()\n"
            "        functional.cross_entropy(head(model.backbone(images)), y).backward()\n"
            "        vectors.append(torch.cat([w.grad.clone().reshape(-1) for w in model.backbone.parameters()]))\n"
            "    model.zero_grad()\n"
            "    model.train(was)\n"
            "    return float(functional.cosine_similarity(vectors[0], vectors[1], dim=0))\n",
            "from torch.nn import functional\n"
            "def agreement(model, images, labels):\n"
            "    from course_lib.pytorch import gradients\n"
            "    trunk = [w for _, w in model.backbone.named_parameters()]\n"
            "    model.backbone.norm.eval()\n"
            "    _, a = gradients(lambda: functional.cross_entropy(model.first(model.backbone(images)), labels[:, 0]), trunk)\n"
            "    _, b = gradients(lambda: functional.cross_entropy(model.second(model.backbone(images)), labels[:, 1]), trunk)\n"
            "    model.backbone.norm.train()\n"
            "    dot = lambda u, v: sum(float((p * q).sum()) for p, q in zip(u, v))\n"
            "    return dot(a, b) / (dot(a, a) * dot(b, b)) ** 0.5\n",
        ),
        "keras": (
            "import tensorflow as tf\n"
            "def agreement(model, images, labels):\n"
            "    of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)\n"
            "    vectors = []\n"
            "    for head, y in ((model.first, labels[:, 0]), (model.second, labels[:, 1])):\n"
            "        with tf.GradientTape() as tape:\n"
            "            loss = of(y, head(model.backbone(images, training=False)))\n"
            "        slopes = tape.gradient(loss, model.backbone.trainable_variables)\n"
            "        vectors.append(np.concatenate([np.ravel(g) for g in slopes]))\n"
            "    a, b = vectors\n"
            "    return float(a @ b / np.sqrt(a @ a * (b @ b)))\n",
            "from course_lib.keras import cross_entropy, gradients\n"
            "def agreement(model, images, labels):\n"
            "    trunk = model.backbone.trainable_weights\n"
            "    _, a = gradients(lambda: cross_entropy(model.first(model.backbone(images)), labels[:, 0]), trunk)\n"
            "    _, b = gradients(lambda: cross_entropy(model.second(model.backbone(images)), labels[:, 1]), trunk)\n"
            "    dot = lambda u, v: sum(float(np.sum(np.array(p) * np.array(q))) for p, q in zip(u, v))\n"
            "    return dot(a, b) / (dot(a, a) * dot(b, b)) ** 0.5\n",
        ),
    },
)

# 06.8 ---------------------------------------------------------------------------------------------


def draw_zero_shot(rng):
    seen = rng.permutation(np.array([True, True, True, False, False]))
    y = rng.permutation(np.repeat(np.arange(5), [5, 4, 4, 3, 2]))
    scores = rng.normal(size=(18, 5)) * 0.6
    scores[np.arange(18), y] += 0.9
    scores += 0.7 * seen
    return {
        "scores": scores,
        "y": y,
        "seen": seen,
        "penalties": np.array([0.0, *np.sort(rng.uniform(0.3, 2.0, 3)).round(2)]),
    }


def judged(scores, y, seen, penalties, *, sign=-1.0, on=None, mean=None, whose=None):
    """Accuracy on seen classes, on unseen ones, and their mean, for each penalty; the options are bugs."""
    mean = mean or (lambda a, b: 2 * a * b / (a + b) if a + b else 0.0)
    on = seen if on is None else on
    rows = []
    for penalty in penalties:
        predicted = (scores + sign * penalty * on).argmax(axis=1)
        right, group = predicted == y, seen[y] if whose is None else whose(seen, predicted, y)
        a, b = (float(right[g].mean()) if g.any() else 0.0 for g in (group, ~group))
        rows.append([a, b, mean(a, b)])
    return np.array(rows)


def judged_with(**bugs):
    return lambda scores, y, seen, penalties: judged(scores, y, seen, penalties, **bugs)


def alone(scores, y, seen, penalties):
    """Each group judged among its own classes only."""
    a, b = (
        float(np.mean(np.where(mask, scores, -np.inf).argmax(axis=1)[mask[y]] == y[mask[y]]))
        for mask in (seen, ~seen)
    )
    return np.array([[a, b, 2 * a * b / (a + b) if a + b else 0.0] for _ in penalties])


def by_class(scores, y, seen, penalties):
    """The accuracies averaged over classes."""
    rows = []
    for penalty in penalties:
        right = (scores - penalty * seen).argmax(axis=1) == y
        each = np.array([right[y == k].mean() for k in range(len(seen))])
        a, b = each[seen].mean(), each[~seen].mean()
        rows.append([a, b, 2 * a * b / (a + b)])
    return np.array(rows)


def of_all(scores, y, seen, penalties):
    """The accuracies as shares of all examples."""
    a, b = judged(scores, y, seen, penalties)[:, :2].T * [[seen[y].mean()], [1 - seen[y].mean()]]
    return np.stack([a, b, 2 * a * b / (a + b)], axis=1)


JUDGE_ZERO_SHOT = Exercise(
    id="06.8",
    title=text("The old and the new together", "旧类与新类一起考"),
    points=3,
    objective="O6",
    function="judge_zero_shot",
    drawing=drawings.curve(
        x="penalties", across=text("penalty", "惩罚"), down=text("accuracy", "准确率")
    ),
    inputs=draw_zero_shot,
    reference=judged,
    comparator=close(rtol=1e-5, atol=1e-7),
    tensors=False,
    pitfalls=(
        Pitfall(
            "added",
            judged_with(sign=1.0),
            text(
                "Your penalty favours the seen classes (it was added to them, or taken off the unseen). It should make the *seen* ones less "
                "attractive.",
                "你的惩罚反而帮了见过的类（加到了它们头上，或从没见过的类里减去了）。它本该让**见过**的类更不容易被选中。",
            ),
        ),
        Pitfall(
            "plain_mean",
            judged_with(mean=lambda a, b: (a + b) / 2),
            text(
                "The third number is the *harmonic* mean 2ab/(a + b). The plain mean rewards whoever gives up one side.",
                "第三个数是**调和**平均 2ab/(a + b)。普通平均会奖励放弃一边的做法。",
            ),
        ),
        Pitfall(
            "geometric_mean",
            judged_with(mean=lambda a, b: float(np.sqrt(a * b))),
            text(
                "That is the geometric mean; asked for is the harmonic one, 2ab/(a + b).",
                "这是几何平均；要的是调和平均 2ab/(a + b)。",
            ),
        ),
        Pitfall(
            "by_prediction",
            judged_with(whose=lambda seen, predicted, y: seen[predicted]),
            text(
                "You grouped the examples by the *predicted* class. What counts is to which group the true class belongs.",
                "你按**预测**的类别分组。应当按真实类别属于哪一组来分。",
            ),
        ),
        Pitfall(
            "each_alone",
            alone,
            text(
                "Each group was judged among its own classes only: that is not the generalised setting. All classes are candidates.",
                "你让每组只在自己的类别里选：那不是广义的设定。所有类别都是候选。",
            ),
        ),
        Pitfall(
            "no_penalty",
            lambda scores, y, seen, penalties: judged(scores, y, seen, 0 * penalties),
            text(
                "All rows are the same: the penalty has no effect.",
                "每一行都一样：惩罚没有起作用。",
            ),
        ),
        Pitfall(
            "columns_swapped",
            lambda scores, y, seen, penalties: judged(scores, y, seen, penalties)[:, [1, 0, 2]],
            text(
                "The first two columns have changed places: first seen, then unseen.",
                "前两列对调了：先是见过的类，再是没见过的类。",
            ),
        ),
        Pitfall(
            "multiplied",
            lambda scores, y, seen, penalties: np.array(
                [
                    judged(np.where(seen, scores * (1 - penalty), scores), y, seen, [0.0])[0]
                    for penalty in penalties
                ]
            ),
            text(
                "The penalty is subtracted, not multiplied in: scores may be negative.",
                "惩罚是减去的，不是乘上去的：得分可能是负数。",
            ),
        ),
        Pitfall(
            "mean_over_classes",
            by_class,
            text(
                "You averaged over the *classes* first, as Xian et al. do. Asked for is the share of the examples: each example counts alike.",
                "你先在各**类**上求平均，那是 Xian 等人的做法。这里要的是按样本算的比例：每个样本同等看待。",
            ),
        ),
        Pitfall(
            "share_of_all",
            of_all,
            text(
                "You divided by the number of *all* examples. Each accuracy is among its own group: the examples whose true class was seen, or was not.",
                "你除以了**全部**样本数。两个准确率各在自己的组里算：真实类别见过的一组，没见过的一组。",
            ),
        ),
        Pitfall(
            "without_the_two",
            judged_with(mean=lambda a, b: a * b / (a + b) if a + b else 0.0),
            text(
                "The factor 2 is missing in the harmonic mean 2ab/(a + b): of a = b it should be a.",
                "调和平均 2ab/(a + b) 漏了因子 2：a = b 时结果应当就是 a。",
            ),
        ),
        Pitfall(
            "penalties_pile_up",
            lambda scores, y, seen, penalties: judged(scores, y, seen, np.cumsum(penalties)),
            text(
                "The penalties pile up: each one is subtracted from scores that the earlier ones have already lowered. Begin from the original scores for each.",
                "惩罚累积起来了：每一个都从已经减过的得分里再减。对每个惩罚值，都要从原来的得分开始。",
            ),
        ),
    ),
    hints=(
        text(
            "For one penalty: `(scores - penalty * seen).argmax(axis=1)` are the predictions (True counts as 1).",
            "对一个惩罚值：`(scores - penalty * seen).argmax(axis=1)` 就是预测（True 当作 1）。",
        ),
        text(
            "`seen[y]` says for each example whether its true class was seen: two groups, an accuracy for each.",
            "`seen[y]` 说明每个样本的真实类别是否见过：分成两组，各算一个准确率。",
        ),
        text(
            "A row is [a, b, 2ab/(a + b)]; one row for each penalty.",
            "一行是 [a, b, 2ab/(a + b)]；每个惩罚值一行。",
        ),
    ),
    right={
        "numpy": (
            "def judge_zero_shot(scores, y, seen, penalties):\n"
            "    rows = []\n"
            "    for c in penalties:\n"
            "        right = (scores - c * seen).argmax(1) == y\n"
            "        a, b = right[seen[y]].mean(), right[~seen[y]].mean()\n"
            "        rows.append((a, b, 2 * a * b / max(a + b, 1e-12)))\n"
            "    return rows\n",
            "def judge_zero_shot(scores, y, seen, penalties):\n"
            "    shifted = scores[None] - np.asarray(penalties)[:, None, None] * seen\n"
            "    right = (shifted.argmax(axis=2) == y).astype(float)\n"
            "    old = seen[y].astype(float)\n"
            "    a, b = right @ old / old.sum(), right @ (1 - old) / (1 - old).sum()\n"
            "    with np.errstate(divide='ignore'):\n"
            "        return np.stack([a, b, 2 / (1 / a + 1 / b)], axis=1)\n",
        )
    },
)

# 06.9 ---------------------------------------------------------------------------------------------

REPORT = ManualExercise(
    id="06.9",
    title=text("A report on your desk", "桌上的一份报告"),
    points=3,
    objective="O3",
    rubric=(
        (
            1,
            text(
                "First fault: named with its reason (½) and with the experiment or number to ask for (½). Any of: the domains do not "
                "overlap (99 %), so weights are no remedy; an effective sample of 31; the weights are judged by the weighted source alone, and no "
                "baseline on B (source only, the 40 pictures only) stands beside; new diagnostic criteria are concept shift, no weight mends it; λ chosen on "
                "the test patients; a single run.",
                "第一个毛病：指出并说明理由（½ 分），说出应要求的实验或数字（½ 分）。下列任一项：两个域几乎不重叠（99%），加权治不了；"
                "有效样本只有 31 个；加权的好坏只凭加权后的源域成绩来评，乙院上也没有基线（只用源域、只用那 40 张）；诊断标准变了是概念偏移，加权无用；λ 在测试病人上选；只跑一次。",
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

EXERCISES = (
    TWO_EXPLANATIONS,
    ESTIMATE_SHARES,
    EXAMPLES_NEEDED,
    CHOOSE_CLIPS,
    BOOST_ROUND,
    JOINT_STEP,
    AGREEMENT,
    JUDGE_ZERO_SHOT,
    REPORT,
)

# Quizzes ------------------------------------------------------------------------------------------

QUIZZES = (
    Quiz(
        id="06.q1",
        question=text(
            "The inputs of the running model look exactly like those of the test. What follows for its accuracy?",
            "运行中模型的输入，看上去和测试时一模一样。关于准确率，能得出什么？",
        ),
        options=(
            Option(
                text("It is as it was in the test", "和测试时一样"),
                text(
                    "Only if the rule from inputs to answers has stayed, and the inputs do not say that.",
                    "只有从输入到答案的规则没变才是这样，而输入里看不出这一点。",
                ),
            ),
            Option(
                text("It can only have become better", "只会更好"),
                text(
                    "Why should it? Nothing was learnt since.", "为什么会更好？之后并没有再学什么。"
                ),
            ),
            Option(
                text("Nothing", "什么也得不出"),
                text(
                    "Yes: P(x) is the same, P(y | x) may be any other. Section 1 shows a case.",
                    "对：P(x) 相同，P(y | x) 可以完全不同。第 1 节就有一个例子。",
                ),
                right=True,
            ),
            Option(
                text("It is lower, since the world always changes", "更低，因为世界总在变"),
                text(
                    "Perhaps; but it does not follow from the inputs.",
                    "也许吧，但这不是从输入里推出来的。",
                ),
            ),
        ),
    ),
    Quiz(
        id="06.q2",
        question=text(
            "Joint loss λ L_s + (1 − λ) L_t with 800 rendered digits and 1, 3 or 10 handwritten ones per class. Where is the best λ?",
            "联合损失 λ L_s + (1 − λ) L_t：800 张渲染数字，加上每类 1、3 或 10 张手写数字。最好的 λ 在哪里？",
        ),
        options=(
            Option(
                text("At ½: both domains alike", "在 ½：两个域同等对待"),
                text(
                    "A popular default. Look how much it gives away at ten labels.",
                    "很常见的默认值。看看十个标签时它损失多少。",
                ),
            ),
            Option(
                text("Small, and smaller with more labels", "比较小，标签越多越小"),
                text(
                    "Yes: a little source steadies the few labels; with ten per class it has nothing to add.",
                    "对：标签少时，一点点源域就能稳住；每类十个时，它已经没有什么可添的了。",
                ),
                right=True,
            ),
            Option(
                text(
                    "At n_s / n, near 1: every example alike",
                    "在 n_s / n，接近 1：每个样本同等对待",
                ),
                text(
                    "That minimises the sampling noise, and ignores how far the domains are apart.",
                    "那样抽样噪声最小，却没有考虑两个域离得多远。",
                ),
            ),
            Option(
                text("At 0: the source is other data", "在 0：源域是别的数据"),
                text(
                    "With ten labels per class yes; with one it throws much away.",
                    "每类十个标签时是这样；只有一个标签时，丢掉的就多了。",
                ),
            ),
        ),
    ),
    Quiz(
        id="06.q3",
        question=text(
            "Thirty digit labels, 500 auxiliary labels. What does a heavy weight on each auxiliary task do to the digits?",
            "三十个数字标签，500 个辅助标签。给辅助任务很大的权重，会怎样影响数字识别？",
        ),
        options=(
            Option(
                text("Both help: more tasks, better features", "两个都有帮助：任务越多，特征越好"),
                text(
                    "That is what one reads. It depends on what the task asks the trunk to keep.",
                    "书上常这么说。要看这个任务要求主干保留什么。",
                ),
            ),
            Option(
                text("The coarse label helps, ink hurts", "粗标签有帮助，墨量有害"),
                text(
                    "Yes: to tell the pairs apart one must tell shapes apart; the amount of ink is the same for many shapes, and the trunk is small.",
                    "对：要分开各对数字，就得分清形状；墨量相同的形状有很多，而主干又小。",
                ),
                right=True,
            ),
            Option(
                text(
                    "Ink helps; the coarse label says nothing new", "墨量有帮助；粗标签没有新东西"
                ),
                text(
                    "It is new for the 470 pictures whose digit nobody told.",
                    "对那 470 张没人说过是什么数字的图片来说，它是新的。",
                ),
            ),
            Option(
                text(
                    "Nothing: only labels of the task itself count",
                    "没有影响：只有任务自己的标签算数",
                ),
                text(
                    "Then features could not be borrowed at all.",
                    "那样的话，特征就根本没法借用了。",
                ),
            ),
        ),
    ),
    Quiz(
        id="06.q4",
        question=text(
            "A spam filter is used in a country with three times as much spam; the mails of each kind look as before. Ten thousand mails, no labels. "
            "What do you do first?",
            "一个垃圾邮件过滤器用到了另一个国家，那里的垃圾邮件是原来的三倍；两类邮件的样子和从前一样。手头有一万封邮件，没有标签。先做什么？",
        ),
        options=(
            Option(
                text("Weigh the source mails by density ratios", "用密度比给源域邮件加权"),
                text(
                    "It might come near, at a high price: label shift has one number to estimate, the share of spam.",
                    "也许能接近，但代价高：标签偏移只需估计一个数，即垃圾邮件的占比。",
                ),
            ),
            Option(
                text(
                    "Make the features of both countries look alike", "让两国邮件的特征看起来一样"
                ),
                text(
                    "Harmful here: it would match spam with ham until the shares are equal.",
                    "在这里有害：它会把垃圾邮件与正常邮件凑到一起，直到占比相等。",
                ),
            ),
            Option(
                text("Estimate the new shares and correct the outputs", "估计新占比，修正输出"),
                text(
                    "Yes: it is label shift by assumption. Then label fifty mails and see whether the assumption holds.",
                    "对：按假设这是标签偏移。然后标注五十封，看看假设是否成立。",
                ),
                right=True,
            ),
            Option(
                text(
                    "Nothing: the filter's accuracy is the same", "什么也不做：过滤器的准确率不变"
                ),
                text(
                    "Its accuracy within each kind is; overall, and for its probabilities, not.",
                    "在每一类内部是不变；总体准确率和给出的概率却会变。",
                ),
            ),
        ),
    ),
)
