"""How a low-rank change starts, as a probe reports it."""

from __future__ import annotations

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
        "unchanged": bool(np.allclose(first, plain, atol=1e-6)),
        "b_starts_at_zero": not b.any(),
        "rank_of_a": int(np.linalg.matrix_rank(a)),
        "shapes": [list(a.shape), list(b.shape)],
    }
