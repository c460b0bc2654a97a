"""Exercises of chapter 01, why transfer: inputs, references, pitfalls, hints, proofs."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from course_lib.exercises import drawings
from course_lib.exercises.comparators import close, equal
from course_lib.exercises.specification import Exercise, ManualExercise, Option, Pitfall, Quiz, text
from course_lib.training.tiny import draw_tiny

# 01.1 ---------------------------------------------------------------------------------------------


def draw_curve(rng):
    counts = np.cumsum([int(rng.integers(1, 4)), 1, 3, 5, 10, 30]) + np.arange(6) * int(
        rng.integers(1, 4)
    )
    accuracies = np.sort(rng.uniform(0.3, 0.95, size=len(counts)))
    accuracies += np.arange(len(counts)) * 0.005  # no two alike
    # Real curves dip: one does here, and where halving the interval would look first.
    accuracies[[2, 3]] = accuracies[[3, 2]]
    low, i = accuracies[0], int(rng.integers(0, 2))
    between = accuracies[i] + 0.4 * (accuracies[i + 1] - accuracies[i])
    after_the_dip = accuracies[2] + 0.4 * (accuracies[4] - accuracies[2])
    at_the_end = accuracies[4] + 0.6 * (accuracies[5] - accuracies[4])
    goals = [low - 0.02, between, accuracies[2], accuracies.max() + 0.03]
    goals += [low, after_the_dip, at_the_end]
    return {"counts": counts, "accuracies": accuracies, "goals": np.array(goals)}


def first_crossing(counts, accuracies, goal, *, axis=np.log, back=np.exp):
    """Where the curve first reaches the goal; inf where it never does."""
    if accuracies[0] >= goal:
        return float(counts[0])
    for i in range(len(counts) - 1):
        if accuracies[i + 1] >= goal:
            part = (goal - accuracies[i]) / (accuracies[i + 1] - accuracies[i])
            here, there = axis(counts[i]), axis(counts[i + 1])
            return float(back(here + part * (there - here)))
    return math.inf


def labels_needed(counts, accuracies, goals):
    return np.array([first_crossing(counts, accuracies, goal) for goal in goals])


def needed_on_a_linear_axis(counts, accuracies, goals):
    def same(value):
        return float(value)

    return np.array(
        [first_crossing(counts, accuracies, goal, axis=same, back=same) for goal in goals]
    )


def needed_among_the_measured(counts, accuracies, goals):
    reached = [counts[accuracies >= goal] for goal in goals]
    return np.array([float(some[0]) if len(some) else math.inf for some in reached])


def needed_with_the_last_for_never(counts, accuracies, goals):
    found = labels_needed(counts, accuracies, goals)
    return np.where(np.isinf(found), float(counts[-1]), found)


def needed_by_interp(counts, accuracies, goals):
    order = np.argsort(accuracies)
    return np.exp(np.interp(goals, accuracies[order], np.log(counts)[order]))


def needed_at_the_last_crossing(counts, accuracies, goals):
    found = []
    for goal in goals:
        below = np.flatnonzero(accuracies < goal)
        if not len(below):
            found.append(float(counts[0]))
        elif below[-1] + 1 == len(counts):
            found.append(math.inf)
        else:
            i = below[-1]
            found.append(first_crossing(counts[i:], accuracies[i:], goal))
    return np.array(found)


LABELS_NEEDED = Exercise(
    id="01.1",
    title=text("How many labels until it is good enough?", "要多少标签才够用？"),
    points=3,
    objective="O1",
    function="labels_needed",
    inputs=draw_curve,
    reference=labels_needed,
    comparator=close(rtol=1e-4, atol=1e-4),
    tensors=False,
    pitfalls=(
        Pitfall(
            "linear_axis",
            needed_on_a_linear_axis,
            text(
                "You drew straight lines over the label count itself. Between two measured points, go straight in "
                "the *logarithm* of the count.",
                "你是在标签数本身的坐标上连直线。在两个测量点之间，应当按标签数的**对数**作线性插值。",
            ),
        ),
        Pitfall(
            "only_measured_counts",
            needed_among_the_measured,
            text(
                "You gave the first *measured* count that is good enough. The curve reaches the goal somewhere before it.",
                "你给的是第一个达到目标的**测量点**。曲线在它之前就已经达到目标了，要插值。",
            ),
        ),
        Pitfall(
            "last_count_for_never",
            needed_with_the_last_for_never,
            text(
                "For a goal that the curve never reaches you gave the last count. Nobody knows how many it takes: return infinity.",
                "曲线始终达不到的目标，你给了最后一个标签数。究竟要多少，谁也不知道：应返回无穷大。",
            ),
        ),
        Pitfall(
            "interp_on_a_curve_that_dips",
            needed_by_interp,
            text(
                "np.interp wants accuracies that only rise, and never says “never”. This curve dips: find the first "
                "stretch that reaches the goal.",
                "np.interp 要求准确率单调上升，而且不会告诉你“达不到”。这条曲线有回落：要找到第一段达到目标的区间。",
            ),
        ),
        Pitfall(
            "last_crossing",
            needed_at_the_last_crossing,
            text(
                "You found a later stretch in which the curve rises above the goal. It reached the goal earlier, before it "
                "dipped; to reach it exactly (≥) counts. (np.searchsorted goes wrong here as well: it wants accuracies that "
                "only rise.)",
                "你找到的是曲线后来一次越过目标的地方。它在回落之前就已经达到过目标了；恰好等于目标（≥）也算达到。"
                "（np.searchsorted 在这里同样会出错：它要求准确率单调上升。）",
            ),
        ),
    ),
    parts={
        "0": text("the first goal's count", "第一个目标对应的标签数"),
        "1": text("the second goal's count", "第二个目标对应的标签数"),
        "2": text("the third goal's count", "第三个目标对应的标签数"),
        "3": text("the fourth goal's count", "第四个目标对应的标签数"),
        "4": text("the fifth goal's count", "第五个目标对应的标签数"),
        "5": text("the sixth goal's count", "第六个目标对应的标签数"),
        "6": text("the seventh goal's count", "第七个目标对应的标签数"),
    },
    hints=(
        text(
            "Three cases for each goal: reached at once, reached between two points, never reached.",
            "每个目标分三种情况：一开始就达到；在两点之间达到；始终达不到。",
        ),
        text(
            "Between points i and i + 1, the part of the way is (goal − a[i]) / (a[i+1] − a[i]). Go that part of the way "
            "from log n[i] to log n[i+1], and take exp.",
            "在第 i 点与第 i + 1 点之间，走过的比例是 (goal − a[i]) / (a[i+1] − a[i])。在 log n[i] 与 log n[i+1] "
            "之间按这个比例走，最后取 exp。",
        ),
        text(
            "Loop over i from the left and stop at the first i with a[i+1] ≥ goal; `float('inf')` if there is none.",
            "让 i 从左往右走，遇到第一个 a[i+1] ≥ goal 就停；没有的话就是 `float('inf')`。",
        ),
    ),
    right={
        "numpy": (
            "def labels_needed(counts, accuracies, goals):\n"
            "    needed = []\n"
            "    for goal in goals:\n"
            "        reached = np.flatnonzero(np.asarray(accuracies) >= goal)\n"
            "        if len(reached) == 0:\n"
            "            needed.append(np.inf)\n"
            "        elif reached[0] == 0:\n"
            "            needed.append(counts[0])\n"
            "        else:\n"
            "            j = reached[0]\n"
            "            needed.append(np.exp(np.interp(goal, accuracies[j - 1 : j + 1], np.log(counts[j - 1 : j + 1]))))\n"
            "    return needed\n",
            "def labels_needed(counts, accuracies, goals):\n"
            "    def one(goal):\n"
            "        if accuracies[0] >= goal:\n"
            "            return float(counts[0])\n"
            "        for n, m, a, b in zip(counts, counts[1:], accuracies, accuracies[1:]):\n"
            "            if b >= goal:\n"
            "                return n * (m / n) ** ((goal - a) / (b - a))\n"
            "        return float('inf')\n"
            "    return np.array([one(goal) for goal in goals])\n",
        )
    },
)

# 01.2 ---------------------------------------------------------------------------------------------


def draw_costs(rng):
    """Draw two sources: with one of them some number of tasks costs exactly the same both ways."""
    pictures, epochs = int(rng.integers(100, 300)) * 3, int(rng.integers(4, 12))
    even = pictures // 3 * (3 * epochs - 1) * int(rng.integers(8, 20))
    uneven = even * 2 - 1 - int(rng.integers(0, 50))
    return {
        "forward": int(rng.integers(2, 9)),
        "source_pictures": rng.permutation([even, uneven]),
        "source_epochs": int(rng.integers(3, 9)),
        "target_pictures": pictures,
        "target_epochs": epochs,
    }


def costs_with(
    forward, source_pictures, source_epochs, target_pictures, target_epochs, *,
    training=3, pretraining=3, transfer_epochs=1, transfer_times=1, rounding=None,
):  # fmt: skip
    pretrain = pretraining * forward * source_pictures * source_epochs
    scratch = training * forward * target_pictures * target_epochs
    transfer = transfer_times * forward * target_pictures * transfer_epochs
    tasks = pretrain / (scratch - transfer)
    tasks = np.floor(tasks) + 1 if rounding is None else rounding(tasks)
    return [scratch, transfer, tasks.astype(int)]


def costs(forward, source_pictures, source_epochs, target_pictures, target_epochs):
    return costs_with(forward, source_pictures, source_epochs, target_pictures, target_epochs)


def tasks_without_transfers_cost(
    forward, source_pictures, source_epochs, target_pictures, target_epochs
):
    found = costs(forward, source_pictures, source_epochs, target_pictures, target_epochs)
    pretrain = 3 * forward * source_pictures * source_epochs
    return [found[0], found[1], pretrain // (found[0] + found[1]) + 1]


COSTS = Exercise(
    id="01.2",
    title=text("When has pre-training paid for itself?", "预训练什么时候回本？"),
    points=3,
    objective="O1",
    function="costs",
    inputs=draw_costs,
    reference=costs,
    comparator=equal(),
    tensors=False,
    pitfalls=(
        Pitfall(
            "training_costs_one_pass",
            lambda **given: costs_with(**given, training=1, pretraining=1),
            text(
                "You counted the forward pass only. Training also goes backward, which costs about twice as much again: "
                "three forward passes in all.",
                "你只算了前向。训练还要反向传播，开销大约是前向的两倍，合起来相当于三次前向。",
            ),
        ),
        Pitfall(
            "pretraining_costs_one_pass",
            lambda **given: costs_with(**given, pretraining=1),
            text(
                "Pre-training is training, too: it goes backward in every epoch.",
                "预训练也是训练：每一轮同样要反向传播。",
            ),
        ),
        Pitfall(
            "extracts_in_every_epoch",
            lambda **given: costs_with(**given, transfer_epochs=given["target_epochs"]),
            text(
                "You ran the frozen backbone in every epoch. Frozen features never change: one pass, then they are kept.",
                "你让冻结的主干每一轮都重跑一遍。冻结的特征不会变：只需前向一次，然后存起来。",
            ),
        ),
        Pitfall(
            "extraction_goes_backward",
            lambda **given: costs_with(**given, transfer_times=3),
            text(
                "You let the gradient go back through the frozen backbone. Nothing in it learns: one forward pass is all.",
                "你让梯度也穿过了冻结的主干。它里面什么都不学，一次前向就够了。",
            ),
        ),
        Pitfall(
            "equal_counts_as_paid",
            lambda **given: costs_with(**given, rounding=np.ceil),
            text(
                "For one of the sources that many tasks cost exactly the same both ways. The first number for which transfer "
                "is *cheaper* is the next one.",
                "对其中一个源，做这么多个任务时，两种办法的开销正好相等。要的是第一个让迁移**更便宜**的数，也就是下一个。",
            ),
        ),
        Pitfall(
            "rounded_down",
            lambda **given: costs_with(**given, rounding=np.floor),
            text(
                "With that many tasks it has not paid yet. Tasks are whole: you want the first number for which transfer is cheaper.",
                "做这么多个任务时还没有回本。任务数是整数：要的是第一个让迁移更便宜的数。",
            ),
        ),
        Pitfall(
            "adds_what_it_should_subtract",
            tasks_without_transfers_cost,
            text(
                "Each task saves what scratch costs *minus* what transfer still costs.",
                "每个任务省下的，是从零训练的开销**减去**迁移仍要付的开销。",
            ),
        ),
    ),
    parts={
        "0": text("scratch, one task", "从零训练一个任务的开销"),
        "1": text("transfer, one task", "迁移一个任务的开销"),
        "2": text("the numbers of tasks", "各个源的任务数"),
    },
    hints=(
        text(
            "Every cost is: forward passes per picture × cost of a pass × pictures × epochs.",
            "每一项开销都是：每张图片相当于几次前向 × 一次前向的开销 × 图片数 × 轮数。",
        ),
        text(
            "Pre-training 3·F·N_s·E_s once, then F·N_t for each task; against 3·F·N_t·E_t for each task.",
            "一边是预训练 3·F·N_s·E_s（只付一次），再加每个任务 F·N_t；另一边是每个任务 3·F·N_t·E_t。",
        ),
        text(
            "For each source you want the smallest whole k with pretraining + k·transfer < k·scratch: "
            "`pretraining // (scratch - transfer) + 1`.",
            "对每个源，要找满足“预训练 + k·迁移 < k·从零训练”的最小整数 k：`pretraining // (scratch - transfer) + 1`。",
        ),
    ),
    right={
        "numpy": (
            "def costs(forward, source_pictures, source_epochs, target_pictures, target_epochs):\n"
            "    pretraining = 3 * forward * source_pictures * source_epochs\n"
            "    scratch = 3 * forward * target_pictures * target_epochs\n"
            "    transfer = forward * target_pictures\n"
            "    def tasks(spent):\n"
            "        k = 1\n"
            "        while spent + k * transfer >= k * scratch:\n"
            "            k += 1\n"
            "        return k\n"
            "    return scratch, transfer, [tasks(spent) for spent in pretraining]\n",
            "def costs(forward, source_pictures, source_epochs, target_pictures, target_epochs):\n"
            "    one_pass = forward * target_pictures\n"
            "    saved = one_pass * (3 * target_epochs - 1)\n"
            "    spent = forward * source_pictures * source_epochs * 3\n"
            "    return [3 * one_pass * target_epochs, one_pass, np.floor(spent / saved).astype(int) + 1]\n",
        )
    },
)

# 01.3 ---------------------------------------------------------------------------------------------

KINDS = (
    "nothing", "inputs", "moved", "unseen", "vanished", "labels", "rule", "slightly", "swapped",
)  # fmt: skip


def draw_tables(rng):
    """Draw one pair of joint tables of each kind, shuffled: P(x, y), 3 inputs × 3 labels."""
    pairs = [table_pair(kind, rng) for kind in KINDS]
    order = rng.permutation(len(pairs))
    return {
        "source": np.array([pairs[i][0] for i in order]),
        "target": np.array([pairs[i][1] for i in order]),
    }


def table_pair(kind, rng):
    p_x, other_x = (np.round(rng.dirichlet(np.ones(3) * 4), 2) + 0.01 for _ in range(2))
    p_x, other_x = p_x / p_x.sum(), np.roll(other_x / other_x.sum(), 1)
    rule = np.array([[0.6, 0.3, 0.1], [0.25, 0.25, 0.5], [0.1, 0.6, 0.3]])  # P(y | x)
    rule = 0.8 * rule + 0.2 * rng.dirichlet(np.ones(3), size=3)
    joint = p_x[:, None] * rule
    if kind == "nothing":  # the same, but for rounding
        return joint, joint + 1e-12 * rng.random(joint.shape)
    if kind == "inputs":
        return joint, other_x[:, None] * rule
    if kind == "moved":  # from one input to another with the same rule: P(y) stays
        rule[1], p_x = rule[0], np.array([0.2, 0.5, 0.3])
        return p_x[:, None] * rule, p_x[[1, 0, 2], None] * rule
    if kind == "swapped":  # the rules of equally frequent inputs change places: P(y) stays
        return rule / 3, np.roll(rule, 1, axis=0) / 3
    if kind in ("unseen", "vanished"):  # one input that the source, or the target, never shows
        p_x = np.array([p_x[0] + p_x[1], 0, p_x[2]])
        tables = p_x[:, None] * rule, other_x[:, None] * rule
        return tables if kind == "unseen" else tables[::-1]
    if kind == "labels":  # the rarest label becomes the most frequent; P(x | y) stays
        p_y = joint.sum(axis=0)
        other_y = 0.4 * p_y
        other_y[p_y.argmin()] += 0.6
        return joint, joint / p_y * other_y
    if kind == "slightly":  # little, but much more than rounding
        return joint, p_x[:, None] * (rule + np.array([4e-4, -4e-4, 0]))
    return joint, joint[:, [2, 1, 0]]  # two labels change places, the third stays as it was


def changes(source, target, *, rule, tolerance=1e-9):
    """For each pair of tables: did P(x), P(y), P(y | x) change?"""
    found = []
    for s, t in zip(source, target, strict=True):
        inputs = np.abs(s.sum(axis=1) - t.sum(axis=1)).max() > tolerance
        labels = np.abs(s.sum(axis=0) - t.sum(axis=0)).max() > tolerance
        found.append([bool(inputs), bool(labels), bool(rule(s, t))])
    return np.array(found)


def rule_changed(s, t, tolerance=1e-9):
    both = (s.sum(axis=1) > 0) & (t.sum(axis=1) > 0)
    s, t = s[both], t[both]
    given_x = s / s.sum(axis=1, keepdims=True) - t / t.sum(axis=1, keepdims=True)
    return np.abs(given_x).max() > tolerance


def what_changed(source, target):
    return changes(source, target, rule=rule_changed)


def given_y_instead(s, t):
    return np.abs(s / s.sum(axis=0) - t / t.sum(axis=0)).max() > 1e-9


def with_nan(s, t):
    """0/0 is NaN, and “are they close?” says no to NaN."""
    with np.errstate(invalid="ignore"):
        s, t = s / s.sum(axis=1, keepdims=True), t / t.sum(axis=1, keepdims=True)
    return not np.allclose(s, t)


WHAT_CHANGED = Exercise(
    id="01.3",
    title=text("What exactly has changed?", "到底变了什么？"),
    points=3,
    objective="O2",
    function="what_changed",
    drawing=drawings.matrix(
        across=text("P(x), P(y), P(y | x)", "P(x)、P(y)、P(y | x)"),
        down=text("pair of tables", "表对"),
    ),
    inputs=draw_tables,
    reference=what_changed,
    comparator=equal(),
    survivors={
        "zip(source, target) → zip(target, source)": "whether two tables differ does not depend on their order",
        "s.sum(axis=1) → s.mean(axis=1)": "where it stands, it is only asked whether it is above 0",
        "t.sum(axis=1) → t.mean(axis=1)": "where it stands, it is only asked whether it is above 0",
    },
    tensors=False,
    pitfalls=(
        Pitfall(
            "given_y",
            lambda source, target: changes(source, target, rule=given_y_instead),
            text(
                "For the third answer you compared P(x | y): you divided by the sums over the inputs. P(y | x) divides "
                "each *row* by its own sum.",
                "第三个答案里，你比较的是 P(x | y)：除的是对输入求的和。P(y | x) 是每**一行**除以自己的和。",
            ),
        ),
        Pitfall(
            "joint_tables",
            lambda source, target: changes(
                source, target, rule=lambda s, t: np.abs(s - t).max() > 1e-9
            ),
            text(
                "For the third answer you compared the joint tables. They also change when only P(x) does.",
                "第三个答案里，你比较的是联合分布表。只有 P(x) 变时，联合分布也会变。",
            ),
        ),
        Pitfall(
            "labels_follow_the_table",
            lambda source, target: np.array(
                [
                    [inputs, np.abs(s - t).max() > 1e-9, rule]
                    for s, t, (inputs, _, rule) in zip(
                        source, target, what_changed(source, target), strict=True
                    )
                ]
            ),
            text(
                "You said that P(y) changed wherever anything did. It can stay: compare the sums of the columns.",
                "只要有东西变了，你就说 P(y) 变了。它可以不变：请比较各列的和。",
            ),
        ),
        Pitfall(
            "nothing_over_nothing",
            lambda source, target: changes(source, target, rule=with_nan),
            text(
                "An input that never occurs in one domain has no P(y | x) there: 0/0. Compare only inputs that occur in both.",
                "某个输入如果在一个域里从不出现，那里就没有 P(y | x) 可言，算出来是 0/0。只比较两个域里都出现的输入。",
            ),
        ),
        Pitfall(
            "marginals_swapped",
            lambda source, target: what_changed(source, target)[:, [1, 0, 2]],
            text(
                "The first two answers are the wrong way round: rows are inputs, so P(x) is the sum along each row (axis=1).",
                "前两个答案反了：行是输入，所以 P(x) 是每一行的和（axis=1）。",
            ),
        ),
        Pitfall(
            "no_tolerance",
            lambda source, target: np.array(
                [
                    [
                        bool((s.sum(axis=1) != t.sum(axis=1)).any() or (s != t).any()),
                        bool((s.sum(axis=0) != t.sum(axis=0)).any() or (s != t).any()),
                        bool(rule_changed(s, t, -1.0)),
                    ]
                    for s, t in zip(source, target, strict=True)
                ]
            ),
            text(
                "You called the tables different where they differ by rounding only. Compare with a tolerance, such as 1e-9.",
                "有的表只差在舍入误差上，你也判为不同。比较时要留容差，例如 1e-9。",
            ),
        ),
    ),
    hints=(
        text(
            "P(x) = Σ_y P(x, y) is the sum of each row; P(y) = Σ_x P(x, y) that of each column.",
            "P(x) = Σ_y P(x, y) 是每一行的和；P(y) = Σ_x P(x, y) 是每一列的和。",
        ),
        text(
            "P(y | x) = P(x, y) / P(x): divide each row by its sum, `s / s.sum(axis=1, keepdims=True)`.",
            "P(y | x) = P(x, y) / P(x)：每一行除以自己的和，`s / s.sum(axis=1, keepdims=True)`。",
        ),
        text(
            "Take the rows where both domains have P(x) > 0 before you divide. Then `np.allclose` will do.",
            "做除法之前，先取出两个域里都有 P(x) > 0 的行，之后用 `np.allclose` 即可。",
        ),
    ),
    right={
        "numpy": (
            "def what_changed(source, target):\n"
            "    answers = []\n"
            "    for s, t in zip(source, target):\n"
            "        x, y = not np.allclose(s.sum(1), t.sum(1)), not np.allclose(s.sum(0), t.sum(0))\n"
            "        seen = (s.sum(1) > 0) & (t.sum(1) > 0)\n"
            "        # cross-multiplied, so that nothing is divided\n"
            "        rule = not np.allclose(s[seen] * t[seen].sum(1, keepdims=True), t[seen] * s[seen].sum(1, keepdims=True))\n"
            "        answers.append([x, y, rule])\n"
            "    return np.array(answers)\n",
            "def what_changed(source, target):\n"
            "    answers = []\n"
            "    for s, t in zip(source, target):\n"
            "        p, q = s.sum(axis=1), t.sum(axis=1)\n"
            "        rule = any(\n"
            "            not np.allclose(s[i] / p[i], t[i] / q[i]) for i in range(len(p)) if p[i] and q[i]\n"
            "        )\n"
            "        answers.append((bool(abs(p - q).max() > 1e-9), bool(abs(s.sum(0) - t.sum(0)).max() > 1e-9), rule))\n"
            "    return answers\n",
        )
    },
)

# 01.4 ---------------------------------------------------------------------------------------------


def draw_groups(rng):
    p_source = rng.dirichlet(np.ones(3) * 5)
    return {
        "losses": rng.gamma(2.0, 0.3, size=12),
        "groups": np.concatenate([rng.permutation(3), rng.integers(0, 3, size=9)]),
        "p_source": p_source,
        "p_target": np.roll(p_source, 1) * 0.6 + 0.4 * rng.dirichlet(np.ones(3) * 5),
    }


def weighted(losses, groups, p_source, p_target, *, ratio=None, size=None, mean=None):
    w = (p_target / p_source)[groups] if ratio is None else ratio
    risk = np.mean(w * losses) if mean is None else mean(w)
    return [float(risk), float(w.sum() ** 2 / (w**2).sum()) if size is None else float(size(w))]


def target_risk(losses, groups, p_source, p_target):
    return weighted(losses, groups, p_source, p_target)


TARGET_RISK = Exercise(
    id="01.4",
    title=text("Instances: old examples, new weights", "实例迁移：旧样本，新权重"),
    points=3,
    objective="O3",
    function="target_risk",
    inputs=draw_groups,
    reference=target_risk,
    comparator=close(rtol=1e-4, atol=1e-6),
    tensors=False,
    pitfalls=(
        Pitfall(
            "ratio_upside_down",
            lambda losses, groups, p_source, p_target: weighted(
                losses, groups, p_source, p_target, ratio=(p_source / p_target)[groups]
            ),
            text(
                "Your ratio is upside down. What the target has more of than the source must count *more*.",
                "比值上下颠倒了。目标域里比源域多的东西，权重应当**更大**。",
            ),
        ),
        Pitfall(
            "target_probability_only",
            lambda losses, groups, p_source, p_target: weighted(
                losses, groups, p_source, p_target, ratio=p_target[groups]
            ),
            text(
                "You weighted by p_target alone. The sample already holds each group as often as the source has it: divide by p_source.",
                "你只用 p_target 加权。样本里各组的多少已经由源域决定了，所以还要除以 p_source。",
            ),
        ),
        Pitfall(
            "no_weights",
            lambda losses, groups, p_source, p_target: weighted(
                losses, groups, p_source, p_target, ratio=np.ones(len(losses))
            ),
            text(
                "That is the plain mean: the risk on the *source*.",
                "这是普通的平均，也就是**源域**上的风险。",
            ),
        ),
        Pitfall(
            "divided_by_the_weights",
            lambda losses, groups, p_source, p_target: weighted(
                losses, groups, p_source, p_target, mean=lambda w: (w * losses).sum() / w.sum()
            ),
            text(
                "You divided by the sum of the weights. That estimator exists (self-normalised), but the formula above divides by n.",
                "你除以了权重之和。那是另一种估计（自归一化）；上面的公式除以的是 n。",
            ),
        ),
        Pitfall(
            "size_without_squares",
            lambda losses, groups, p_source, p_target: weighted(
                losses, groups, p_source, p_target, size=lambda w: w.sum()
            ),
            text(
                "The risk is right. The effective number of examples is (Σw)² / Σw², not Σw.",
                "风险算对了。有效样本数是 (Σw)² / Σw²，不是 Σw。",
            ),
        ),
        Pitfall(
            "size_upside_down",
            lambda losses, groups, p_source, p_target: weighted(
                losses, groups, p_source, p_target, size=lambda w: (w**2).sum() / w.sum() ** 2
            ),
            text(
                "The risk is right. The effective number of examples is upside down; it lies between 1 and n.",
                "风险算对了。有效样本数上下颠倒了；它应当在 1 与 n 之间。",
            ),
        ),
    ),
    parts={
        "0": text("the estimated risk", "估计的风险"),
        "1": text("the effective number of examples", "有效样本数"),
    },
    hints=(
        text(
            "`groups` holds for each example the number of its group: `p_target[groups]` gives one probability for each example.",
            "`groups` 里是每个样本所属组的编号：`p_target[groups]` 就给出每个样本对应的概率。",
        ),
        text(
            "w = p_target[groups] / p_source[groups]; the risk is the mean of w·loss.",
            "w = p_target[groups] / p_source[groups]；风险是 w·loss 的平均。",
        ),
    ),
    right={
        "numpy": (
            "def target_risk(losses, groups, p_source, p_target):\n"
            "    w = p_target[groups] / p_source[groups]\n"
            "    return w @ losses / len(losses), w.sum() ** 2 / (w @ w)\n",
            "def target_risk(losses, groups, p_source, p_target):\n"
            "    weights = [p_target[g] / p_source[g] for g in groups]\n"
            "    total = sum(w * loss for w, loss in zip(weights, losses))\n"
            "    return [total / len(losses), sum(weights) ** 2 / sum(w * w for w in weights)]\n",
        )
    },
)

# 01.5 ---------------------------------------------------------------------------------------------


def draw_ridge(rng):
    d = int(rng.integers(3, 7))
    start = rng.normal(size=d)
    x = rng.normal(size=(d - 1, d))  # fewer examples than unknowns
    y = x @ (start + 0.3 * rng.normal(size=d)) + 0.1 * rng.normal(size=d - 1)
    return {"x": x, "y": y, "start": start, "strength": float(np.round(rng.uniform(0.5, 3), 2))}


def ridge(x, y, strength):
    return np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), x.T @ y)


def ridge_from(x, y, start, strength):
    return start + ridge(x, y - x @ start, strength)


RIDGE_FROM = Exercise(
    id="01.5",
    title=text("Parameters: start where somebody stopped", "参数迁移：从别人停下的地方出发"),
    points=3,
    objective="O3",
    function="ridge_from",
    drawing=drawings.bars(across=text("weight", "权重"), down=text("value", "数值")),
    inputs=draw_ridge,
    reference=ridge_from,
    comparator=close(rtol=1e-3, atol=1e-4),
    tensors=False,
    pitfalls=(
        Pitfall(
            "pulls_to_zero",
            lambda x, y, start, strength: ridge(x, y, strength),
            text(
                "That is ordinary ridge regression: it pulls the weights to 0, and what the source knew is lost.",
                "这是普通的岭回归：它把权重拉向 0，源域学到的东西就丢了。",
            ),
        ),
        Pitfall(
            "start_added_only",
            lambda x, y, start, strength: start + ridge(x, y, strength),
            text(
                "You added the start to the ordinary solution. What is left to explain is y − Xw₀, not y.",
                "你把起点直接加到了普通的解上。有待解释的是 y − Xw₀，而不是 y。",
            ),
        ),
        Pitfall(
            "start_forgotten_at_the_end",
            lambda x, y, start, strength: ridge(x, y - x @ start, strength),
            text(
                "That is the correction u = w − w₀. Add the start to it.",
                "这是修正量 u = w − w₀，还要加上起点。",
            ),
        ),
        Pitfall(
            "strength_times_n",
            lambda x, y, start, strength: ridge_from(x, y, start, strength * len(y)),
            text(
                "You multiplied the strength by the number of examples. Here the squared errors are summed, not averaged.",
                "你把强度乘上了样本数。这里的平方误差是求和，不是求平均。",
            ),
        ),
        Pitfall(
            "start_pulled_without_strength",
            lambda x, y, start, strength: np.linalg.solve(
                x.T @ x + strength * np.eye(x.shape[1]), x.T @ y + start
            ),
            text(
                "Almost: on the right-hand side the start carries the factor λ, too: Xᵀy + λw₀.",
                "差一点：等号右边的起点也要乘上 λ，即 Xᵀy + λw₀。",
            ),
        ),
        Pitfall(
            "no_strength",
            lambda x, y, start, strength: start + np.linalg.pinv(x) @ (y - x @ start),
            text(
                "That fits the few examples exactly, as if λ were almost 0. Use `strength`.",
                "这样会把少数几个样本拟合得分毫不差，相当于 λ 几乎为 0。要用上 `strength`。",
            ),
        ),
    ),
    hints=(
        text(
            "Put w = w₀ + u. Then the problem for u is ordinary ridge regression. For which data?",
            "令 w = w₀ + u，那么关于 u 的问题就是普通的岭回归。数据是什么？",
        ),
        text(
            "‖y − X(w₀ + u)‖² = ‖(y − Xw₀) − Xu‖²: the targets are what the start leaves unexplained.",
            "‖y − X(w₀ + u)‖² = ‖(y − Xw₀) − Xu‖²：新的目标值，就是起点没能解释的部分。",
        ),
        text(
            "u solves (XᵀX + λI) u = Xᵀ(y − Xw₀): np.linalg.solve.",
            "u 满足 (XᵀX + λI) u = Xᵀ(y − Xw₀)，用 np.linalg.solve 求解。",
        ),
    ),
    right={
        "numpy": (
            "def ridge_from(x, y, start, strength):\n"
            "    d = x.shape[1]\n"
            "    return np.linalg.solve(x.T @ x + strength * np.eye(d), x.T @ y + strength * start)\n",
            "def ridge_from(x, y, start, strength):\n"
            "    d = len(start)\n"
            "    rows = np.vstack([x, np.sqrt(strength) * np.eye(d)])\n"
            "    wanted = np.concatenate([y, np.sqrt(strength) * np.asarray(start)])\n"
            "    return np.linalg.lstsq(rows, wanted, rcond=None)[0]\n",
            "def ridge_from(x, y, start, strength):\n"
            "    kernel = x @ x.T + strength * np.eye(len(y))\n"
            "    return start + x.T @ np.linalg.solve(kernel, y - x @ start)\n",
        )
    },
)

# 01.6 ---------------------------------------------------------------------------------------------

PARTS = ("kernel", "gamma", "beta", "mean", "variance")


def draw_two_models(rng):
    lender = {f"source_{name}": values for name, values in draw_tiny(rng).items()}
    return lender | draw_tiny(rng)


def report_of_carrying(**arrays):
    """What the probe reports of a right answer."""
    carried = {name: arrays[f"source_{name}"] for name in PARTS}
    own = {"head": arrays["head"], "bias": arrays["bias"]}
    seen = {"source_unchanged": True, "flags_kept": True, "independent": True}
    return carried | own | seen


def carried_but(*own, **report):
    """What is seen when some arrays of the backbone stayed the target's own."""

    def answer(**arrays):
        if not own:
            return report
        carried = {name: arrays[f"source_{name}"] for name in PARTS}
        return report | carried | {name: arrays[name] for name in own}

    return answer


def with_the_sources_head(**arrays):
    return {"head": arrays["source_head"], "bias": arrays["source_bias"]}


CARRY_OVER = Exercise(
    id="01.6",
    title=text("Carry the backbone over, and nothing else", "只搬主干，别的不动"),
    points=2,
    objective="O3",
    function="carry_over",
    inputs=draw_two_models,
    reference=report_of_carrying,
    comparator=close(rtol=1e-5, atol=1e-6),
    probe="carrying",
    parts={
        "kernel": text("the backbone's weights", "主干的权重"),
        "gamma": text("BatchNorm's scale", "BatchNorm 的缩放"),
        "beta": text("BatchNorm's shift", "BatchNorm 的平移"),
        "mean": text("BatchNorm's running mean", "BatchNorm 的滑动均值"),
        "variance": text("BatchNorm's running variance", "BatchNorm 的滑动方差"),
        "head": text("the target model's head", "目标模型的分类头"),
        "bias": text("the bias of the target model's head", "目标模型分类头的偏置"),
        "source_unchanged": text("“the source model is unchanged”", "“源模型没有变”"),
        "flags_kept": text(
            "“what learns, and in which mode, is as it was”",
            "“哪些在学、处于什么模式，都和原来一样”",
        ),
        "independent": text("“the two backbones share no memory”", "“两个主干互不共用内存”"),
    },
    pitfalls=(
        Pitfall(
            "head_carried_too",
            with_the_sources_head,
            text(
                "The source's head came along. Its outputs mean the *source's* classes; the target's head must stay as it was.",
                "源模型的分类头也被搬了过来。它的输出对应的是**源域**的类别；目标模型的分类头应当保持原样。",
            ),
            code={
                "pytorch": (
                    "def carry_over(source, target):\n"
                    "    target.load_state_dict(source.state_dict())\n"
                ),
                "keras": (
                    "def carry_over(source, target):\n"
                    "    target.backbone.set_weights(source.backbone.get_weights())\n"
                    "    target.head.set_weights(source.head.get_weights())\n"
                ),
            },
        ),
        Pitfall(
            "statistics_left_behind",
            carried_but("mean", "variance"),
            text(
                "The weights came along, BatchNorm's running mean and variance did not. They are no parameters, but the "
                "features depend on them. (PyTorch: they are buffers, and in state_dict(). Keras: non-trainable weights.)",
                "权重搬过来了，BatchNorm 的滑动均值和方差却没有。它们不是参数，但特征取决于它们。"
                "（PyTorch：它们是 buffer，在 state_dict() 里。Keras：它们是不可训练的权重。）",
            ),
            code={
                "pytorch": (
                    "def carry_over(source, target):\n"
                    "    with torch.no_grad():\n"
                    "        for theirs, ours in zip(source.backbone.parameters(), target.backbone.parameters()):\n"
                    "            ours.copy_(theirs)\n"
                ),
                "keras": (
                    "def carry_over(source, target):\n"
                    "    pairs = zip(source.backbone.trainable_weights, target.backbone.trainable_weights)\n"
                    "    for theirs, ours in pairs:\n"
                    "        ours.assign(theirs)\n"
                ),
            },
        ),
        Pitfall(
            "shared_not_copied",
            carried_but(independent=False),
            text(
                "Both models now use one and the same backbone: train the target, and the source changes, too. Copy the values.",
                "两个模型现在用的是同一个主干：训练目标模型，源模型也会跟着变。应当复制数值。",
            ),
            code={
                "pytorch": "def carry_over(source, target):\n    target.backbone = source.backbone\n",
                "keras": "def carry_over(source, target):\n    target.backbone = source.backbone\n",
            },
        ),
        Pitfall(
            "wrong_direction",
            carried_but(*PARTS, source_unchanged=False),
            text(
                "You copied from the target to the source: the pre-trained weights are gone.",
                "你是从目标模型复制到了源模型：预训练的权重被覆盖了。",
            ),
            code={
                "pytorch": (
                    "def carry_over(source, target):\n"
                    "    source.backbone.load_state_dict(target.backbone.state_dict())\n"
                ),
                "keras": (
                    "def carry_over(source, target):\n"
                    "    source.backbone.set_weights(target.backbone.get_weights())\n"
                ),
            },
        ),
        Pitfall(
            "nothing_carried",
            carried_but(*PARTS, source_unchanged=True),
            text(
                "The target's backbone is as random as before. (A copy in a local variable is lost when the function ends: "
                "change the model itself.)",
                "目标模型的主干还和原来一样是随机的。（复制到局部变量里，函数一结束就没了：要改的是模型本身。）",
            ),
            code={
                "pytorch": "def carry_over(source, target):\n    backbone = source.backbone.state_dict()\n",
                "keras": "def carry_over(source, target):\n    backbone = source.backbone.get_weights()\n",
            },
        ),
        Pitfall(
            "frozen_as_well",
            carried_but(flags_kept=False),
            text(
                "You also froze something, or changed a mode (`eval()`). Carry the values only: what learns is decided later, "
                "by whoever trains the target.",
                "你还冻结了一些部分，或者改了模式（`eval()`）。只搬数值就行：哪些部分学习，由之后训练目标模型的人来定。",
            ),
            code={
                "pytorch": (
                    "def carry_over(source, target):\n"
                    "    target.backbone.load_state_dict(source.backbone.state_dict())\n"
                    "    target.backbone.requires_grad_(False)\n"
                ),
                "keras": (
                    "def carry_over(source, target):\n"
                    "    target.backbone.set_weights(source.backbone.get_weights())\n"
                    "    target.backbone.trainable = False\n"
                ),
            },
        ),
        Pitfall(
            "first_layer_only",
            carried_but(*PARTS[1:]),
            text(
                "Only the first layer came along; BatchNorm belongs to the backbone, too, with its weights and its statistics.",
                "只搬了第一层。BatchNorm 也是主干的一部分，它的权重和统计量都要搬。",
            ),
            code={
                "pytorch": (
                    "def carry_over(source, target):\n"
                    "    target.backbone.mix.load_state_dict(source.backbone.mix.state_dict())\n"
                ),
                "keras": (
                    "def carry_over(source, target):\n"
                    "    target.backbone.mix.set_weights(source.backbone.mix.get_weights())\n"
                ),
            },
        ),
    ),
    hints=(
        text(
            "`source.backbone` and `target.backbone` have the same layers. One call takes all arrays out of one, another puts them into the other.",
            "`source.backbone` 与 `target.backbone` 的各层相同。一个调用取出全部数组，另一个调用放进去。",
        ),
        text(
            "PyTorch: `state_dict()` and `load_state_dict(…)`. Keras: `get_weights()` and `set_weights(…)`. Both include BatchNorm's statistics.",
            "PyTorch：`state_dict()` 与 `load_state_dict(…)`。Keras：`get_weights()` 与 `set_weights(…)`。两者都包含 BatchNorm 的统计量。",
        ),
        text(
            "Call them on the backbones, not on the whole models: the head must not come along.",
            "要对主干调用，而不是对整个模型调用：分类头不能跟着搬。",
        ),
    ),
    right={
        "pytorch": (
            "import copy\n"
            "def carry_over(source, target):\n"
            "    target.backbone = copy.deepcopy(source.backbone)\n",
            "def carry_over(source, target):\n"
            "    theirs, ours = source.backbone.state_dict(), target.backbone.state_dict()\n"
            "    for name in ours:\n"
            "        ours[name].copy_(theirs[name])\n",
            "def carry_over(source, target):\n"
            "    state = {k: v for k, v in source.state_dict().items() if k.startswith('backbone.')}\n"
            "    target.load_state_dict(state, strict=False)\n",
        ),
        "keras": (
            "def carry_over(source, target):\n"
            "    for theirs, ours in zip(source.backbone.weights, target.backbone.weights):\n"
            "        ours.assign(theirs)\n",
            "def carry_over(source, target):\n"
            "    head = target.head.get_weights()\n"
            "    target.set_weights(source.get_weights())\n"
            "    target.head.set_weights(head)\n",
        ),
    },
)

# 01.7 ---------------------------------------------------------------------------------------------


def draw_relations(rng):
    """Draw a source with two relations and a third that mostly follows from them, and a target."""
    first, second = (rng.random((6, 6)) < 0.3 for _ in range(2))
    first[0, 1] = second[1, 2] = first[3, 4] = second[4, 5] = True
    follows = composed(first, second)
    third = follows.copy()
    pairs = np.argwhere(follows)
    hidden = pairs[rng.permutation(len(pairs))[: max(1, len(pairs) // 2)]]
    third[hidden[:, 0], hidden[:, 1]] = False  # the rule has exceptions …
    third |= (rng.random((6, 6)) < 0.15) & ~follows  # … and is not the only reason
    new_first, new_second = (rng.random((5, 5)) < 0.3 for _ in range(2))
    new_first[0, 1] = new_second[1, 2] = new_first[0, 3] = new_second[3, 2] = True  # two ways
    return {
        "first": first, "second": second, "third": third,
        "new_first": new_first, "new_second": new_second,
    }  # fmt: skip


def composed(first, second):
    """(a, c) is in it when some b has first(a, b) and second(b, c)."""
    return (first.astype(int) @ second.astype(int)) > 0


def carry_rule(first, second, third, new_first, new_second):
    follows = composed(first, second)
    return [float(third[follows].mean()), composed(new_first, new_second)]


def rule_with(confidence=None, derived=None):
    def answer(first, second, third, new_first, new_second):
        right = carry_rule(first, second, third, new_first, new_second)
        return [
            right[0] if confidence is None else float(confidence(composed(first, second), third)),
            right[1] if derived is None else derived(new_first, new_second),
        ]

    return answer


CARRY_RULE = Exercise(
    id="01.7",
    title=text("Relations: the rule moves, the things do not", "关系迁移：搬走的是规则，不是事物"),
    points=3,
    objective="O3",
    function="carry_rule",
    drawing=drawings.matrix("1", across=text("to", "终点"), down=text("from", "起点")),
    inputs=draw_relations,
    reference=carry_rule,
    comparator=close(rtol=1e-4, atol=1e-6),
    tensors=False,
    pitfalls=(
        Pitfall(
            "divided_by_the_third",
            rule_with(confidence=lambda follows, third: (follows & third).sum() / third.sum()),
            text(
                "You asked how many facts of `third` the rule explains. Its confidence is the other way: of what the rule "
                "*predicts*, how much is true?",
                "你问的是 `third` 里有多少事实能由规则推出。置信度要反过来问：规则**推出**的结论里，有多少是真的？",
            ),
        ),
        Pitfall(
            "divided_by_all_pairs",
            rule_with(confidence=lambda follows, third: (follows == third).mean()),
            text(
                "You counted agreement over all pairs. Most pairs are in neither relation, so any rule looks good that way.",
                "你在所有的对子上数相同的个数。大多数对子两边都不成立，这样算什么规则都显得很好。",
            ),
        ),
        Pitfall(
            "counts_the_ways",
            rule_with(derived=lambda a, b: a.astype(int) @ b.astype(int)),
            text(
                "You returned how many ways lead from a to c. The relation only says whether there is one: compare with > 0.",
                "你返回的是从 a 到 c 有几条路。关系只说有没有：要与 0 比较（> 0）。",
            ),
        ),
        Pitfall(
            "element_by_element",
            rule_with(derived=lambda a, b: a & b),
            text(
                "You combined the tables entry by entry: that asks for first(a, c) and second(a, c). The rule goes through a "
                "third thing b: a matrix product.",
                "你是逐个元素合并两张表的，那问的是 first(a, c) 且 second(a, c)。规则要经过中间的 b：这是矩阵乘法。",
            ),
        ),
        Pitfall(
            "order_reversed",
            rule_with(derived=lambda a, b: composed(b, a)),
            text(
                "You went along `second` first. The parent of my boss is not the boss of my parent: keep the order.",
                "你先走了 `second`。我上司的父亲，不是我父亲的上司：次序不能颠倒。",
            ),
        ),
    ),
    parts={
        "0": text("the confidence in the source", "规则在源域的置信度"),
        "1": text("the derived relation in the target", "目标域里推出的关系"),
    },
    hints=(
        text(
            "`first[a, b]` says whether a stands in the relation to b. Is there a b with first[a, b] and second[b, c]?",
            "`first[a, b]` 表示 a 与 b 是否有这种关系。是否存在某个 b，使 first[a, b] 与 second[b, c] 都成立？",
        ),
        text(
            "With 0 and 1, `first.astype(int) @ second.astype(int)` counts such b; > 0 makes yes and no of it.",
            "换成 0 和 1 之后，`first.astype(int) @ second.astype(int)` 数的就是这样的 b；再用 > 0 变成是与否。",
        ),
        text(
            "The confidence is the mean of `third` over the pairs that the rule predicts: `third[follows].mean()`.",
            "置信度就是 `third` 在规则推出的对子上的平均：`third[follows].mean()`。",
        ),
    ),
    right={
        "numpy": (
            "def carry_rule(first, second, third, new_first, new_second):\n"
            "    def then(one, other):\n"
            "        return (one[:, :, None] & other[None]).any(axis=1)\n"
            "    follows = then(first, second)\n"
            "    return (follows & third).sum() / follows.sum(), then(new_first, new_second)\n",
            "def carry_rule(first, second, third, new_first, new_second):\n"
            "    def then(one, other):\n"
            "        n = len(one)\n"
            "        return [[any(one[a][b] and other[b][c] for b in range(n)) for c in range(n)] for a in range(n)]\n"
            "    follows = np.array(then(first, second))\n"
            "    held = sum(bool(third[a, c]) for a, c in zip(*np.nonzero(follows)))\n"
            "    return [held / int(follows.sum()), np.array(then(new_first, new_second))]\n",
        )
    },
)

# 01.8 ---------------------------------------------------------------------------------------------


def draw_comparisons(rng):
    """Draw rows of paired accuracies with a mean gain on each side of every factor that one may take."""
    comparisons, draws = 11, int(rng.integers(6, 9))  # never 5: a fixed t of five draws shows
    centred = np.arange(draws) ** 0.8
    centred -= centred.mean()
    centred /= centred.std(ddof=1) / np.sqrt(draws)  # a standard error of 1
    t, smaller = stats.t.ppf(0.975, draws - 1), np.sqrt((draws - 1) / draws)  # smaller: ddof=0
    factors = np.sort([  # of the standard error; t is right
        t, 1.96, smaller * t, smaller * 1.96, stats.t.ppf(0.975, draws),
        stats.t.ppf(0.95, draws - 1), stats.t.ppf(0.975, 4), -centred.min(),
        t * np.sqrt(draws), t * np.sqrt(draws / comparisons),
    ])  # fmt: skip
    means = np.array([1.0, *(factors[1:] + factors[:-1]) / 2, 7.0])
    luck = np.linspace(-0.1, 0.1, draws)  # the draw's luck, shared by both
    without = 0.7 + rng.permuted(np.tile(luck, (comparisons, 1)), axis=1)
    gains = means[:, None] + rng.permuted(np.tile(centred, (comparisons, 1)), axis=1)
    gains *= rng.choice([-1, 1], size=(comparisons, 1))
    gains *= rng.uniform(0.003, 0.006, size=(comparisons, 1))
    order = rng.permutation(comparisons)
    return {"with_source": (without + gains)[order], "without_source": without[order]}


def in_words(low, high):
    return "positive" if low > 0 else "negative" if high < 0 else "undecided"


def by_paired_interval(a, b, quantile=None, ddof=1, root=True):
    d = a - b
    t = stats.t.ppf(0.975, len(d) - 1) if quantile is None else quantile
    half = t * d.std(ddof=ddof) / (np.sqrt(len(d)) if root else 1.0)
    return in_words(d.mean() - half, d.mean() + half)


def verdicts(with_source, without_source):
    pairs = zip(with_source, without_source, strict=True)
    return [by_paired_interval(a, b) for a, b in pairs]


def verdicts_by(judge):
    return lambda with_source, without_source: [
        judge(a, b) for a, b in zip(with_source, without_source, strict=True)
    ]


def by_two_intervals(a, b):
    t = stats.t.ppf(0.975, len(a) - 1)
    half = [t * v.std(ddof=1) / np.sqrt(len(v)) for v in (a, b)]
    return in_words(
        a.mean() - half[0] - b.mean() - half[1], a.mean() + half[0] - b.mean() + half[1]
    )


VERDICTS = Exercise(
    id="01.8",
    title=text("Find the bugs: did the source help, or hurt?", "找错：源域帮了忙，还是添了乱？"),
    points=3,
    objective="O4",
    function="verdicts",
    inputs=draw_comparisons,
    reference=verdicts,
    comparator=equal(),
    survivors={
        "low > 0 → low >= 0": "no interval ends exactly at 0",
        "high < 0 → high <= 0": "no interval ends exactly at 0",
    },
    tensors=False,
    forbidden=("course_lib.judging.paired_interval", "course_lib.judging.interval"),
    pitfalls=(
        Pitfall(
            "sign_of_the_mean",
            verdicts_by(lambda a, b: "positive" if a.mean() > b.mean() else "negative"),
            text(
                "You looked at the means only. A few draws can differ by luck: is 0 outside the 95 % interval?",
                "你只看了均值。区区几次抽样，差别可能只是运气：0 在 95% 置信区间之外吗？",
            ),
        ),
        Pitfall(
            "not_paired",
            verdicts_by(by_two_intervals),
            text(
                "You compared two separate intervals. Both methods saw the same draws: take the differences draw by draw first.",
                "你比较的是两个各自的区间。两种方法用的是同样的抽样：应当先逐次求差。",
            ),
        ),
        Pitfall(
            "reversed",
            verdicts_by(lambda a, b: by_paired_interval(b, a)),
            text(
                "Your sign is reversed: the gain is with the source minus without it.",
                "符号反了：增益是“用源域”减去“不用源域”。",
            ),
        ),
        Pitfall(
            "paired_but_too_sure",
            verdicts_by(lambda a, b: by_paired_interval(a, b, quantile=1.96, ddof=0)),
            text(
                "The differences are taken draw by draw now: one bug is gone. Two are left, and both make you surer than so few "
                "draws allow: `std()` and `var()` divide by D unless told `ddof=1`, and 1.96 is the normal distribution's "
                "factor, not Student's.",
                "现在已经逐次求差，改正了一处。还剩两处，都会让结论过于肯定：`std()` 与 `var()` 不写 `ddof=1` 时除以的是 D；"
                "1.96 是正态分布的系数，不是 Student 分布的。",
            ),
        ),
        Pitfall(
            "normal_instead_of_student",
            verdicts_by(lambda a, b: by_paired_interval(a, b, quantile=1.96)),
            text(
                "With so few draws the factor is Student's t with D − 1 degrees of freedom, not 1.96: you are surer than you may be.",
                "抽样次数这么少，系数应当是自由度为 D − 1 的 t 分位数，而不是 1.96：你过于自信了。",
            ),
        ),
        Pitfall(
            "always_five_draws",
            verdicts_by(lambda a, b: by_paired_interval(a, b, quantile=stats.t.ppf(0.975, 4))),
            text(
                "You used 2.78, the t of five draws. Here there are D, and t changes with D: D − 1 degrees of freedom.",
                "你用的是 2.78，那是抽样五次时的 t。这里是 D 次，t 随 D 而变：自由度为 D − 1。",
            ),
        ),
        Pitfall(
            "wrong_freedom",
            verdicts_by(lambda a, b: by_paired_interval(a, b, quantile=stats.t.ppf(0.975, len(a)))),
            text("There are D − 1 degrees of freedom, not D.", "自由度是 D − 1，不是 D。"),
        ),
        Pitfall(
            "one_sided",
            verdicts_by(
                lambda a, b: by_paired_interval(a, b, quantile=stats.t.ppf(0.95, len(a) - 1))
            ),
            text(
                "0.95 leaves 5 % at *each* end. A 95 % interval leaves 2.5 % at each: the 0.975 quantile.",
                "0.95 会在**两端各**留下 5%。95% 置信区间两端各留 2.5%，要用 0.975 分位数。",
            ),
        ),
        Pitfall(
            "forgets_the_root",
            verdicts_by(lambda a, b: by_paired_interval(a, b, root=False)),
            text(
                "You forgot to divide by √D: that interval is for a single draw, not for the mean.",
                "你忘了除以 √D：那是单次抽样的区间，不是均值的区间。",
            ),
        ),
        Pitfall(
            "deviation_divided_by_d",
            verdicts_by(lambda a, b: by_paired_interval(a, b, ddof=0)),
            text(
                "Your standard deviation divides by D. Of D differences it must divide by D − 1: `ddof=1`.",
                "你的标准差除以的是 D。由 D 个差值估计时，应当除以 D − 1：`ddof=1`。",
            ),
        ),
        Pitfall(
            "all_draws_must_agree",
            verdicts_by(lambda a, b: in_words((a - b).min(), (a - b).max())),
            text(
                "You asked that every single draw agree. The question is whether the *mean* gain is clear: use its interval.",
                "你要求每一次抽样都一致。问题在于**平均**增益是否明确：要看均值的区间。",
            ),
        ),
    ),
    hints=(
        text(
            "Both methods saw the same draws. Which part of the scatter do they share, and what takes it out?",
            "两种方法用的是同样的抽样。它们的波动里哪一部分是共有的？怎样去掉它？",
        ),
        text(
            "`gains = helped - alone`; their standard error is `gains.std(ddof=1) / np.sqrt(D)`. Why ddof=1?",
            "`gains = helped - alone`；标准误差是 `gains.std(ddof=1) / np.sqrt(D)`。为什么要 ddof=1？",
        ),
        text(
            "1.96 holds for a known deviation. Estimated from a few numbers it is itself uncertain: `stats.t.ppf(0.975, D - 1)`.",
            "1.96 适用于标准差已知的情形。由寥寥几个数估计的标准差本身就不确定：用 `stats.t.ppf(0.975, D - 1)`。",
        ),
    ),
    right={
        "numpy": (
            "from scipy import stats\n"
            "def verdicts(with_source, without_source):\n"
            "    d = with_source - without_source\n"
            "    n = d.shape[1]\n"
            "    t = d.mean(axis=1) / (d.std(axis=1, ddof=1) / n**0.5)\n"
            "    sure = np.abs(t) > stats.t.ppf(0.975, n - 1)\n"
            "    return [('positive' if v > 0 else 'negative') if s else 'undecided' for v, s in zip(t, sure)]\n",
            "from scipy import stats\n"
            "def verdicts(with_source, without_source):\n"
            "    result = stats.ttest_rel(with_source, without_source, axis=1)\n"
            "    names = {1: 'positive', -1: 'negative'}\n"
            "    return [names[int(np.sign(t))] if p < 0.05 else 'undecided' for t, p in zip(result.statistic, result.pvalue)]\n",
        )
    },
)

# 01.9 ---------------------------------------------------------------------------------------------

ZERO_SHOT, ADAPTATION, MULTI_TASK = "zero-shot", "domain adaptation", "multi-task learning"
CONTINUAL, EXTRACTION = "continual learning", "feature extraction"
EFFICIENT, FINE_TUNING = "parameter-efficient fine-tuning", "fine-tuning"


def draw_cases(rng):
    """Draw descriptions, in any order: of each term, and whatever the later questions would say."""
    share = float(np.round(rng.uniform(0.001, 0.05), 4))
    described = (  # target_labels, source_data, keep_old, changed
        (False, False, True, 0.0),
        (False, False, False, 0.0),
        (False, False, False, share),
        (False, True, False, 0.0),
        (False, True, False, 1.0),
        (False, True, True, share),
        (True, True, False, 0.0),
        (True, True, False, 1.0),
        (True, True, True, share),
        (True, True, True, 1.0),
        (True, False, True, 0.0),
        (True, False, True, share),
        (True, False, True, 1.0),
        (True, False, False, 0.0),
        (True, False, False, share),
        (True, False, False, 0.09),
        (True, False, False, 0.1),
        (True, False, False, 1.0),
    )
    names = ("target_labels", "source_data", "keep_old", "changed")
    cases = [dict(zip(names, values, strict=True)) for values in described]
    return {"cases": [cases[i] for i in rng.permutation(len(cases))]}


def term(target_labels, source_data, keep_old, changed):
    if not target_labels:
        return ADAPTATION if source_data else ZERO_SHOT
    if source_data:
        return MULTI_TASK
    if keep_old:
        return CONTINUAL
    if changed == 0:
        return EXTRACTION
    return EFFICIENT if changed < 0.1 else FINE_TUNING


def name_methods(cases):
    return [term(**case) for case in cases]


def calling(one, other):
    """The right names, except that one thing is called another."""
    return lambda cases: [other if name == one else name for name in name_methods(cases)]


NAME_METHODS = Exercise(
    id="01.9",
    title=text("Call things by their names", "名正言顺"),
    points=2,
    objective="O5",
    function="name_methods",
    inputs=draw_cases,
    reference=name_methods,
    comparator=equal(),
    tensors=False,
    draws=2,
    pitfalls=(
        Pitfall(
            "extraction_called_fine_tuning",
            calling(EXTRACTION, FINE_TUNING),
            text(
                "Where no borrowed weight changes, nothing is tuned: that is feature extraction. The two are mixed up in many texts.",
                "借来的权重一个都不变时，谈不上微调：那是特征提取。很多资料把两者混为一谈。",
            ),
        ),
        Pitfall(
            "fine_tuning_called_efficient",
            calling(FINE_TUNING, EFFICIENT),
            text(
                "Plain fine-tuning changes a large share of the weights. “Parameter-efficient” is for a small share: here, less than a tenth.",
                "普通微调改动了大部分权重。“参数高效”指的是只改动一小部分，这里规定为不到十分之一。",
            ),
        ),
        Pitfall(
            "efficient_called_fine_tuning",
            calling(EFFICIENT, FINE_TUNING),
            text(
                "Less than a tenth of the weights changes: that has a name of its own.",
                "改动的权重不到十分之一：这有专门的名称。",
            ),
        ),
        Pitfall(
            "continual_called_fine_tuning",
            calling(CONTINUAL, FINE_TUNING),
            text(
                "The old task must still be solved afterwards, without its data: that is continual learning. Plain fine-tuning may forget.",
                "学完之后旧任务还得会做，而旧数据已经没有了：这是持续学习。普通微调可以忘掉旧的。",
            ),
        ),
        Pitfall(
            "adaptation_called_continual",
            calling(ADAPTATION, CONTINUAL),
            text(
                "No target labels, but the source data are at hand: that is domain adaptation. Continual learning is about not forgetting.",
                "目标域没有标签，但源域数据在手：这是领域自适应。持续学习讲的是不遗忘。",
            ),
        ),
        Pitfall(
            "multi_task_called_adaptation",
            calling(MULTI_TASK, ADAPTATION),
            text(
                "With labels on both sides and both learnt together, it is multi-task learning.",
                "两边都有标签、一起学，这是多任务学习。",
            ),
        ),
        Pitfall(
            "multi_task_called_continual",
            lambda cases: [
                CONTINUAL if name == MULTI_TASK and case["keep_old"] else name
                for name, case in zip(name_methods(cases), cases, strict=True)
            ],
            text(
                "You asked about the old task before the source data. With the source data still there, nothing need be "
                "forgotten: that is multi-task learning. Keep the diagram's order.",
                "你先问了旧任务，后问源域数据。源域数据还在，就谈不上遗忘：这是多任务学习。请按图中的次序提问。",
            ),
        ),
        Pitfall(
            "zero_shot_called_extraction",
            calling(ZERO_SHOT, EXTRACTION),
            text(
                "Feature extraction still trains a head, and that needs target labels. Without labels and without source data, nothing is trained.",
                "特征提取仍要训练一个分类头，需要目标域的标签。既没有标签，又没有源域数据，就什么都没有训练。",
            ),
        ),
    ),
    hints=(
        text(
            "Follow the diagram from the top: target labels? source data at hand? must the old task stay? how much changes?",
            "从图的最上面一步步问：目标域有标签吗？源域数据在手吗？旧任务要保住吗？改动了多少？",
        ),
        text(
            'Each case is a dictionary: `case["target_labels"]`, `case["source_data"]`, `case["keep_old"]`, `case["changed"]`.',
            '每个情形是一个字典：`case["target_labels"]`、`case["source_data"]`、`case["keep_old"]`、`case["changed"]`。',
        ),
        text(
            "`changed` is asked last: 0 is feature extraction, below 0.1 parameter-efficient fine-tuning, else fine-tuning.",
            "`changed` 最后才问：0 是特征提取，小于 0.1 是参数高效微调，其余是微调。",
        ),
    ),
    right={
        "numpy": (
            "def name_methods(cases):\n"
            "    def name(c):\n"
            "        if c['target_labels'] and c['source_data']: return 'multi-task learning'\n"
            "        if c['source_data']: return 'domain adaptation'\n"
            "        if not c['target_labels']: return 'zero-shot'\n"
            "        if c['keep_old']: return 'continual learning'\n"
            "        if c['changed'] >= 0.1: return 'fine-tuning'\n"
            "        return 'parameter-efficient fine-tuning' if c['changed'] else 'feature extraction'\n"
            "    return [name(c) for c in cases]\n",
            "def name_methods(cases):\n"
            "    found = []\n"
            "    for case in cases:\n"
            "        match (case['target_labels'], case['source_data'], case['keep_old']):\n"
            "            case (False, True, _): found.append('domain adaptation')\n"
            "            case (False, False, _): found.append('zero-shot')\n"
            "            case (True, True, _): found.append('multi-task learning')\n"
            "            case (True, False, True): found.append('continual learning')\n"
            "            case _: found.append('?')\n"
            "    for i, c in enumerate(cases):\n"
            "        if found[i] == '?':\n"
            "            amount = c['changed']\n"
            "            found[i] = ('feature extraction' if amount == 0 else\n"
            "                        'parameter-efficient fine-tuning' if amount < 0.1 else 'fine-tuning')\n"
            "    return tuple(found)\n",
        )
    },
)

# 01.10 --------------------------------------------------------------------------------------------

PLAN = ManualExercise(
    id="01.10",
    title=text("Would you transfer?", "你会迁移吗？"),
    points=3,
    objective="O5",
    rubric=(
        (
            1,
            text(
                "Source and target as domains and tasks: what is alike, what differs, P(x) or P(y | x) named (½); "
                "a fitting kind of transfer with its proper name and a reason (½).",
                "把源与目标按“域”和“任务”说清楚：哪里相同，哪里不同，指明是 P(x) 还是 P(y | x)（½ 分）；"
                "选出合适的迁移方式，名称正确，并说明理由（½ 分）。",
            ),
        ),
        (
            1,
            text(
                "A comparison that could show harm: the same network from scratch (or with random weights) and a simple "
                "baseline, on the same draws, as a paired interval; test data once.",
                "一个能看出“有害”的比较：同一网络从零训练（或随机权重）加上一个简单基线，用相同的抽样，给出配对置信区间；测试数据只用一次。",
            ),
        ),
        (
            1,
            text(
                "A reason not to, or a limit, that belongs to this case, and says how: a source unlike the target in what "
                "matters for fractures, labels from one machine only, licence or privacy of the source, bias towards other "
                "patients, cost of use. A reason that would fit any case (½).",
                "针对这个情形给出一条不迁移的理由或局限，并说明如何体现：源与目标在识别骨折的关键之处不像、标签只来自一台机器、"
                "源数据的许可或隐私、对另一类病人的偏向、使用时的开销等。放到哪里都适用的空泛理由给 ½ 分。",
            ),
        ),
    ),
)

EXERCISES = (
    LABELS_NEEDED,
    COSTS,
    WHAT_CHANGED,
    TARGET_RISK,
    RIDGE_FROM,
    CARRY_OVER,
    CARRY_RULE,
    VERDICTS,
    NAME_METHODS,
    PLAN,
)

# Quizzes ------------------------------------------------------------------------------------------

QUIZZES = (
    Quiz(
        id="01.q1",
        question=text(
            "One labelled picture of each digit, ten in all. A network trained on them from nothing gets how many of the others right?",
            "每个数字只有一张带标签的图片，一共十张。从零训练一个网络，其余的图片能认对多少？",
        ),
        options=(
            Option(
                text("About one in ten: pure guessing", "大约一成：和瞎猜一样"),
                text(
                    "Better than that: even one picture says something. The curve below gives the number.",
                    "比这要好：哪怕一张图片也带有信息。具体数值见下面的曲线。",
                ),
            ),
            Option(
                text("A little more than half", "一半多一点"),
                text(
                    "Yes. It depends on which ten pictures you happen to have: look how wide the interval is.",
                    "对。具体要看碰巧抽到哪十张：留意区间有多宽。",
                ),
                right=True,
            ),
            Option(
                text("About nine in ten", "大约九成"),
                text(
                    "That takes some five pictures of each. Even with somebody else's pictures ten labels give rather eight in ten.",
                    "那得每类五张左右。就算借用别人的图片，十个标签大约也只到八成。",
                ),
            ),
        ),
    ),
    Quiz(
        id="01.q2",
        question=text(
            "Textures of overlapping shapes are to be told apart. We take the network that has learnt letters, and the same "
            "network with random weights, and put the same small classifier on each. Which is better?",
            "要区分的是由重叠图形构成的纹理。一个网络学过字母，另一个结构相同、权重随机，各接一个同样的小分类器。哪个更好？",
        ),
        options=(
            Option(
                text("The one that has learnt letters", "学过字母的"),
                text(
                    "So one would think: some training is better than none. Run the cell.",
                    "一般都会这样想：学过总比没学过强。运行下面的单元格看看。",
                ),
            ),
            Option(
                text("The random one", "随机的"),
                text(
                    "Yes, and that is what “negative transfer” means. The section says what was lost.",
                    "对，这就叫“负迁移”。这一节会说明丢掉了什么。",
                ),
                right=True,
            ),
            Option(
                text("Both the same", "两个一样"),
                text(
                    "Neutral is possible, too. Here it is not what happens: run the cell.",
                    "不好不坏也是可能的，但这里不是。运行下面的单元格看看。",
                ),
            ),
        ),
    ),
    Quiz(
        id="01.q3",
        question=text(
            "“Transfer learning lowers the cost of computing.” Whose cost, and when?",
            "“迁移学习降低计算成本。”降低的是谁的成本，在什么时候？",
        ),
        options=(
            Option(
                text("Everybody's, in training and in use", "所有人的，训练时和使用时都降低"),
                text(
                    "In use the borrowed network costs what it always costs, often more than a small one of your own. And "
                    "somebody paid for the pre-training.",
                    "使用时，借来的网络该算多少还是多少，往往比自己的小网络更贵。而且预训练总有人付过账。",
                ),
            ),
            Option(
                text(
                    "Yours, in training; somebody else paid before",
                    "你的，在训练时；别人事先付过了",
                ),
                text(
                    "Yes: the cost moves to pre-training, is paid once, and is shared by all who borrow.",
                    "对：开销转移到了预训练，只付一次，由所有借用的人分摊。",
                ),
                right=True,
            ),
            Option(
                text("Yours, in use", "你的，在使用时"),
                text(
                    "Classifying one picture takes a pass through the whole network, borrowed or not.",
                    "给一张图片分类，要走完整个网络，不管它是不是借来的。",
                ),
            ),
        ),
    ),
    Quiz(
        id="01.q4",
        question=text(
            "A hospital buys a new scanner. Its pictures are brighter; what a tumour looks like has not changed. In which "
            "term of P(x, y) = P(x) P(y | x) is the difference?",
            "医院换了一台新的扫描仪，图像更亮；肿瘤的样子并没有变。P(x, y) = P(x) P(y | x) 中，变的是哪一项？",
        ),
        options=(
            Option(
                text("P(x)", "P(x)"),
                text(
                    "Yes, to a good approximation: other pictures, the same rule (covariate shift). If brightness also "
                    "hides what one must see, P(y | x) changes as well.",
                    "对，近似如此：图像变了，规则没变（协变量偏移）。如果亮度还遮住了该看的东西，P(y | x) 也会变。",
                ),
                right=True,
            ),
            Option(
                text("P(y | x)", "P(y | x)"),
                text(
                    "That would mean that the same picture calls for another answer. Here the pictures are others.",
                    "那意味着同一张图像该给出别的答案。这里变的是图像本身。",
                ),
            ),
            Option(
                text("P(y)", "P(y)"),
                text(
                    "P(y) is how frequent tumours are. A new scanner does not change who is ill.",
                    "P(y) 是肿瘤有多常见。换扫描仪并不会改变谁得病。",
                ),
            ),
        ),
    ),
)
