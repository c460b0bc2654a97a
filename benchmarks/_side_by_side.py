"""Several ways to do the same work, measured side by side: in turns, and compared turn by turn.

A machine is never equally fast twice. What slows a whole turn down slows all ways in it, so the
ratios of one turn say more than two means; and their median does not mind one turn that was
disturbed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats


class Ratio(NamedTuple):
    """A median of ratios, and the interval that holds the true median in 95 of 100 such runs."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} [{self.low:.2f}, {self.high:.2f}]"


def in_turns(
    ways: Mapping[str, Callable[[], float]],
    turns: int,
    step: Callable[[str], None] = lambda what: None,
) -> dict[str, list[float]]:
    """Let every way do its work once in each turn, each turn beginning with another one.

    Args:
        ways: By name, what does the work and gives its seconds.
        turns: How many seconds are wanted of each.
        step: Is told of each turn when it begins.
    """
    names = list(ways)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(turns):
        step(f"turn {turn + 1}")
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            seconds[name].append(ways[name]())
    return seconds


def seconds_of(work: Callable[[], object]) -> float:
    """Do some work; give its seconds by the clock on the wall."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def median_ratio(a: Sequence[float], b: Sequence[float], *, level: float = 0.95) -> Ratio:
    """Give the median of ``a / b``, turn by turn, with an interval that assumes no distribution.

    The interval is between two of the sorted ratios: each lies above the true median with
    probability ½, so how many do is binomial (the sign test turned round; Thompson, *On confidence
    ranges for the median*, Annals of Mathematical Statistics 7, 1936). Fewer than six turns cannot
    give 95 %: then it is all that was found.
    """
    ratios = np.sort(np.asarray(a) / np.asarray(b))
    n, k = len(ratios), 1
    while stats.binom.cdf(k, n, 0.5) <= (1 - level) / 2:
        k += 1
    return Ratio(float(np.median(ratios)), float(ratios[k - 1]), float(ratios[n - k]))
