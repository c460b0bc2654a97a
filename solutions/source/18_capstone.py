"""Exercises of chapter 18, the capstone project: inputs, references, pitfalls, hints, proofs, rubric."""

from __future__ import annotations

import json

import numpy as np
from scipy import stats

from course_lib.exercises import drawings
from course_lib.exercises.comparators import close, equal
from course_lib.exercises.specification import Exercise, ManualExercise, Option, Pitfall, Quiz, text

# 18.1 ---------------------------------------------------------------------------------------------


def draw_parts(rng):
    """Draw forty examples with copies, shared groups and times on all sides of a cut."""
    n = 40
    part = rng.permutation(np.repeat([0, 1, 2], [20, 9, 11]))
    prints = rng.permutation(1000 + np.arange(n))
    groups = 100 * (part + 1) + rng.integers(0, 4, size=n)
    times = rng.permutation(n) + 10 * part
    train, validation, test = (rng.permutation(np.flatnonzero(part == i)) for i in range(3))
    a, b, c = (int(rng.integers(1, most + 1)) for most in (2, 2, 3))
    # Copies: a + 1 of one of train's, b of validation's, one pair inside test, one of train and validation.
    prints[test[: a + 1]] = prints[train[0]]
    prints[test[4 : 4 + b]] = prints[validation[0]]
    prints[test[8]] = prints[test[7]]
    prints[validation[2]] = prints[train[2]]
    # Groups: one of train's and one of validation's come again in test.
    groups[test[2 : 4 + b]] = groups[train[3]]
    groups[test[7 : 8 + c]] = groups[validation[3]]
    # Times: the newest before test is validation's; it is met again, to the day, in test.
    times[validation[4]] = 60
    times[train[4]] = 48
    # Some of test are older than validation's newest, and of these some newer than train's.
    older = np.r_[[60] * a, rng.integers(49, 60), 48, rng.integers(30, 47, size=b)]
    times[test] = rng.permutation(np.r_[older, 61 + np.arange(11 - len(older))])
    return {"part": part, "prints": prints, "groups": groups, "times": times}


def leaks(part, prints, groups, times, *, before=(0, 1), where=2):
    test, known = part == where, np.isin(part, before)
    twins = np.isin(prints[test], prints[known]).sum()
    shared = np.isin(groups[test], groups[known]).sum()
    early = (times[test] <= times[known].max()).sum()
    return [int(twins), int(shared), int(early)]


def distinct_leaks(part, prints, groups, times):
    test, known = part == 2, part < 2
    twins = len(set(prints[test].tolist()) & set(prints[known].tolist()))
    shared = len(set(groups[test].tolist()) & set(groups[known].tolist()))
    return [twins, shared, leaks(part, prints, groups, times)[2]]


def leaks_with(change):
    """Give the right counts with one of them replaced."""

    def answer(part, prints, groups, times):
        right = leaks(part, prints, groups, times)
        place, value = change(part, prints, groups, times)
        right[place] = int(value)
        return right

    return answer


def leaks_on_all_sides(part, prints, groups, times):
    def torn(column):
        return np.isin(column, np.intersect1d(column[part == 2], column[part < 2])).sum()

    return [int(torn(prints)), int(torn(groups)), leaks(part, prints, groups, times)[2]]


LEAKS = Exercise(
    id="18.1",
    title=text("What leaks into the test part", "什么漏进了测试集"),
    points=3,
    objective="O2",
    function="leaks",
    inputs=draw_parts,
    reference=leaks,
    comparator=equal(),
    tensors=False,
    forbidden=("course_lib.projects.describe_parts", "course_lib.projects.cutting.describe_parts"),
    parts={
        "0": text("test examples with a twin", "在别处有副本的测试样本数"),
        "1": text("test examples of a known group", "组已见过的测试样本数"),
        "2": text("test examples that are not newer", "不比之前更新的测试样本数"),
    },
    pitfalls=(
        Pitfall(
            "forgets_validation",
            lambda **inputs: leaks(**inputs, before=(0,)),
            text(
                "You compared with train only. The method is chosen on validation: what lies there is known, too.",
                "你只和训练集比较了。方法是在验证集上选的：那里的样本同样见过。",
            ),
        ),
        Pitfall(
            "counts_kinds",
            distinct_leaks,
            text(
                "You counted different fingerprints and groups. Count test *examples*: three copies of one picture are three answers "
                "that were known.",
                "你数的是不同的指纹和组。应当数测试**样本**：同一张图片的三份副本，就是三个事先知道的答案。",
            ),
        ),
        Pitfall(
            "counts_both_sides",
            leaks_on_all_sides,
            text(
                "You counted the examples of train and validation as well. Only the test part's are asked for.",
                "你把训练集和验证集里的也数进去了。只问测试集里的。",
            ),
        ),
        Pitfall(
            "twins_inside_test",
            leaks_with(
                lambda part, prints, groups, times: (
                    0,
                    sum((prints == each).sum() > 1 for each in prints[part == 2]),
                )
            ),
            text(
                "Two equal pictures inside the test part are no leak: nothing was learned from either.",
                "两张相同的图片都在测试集里，不算泄漏：哪一张都没有学过。",
            ),
        ),
        Pitfall(
            "same_time_is_later",
            leaks_with(
                lambda part, prints, groups, times: (
                    2,
                    (times[part == 2] < times[part < 2].max()).sum(),
                )
            ),
            text(
                "What came at the very same time as the newest known example is not newer: use <=.",
                "与已知样本中最新的同时出现，不算更新：应当用 <=。",
            ),
        ),
        Pitfall(
            "newest_of_train",
            leaks_with(
                lambda part, prints, groups, times: (
                    2,
                    (times[part == 2] <= times[part == 0].max()).sum(),
                )
            ),
            text(
                "You took train's newest; validation's is known, too.",
                "你取的是训练集里最新的；验证集的也是已知的。",
            ),
        ),
        Pitfall(
            "counts_the_newer",
            leaks_with(
                lambda part, prints, groups, times: (
                    2,
                    (times[part == 2] > times[part < 2].max()).sum(),
                )
            ),
            text(
                "You counted the test examples that *are* newer than everything known. Those are as they should be.",
                "你数的是比已知样本都**新**的测试样本。那些恰恰没有问题。",
            ),
        ),
        Pitfall(
            "older_than_the_oldest",
            leaks_with(
                lambda part, prints, groups, times: (
                    2,
                    (times[part == 2] <= times[part < 2].min()).sum(),
                )
            ),
            text(
                "You compared with the oldest known example. A test example must be newer than the *newest*.",
                "你和最旧的已知样本比较了。测试样本应当比**最新**的还要新。",
            ),
        ),
        Pitfall(
            "fractions",
            lambda **inputs: [each / 11 for each in leaks(**inputs)],
            text("You returned shares. Return three counts.", "你返回的是比例。请返回三个计数。"),
        ),
    ),
    hints=(
        text(
            "Two masks first: `part == 2`, and everything that was known before the test part was opened.",
            "先做两个掩码：`part == 2`，以及打开测试集之前就已知道的一切。",
        ),
        text(
            "`np.isin(a, b)` says for each element of a whether it is in b.",
            "`np.isin(a, b)` 对 a 的每个元素说明它在不在 b 里。",
        ),
        text(
            "For the times, only one known number matters: the largest.",
            "对时间来说，已知的数里只有一个要紧：最大的那个。",
        ),
    ),
    right={
        "numpy": (
            "def leaks(part, prints, groups, times):\n"
            "    known = part != 2\n"
            "    seen = set(prints[known].tolist())\n"
            "    met = set(groups[known].tolist())\n"
            "    newest = max(times[known])\n"
            "    rows = np.flatnonzero(part == 2)\n"
            "    return [sum(prints[i] in seen for i in rows), sum(groups[i] in met for i in rows), sum(not times[i] > newest for i in rows)]\n",
            "def leaks(part, prints, groups, times):\n"
            "    t, k = np.where(part == 2)[0], np.where(part < 2)[0]\n"
            "    same = lambda a: (a[t][:, None] == a[k][None, :]).any(axis=1).sum()\n"
            "    return [same(prints), same(groups), np.count_nonzero(times[t] <= np.max(times[k]))]\n",
        )
    },
)

# 18.2 ---------------------------------------------------------------------------------------------


CLEAN = ("three_parts", "enough", "no_twins", "no_shared_groups")


def source_of_split(
    train=range(60), validation=range(60, 85), test=range(85, 110), groups=((0, 1), (2,), (3,))
):
    """Write a function my_split as source, with these examples and groups."""
    rows = zip(("train", "validation", "test"), (train, validation, test), groups, strict=True)
    parts = ", ".join(
        f"'{name}': {{'examples': [f'{{i:09x}}' for i in {list(of)}], 'groups': [f'{{i:06x}}' for i in {list(own)}]}}"
        for name, of, own in rows
        if of is not None
    )
    return f"def my_split():\n    return {{{parts}}}\n"


def split_fault(name, message, found, **change):
    code = source_of_split(**change)
    return Pitfall(name, lambda **inputs: found, message, code={"pytorch": code, "keras": code})


MY_SPLIT = Exercise(
    id="18.2",
    title=text("My split is clean", "我的划分是干净的"),
    points=2,
    objective="O2",
    function="my_split",
    survivors={
        "8 → 1": "another seed makes another cut, as clean as the first",
        "8 → 9": "another seed makes another cut, as clean as the first",
    },
    inputs=lambda rng: {},
    reference=lambda: dict.fromkeys(CLEAN, True),
    comparator=equal(),
    probe="own_split",
    draws=1,
    parts={
        "three_parts": text("“there are examples in all three parts”", "“三个部分里都有样本”"),
        "enough": text("“each part has at least twenty”", "“每个部分至少有二十个”"),
        "no_twins": text("“no example is in two parts”", "“没有样本同时在两个部分里”"),
        "no_shared_groups": text("“no group is in two parts”", "“没有一个组同时在两个部分里”"),
    },
    pitfalls=(
        split_fault(
            "part_missing",
            text(
                "This is no split that can be read. The cell above shortens its lines: paste what `print(pasted)` prints, whole, "
                "without “…” or new line breaks.",
                "这不是能读懂的划分。上面那格把长行截短了：请粘贴 `print(pasted)` 的完整内容，不要带“…”，也不要换行。",
            ),
            dict.fromkeys(CLEAN, False),
            validation=None,
        ),
        split_fault(
            "twins",
            text(
                "An example lies in two parts, itself or as a copy. Give copies one group, or keep one of each; then cut again.",
                "有样本（或它的副本）同时落在两个部分里。请把副本归入同一组，或各留一份，然后重新划分。",
            ),
            {"three_parts": True, "no_twins": False},
            test=range(59, 100),
        ),
        split_fault(
            "shared_groups",
            text(
                "A group lies in two parts: the same person, camera or document is learned from and tested on. Cut with by='group'.",
                "有一个组同时落在两个部分里：同一个人、同一台相机或同一份文件，既拿来学又拿来测。请用 by='group' 划分。",
            ),
            {"three_parts": True, "no_shared_groups": False},
            groups=((0, 1), (2,), (1, 3)),
        ),
        split_fault(
            "too_small",
            text(
                "A part has fewer than twenty examples: one more or less is then five points. Collect more, or change the shares.",
                "有一个部分不到二十个样本：差一个就是五个百分点。请再收集一些，或调整比例。",
            ),
            {"three_parts": True, "enough": False},
            validation=range(60, 70),
        ),
        split_fault(
            "empty_part",
            text("One part is empty.", "有一个部分是空的。"),
            {"three_parts": False, "no_twins": True},
            test=(),
        ),
    ),
    hints=(
        text(
            "The cell above shortens its lines. Run `print(pasted)` in a new cell: those long lines, whole, are the answer: `return '''…'''`.",
            "上面那一格打印时把长行截短了。请新建一个单元格运行 `print(pasted)`：那完整的几行就是答案：`return '''…'''`。",
        ),
        text(
            "If the data come with the course, you may compute the text here instead of pasting it.",
            "如果用的是课程自带的数据，也可以在这里现算，不必粘贴。",
        ),
        text(
            "A fault that is reported is a fault of the data or of the cut: mend it there, not in the text.",
            "报出来的毛病出在数据或划分上：请去那里改，不要改这段文字。",
        ),
    ),
    right={
        framework: (
            source_of_split(),
            "def my_split():\n"
            "    rows = {'train': range(30), 'validation': range(30, 50), 'test': range(50, 70)}\n"
            "    return '\\n'.join(f'{name} groups \\n{name} examples ' + ''.join(f'{i:09x}' for i in of) for name, of in rows.items())\n",
        )
        for framework in ("pytorch", "keras")
    },
)  # fmt: skip

# 18.3 ---------------------------------------------------------------------------------------------


def draw_answers(rng):
    """Draw who was right on which test example under which seed; groups are of unequal sizes, their names any numbers."""
    sizes = rng.permutation([4, 5, 6, 7, 8, 9, 11, 13])[: rng.choice([5, 7, 8])]
    unit = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    names = rng.choice(100, size=len(sizes), replace=False)
    hard = rng.uniform(0.1, 0.35, size=len(sizes))[unit]
    skill = rng.uniform(0.05, 0.3, size=len(sizes))[unit]
    ours = (rng.uniform(size=(4, len(unit))) > hard - 0.5 * skill).astype(np.int64)
    baseline = (rng.uniform(size=(4, len(unit))) > hard + skill).astype(np.int64)
    return {"ours": ours, "baseline": baseline, "groups": names[unit]}


def by_group(ours, baseline, groups):
    each = (ours - baseline).mean(axis=0)
    return np.array([each[groups == g].mean() for g in np.unique(groups)])


def t_interval(values, level, *, ddof=1, normal=False, one_sided=False, root=True, freedom=-1):
    half = 1 - (100 - level) / 100 / (1 if one_sided else 2)
    n = len(values)
    quantile = stats.norm.ppf(half) if normal else stats.t.ppf(half, n + freedom)
    error = quantile * values.std(ddof=ddof) / (np.sqrt(n) if root else 1)
    return [float(values.mean()), float(values.mean() - error), float(values.mean() + error)]


def of_groups(**change):
    return lambda ours, baseline, groups, constants: t_interval(
        by_group(ours, baseline, groups), constants["level"], **change
    )


def words_on_level(constants):
    return {"half": f"{(1 + constants['level'] / 100) / 2:g}"}


GROUP_INTERVAL = Exercise(
    id="18.3",
    title=text("A gain for other people", "换一批人，增益还在吗"),
    points=2,
    objective="O4",
    function="gain_over_groups",
    drawing=drawings.interval(),
    inputs=draw_answers,
    reference=of_groups(),
    comparator=close(rtol=1e-6, atol=1e-9),
    tensors=False,
    constants={"level": 95},
    alternatives={"level": (80, 90, 98, 99)},
    words=words_on_level,
    forbidden=("course_lib.judging.paired_interval", "course_lib.judging.interval"),
    parts={
        "0": text("the mean gain", "平均增益"),
        "1": text("the lower end", "区间下限"),
        "2": text("the upper end", "区间上限"),
    },
    pitfalls=(
        Pitfall(
            "seeds_instead",
            lambda ours, baseline, groups, constants: t_interval(
                (ours - baseline).mean(axis=1), constants["level"]
            ),
            text(
                "This interval is over the seeds: it says what another draw of labels would give, to the same people. Asked for is "
                "one over the groups.",
                "这是对随机种子的区间：它说的是换一批标签、还是同一批人会怎样。这里要的是对组的区间。",
            ),
        ),
        Pitfall(
            "examples_instead",
            lambda ours, baseline, groups, constants: t_interval(
                (ours - baseline).mean(axis=0), constants["level"]
            ),
            text(
                "You took the examples as the units. Those of one group resemble one another: first average inside each group.",
                "你把样本当作独立的单位了。同一组的样本彼此相像：先在每个组内取平均。",
            ),
        ),
        Pitfall(
            "every_answer",
            lambda ours, baseline, groups, constants: t_interval(
                (ours - baseline).ravel().astype(float), constants["level"]
            ),
            text(
                "You took every answer under every seed as a measurement of its own: that makes the interval far too narrow. First "
                "average over seeds and inside each group.",
                "你把每个种子下的每个回答都当成一次独立测量，区间会窄得离谱。请先对种子、再在组内取平均。",
            ),
        ),
        Pitfall(
            "unpaired",
            lambda ours, baseline, groups, constants: (
                lambda a, b: [
                    float(a.mean() - b.mean()),
                    *(
                        float(
                            a.mean() - b.mean()
                            + sign
                            * stats.t.ppf(1 - (100 - constants["level"]) / 200, 2 * len(a) - 2)
                            * np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / len(a))
                        )
                        for sign in (-1, 1)
                    ),
                ]
            )(by_group(ours, 0 * baseline, groups), by_group(baseline, 0 * baseline, groups)),
            text(
                "You treated the two methods as if they had been tested on different groups. Subtract first, then average.",
                "你把两种方法当成在不同的组上测的。应当先相减，再求平均。",
            ),
        ),
        Pitfall(
            "normal_quantile",
            of_groups(normal=True),
            text(
                "You used the normal distribution's quantile. With so few groups take Student's t, with one degree of freedom less than "
                "there are groups.",
                "你用了正态分布的分位数。组这么少，应当用 t 分布，自由度为组数减一。",
            ),
        ),
        Pitfall(
            "divides_by_all",
            of_groups(ddof=0),
            text(
                "The standard deviation of a sample divides by G − 1 (`ddof=1`); np.std divides by G.",
                "样本标准差除以 G − 1（`ddof=1`），而 np.std 默认除以 G。",
            ),
        ),
        Pitfall(
            "no_root",
            of_groups(root=False),
            text(
                "That is how far single groups lie apart. The mean's error is smaller by √G.",
                "这是各组之间的离散程度。均值的误差还要除以 √G。",
            ),
        ),
        Pitfall(
            "one_sided",
            of_groups(one_sided=True),
            text(
                "All of what is left out is on one side here. Half of it goes to each side: the quantile at {{half}}.",
                "你把区间外的概率全放在了一侧。两侧应各占一半：取 {{half}} 处的分位数。",
            ),
        ),
        Pitfall(
            "wrong_way",
            lambda ours, baseline, groups, constants: of_groups()(baseline, ours, groups, constants),
            text("The gain is ours minus the baseline.", "增益是“我们的”减去“基线”。"),
        ),
    ),
    hints=(
        text(
            "One number for each group: the mean of ours − baseline over its examples and all seeds.",
            "每个组一个数：在该组样本与全部种子上，对“我们的 − 基线”求平均。",
        ),
        text(
            "`(ours - baseline).mean(axis=0)` has a number for each example; then a loop over `np.unique(groups)`.",
            "`(ours - baseline).mean(axis=0)` 给每个样本一个数；然后对 `np.unique(groups)` 循环。",
        ),
        text(
            "With the G numbers d: d.mean() ± t · d.std(ddof=1) / √G, t = `stats.t.ppf({{half}}, G - 1)` (`from scipy import stats`).",
            "设这 G 个数为 d：d.mean() ± t · d.std(ddof=1) / √G，其中 t = `stats.t.ppf({{half}}, G - 1)`（`from scipy import stats`）。",
        ),
    ),
    right={
        "numpy": (
            "from scipy import stats\n"
            "def gain_over_groups(ours, baseline, groups):\n"
            "    d = np.array([np.mean(ours[:, groups == g]) - np.mean(baseline[:, groups == g]) for g in set(groups.tolist())])\n"
            "    return list(np.r_[d.mean(), stats.t.interval({{level}} / 100, len(d) - 1, loc=d.mean(), scale=stats.sem(d))])\n",
            "import math\n"
            "from scipy.stats import t\n"
            "def gain_over_groups(ours, baseline, groups):\n"
            "    names, unit = np.unique(groups, return_inverse=True)\n"
            "    d = np.bincount(unit, weights=(ours - baseline).mean(0)) / np.bincount(unit)\n"
            "    G = len(d)\n"
            "    m = d.sum() / G\n"
            "    e = t.ppf({{half}}, G - 1) * math.sqrt(((d - m) ** 2).sum() / (G - 1) / G)\n"
            "    return m, m - e, m + e\n",
        )
    },
)  # fmt: skip

# 18.4 ---------------------------------------------------------------------------------------------


def draw_table(rng):
    """Draw numbers of five methods and four seeds: the best is dear, a cheaper one within an error, a cheapest far off."""
    error = rng.uniform(0.012, 0.016)
    offsets = np.array([0.0, -0.5, -1.35, -6.0, -0.7]) * error
    spread = rng.permuted(np.tile(np.array([-1.2, -0.3, 0.4, 1.1]), (5, 1)), axis=1)
    spread /= spread.std(axis=1, ddof=1, keepdims=True) / np.sqrt(4)
    scale = np.array([1.0, 0.3, 1.9, 1.0, 0.5])[:, None] * error
    validation = (
        0.9 + offsets[:, None] + spread * scale - (spread * scale).mean(axis=1, keepdims=True)
    )
    costs = np.array([50.0, 23.0, 7.0, 1.0, 11.0]) * rng.uniform(0.9, 1.1, size=5)
    order = rng.permutation(5)
    return {"validation": validation[order], "costs": costs[order]}


def chosen(validation, costs, *, root="seeds", ddof=1, own=False, pick="cheapest", error=1.0):
    means = validation.mean(axis=1)
    best = int(means.argmax())
    methods, seeds = validation.shape
    errors = validation.std(axis=1, ddof=ddof) / np.sqrt(
        {"seeds": seeds, "methods": methods, None: 1}[root]
    )
    low = means[best] - error * errors[best]
    good = means + (errors if own else 0) >= (means[best] if own else low)
    if pick == "best":
        return [best, float(low)]
    if pick == "cheapest of all":
        return [int(costs.argmin()), float(low)]
    if pick == "first":
        return [int(np.argmax(good)), float(low)]
    if pick == "second":
        return [int(np.argsort(-means)[1]), float(low)]
    return [int(np.where(good, costs, np.inf).argmin()), float(means[best] if own else low)]


def chosen_with(**change):
    return lambda validation, costs: chosen(validation, costs, **change)


RULE = Exercise(
    id="18.4",
    title=text("A rule, written down before", "先把规则写下来"),
    points=2,
    objective="O3",
    function="choose",
    inputs=draw_table,
    reference=chosen,
    comparator=close(rtol=1e-7, atol=1e-9),
    tensors=False,
    forbidden=("course_lib.projects.choose_by_rule", "course_lib.projects.records.choose_by_rule"),
    parts={"0": text("the chosen row", "选中的行号"), "1": text("the bar", "门槛")},
    pitfalls=(
        Pitfall(
            "highest_mean",
            chosen_with(pick="best"),
            text(
                "The bar is right, but you took the highest mean. The rule takes the *cheapest* above the bar.",
                "门槛是对的，但你选了均值最高的。规则要的是过了门槛的里面**最便宜**的。",
            ),
        ),
        Pitfall(
            "cheapest_of_all",
            chosen_with(pick="cheapest of all"),
            text(
                "You took the cheapest of all. It must also reach the bar.",
                "你选了全部里最便宜的。它还得过门槛才行。",
            ),
        ),
        Pitfall(
            "one_deviation",
            chosen_with(root=None),
            text(
                "You went down by a standard deviation of single runs. The *standard error* of the mean is smaller by √S.",
                "你往下减的是单次运行的标准差。均值的**标准误**还要除以 √S。",
            ),
        ),
        Pitfall(
            "root_of_methods",
            chosen_with(root="methods"),
            text(
                "You divided by √M, the number of methods; a row has S numbers.",
                "你除以了方法数 √M；一行有 S 个数。",
            ),
        ),
        Pitfall(
            "divides_by_all",
            chosen_with(ddof=0),
            text(
                "np.std divides by S; a sample's standard deviation divides by S − 1: `ddof=1`.",
                "np.std 默认除以 S；样本标准差应除以 S − 1：`ddof=1`。",
            ),
        ),
        Pitfall(
            "own_errors",
            chosen_with(own=True),
            text(
                "You gave each method its own error, so that the most erratic gets in most easily. The bar is one for all: the best "
                "method's mean minus *its* error.",
                "你给每种方法用了它自己的误差，于是最不稳定的最容易入选。门槛只有一个：最好方法的均值减去**它的**标准误。",
            ),
        ),
        Pitfall(
            "second_best",
            chosen_with(pick="second"),
            text(
                "You took the second best. How many are better does not matter, only the bar and the cost.",
                "你选了第二好的。有几个更好并不要紧，只看门槛和代价。",
            ),
        ),
        Pitfall(
            "twice_the_error",
            chosen_with(error=1.96),
            text(
                "You went down by 1.96 errors. The rule that was registered says one.",
                "你往下减了 1.96 个标准误。登记的规则是一个。",
            ),
        ),
    ),
    hints=(
        text(
            "The bar first: which row has the highest mean, and what is the standard error of that row?",
            "先求门槛：哪一行的均值最高？那一行的标准误是多少？",
        ),
        text(
            "Standard error: `row.std(ddof=1) / np.sqrt(len(row))`.",
            "标准误：`row.std(ddof=1) / np.sqrt(len(row))`。",
        ),
        text(
            "Among the rows whose mean is at least the bar, `costs` is smallest where? `np.where(good, costs, np.inf).argmin()`.",
            "均值不低于门槛的各行中，`costs` 在哪里最小？`np.where(good, costs, np.inf).argmin()`。",
        ),
    ),
    right={
        "numpy": (
            "def choose(validation, costs):\n"
            "    rows = sorted(range(len(costs)), key=lambda i: costs[i])\n"
            "    top = max(validation, key=np.mean)\n"
            "    bar = np.mean(top) - np.std(top, ddof=1) / len(top) ** 0.5\n"
            "    return [next(i for i in rows if np.mean(validation[i]) >= bar), bar]\n",
            "from scipy.stats import sem\n"
            "def choose(validation, costs):\n"
            "    m = validation.mean(1)\n"
            "    bar = (m - sem(validation, axis=1))[m.argmax()]\n"
            "    able = np.flatnonzero(m >= bar)\n"
            "    return int(able[costs[able].argmin()]), bar\n",
        )
    },
    survivors={"means >= bar → means > bar": "no mean lies exactly on the bar"},
)  # fmt: skip

# 18.5 ---------------------------------------------------------------------------------------------

# A record that adds up, made up for the proofs: 100 examples in validation, 200 in test.
_VALIDATION = {
    "majority": [0.1, 0.1, 0.1],
    "pixels": [0.8, 0.82, 0.84],
    "probe": [0.9, 0.93, 0.93],
    "fine_tune": [0.91, 0.94, 0.93],
}
_TEST = {"majority": [0.1, 0.1, 0.1], "pixels": [0.79, 0.8, 0.825], "probe": [0.9, 0.91, 0.92]}
_GAIN = [round(each, 4) for each in t_interval(np.array(_TEST["probe"]) - _TEST["pixels"], 95)]
RECORD = {
    "data": "made up", "licence": "none", "cut": "group",
    "counts": {"train": 300, "validation": 100, "test": 200, "twins": 0, "shared_groups": 0, "earlier": 0},
    "kinds": {"majority": "trivial", "pixels": "scratch", "probe": "transfer", "fine_tune": "transfer"},
    "seeds": [0, 1, 2], "validation": _VALIDATION, "chosen": "probe", "looks": 1, "test": _TEST,
    "against": "pixels", "gain": _GAIN, "seconds": {"probe": 1.0},
}  # fmt: skip
ADDS_UP = (
    *("complete", "parts_apart", "baselines", "seeds", "possible", "chosen_by_rule", "test_once"),
    "gain_follows",
)


def source_of_record(**change):
    return f"def my_record():\n    return {RECORD | change!r}\n"


def record_fault(name, key, message, **change):
    code = source_of_record(**change)
    return Pitfall(
        name, lambda **inputs: {key: False}, message, code={"pytorch": code, "keras": code}
    )


_FEWER = {name: values[:2] for name, values in _VALIDATION.items()}
MY_RECORD = Exercise(
    id="18.5",
    title=text("My record adds up", "我的记录对得上"),
    points=3,
    objective="O4",
    function="my_record",
    inputs=lambda rng: {},
    reference=lambda: dict.fromkeys(ADDS_UP, True),
    comparator=equal(),
    probe="own_record",
    draws=1,
    parts={
        "complete": text("“everything is there”", "“各项齐全”"),
        "parts_apart": text("“the parts are apart”", "“各部分互不相干”"),
        "baselines": text(
            "“a trivial baseline, one from scratch, two transfer methods”",
            "“有平凡基线、从零训练的基线和两种迁移方法”",
        ),
        "seeds": text("“three seeds or more, a number for each”", "“至少三个种子，每个都有数”"),
        "possible": text("“each accuracy is possible”", "“每个准确率都可能出现”"),
        "chosen_by_rule": text("“the rule chooses this method”", "“规则选的就是这种方法”"),
        "test_once": text("“the test part was opened once”", "“测试集只打开过一次”"),
        "gain_follows": text("“the gain follows from the numbers”", "“增益可由数字算出”"),
    },
    pitfalls=(
        Pitfall(
            "incomplete",
            lambda **inputs: dict.fromkeys(ADDS_UP, False),
            text(
                "This is not the record: an entry is missing, or has another form. Paste what the record cell printed, whole.",
                "这不是完整的记录：缺了某一项，或形式不对。请把记录单元格打印的内容整段粘贴过来。",
            ),
            code=dict.fromkeys(("pytorch", "keras"), "def my_record():\n    return {'accuracy': 0.97}\n"),
        ),
        record_fault(
            "shared_groups",
            "parts_apart",
            text(
                "The record itself says that something lies in two parts (`twins`, `shared_groups` or `earlier` above 0).",
                "记录自己写着有东西同时落在两个部分里（`twins`、`shared_groups` 或 `earlier` 大于 0）。",
            ),
            counts=RECORD["counts"] | {"shared_groups": 3},
        ),
        record_fault(
            "no_baseline",
            "baselines",
            text(
                "A baseline is missing, or a second way to transfer: `kinds` needs a trivial one, one from scratch, two of transfer.",
                "缺了基线，或缺了第二种迁移方法：`kinds` 里要有一个平凡的、一个从零训练的、两个迁移的。",
            ),
            kinds=RECORD["kinds"] | {"majority": "scratch"},
        ),
        record_fault(
            "two_seeds",
            "seeds",
            text(
                "Fewer than three **different** seeds, or a method without a number for each of them.",
                "**不同的**种子不到三个，或有的方法没有给每个种子一个数。",
            ),
            seeds=[0, 1],
        ),
        record_fault(
            "impossible_accuracy",
            "possible",
            text(
                "An accuracy cannot have come from so many examples: times the size of its part it is no whole number, or it does not "
                "lie between 0 and 1 (per cent?).",
                "有一个准确率不可能出自这么多样本：乘以该部分的大小得不到整数，或不在 0 到 1 之间（写成百分数了？）。",
            ),
            validation=_VALIDATION | {"majority": [0.1, 0.104, 0.1]},
        ),
        record_fault(
            "chosen_by_eye",
            "chosen_by_rule",
            text(
                "The rule chooses another method from these validation numbers: the first in the plan within a standard error of the "
                "best. Report that one.",
                "按这些验证集上的数字，规则选的是另一种方法：方案里排在最前、与最好者相差不到一个标准误的那一个。请报告它。",
            ),
            chosen="fine_tune",
            test={"majority": _TEST["majority"], "pixels": _TEST["pixels"], "fine_tune": _TEST["probe"]},
        ),
        record_fault(
            "two_looks",
            "test_once",
            text(
                "The test part was opened more than once, or for candidates that were not chosen. The points are lost, but say so: an "
                "honest second look is worth more than a hidden one.",
                "测试集打开了不止一次，或用在了没被选中的候选上。这几分拿不到了，但请写明：坦白的第二次胜过隐瞒的。",
            ),
            looks=2,
        ),
        record_fault(
            "gain_retyped",
            "gain_follows",
            text(
                "Gain and interval do not follow from the test numbers of the chosen method and the baseline. `make_record` computes them.",
                "增益和区间与所选方法、基线在测试集上的数字对不上。`make_record` 会替你算。",
            ),
            gain=[_GAIN[0], _GAIN[0] - 0.001, _GAIN[0] + 0.001],
        ),
    ),
    hints=(
        text(
            "The record cell prints the record as text. Paste it between the quotes after `return`, unchanged.",
            "记录单元格会把记录打印成文字。把它原样粘贴到 `return` 后面的引号里。",
        ),
        text(
            "Above it, `projects.faults_of_record(record)` says in sentences what does not add up.",
            "它上面的 `projects.faults_of_record(record)` 会用句子说明哪里对不上。",
        ),
        text(
            "What does not add up is mended where it comes from: more seeds, another cut, the method that the rule chose.",
            "对不上的要从源头改：多跑几个种子、重新划分、报告规则选中的方法。",
        ),
    ),
    right={
        framework: (
            source_of_record(),
            f"def my_record():\n    return {json.dumps(RECORD | {'cut': 'example'})!r}\n",
        )
        for framework in ("pytorch", "keras")
    },
)  # fmt: skip

# By hand ------------------------------------------------------------------------------------------

QUESTION = ManualExercise(
    id="18.6",
    title=text("The question and the data sheet", "问题与数据说明书"),
    points=8,
    objective="O1",
    rubric=(
        (
            4,
            text(
                "A. Question. 4: a question that numbers can answer, the decision that hangs on it, what one example is, which error costs "
                "more, and what was expected before. 2: a task is named (“classify X”), but no decision, or no cost of errors. 0: no "
                "question. Odd points for what lies between.",
                "A. 问题。4 分：问题能用数字回答；说明它关系到什么决策、一个样本是什么、哪种错误代价更大、事先的预期。2 分：只有任务"
                "（“给 X 分类”），没有决策或错误的代价。0 分：没有问题。介于两者之间给奇数分。",
            ),
        ),
        (
            4,
            text(
                "B. Data sheet. 4: who, when, how many of each class, how labelled and by whom, licence or consent, what belongs together, "
                "who is not in it. 2: source and size only, or a licence that is not named. 0: none, or data that may not be used.",
                "B. 数据说明书。4 分：谁在何时收集、各类数量、由谁怎样标注、许可或知情同意、哪些样本属于一体、没有覆盖到谁。"
                "2 分：只有来源和数量，或没写许可。0 分：没有，或使用了不许使用的数据。",
            ),
        ),
    ),
)
DESIGN = ManualExercise(
    id="18.7",
    title=text("The design", "实验设计"),
    points=8,
    objective="O3",
    rubric=(
        (
            4,
            text(
                "C. Split and rule. 4: what could leak is named and the cut excludes it; one rule, fixed and sealed before results, that "
                "uses validation data only. 2: a clean random cut where groups or times would have mattered, or a rule written so that it "
                "could be bent. 0: choices made on test data, or a leak.",
                "C. 划分与规则。4 分：指出可能怎样泄漏，划分方式能排除它；规则在出结果之前定好并封存，且只用验证集。2 分：本该考虑组或时间"
                "却随机划分，或规则写得可松可紧。0 分：用测试集做选择，或有泄漏。",
            ),
        ),
        (
            4,
            text(
                "D. Methods. 4: a trivial baseline, one from scratch that is given its chance, two or more ways to transfer, each with a "
                "reason that names source, target and number of labels; the same data and steps for all. 2: all there, but reasons that fit "
                "any project, or a baseline that was not tuned while the others were. 0: no baseline.",
                "D. 方法。4 分：有平凡基线，有一个得到公平机会的从零训练的基线，有两种以上迁移方法；每种的理由都说到源、目标与标签数量；"
                "数据和步数一视同仁。2 分：都有，但理由放到哪里都适用，或只调了自己的方法、没调基线。0 分：没有基线。",
            ),
        ),
    ),
)
EVIDENCE = ManualExercise(
    id="18.8",
    title=text("The evidence and the errors", "证据与错误分析"),
    points=8,
    objective="O4",
    rubric=(
        (
            4,
            text(
                "E. Results. 4: all methods with intervals, the gain paired, what the interval is over (seeds? people?), conclusions no stronger "
                "than it, what did not work reported, numbers agree with the record. 2: means without intervals, or a conclusion that the "
                "interval does not carry. 0: the best run alone, or numbers that contradict the record.",
                "E. 结果。4 分：每种方法都有区间；增益是配对的；说明区间是对什么而言（种子？人？）；结论不超过区间所能支持的；没成功的也写；"
                "数字与记录一致。2 分：只有均值没有区间，或结论超出了区间。0 分：只报最好的一次，或数字与记录矛盾。",
            ),
        ),
        (
            4,
            text(
                "F. Errors. 4: errors counted by class and by group, examples looked at, a guess about the cause, and one check of that "
                "guess (on validation data). 2: a confusion matrix with a sentence. 0: none.",
                "F. 错误。4 分：按类、按组统计错误，看过具体样本，提出原因，并（在验证集上）检验过一次。2 分：一个混淆矩阵加一句话。"
                "0 分：没有。",
            ),
        ),
    ),
)
CARD = ManualExercise(
    id="18.9",
    title=text("The model card", "模型卡"),
    points=4,
    objective="O5",
    rubric=(
        (
            4,
            text(
                "G. Card. 4: made for and not for, source and licence, measured with baseline and interval, cost (labels, seconds, "
                "parameters), limits that belong to this project, when to measure again, who answers. 2: the fields filled, but limits that "
                "fit any project or no cost. 0: none, or claims beyond the evidence.",
                "G. 模型卡。4 分：适用与不适用、来源与许可、带基线和区间的测量、代价（标签、秒、参数）、属于本项目的局限、何时重新测量、"
                "谁负责。2 分：各栏都填了，但局限放到哪里都适用，或没写代价。0 分：没有，或说法超出证据。",
            ),
        ),
    ),
)

EXERCISES = (LEAKS, MY_SPLIT, GROUP_INTERVAL, RULE, MY_RECORD, QUESTION, DESIGN, EVIDENCE, CARD)

QUIZZES = (
    Quiz(
        id="18.q1",
        question=text(
            "Five labels per class, digits, a network that has learned letters. Which will the rule choose?",
            "每类五个标签，目标是数字，网络学过字母。规则会选哪一个？",
        ),
        options=(
            Option(
                text("Fine-tuning, since everything may move", "微调，因为什么都能动"),
                text(
                    "It is the dearest but one and has to move thousands of weights by fifty pictures. Look at its row.",
                    "它的代价仅次于最贵的，还要靠五十张图片去挪动成千上万个权重。看看它那一行。",
                ),
            ),
            Option(
                text(
                    "Logistic regression on pixels, the simplest that learns",
                    "像素上的逻辑回归，最简单的学习方法",
                ),
                text(
                    "Simple methods go first, but only if they reach the bar, one standard error below the best.",
                    "规则先看简单的，但它得过门槛：最好者减一个标准误。",
                ),
            ),
            Option(
                text("Frozen features with a simple readout", "冻结特征加一个简单的读出"),
                text(
                    "Letters share their strokes with digits, and few labels suit a readout with little to learn.",
                    "字母与数字共用笔画；标签少，正适合只需学一点点的读出。",
                ),
                right=True,
            ),
            Option(
                text("The network from scratch: digits are easy", "从零训练的网络：数字很容易"),
                text(
                    "With fifty pictures it gets far, but not to the bar; it is also the last in the plan.",
                    "只有五十张图片，它能走得不近，但到不了门槛；它在方案里也排最后。",
                ),
            ),
        ),
    ),
    Quiz(
        id="18.q2",
        question=text(
            "The test accuracy is lower than hoped. Which of these keeps the test part a test part?",
            "测试准确率不如预期。下面哪一种做法，还能让测试集保持是测试集？",
        ),
        options=(
            Option(
                text(
                    "Change the rate, look again, report the better one",
                    "改学习率，再看一次，报告较好的",
                ),
                text(
                    "Then it has been used to choose: it is a validation part, and its number flatters.",
                    "那它就被用来做选择了，成了验证集，数字会偏高。",
                ),
            ),
            Option(
                text(
                    "Another seed for the cut, so that the test part is a new one",
                    "换个种子重新划分，测试集就是新的了",
                ),
                text(
                    "Much of the new one was in the old one, or is in what you have stared at since. And who cuts until it fits has chosen, too.",
                    "新的里面有许多是旧的，或是你已经反复看过的。何况一直划分到满意为止，也是选择。",
                ),
            ),
            Option(
                text(
                    "Report it, and write what you would try on new data",
                    "照实报告，并写下在新数据上想试什么",
                ),
                text(
                    "Yes. A result that disappoints, honestly got, earns full points here.",
                    "对。结果令人失望，只要来路诚实，在这里一样得满分。",
                ),
                right=True,
            ),
            Option(
                text("Leave out the examples that are labelled doubtfully", "去掉标签可疑的样本"),
                text(
                    "Whom you leave out after seeing the errors are the errors. Doubtful cases are settled before, for all parts alike.",
                    "看过错误之后再去掉的，正是那些错误。可疑样本要事先处理，各部分一视同仁。",
                ),
            ),
        ),
    ),
)
