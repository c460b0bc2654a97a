"""How good is it, and how sure are we: accuracy, intervals over seeds, pairs, learning curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from course_lib.arguments import as_numbers, require_number
from course_lib.errors import CourseError


class Interval(NamedTuple):
    """A mean and the interval that holds the true mean in 95 of 100 such experiments."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def accuracy(y: np.ndarray, predicted: np.ndarray) -> float:
    """Fraction of labels that were predicted.

    Args:
        y: true labels, N: numbers or names.
        predicted: predicted labels, N.
    """
    y, predicted = np.asarray(y), np.asarray(predicted)
    for name, labels in (("y", y), ("predicted", predicted)):
        if labels.dtype.kind not in "US":
            as_numbers(name, labels)
    if y.shape != predicted.shape or y.ndim != 1 or len(y) == 0:
        raise CourseError(
            f"accuracy compares two rows of labels of one length; these have shapes {y.shape} and "
            f"{predicted.shape}. If you have one score per class, take argmax(axis=1) first.",
            f"accuracy 比较两列等长的标签，而这里的形状是 {y.shape} 和 {predicted.shape}。"
            "如果手里是各类别的得分，请先取 argmax(axis=1)。",
        )
    return float(np.mean(y == predicted))


def interval(values: Sequence[float] | np.ndarray, *, level: float = 0.95) -> Interval:
    r"""Mean of repeated measurements with Student's t interval.

    .. math:: \bar v \pm t_{n-1} \, s / \sqrt n

    where *s* is the sample's standard deviation and :math:`t_{n-1}` the quantile that leaves half
    of ``1 - level`` above it. It assumes independent, roughly normal values (one per seed). Student,
    "The probable error of a mean", Biometrika 6, 1908.

    Args:
        values: one number per seed, at least two.
        level: how often such an interval holds the true mean, between 0 and 1.
    """
    v = as_numbers("values", values).astype(np.float64)
    level = require_number("level", level, 0, 1, ends="()")
    if v.ndim != 1 or len(v) < 2:
        raise CourseError(
            f"An interval needs at least two values (one per seed); there is {v.size}.",
            f"区间至少需要两个数值（每个随机种子一个），这里只有 {v.size} 个。",
        )
    half = stats.t.ppf((1 + level) / 2, len(v) - 1) * v.std(ddof=1) / np.sqrt(len(v))
    return Interval(float(v.mean()), float(v.mean() - half), float(v.mean() + half))


def share_interval(right: int, n: int, *, level: float = 0.95) -> Interval:
    r"""The share of successes in ``n`` trials, such as an accuracy, with Wilson's score interval.

    .. math:: \frac{p + z^2/2n \pm z \sqrt{p(1-p)/n + z^2/4n^2}}{1 + z^2/n}, \qquad p = \text{right}/n

    It says how much the *test pictures* could have turned out otherwise, if they were drawn independently;
    it knows nothing of other training pictures or seeds (:func:`interval` does). Wilson, "Probable
    inference, the law of succession, and statistical inference", JASA 22, 1927.

    Args:
        right: successes, 0 to ``n``.
        n: trials, at least one.
        level: how often such an interval holds the true share, between 0 and 1.
    """
    level = require_number("level", level, 0, 1, ends="()")
    if n < 1 or not 0 <= right <= n:
        raise CourseError(
            f"A share needs at least one trial and 0 to n successes; these are {right} of {n}.",
            f"比例要求至少一次试验，成功次数在 0 到 n 之间；这里是 {n} 次中的 {right} 次。",
        )
    p, z = right / n, stats.norm.ppf((1 + level) / 2)
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return Interval(p, float(middle - half), float(middle + half))


def paired_interval(
    a: Sequence[float] | np.ndarray, b: Sequence[float] | np.ndarray, *, level: float = 0.95
) -> Interval:
    """Mean of the differences ``a − b`` with its interval, where ``a[i]`` and ``b[i]`` share a seed.

    Sharing the seed (the same few labels, the same test part) cancels what was luck for both, so
    the interval of the difference is narrower than the two single ones would suggest.

    Args:
        a: one number per seed.
        b: one number per seed, in the same order.
        level: as for :func:`interval`.
    """
    a, b = as_numbers("a", a).astype(np.float64), as_numbers("b", b).astype(np.float64)
    if a.shape != b.shape:
        raise CourseError(
            f"Pairs need as many values on both sides; there are {a.size} and {b.size}.",
            f"配对比较要求两边的数值一样多，这里分别是 {a.size} 个和 {b.size} 个。",
        )
    return interval(a - b, level=level)


def learning_curve(
    measure: Callable[[int, int], float], label_counts: Sequence[int], *, seeds: Sequence[int]
) -> np.ndarray:
    """Measure a method at several numbers of labels, each with the same draws.

    Args:
        measure: ``measure(per_class, seed)`` trains on so many labels per class, drawn with that
            seed, and gives one number, such as the accuracy on a fixed test part.
        label_counts: C numbers of labels per class.
        seeds: One per draw, D of them.

    Returns:
        The numbers, D×C: what ``plots.plot_label_curves`` draws, :func:`interval` summarises
        column by column, and :func:`paired_interval` compares between methods.
    """
    if not len(label_counts) or not len(seeds):
        raise CourseError(
            "A learning curve needs at least one number of labels and one seed.",
            "学习曲线至少需要一个标签数和一个随机种子。",
        )
    return np.array([[measure(count, seed) for count in label_counts] for seed in seeds])


def bootstrap_interval(
    values: Sequence[float] | np.ndarray, *, level: float = 0.95, draws: int = 2000, seed: int = 0
) -> Interval:
    """Mean of values with the percentile bootstrap's interval.

    Draw as many values again, with replacement, over and over; the middle ``level`` of the means is the
    interval. It needs no normal values, but *many* of them: with five it is much too narrow (chapter 14
    counts). Efron, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 7, 1979.

    Args:
        values: independent numbers, at least two: test pictures, episodes, seeds.
        level: how often such an interval should hold the true mean, between 0 and 1.
        draws: how often the values are drawn again.
        seed: decides which.
    """
    v = as_numbers("values", values).astype(np.float64)
    level = require_number("level", level, 0, 1, ends="()")
    if v.ndim != 1 or len(v) < 2:
        raise CourseError(
            f"An interval needs at least two values; there is {v.size}.",
            f"区间至少需要两个数值，这里只有 {v.size} 个。",
        )
    rng = np.random.default_rng(seed)
    means = v[rng.integers(len(v), size=(draws, len(v)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(v.mean()), float(low), float(high))
