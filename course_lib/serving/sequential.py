r"""Watching day after day: sums that remember, and a budget of false alarms for the whole watch.

One day's number is noisy, so small lasting changes hide in it. Page's cumulative sum adds up what exceeds
the usual:

.. math:: S_0 = 0, \qquad S_t = \max(0,\; S_{t-1} + z_t - \kappa), \qquad z_t = (x_t - \mu) / \sigma

E. S. Page, *Continuous inspection schemes*, Biometrika 41, 1954. The alarm rings when :math:`S_t > h`. A budget "at
most one quarter in ten rings falsely" is a statement on the **largest** :math:`S_t` of a quarter, so h comes
from whole quarters and not from single days.
"""

from __future__ import annotations

import math

import numpy as np

from course_lib.arguments import as_numbers, require_count, require_number, require_seed
from course_lib.errors import CourseError

NEVER = -1


def cumulative_sum(
    x: np.ndarray, *, mean: float, deviation: float, allowance: float = 0.5
) -> np.ndarray:
    r"""Give Page's sums, in the shape of x: rises above the mean add up.

    Args:
        x: One number a day: T, or runs × T.
        mean, deviation: :math:`\mu` and :math:`\sigma` of a quiet period.
        allowance: :math:`\kappa`, in deviations: half of the shift that is to be found is customary.
    """
    z = (as_numbers("x", x) - mean) / require_number("deviation", deviation, ends="()") - allowance
    sums, S = np.empty_like(z), np.zeros(z.shape[:-1])
    for t in range(z.shape[-1]):
        S = np.maximum(0, S + z[..., t])
        sums[..., t] = S
    return sums


def quiet_runs(
    x: np.ndarray, days: int, *, runs: int = 499, block: int = 1, seed: int = 0
) -> np.ndarray:
    """Put together quiet runs from pieces of a quiet period, runs × days (moving-block bootstrap).

    Neighbouring days resemble one another, and a sum that remembers feels it: pieces of several days keep
    that resemblance, single days lose it. Künsch, *The jackknife and the bootstrap for general stationary
    observations*, Annals of Statistics 17(3), 1989.

    Args:
        x: The quiet period, one number a day.
        days: The length of a run.
        runs: How many.
        block: Days in a piece.
        seed: Which pieces.
    """
    x = as_numbers("x", x)
    days, runs = require_count("days", days), require_count("runs", runs)
    block = require_count("block", block, 1, len(x))
    rng = np.random.default_rng(require_seed(seed))
    starts = rng.integers(len(x) - block + 1, size=(runs, math.ceil(days / block)))
    places = starts[:, :, None] + np.arange(block)
    return x[places.reshape(runs, -1)[:, :days]]


def threshold_within(sums: np.ndarray, budget: float) -> float:
    """Give the threshold that at most the budget's part of quiet runs exceeds, once or more.

    It is the ⌈(1 − budget)(R + 1)⌉-th smallest of the R runs' maxima; one more run of the same kind exceeds it
    with a probability of at most ``budget``.

    Args:
        sums: R × T, from quiet runs.
        budget: Part of runs that may ring, such as 0.1.
    """
    budget = require_number("budget", budget, 0, 1, ends="()")
    largest = np.sort(as_numbers("sums", sums).max(axis=1))
    place = math.ceil((1 - budget) * (len(largest) + 1))
    if place > len(largest):
        raise CourseError(
            f"A budget of {budget} needs at least {math.ceil(1 / budget) - 1} quiet runs; there are "
            f"{len(largest)}.",
            f"误报预算为 {budget} 时至少需要 {math.ceil(1 / budget) - 1} 段平静期，这里只有 {len(largest)} 段。",
        )
    return float(largest[place - 1])


def first_alarms(sums: np.ndarray, threshold: float) -> np.ndarray:
    """Give for each run, R × T, the first day above the threshold, or ``NEVER``."""
    rings = as_numbers("sums", sums) > threshold
    return np.where(rings.any(axis=1), rings.argmax(axis=1), NEVER)
