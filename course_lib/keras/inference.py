"""Asking a network without training it: predictions, and how good they are."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from course_lib.keras.devices import choose_device, choose_precision, computing_in
from course_lib.keras.objectives import CrossEntropy, Objective
from course_lib.training.batches import as_arrays
from course_lib.training.stored import in_parts, whole


def predict(
    model: keras.Model,
    x: np.ndarray,
    *,
    batch_size: int = 256,
    precision: str = "auto",
    device: str = "auto",
) -> np.ndarray:
    """Give a model's outputs for inputs x (N×…): float32, N×K for a classifier."""
    dtype = choose_precision(precision)
    with choose_device(device), computing_in(dtype, model):
        forget_other_precision(model, dtype)
        parts = [
            np.asarray(infer(model, part), dtype=np.float32) for part in in_parts(x, batch_size)
        ]
    return np.concatenate(parts)


def infer(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """Give a model's outputs for one batch, in inference mode and without gradients.

    TensorFlow keeps no gradients unless asked, and calling the model at once saves the second that
    compiling ``predict`` takes for every new model. The other backends do it best themselves.
    """
    if keras.backend.backend() == "tensorflow":
        return ops.convert_to_numpy(ops.cast(model(x, training=False), "float32"))
    return model.predict_on_batch(x)


def forget_other_precision(model: keras.Model, dtype: str) -> None:
    """Have ``predict`` compiled anew when it was compiled for another precision.

    What is compiled keeps the precision of its day, whatever the layers are told later.
    """
    if getattr(model, "predicts_in", dtype) != dtype:
        model.predict_function = None
    model.predicts_in = dtype


def evaluate(
    model: keras.Model,
    domain: Any,
    *,
    objective: Objective | None = None,
    batch_size: int = 256,
    precision: str = "auto",
    device: str = "auto",
) -> dict[str, float]:
    """Give the objective's measures over all examples, by default ``loss`` and ``accuracy``.

    Args:
        model: A model whose outputs are N×K.
        domain: A ``Domain`` or a pair ``(x, y)``.
    """
    data = as_arrays(domain)
    outputs = predict(model, data["x"], batch_size=batch_size, precision=precision, device=device)
    return (objective or CrossEntropy()).measure(outputs, whole(data["y"]))
