r"""Watching for drift without labels, with a budget for false alarms.

A window of recent pictures is compared with a reference by the mean of their features: if both come
from one distribution, each standardised mean strays by about :math:`1/\sqrt{m}`, so

.. math:: T = \sqrt{\tfrac{m}{D} \sum_{d=1}^{D} \bigl((\bar f_d - \mu_d) / \sigma_d\bigr)^2}

is about 1. What "too much" is, is not taken from a table but from windows of the reference itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from course_lib.arguments import require_count, require_number, require_seed
from course_lib.errors import CourseError


@dataclass(frozen=True)
class Monitor:
    """A drift monitor that has been calibrated.

    Attributes:
        mean, deviation: Of each feature on the reference, D.
        window: How many examples are looked at together.
        threshold: The statistic above which there is an alarm.
        rate: The part of undisturbed windows that may raise one.
    """

    mean: np.ndarray
    deviation: np.ndarray
    window: int
    threshold: float
    rate: float

    def statistic(self, f: np.ndarray) -> float:
        """Give T for a window of features m×D."""
        return statistic(f, self.mean, self.deviation)

    def alarm(self, f: np.ndarray) -> bool:
        """Say whether a window of features m×D has drifted."""
        if len(f) != self.window:
            raise CourseError(
                f"The threshold holds for windows of {self.window}; this one has {len(f)}.",
                f"阈值适用于大小为 {self.window} 的窗口，而这个窗口有 {len(f)} 个样本。",
            )
        return self.statistic(f) > self.threshold


def statistic(f: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> float:
    """Give how far the mean of features m×D lies from a reference's, about 1 without drift."""
    strays = (f.mean(axis=0) - mean) / deviation
    return float(np.sqrt(len(f) * (strays**2).mean()))


def calibrate_monitor(
    reference: np.ndarray, *, window: int, rate: float, draws: int = 999, seed: int = 0
) -> Monitor:
    """Choose the threshold so that at most ``rate`` of the undisturbed windows raise an alarm.

    The threshold is the ⌈(1 − rate)(draws + 1)⌉-th smallest of as many drawn windows' statistics; one
    more window of the same kind exceeds it with a probability of at most ``rate``. The windows overlap
    where the reference is small, and then that is an approximation: leave out a part and look.

    Args:
        reference: Features n×D that the network was *not* trained on.
        window: m, how many examples are looked at together; at most a third of n.
        rate: The budget: 0.01 is one false alarm in a hundred windows.
        draws: How many windows are drawn from the reference.
        seed: Where they come from.
    """
    window, draws = require_count("window", window), require_count("draws", draws)
    rate = require_number("rate", rate)
    place = math.ceil((1 - rate) * (draws + 1))
    if 3 * window > len(reference) or not 0 < rate < 1 or place > draws:
        raise CourseError(
            f"Windows of {window} at a rate of {rate} need a reference of {3 * window} examples or "
            f"more and at least {math.ceil(1 / max(rate, 1e-9)) - 1} draws.",
            f"窗口为 {window}、误报率为 {rate} 时，参照数据至少要有 {3 * window} 个样本，"
            f"抽样至少 {math.ceil(1 / max(rate, 1e-9)) - 1} 次。",
        )
    mean, deviation = reference.mean(axis=0), reference.std(axis=0)
    # A feature that is almost always 0 would shout at its first other value.
    deviation = np.maximum(deviation, max(0.05 * float(np.median(deviation)), 1e-6))
    rng, n, total = np.random.default_rng(require_seed(seed)), len(reference), reference.sum(axis=0)
    found = []
    for _ in range(draws):
        part = reference[rng.choice(n, window, replace=False)]
        # Against the others, as new pictures stand against all: else a window would meet itself.
        others = (total - part.sum(axis=0)) / (n - window)
        found.append(statistic(part, others, deviation))
    return Monitor(mean, deviation, window, float(np.sort(found)[place - 1]), rate)
