"""How two dense layers were initialised, as a probe reports it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def measure_initial(weights: Sequence[np.ndarray], biases: Sequence[np.ndarray]) -> dict[str, Any]:
    """Report how two dense layers were initialised: what the probe ``initial_weights`` gives.

    Args:
        weights: Two matrices, inputs×outputs.
        biases: Their biases.
    """
    sizes = [float(np.sqrt(np.mean(w.astype(np.float64) ** 2))) for w in weights]
    scales = [s / np.sqrt(2 / len(w)) for s, w in zip(sizes, weights, strict=True)]
    # The mean of n draws strays by size/√n; five times that does not happen.
    strays = [abs(float(w.mean())) * np.sqrt(w.size) for w in weights]
    return {
        "first": float(scales[0]),
        "second": float(scales[1]),
        "centred": all(stray <= 5 * s for stray, s in zip(strays, sizes, strict=True)),
        "units_differ": all(np.unique(w, axis=1).shape == w.shape for w in weights),
        "biases_zero": not any(b.any() for b in biases),
    }
