"""Probes of chapter 17: pictures on their way in, a new head, what a loop over batches collects.

As in ``probes.py``, each runs a student's function on something tiny and reports what it did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from course_lib.clinic import probes as neutral
from course_lib.clinic.probes import choosing, examining
from course_lib.keras.tiny_models import TinyModel, as_array, bits_of

__all__ = ["ARGUMENTS", "choosing", "collecting", "examining", "preparing", "training_a_head"]

BACKBONE = ("kernel", "gamma", "beta")
STATISTICS = ("mean", "variance")


def pictures_to_prepare(
    *, images: np.ndarray, grey: np.ndarray, mean: np.ndarray, std: np.ndarray
) -> dict[str, Any]:
    """Give what :func:`preparing` calls the student's function with, the first time."""
    return {"images": images.copy(), "mean": mean.copy(), "std": std.copy()}


def model_with_old_head(
    *,
    images: np.ndarray,
    labels: np.ndarray,
    classes: int,
    learning_rate: float,
    steps: int,
    **arrays: np.ndarray,
) -> dict[str, Any]:
    """Give what :func:`training_a_head` calls the student's function with."""
    return {
        "model": TinyModel(arrays),
        "classes": classes,
        "images": ops.convert_to_tensor(images),
        "labels": ops.convert_to_tensor(labels),
        "learning_rate": learning_rate,
        "steps": steps,
    }


def batches_to_collect(
    *, images: np.ndarray, labels: np.ndarray, batch_size: int, **arrays: np.ndarray
) -> dict[str, Any]:
    """Give what :func:`collecting` calls the student's function with."""
    starts = range(0, len(images), batch_size)
    parts = [(images[i : i + batch_size], labels[i : i + batch_size]) for i in starts]
    batches = [(ops.convert_to_tensor(x), ops.convert_to_tensor(y)) for x, y in parts]
    return {"model": TinyModel(arrays), "batches": batches}


ARGUMENTS = {
    **neutral.ARGUMENTS,
    "preparing": pictures_to_prepare,
    "training_a_head": model_with_old_head,
    "collecting": batches_to_collect,
}


def preparing(
    prepare: Callable[..., Any],
    *,
    images: np.ndarray,
    grey: np.ndarray,
    mean: np.ndarray,
    std: np.ndarray,
) -> dict[str, Any]:
    """Let the student's function prepare a batch of coloured pictures and one of grey ones.

    Args:
        prepare: The student's ``prepare(images, mean, std)``; it gives a tensor N×H×W×3.
        images: N×H×W×3, bytes. grey: N×H×W, bytes.
        mean, std: Of the three channels, for pictures between 0 and 1.

    Returns:
        ``colour`` and ``grey`` (as N×H×W×3, empty where the shape is no such batch's), ``layout`` (the
        channels stand where this framework wants them), ``float32``.
    """
    found = [prepare(batch.copy(), mean.copy(), std.copy()) for batch in (images, grey)]
    arrays = [as_array(each) for each in found]
    shapes = [(*batch.shape[:3], 3) for batch in (images, grey)]
    return {
        "colour": places_last(arrays[0], shapes[0]),
        "grey": places_last(arrays[1], shapes[1]),
        "layout": [each.shape for each in arrays] == shapes,
        "float32": all(each.dtype == np.float32 for each in arrays),
    }


def places_last(pixels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Give a batch as N×H×W×3, whichever layout it has; an empty one where it has neither."""
    n, h, w, c = shape
    if pixels.shape == (n, c, h, w):
        return pixels.transpose(0, 2, 3, 1)
    return pixels if pixels.shape == shape else np.zeros((0, h, w, c), np.float32)


def training_a_head(train_head: Callable[..., Any], **given: Any) -> dict[str, Any]:
    """Let the student's function put a new head on a model and train it, and see what moved.

    Args:
        train_head: The student's ``train_head(model, classes, images, labels, learning_rate, steps)``.
        given: What :func:`model_with_old_head` takes.

    Returns:
        ``outputs`` (of the model's head), ``head`` D×K, ``bias`` K, ``gives_logits`` (nothing follows the linear
        layer), ``backbone_moved``, ``statistics_moved``; ``linear_layer``, without which nothing else is known.
    """
    arguments = model_with_old_head(**given)
    model = arguments["model"]
    before = bits_of(model)
    train_head(**arguments)
    if any(getattr(model.head, name, None) is None for name in ("kernel", "bias")):
        return {"linear_layer": False}
    after = bits_of(model)
    kernel, bias = (as_array(w) for w in model.head.weights)
    said = as_array(model.head(np.eye(len(kernel), dtype=np.float32)))
    return {
        "linear_layer": True,
        "outputs": len(bias),
        "head": kernel,
        "bias": bias,
        "gives_logits": bool(np.allclose(said, kernel + bias, atol=1e-4)),
        "backbone_moved": any(after[name] != before[name] for name in BACKBONE),
        "statistics_moved": any(after[name] != before[name] for name in STATISTICS),
    }


def collecting(collect: Callable[..., Any], **given: Any) -> dict[str, Any]:
    """Let the student's function go through batches and collect labels and predictions.

    Args:
        collect: The student's ``collect(model, batches)``; it gives labels, predicted classes, accuracy.
        given: What :func:`batches_to_collect` takes.

    Returns:
        ``labels``, ``predicted``, ``accuracy``, ``arrays`` (the first two are NumPy
        arrays), ``statistics_moved``.
    """
    arguments = batches_to_collect(**given)
    model = arguments["model"]
    before = bits_of(model)
    labels, predicted, accuracy = collect(**arguments)
    after = bits_of(model)
    return {
        "labels": np.array([as_array(each) for each in labels]),
        "predicted": np.array([as_array(each) for each in predicted]),
        "accuracy": float(accuracy),
        "arrays": all(isinstance(each, np.ndarray) for each in (labels, predicted)),
        "statistics_moved": any(after[name] != before[name] for name in STATISTICS),
    }
