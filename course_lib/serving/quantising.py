"""Eight bits for a weight instead of thirty-two: what is stored, and how far it can be off."""

from __future__ import annotations

import numpy as np

from course_lib.arguments import as_numbers


def quantise_rows(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Round each row of a weight to whole numbers −127 … 127 with a scale of its own.

    .. math:: s_k = \max_d |w_{kd}| / 127, \qquad q_{kd} = \mathrm{round}(w_{kd} / s_k)

    so that :math:`|w_{kd} - s_k q_{kd}| \le s_k / 2`. Jacob et al., CVPR 2018.

    Args:
        w: K×D, a row for each output.

    Returns:
        ``q`` int8 K×D and ``s`` float32 K. A row of zeros gets the scale 1.
    """
    w = as_numbers("w", w)
    largest = np.abs(w).max(axis=1)
    s = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    return np.clip(np.rint(w / s[:, None]), -127, 127).astype(np.int8), s


def dequantise(q: np.ndarray, s: np.ndarray) -> np.ndarray:
    """Give the weights that :func:`quantise_rows` stands for: K×D, float32."""
    return q.astype(np.float32) * s[:, None]
