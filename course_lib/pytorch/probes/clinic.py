"""Probes of chapter 17: pictures on their way in, a new head, what a loop over batches collects.

As in ``probes.py``, each runs a student's function on something tiny and reports what it did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from course_lib.clinic import probes as neutral
from course_lib.clinic.probes import choosing, examining
from course_lib.pytorch.tiny_models import TinyModel, as_array, bits_of

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
        "model": TinyModel(arrays).train(),
        "classes": classes,
        "images": torch.tensor(images),
        "labels": torch.tensor(labels),
        "learning_rate": learning_rate,
        "steps": steps,
    }


def batches_to_collect(
    *, images: np.ndarray, labels: np.ndarray, batch_size: int, **arrays: np.ndarray
) -> dict[str, Any]:
    """Give what :func:`collecting` calls the student's function with: a model in training mode."""
    x, y = torch.tensor(images), torch.tensor(labels)
    batches = list(zip(x.split(batch_size), y.split(batch_size), strict=True))
    return {"model": TinyModel(arrays).train(), "batches": batches}


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
        prepare: The student's ``prepare(images, mean, std)``; it gives a tensor N×3×H×W.
        images: N×H×W×3, bytes. grey: N×H×W, bytes.
        mean, std: Of the three channels, for pictures between 0 and 1.

    Returns:
        ``colour`` and ``grey`` (as N×H×W×3, empty where the shape is no such batch's), ``layout`` (the
        channels stand where this framework wants them), ``float32``.
    """
    found = [prepare(batch.copy(), mean.copy(), std.copy()) for batch in (images, grey)]
    arrays = [as_array(each) for each in found]
    shapes = [(len(batch), 3, *batch.shape[1:3]) for batch in (images, grey)]
    return {
        "colour": places_last(arrays[0], shapes[0]),
        "grey": places_last(arrays[1], shapes[1]),
        "layout": [each.shape for each in arrays] == shapes,
        "float32": all(each.dtype == np.float32 for each in arrays),
    }


def places_last(pixels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Give a batch as N×H×W×3, whichever layout it has; an empty one where it has neither."""
    n, c, h, w = shape
    if pixels.shape == shape:
        return pixels.transpose(0, 2, 3, 1)
    return pixels if pixels.shape == (n, h, w, c) else np.zeros((0, h, w, c), np.float32)


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
    if any(getattr(model.head, name, None) is None for name in ("weight", "bias")):
        return {"linear_layer": False}
    after = bits_of(model)
    kernel, bias = (w.detach().numpy().copy() for w in model.head.parameters())
    with torch.no_grad():
        said = as_array(model.head(torch.eye(kernel.shape[1])))
    return {
        "linear_layer": True,
        "outputs": len(bias),
        "head": kernel.T,
        "bias": bias,
        "gives_logits": bool(np.allclose(said, kernel.T + bias, atol=1e-4)),
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
