"""Measures of answers at every place, and what the heads on maps must know of a backbone; NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.errors import CourseError

# As shares of the features: glyphnet_half has half of each.
GLYPHNET_CHANNELS = {"stem_norm": 1 / 4, "block1": 1 / 4, "block2": 1 / 2, "block3": 1}


def channels_of(backbone: Any, layer: str) -> int:
    """Give how many channels a backbone's map has: ``"maps"`` for any, inner blocks for glyphnet."""
    if layer == "maps":
        return int(backbone.feature_size)
    if not backbone.name.startswith("glyphnet") or layer not in GLYPHNET_CHANNELS:
        raise CourseError(
            f"Heads on inner maps are made for glyphnet's {', '.join(GLYPHNET_CHANNELS)}; asked for "
            f"{layer!r} of {backbone.name}.",
            f"内层特征图上的头只为 glyphnet 的 {'、'.join(GLYPHNET_CHANNELS)} 准备，"
            f"这里要的是 {backbone.name} 的 {layer!r}。",
        )
    return int(backbone.feature_size * GLYPHNET_CHANNELS[layer])


def count_pairs(y: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Give the confusion matrix K×K of all places: true class by row, predicted by column."""
    pairs = np.asarray(y, int).ravel() * classes + np.asarray(predicted, int).ravel()
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def iou_of_classes(confusion: np.ndarray) -> np.ndarray:
    r"""Give each class's intersection over union, K; nan for a class that occurs nowhere.

    .. math:: \mathrm{IoU}_k = \frac{C_{kk}}{\sum_j C_{kj} + \sum_j C_{jk} - C_{kk}}
    """
    right = np.diag(confusion).astype(float)
    union = confusion.sum(axis=0) + confusion.sum(axis=1) - right
    return np.divide(right, union, out=np.full(len(right), np.nan), where=union > 0)


def measure_places(outputs: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Give ``loss``, ``accuracy`` and ``mean_iou`` of logits N×h×w×K against labels N×h×w."""
    z = outputs.astype(np.float64) - outputs.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    y = np.asarray(y, int)
    predicted = outputs.argmax(axis=-1)
    iou = iou_of_classes(count_pairs(y, predicted, outputs.shape[-1]))
    return {
        "loss": float(-np.take_along_axis(log_p, y[..., None], axis=-1).mean()),
        "accuracy": float((predicted == y).mean()),
        "mean_iou": float(np.nanmean(iou)),
    }


def measure_cells(outputs: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Give ``accuracy`` of the class and ``side_error`` (strides) in the cells that hold an object."""
    there = y[..., 0] > 0
    right = outputs[..., 1:-4].argmax(axis=-1)[there] == y[..., 1][there]
    error = np.abs(outputs[..., -4:][there] - y[..., 2:][there])
    return {"accuracy": float(right.mean()), "side_error": float(error.mean())}
