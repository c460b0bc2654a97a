"""Which gradients a step was made of, and a number that ought to be a cosine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from course_lib.training.tiny import PARTS


def measure_shares(
    before: dict[str, list[np.ndarray]],
    after: dict[str, list[np.ndarray]],
    slopes: Sequence[dict[str, list[np.ndarray]]],
    learning_rate: float,
) -> tuple[np.ndarray, bool]:
    r"""Give the factors of several gradients that a step was made of, and whether of nothing else.

    .. math:: \theta' - \theta = -\eta \sum_j a_j g_j

    solved for :math:`a` by least squares over all weights together.

    Args:
        before, after: :math:`\theta` and :math:`\theta'` of each part: what ``PARTS`` names.
        slopes: The gradients :math:`g_j`, each likewise.
        learning_rate: :math:`\eta`.
    """

    def flat(arrays: dict[str, list[np.ndarray]]) -> np.ndarray:
        parts = [np.ravel(a).astype(np.float64) for part in PARTS for a in arrays[part]]
        return np.concatenate(parts)

    moved = (flat(before) - flat(after)) / learning_rate
    gradients = np.stack([flat(slope) for slope in slopes], axis=1)
    shares = np.linalg.lstsq(gradients, moved, rcond=None)[0]
    rest = float(np.linalg.norm(moved - gradients @ shares))
    return shares, rest <= 1e-2 * float(np.linalg.norm(moved)) + 1e-6


def as_cosine(value: Any) -> float:
    """Give a student's number as a float; what is no single number counts as 9, which no cosine is."""
    array = np.asarray(value.detach() if hasattr(value, "detach") else value)
    return float(array) if array.ndim == 0 and array.dtype.kind in "fiu" else 9.0
