"""Learning rates over time. A schedule is a function from the number of steps to a row of rates.

Both frameworks read the row; neither computes a rate of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_lib.arguments import require_number


@dataclass(frozen=True)
class Constant:
    """The same learning rate at every step."""

    rate: float

    def __post_init__(self) -> None:
        require_number("The learning rate", self.rate)

    def rates(self, steps: int) -> np.ndarray:
        """Give the rate of each of ``steps`` steps: float64, shape (steps,)."""
        return np.full(steps, self.rate)


@dataclass(frozen=True)
class WarmupCosine:
    r"""Rise in a straight line to the peak, then fall along half a cosine to zero.

    With ``W`` warm-up steps out of ``T``, step ``t = 0 … T-1`` has the rate

    .. math::
        \eta_t = \eta \, \frac{t + 1}{W} \quad (t < W), \qquad
        \eta_t = \frac{\eta}{2} \Bigl(1 + \cos \pi \frac{t - W}{T - W}\Bigr) \quad (t \ge W).

    Warm-up: Goyal et al., *Accurate, Large Minibatch SGD*, 2017, arXiv:1706.02677.
    Cosine: Loshchilov & Hutter, *SGDR*, ICLR 2017, arXiv:1608.03983 (one period, no restart).

    Args:
        peak: The highest rate, :math:`\eta`.
        warmup: The part of all steps that warms up, at least 0 and below 1.
    """

    peak: float
    warmup: float = 0.1

    def __post_init__(self) -> None:
        require_number("The peak of the learning rate", self.peak)
        require_number("warmup", self.warmup, 0, 1, ends="[)")

    def rates(self, steps: int) -> np.ndarray:
        """Give the rate of each of ``steps`` steps: float64, shape (steps,)."""
        t, W = np.arange(steps), round(self.warmup * steps)
        rising = self.peak * (t + 1) / max(W, 1)
        falling = self.peak / 2 * (1 + np.cos(np.pi * (t - W) / max(steps - W, 1)))
        return np.where(t < W, rising, falling)


Schedule = Constant | WarmupCosine


def as_schedule(rate: float | Schedule) -> Schedule:
    """Read a plain number as a constant rate; whatever has ``rates(steps)`` is a schedule."""
    if hasattr(rate, "rates") and not isinstance(rate, type):
        return rate  # type: ignore[return-value]
    return Constant(require_number("learning_rate", rate))
