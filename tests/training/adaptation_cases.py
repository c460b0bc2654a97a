"""Two samples of features, and what both halves must make of them: formulas as loops, in float64."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

RNG = np.random.default_rng(8)
F_S, F_T = RNG.normal(size=(7, 3)), RNG.normal(size=(5, 3)) * 1.5 + 0.5
Z_T = RNG.normal(size=(5, 4)) * 2
CASES: list[dict[str, Any]] = [
    {"kernel": kernel, "width": width, "biased": biased}
    for kernel in ("linear", "rbf", "multi")
    for width in (None, 0.8)
    for biased in (True, False)
]


def kernel(a: np.ndarray, b: np.ndarray, name: str, width: float) -> float:
    """Give the kernel of two rows."""
    if name == "linear":
        return float(a @ b)
    scales = (1.0,) if name == "rbf" else (0.25, 0.5, 1.0, 2.0, 4.0)
    distance = float(((a - b) ** 2).sum())
    return float(np.mean([np.exp(-distance / (2 * c * width**2)) for c in scales]))


def median_width(f: np.ndarray) -> float:
    """Give the (lower) median of the distances between different rows."""
    pairs = [np.linalg.norm(f[i] - f[j]) for i in range(len(f)) for j in range(i)]
    return float(sorted(pairs)[(len(pairs) - 1) // 2])


def mmd_squared(
    f_s: np.ndarray, f_t: np.ndarray, *, kernel: str, width: float | None, biased: bool
) -> float:
    """Give it pair by pair."""
    width = median_width(np.concatenate([f_s, f_t])) if width is None else width

    def mean(a: np.ndarray, b: np.ndarray, same: bool) -> float:
        return float(
            np.mean(
                [
                    _kernel(a[i], b[j], kernel, width)
                    for i in range(len(a))
                    for j in range(len(b))
                    if not (same and i == j)
                ]
            )
        )

    own = not biased
    return mean(f_s, f_s, own) + mean(f_t, f_t, own) - 2 * mean(f_s, f_t, False)


_kernel = kernel


def coral_distance(f_s: np.ndarray, f_t: np.ndarray) -> float:
    """Give it with NumPy's covariances."""
    difference = np.cov(f_s, rowvar=False) - np.cov(f_t, rowvar=False)
    return float((difference**2).sum() / (4 * f_s.shape[1] ** 2))


def gaussian_mmd_squared(shift: np.ndarray, spread: float, width: float) -> float:
    r"""Give :math:`\mathrm{MMD}^2` of two Gaussians :math:`s^2 I` whose means are ``shift`` apart.

    .. math:: 2 \Bigl(\frac{\sigma^2}{\sigma^2 + 2 s^2}\Bigr)^{D/2}
              \Bigl(1 - e^{-\lVert \mu \rVert^2 / 2 (\sigma^2 + 2 s^2)}\Bigr)
    """
    wide = width**2 + 2 * spread**2
    scale = (width**2 / wide) ** (len(shift) / 2)
    return float(2 * scale * (1 - np.exp(-(shift @ shift) / (2 * wide))))


def probabilities(z: np.ndarray) -> np.ndarray:
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def entropy(z: np.ndarray) -> float:
    p = probabilities(z)
    return float(-(p * np.log(p)).sum(axis=1).mean())


SHARES = (6, 1, 2, 1)


def information(z: np.ndarray, shares: Sequence[float] | None = None) -> float:
    """The mean entropy, less that of the mean; or the divergence from given shares, less log K."""
    mean = probabilities(z).mean(axis=0)
    if shares is None:
        return entropy(z) + float((mean * np.log(mean)).sum())
    pi = np.array(shares) / sum(shares)
    return entropy(z) + float((mean * np.log(mean / pi)).sum()) - float(np.log(len(mean)))


def pseudo(z: np.ndarray, threshold: float) -> float:
    best = probabilities(z).max(axis=1)
    return float(-(np.log(best) * (best > threshold)).mean())
