"""A backbone so small that NumPy computes it in three lines: what the state exercises work on.

Pointwise convolution → batch norm → ReLU → mean over places:

.. math::
    z = x W, \\qquad
    a = \\max\\Bigl(0, \\gamma \\frac{z - \\hat\\mu}{\\sqrt{\\hat\\sigma^2 + 10^{-5}}} + \\beta\\Bigr), \\qquad
    h = \\frac{1}{HW} \\sum_{\\text{places}} a

Shapes: images ``x`` N×H×W×C, ``kernel`` W is C×D, ``gamma``, ``beta``, ``mean``, ``variance`` are D,
``head`` is D×K, ``bias`` is K.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]

EPSILON = 1e-5


@dataclass
class Notes:
    """What a tiny backbone notes of how it was called; its copies write into the same notes."""

    batch_sizes: list[int] = field(default_factory=list)
    gradients_recorded: bool = False

    def __deepcopy__(self, memo: dict[int, Any]) -> Notes:
        return self


def draw_tiny(
    rng: np.random.Generator, *, channels: int = 3, features: int = 4, classes: int = 3
) -> Arrays:
    """Draw the arrays of a tiny model, float32: all arguments that the probes need of it."""
    C, D, K = channels, features, classes
    arrays = {
        "kernel": rng.normal(size=(C, D)),
        "gamma": rng.uniform(0.5, 1.5, D),
        "beta": rng.normal(size=D),
        "mean": rng.normal(size=D),
        "variance": rng.uniform(0.5, 2.0, D),
        "head": rng.normal(size=(D, K)),
        "bias": rng.normal(size=K),
    }
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def tiny_features(
    x: np.ndarray,
    kernel: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
) -> np.ndarray:
    """Give the features N×D of images N×H×W×C in inference mode."""
    normal = (x @ kernel - mean) / np.sqrt(variance + EPSILON)
    return np.maximum(0, gamma * normal + beta).mean(axis=(1, 2))


PARTS = {"mix": ("kernel",), "norm": ("gamma", "beta"), "head": ("head", "bias")}
"""The parts of a tiny model from input to output, and the arrays of each."""
