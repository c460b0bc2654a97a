"""What ``evaluate`` reports, computed in NumPy from all predictions at once.

Averages run over examples, never over batches: the mean of batch means is wrong when the last
batch is smaller.
"""

from __future__ import annotations

import numpy as np

from course_lib.arguments import as_labels
from course_lib.errors import CourseError
from course_lib.training.requirements import (
    require_labels,
    require_no_nan,
    require_probabilities,
    require_same_shape,
    require_sequences,
    require_several_classes,
)


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
    require_several_classes(logits.shape[1])
    y = as_labels("y", y)
    require_labels(y, logits.shape[1])
    require_no_nan(logits)
    return {"loss": cross_entropy(logits, y), "accuracy": accuracy(logits, y)}


def regression(prediction: np.ndarray, y: np.ndarray) -> dict[str, float]:
    r"""Give ``loss``, half the mean squared error, and ``rmse``, its root in the targets' own unit.

    .. math:: \mathrm{rmse} = \sqrt{\frac{1}{n} \sum_i (\hat y_i - y_i)^2}
    """
    prediction = as_targets(prediction, y)
    require_no_nan(prediction)
    mean_square = float(((prediction.astype(np.float64) - y) ** 2).mean())
    return {"loss": mean_square / 2, "rmse": mean_square**0.5}


def binary(logits: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Give ``loss`` and ``accuracy`` of yes-or-no logits: above 0 (a probability of ½) means yes."""
    z = as_targets(logits, y).astype(np.float64)
    require_probabilities(y)
    require_no_nan(z)
    surprise = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
    return {"loss": float(surprise.mean()), "accuracy": float(((z > 0) == (y > 0.5)).mean())}


def sequences(logits: np.ndarray, y: np.ndarray, padding: int) -> dict[str, float]:
    """Give ``loss`` (nats per token), ``perplexity`` (its exponential) and ``accuracy``.

    Args:
        logits: N×T×K.
        y: Tokens N×T.
        padding: The token that does not count.
    """
    require_sequences(logits.shape, y.shape)
    there = y != padding
    if not there.any():
        raise CourseError(
            f"Every token is {padding}, the padding: there is nothing to measure.",
            f"所有词元都是填充符 {padding}：没有可以评估的内容。",
        )
    per_token = classification(logits[there], y[there])
    return per_token | {"perplexity": float(np.exp(per_token["loss"]))}


def as_targets(outputs: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Give outputs N×1 as N where the targets are N; else the two shapes must be the same."""
    if outputs.shape == (*y.shape, 1):
        outputs = outputs[..., 0]
    require_same_shape("outputs", outputs.shape, y.shape)
    return outputs
