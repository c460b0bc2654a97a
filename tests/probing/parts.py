"""Drawn weights of the three parts of a tiny model."""

from __future__ import annotations

import numpy as np


def parts(rng: np.random.Generator) -> dict[str, list[np.ndarray]]:
    return {
        "mix": [rng.normal(size=(3, 4))],
        "norm": [rng.normal(size=4), rng.normal(size=4)],
        "head": [rng.normal(size=(4, 2)), rng.normal(size=2)],
    }
