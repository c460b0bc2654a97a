"""Inputs for losses and what both halves must make of them: NumPy's long way round, in float64."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

RNG = np.random.default_rng(4)
Z, LABELS = RNG.normal(size=(6, 4)) * 2, RNG.integers(0, 4, 6)
SHARES = RNG.dirichlet(np.ones(4), 6)
REAL, BITS = RNG.normal(size=(6, 4)), RNG.integers(0, 2, (6, 4))
Z_SEQUENCE, TOKENS = RNG.normal(size=(3, 5, 4)), RNG.integers(0, 4, (3, 5))
LENGTHS = np.array([5, 2, 3])
MASK = np.arange(5) < LENGTHS[:, None]

# Logits that overflow exp() or underflow to log(0) where a loss is not written with care.
EXTREME = np.array([[1e4, -1e4, 0.0, 3.0], [-1e4, -1e4, -1e4, -1e4], [800.0, 799.0, 0.0, -800.0]])
EXTREME_LABELS = np.array([1, 2, 0])

# More classes than a uint8 can name.
MANY, MANY_LABELS = RNG.normal(size=(4, 300)), np.array([5, 200, 0, 255])


def softmax(z: np.ndarray) -> np.ndarray:
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


def finite_differences(
    f: Callable[[np.ndarray], float], z: np.ndarray, h: float = 1e-6
) -> np.ndarray:
    """Give the gradient of f at z, one central difference for each number."""
    gradient = np.zeros_like(z)
    for place in np.ndindex(*z.shape):
        step = np.zeros_like(z)
        step[place] = h
        gradient[place] = (f(z + step) - f(z - step)) / (2 * h)
    return gradient
