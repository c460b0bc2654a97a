"""Does "90 % sure" mean right nine times out of ten?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from course_lib.arguments import as_labels, as_numbers, require_count
from course_lib.errors import CourseError
from course_lib.training.requirements import require_labels


class Bin(NamedTuple):
    """Predictions of similar confidence.

    Attributes:
        low, high: The bin holds confidences with ``low < confidence ≤ high``.
        confidence: Their mean confidence.
        accuracy: The part of them that was right.
        n: How many there are; empty bins are left out.
    """

    low: float
    high: float
    confidence: float
    accuracy: float
    n: int


def softmax(z: np.ndarray) -> np.ndarray:
    r"""Turn logits N×K into probabilities N×K: :math:`e^{z_k} / \sum_j e^{z_j}`.

    The largest logit is subtracted first: the same result, and no overflow.

    Args:
        z: One row or more; -∞ is the logit of what cannot be.
    """
    z = as_numbers("z", z, endless=True)
    z = z.astype(np.promote_types(z.dtype, np.float32))  # differences of halves can overflow
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def calibration_bins(probabilities: np.ndarray, y: np.ndarray, *, bins: int = 15) -> list[Bin]:
    """Sort predictions by confidence (the largest probability) into bins of equal width.

    Args:
        probabilities: N×K, each row sums to one. From logits: :func:`softmax`.
        y: True labels, N.
        bins: How many bins between 0 and 1.
    """
    probabilities, y = _as_probabilities(probabilities, y)
    bins = require_count("bins", bins)
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == y
    edges = np.linspace(0, 1, bins + 1)
    places = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    return [
        Bin(
            float(edges[b]),
            float(edges[b + 1]),
            float(confidence[places == b].mean()),
            float(right[places == b].mean()),
            int((places == b).sum()),
        )
        for b in np.unique(places)
    ]


def calibration_error(probabilities: np.ndarray, y: np.ndarray, *, bins: int = 15) -> float:
    r"""Expected calibration error: how far confidence and accuracy lie apart, on average.

    .. math::
        \mathrm{ECE} = \sum_b \frac{n_b}{N} \, |\mathrm{accuracy}_b - \mathrm{confidence}_b|

    Naeini et al., AAAI 2015; Guo et al., *On Calibration of Modern Neural Networks*, ICML 2017,
    arXiv:1706.04599. It depends on the number of bins, and with few examples it is too large even
    for perfect probabilities (the noise of each bin counts): compare at equal ``bins`` and N.

    Args:
        probabilities, y, bins: As for :func:`calibration_bins`.
    """
    found = calibration_bins(probabilities, y, bins=bins)
    return sum(b.n * abs(b.accuracy - b.confidence) for b in found) / len(y)


def mean_surprise(z: np.ndarray, y: np.ndarray, *, temperature: float = 1.0) -> float:
    r"""Mean negative log-likelihood of labels y (N) under softmax(z / T), logits z N×K."""
    log_p = log_softmax(np.asarray(z, dtype=np.float64) / temperature, axis=1)
    return float(-log_p[np.arange(len(y)), y].mean())


def fit_temperature(z: np.ndarray, y: np.ndarray) -> float:
    r"""The one number that logits are to be divided by: :math:`T = \arg\min_T` of the mean surprise.

    .. math:: p = \mathrm{softmax}(z / T)

    T > 1 makes less sure, T < 1 surer; the order of the classes, hence the accuracy, stays. Fit it on
    *validation* examples: neither those trained on, where the network is right and sure, nor the test.
    Guo et al., ICML 2017, arXiv:1706.04599.

    Args:
        z: validation logits, N×K.
        y: their labels, N.
    """
    z, y = as_numbers("z", z), as_labels("y", y)
    if z.ndim != 2 or y.shape != (len(z),) or not len(z):
        raise CourseError(
            f"One row of logits for each label, please; the shapes are {z.shape} and {y.shape}.",
            f"每个标签要对应一行 logits；这里的形状是 {z.shape} 和 {y.shape}。",
        )
    require_labels(y, z.shape[1])
    # In 1/T the surprise is convex, so there is one minimum; its logarithm keeps T positive.
    found = minimize_scalar(
        lambda log_t: mean_surprise(z, y, temperature=np.exp(log_t)),
        bounds=(np.log(0.01), np.log(100)),
        method="bounded",
        options={"xatol": 1e-6},
    )
    return float(np.exp(found.x))


def _as_probabilities(probabilities: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give probabilities N×K and labels N as arrays, when they are such."""
    p, y = as_numbers("probabilities", probabilities), as_labels("y", y)
    if p.ndim != 2 or len(p) != len(y) or not len(p):
        raise CourseError(
            f"Calibration needs one row of probabilities per label; the shapes are {p.shape} and "
            f"{y.shape}.",
            f"计算校准误差时，每个标签要对应一行概率，而这里的形状是 {p.shape} 和 {y.shape}。",
        )
    if p.min() < 0 or not np.allclose(p.sum(axis=1), 1, atol=1e-3):
        raise CourseError(
            "These are not probabilities (each row must sum to 1): logits go through softmax first.",
            "这些数不是概率（每一行之和应为 1）：如果是 logits，请先做 softmax。",
        )
    require_labels(y, p.shape[1])
    return p, y
