"""How a low-rank change starts, as a probe reports it, and whether a layer is linear."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def adapted_report(
    first: np.ndarray, plain: np.ndarray, a: np.ndarray, b: np.ndarray
) -> dict[str, Any]:
    """Report how a low-rank change starts: part of what the probe ``low_rank_start`` gives.

    Args:
        first, plain: The outputs with and without it, N×M.
        a, b: Its two matrices, D×r and r×M.
    """
    return {
        "unchanged": bool(np.allclose(first, plain, atol=1e-5)),
        "b_starts_at_zero": not b.any(),
        "rank_of_a": int(np.linalg.matrix_rank(a)),
        "shapes": [list(a.shape), list(b.shape)],
    }


def is_linear(layer: Callable[[np.ndarray], np.ndarray], width: int) -> bool:
    """Say whether a layer is a linear map, with or without a bias: it gives sums for sums.

    Args:
        layer: Takes N×D and gives N×M, as arrays.
        width: D.
    """
    one, other = 1000 * np.random.default_rng(0).normal(size=(2, 8, width)).astype(np.float32)
    apart, together = layer(one) + layer(other), layer(one + other) + layer(0 * one)
    return bool(np.allclose(together, apart, rtol=0, atol=1e-3 * np.abs(apart).max()))
