"""What ``evaluate`` reports, computed in NumPy from all predictions at once.

Averages run over examples, never over batches: the mean of batch means is wrong when the last
batch is smaller.
"""

from __future__ import annotations

import numpy as np

from course_lib.errors import CourseError


def log_softmax(logits: np.ndarray) -> np.ndarray:
    r"""Give :math:`z_k - \log \sum_j e^{z_j}` row by row, stable for large :math:`z`: N×K → N×K."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def cross_entropy(logits: np.ndarray, y: np.ndarray) -> float:
    r"""Give the mean of :math:`-\log p(y_i \mid x_i)` in nats, from logits N×K and labels N."""
    log_p = log_softmax(logits.astype(np.float64))
    return float(-log_p[np.arange(len(y)), y].mean())


def accuracy(logits: np.ndarray, y: np.ndarray) -> float:
    """Give the part of examples whose largest logit stands at the label, between 0 and 1."""
    return float((logits.argmax(axis=1) == y).mean())


def classification(logits: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Give ``loss`` and ``accuracy`` of logits N×K against labels N."""
    if logits.ndim != 2 or y.shape != (len(logits),):
        raise CourseError(
            f"Classification needs logits N×K and labels N; found {logits.shape} and {y.shape}.",
            f"分类需要 N×K 的 logits 和 N 个标签，现在的形状是 {logits.shape} 与 {y.shape}。",
        )
    return {"loss": cross_entropy(logits, y), "accuracy": accuracy(logits, y)}
