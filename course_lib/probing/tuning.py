"""The rate of a step, measured from the weights before and after it, and numbers as a student gives them."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.training.tiny import PARTS


def measure_rates(
    before: dict[str, list[np.ndarray]],
    after: dict[str, list[np.ndarray]],
    slopes: dict[str, list[np.ndarray]],
) -> tuple[np.ndarray, bool]:
    r"""Give the learning rate with which each part has moved, and whether all moved along the gradient.

    .. math:: \eta = -\, g \cdot (\theta' - \theta) \,/\, g \cdot g

    Args:
        before, after: :math:`\theta` and :math:`\theta'` of each part: what ``PARTS`` names.
        slopes: :math:`g`, likewise.
    """
    rates, straight = [], True
    for part in PARTS:
        moved, slope = (
            np.concatenate([np.ravel(a).astype(np.float64) for a in arrays])
            for arrays in (
                [new - old for old, new in zip(before[part], after[part], strict=True)],
                slopes[part],
            )
        )
        rate = -float(slope @ moved) / float(slope @ slope)
        straight &= float(np.linalg.norm(moved + rate * slope)) <= 1e-2 * float(
            np.linalg.norm(rate * slope) + 1e-6
        )
        rates.append(rate)
    return np.array(rates), bool(straight)


def whole_numbers(returned: Any) -> list[int]:
    """Write what a student's function returned as a list of whole numbers; -1, -1 for nothing."""
    if returned is None:
        return [-1, -1]
    several = isinstance(returned, list | tuple | np.ndarray) and np.ndim(returned) == 1
    return [int(number) for number in (returned if several else [returned])]
