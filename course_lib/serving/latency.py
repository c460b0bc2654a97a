"""How long answers take. A mean hides the tail, and it is the tail that people wait for."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import numpy as np

from course_lib.arguments import as_numbers, require_count
from course_lib.errors import CourseError


def time_calls(call: Callable[[], object], n: int, *, warm_up: int = 5) -> np.ndarray:
    """Give the wall-clock seconds of n calls one after another, the first ones left out.

    Args:
        call: What is measured.
        n: How many are kept.
        warm_up: How many go before: they load, compile and fill caches.
    """
    seconds = np.empty(require_count("n", n))
    for i in range(-require_count("warm_up", warm_up, 0), n):
        start = time.perf_counter()
        call()
        if i >= 0:
            seconds[i] = time.perf_counter() - start
    return seconds


def percentiles(
    seconds: Sequence[float] | np.ndarray, at: Sequence[float] = (50, 95, 99)
) -> list[float]:
    r"""Give for each p the smallest measured value that at least p % do not exceed (nearest rank).

    .. math:: x_{(\lceil p n / 100 \rceil)}

    It is a value that was measured, never one between two.

    Args:
        seconds: n values, in any order.
        at: Percentages above 0, at most 100.
    """
    ordered = np.sort(as_numbers("seconds", seconds))
    if not len(ordered) or not all(0 < p <= 100 for p in at):
        raise CourseError(
            "Percentiles need at least one value, and percentages above 0 and up to 100.",
            "百分位数至少需要一个值，百分比须大于 0 且不超过 100。",
        )
    return [float(ordered[math.ceil(p * len(ordered) / 100) - 1]) for p in at]
