"""Asking a network without training it: predictions, and how good they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras import ops

from course_lib.arguments import require_count, require_made
from course_lib.keras.devices import choose_device, choose_precision, computing_in
from course_lib.keras.forward import forward
from course_lib.keras.objectives import Objective, require_objective
from course_lib.training.batches import as_arrays, as_inputs, require_arrays
from course_lib.training.requirements import cannot_take
from course_lib.training.stored import in_parts, read, whole


def as_model_reads(model: keras.Layer, x: Any) -> Any:
    """Give inputs in the type that a model computes with.

    Whole numbers stay whole where the model has an ``Embedding``, which looks tokens up; otherwise
    they become floats. (Floats become what the weights are: Keras does it.)
    """
    if keras.backend.is_float_dtype(x.dtype):
        return x
    layers = model._flatten_layers()
    looks_up = any(isinstance(layer, keras.layers.Embedding) for layer in layers)
    return ops.cast(x, "int32" if looks_up else keras.config.floatx())


def predict(
    model: keras.Model,
    x: np.ndarray,
    *,
    batch_size: int = 256,
    precision: str = "auto",
    device: str = "auto",
) -> np.ndarray:
    """Give a model's outputs for inputs x (N×…): float32, N×K for a classifier."""
    require_made("model", model, keras.Layer, "attach_head(backbone, 10)")
    x, batch_size = as_inputs(x), require_count("batch_size", batch_size)
    dtype = choose_precision(precision)
    with choose_device(device), computing_in(dtype, model), taking(model, x):
        forget_other_precision(model, dtype)
        waiting = -(-x.shape[0] // batch_size)
        parts = [
            np.asarray(infer(model, as_model_reads(model, part), waiting - i), dtype=np.float32)
            for i, part in enumerate(in_parts(x, batch_size))
        ]
    return np.concatenate(parts)


def infer(model: keras.Model, x: np.ndarray, waiting: int = 1) -> np.ndarray:
    """Give a model's outputs for one batch, in inference mode and without gradients.

    TensorFlow keeps no gradients unless asked, and calling the model at once saves the second that
    compiling ``predict`` takes for every new model. The other backends do it best themselves.

    Args:
        waiting: How many batches there are to ask about, this one included.
    """
    if keras.backend.backend() == "tensorflow":
        return ops.convert_to_numpy(ops.cast(forward(model, x, waiting), "float32"))
    return model.predict_on_batch(x)


def forget_other_precision(model: keras.Model, dtype: str) -> None:
    """Have ``predict`` compiled anew when it was compiled for another precision.

    What is compiled keeps the precision of its day, whatever the layers are told later.
    """
    if getattr(model, "predicts_in", dtype) != dtype:
        model.predict_function = None
    model.predicts_in = dtype


def finish_building(model: keras.Layer, x: np.ndarray) -> None:
    """Let layers that wait for their first input (no ``keras.Input``) see an example's shape."""
    if not model.built:
        with taking(model, x):
            model(as_model_reads(model, read(x, np.arange(1))), training=False)


@contextmanager
def taking(model: keras.Layer, x: np.ndarray) -> Iterator[None]:
    """Say in one sentence, inside a ``with`` statement, when a model cannot take such inputs at all."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        one = read(x, np.arange(1))
        try:
            infer(model, as_model_reads(model, one))
        except Exception:
            raise cannot_take(x.shape, error) from error
        raise


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
    require_arrays(data, "x", "y")
    objective = require_objective(objective)
    outputs = predict(model, data["x"], batch_size=batch_size, precision=precision, device=device)
    return objective.measure(outputs, whole(data["y"]))
