"""Is one method better than another? Paired tests, and how many repetitions they need."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from scipy import stats

from course_lib.arguments import as_numbers, require_number
from course_lib.errors import CourseError

EXACT = 14  # up to so many pairs all 2ⁿ signs are tried; above, so many are drawn
DRAWN = 20_000


def sign_flip_test(differences: Sequence[float] | np.ndarray, *, seed: int = 0) -> float:
    r"""How often chance alone would part two methods so far: the paired permutation test.

    If the methods are alike, each difference might as well have had the other sign. The p-value is the
    share of the :math:`2^n` choices of signs whose mean lies at least as far from 0 as the one found (with
    more than 14 pairs, of 20,000 choices drawn at random, the one found among them). With n pairs it is
    never below :math:`2^{1-n}`: five seeds cannot give less than 0.0625. Fisher, *The Design of
    Experiments*, 1935; Pitman, 1937.

    Args:
        differences: one per pair (a seed, a draw of labels), first method minus second.
        seed: decides which signs are drawn where there are too many to try all.
    """
    d = as_numbers("differences", differences).astype(np.float64)
    if d.ndim != 1 or not len(d):
        raise CourseError(
            "A paired test needs one difference per pair, and at least one pair.",
            "配对检验要求每一对有一个差值，且至少有一对。",
        )
    if len(d) <= EXACT:
        signs = np.array(list(product((1, -1), repeat=len(d))))
    else:
        drawn = np.random.default_rng(seed).choice([-1, 1], size=(DRAWN - 1, len(d)))
        signs = np.concatenate([np.ones((1, len(d))), drawn])
    found = abs(d.mean()) * (1 - 1e-9)  # rounding must not lose a tie
    return float(np.mean(np.abs((signs * d).mean(axis=1)) >= found))


def mcnemar_test(right_a: np.ndarray, right_b: np.ndarray) -> float:
    r"""Two classifiers on the same pictures: does one win more of those on which they differ?

    Pictures that both name rightly, or both wrongly, say nothing. Of the n others each is a fair coin if the
    classifiers are equally good: the p-value is the binomial's two tails. It speaks of *these two trained
    networks* on new pictures, not of their methods under new seeds. McNemar, Psychometrika 12, 1947.

    Args:
        right_a, right_b: N, whether each classifier was right on each picture.
    """
    a, b = np.asarray(right_a, dtype=bool), np.asarray(right_b, dtype=bool)
    if a.shape != b.shape or a.ndim != 1:
        raise CourseError(
            f"McNemar's test compares two classifiers on the same pictures; the shapes are {a.shape} "
            f"and {b.shape}.",
            f"McNemar 检验比较同一批图片上的两个分类器；这里的形状是 {a.shape} 和 {b.shape}。",
        )
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    if only_a + only_b == 0:
        return 1.0
    return float(stats.binomtest(only_a, only_a + only_b, 0.5).pvalue)


def holm(p_values: Sequence[float] | np.ndarray, *, level: float = 0.05) -> np.ndarray:
    """Which of several tests count, if all together may cry wolf with probability ``level`` at most.

    The smallest p of m must be below level/m, the next below level/(m−1) …; the first that is not stops
    all that follow. Holm, Scandinavian Journal of Statistics 6, 1979.

    Args:
        p_values: m of them.
        level: the probability of one false alarm or more.

    Returns:
        m bools, in the order of ``p_values``.
    """
    p = as_numbers("p_values", p_values).astype(np.float64)
    level = require_number("level", level, 0, 1, ends="()")
    order, counts = np.argsort(p, kind="stable"), np.zeros(len(p), dtype=bool)
    for rank, i in enumerate(order):
        if p[i] > level / (len(p) - rank):
            break
        counts[i] = True
    return counts


def seeds_needed(spread: float, half_width: float, *, level: float = 0.95) -> int:
    r"""The fewest repetitions whose t interval is about as narrow as asked for.

    .. math:: \min \{ n \ge 2 : t_{n-1} \, s / \sqrt n \le h \}

    Args:
        spread: s, the standard deviation of one repetition (of the *differences* in a paired design),
            from a pilot; itself uncertain by some 1/√(2(n−1)) of its size.
        half_width: h, how far the interval may reach to each side.
        level: as for ``judging.interval``.
    """
    level = require_number("level", level, 0, 1, ends="()")
    spread = require_number("spread", spread, 0, float("inf"), ends="[)")
    half_width = require_number("half_width", half_width, 0, float("inf"), ends="()")
    n = 2
    while stats.t.ppf((1 + level) / 2, n - 1) * spread / np.sqrt(n) > half_width:
        n += 1
    return n
