"""Automatic differentiation, which Keras leaves to its engine: each has a way of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from course_lib.keras_backend.running import compiled


def as_dense(gradient: Any) -> Any:
    """Give a gradient as one plain tensor.

    TensorFlow gives an embedding's row by row, a row once for each time that its token occurs: to
    square such a thing before it is added up, as Adam would, is wrong.
    """
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None and isinstance(gradient, tensorflow.IndexedSlices):
        return tensorflow.convert_to_tensor(gradient)
    return gradient


def differentiate(loss: Callable[[], Any], weights: list[Any]) -> tuple[Any, list[Any]]:
    """Give a loss and its gradients, by the engine's own automatic differentiation.

    Args:
        loss: Computes one number from the weights when it is called.
        weights: ``keras.Variable``s.
    """
    engine = os.environ.get("KERAS_BACKEND")
    if engine == "torch":
        import torch

        value = loss()
        return value.detach(), list(torch.autograd.grad(value, [w.value for w in weights]))
    if engine == "jax":
        import jax
        import keras

        def of_values(values: list[Any]) -> Any:
            with keras.StatelessScope(zip(weights, values, strict=True)):
                return loss()

        return jax.value_and_grad(of_values)([w.value for w in weights])
    import tensorflow as tf

    with tf.GradientTape(watch_accessed_variables=False) as tape:
        values = [w.value for w in weights]
        tape.watch(values)
        value = loss()
    return value, [as_dense(slope) for slope in tape.gradient(value, values)]


def squared_gradients(loss: Callable[..., Any], weights: list[Any]) -> Callable[..., list[Any]]:
    """Give a function of arrays that gives the squares of a loss's gradients.

    It is compiled where the engine compiles, for it is called once for each example. Whatever else
    the loss depends on must stay as it is meanwhile.

    Args:
        loss: Computes one number from arrays, which have the same shapes in each call, and the weights.
        weights: ``keras.Variable``s.
    """

    def squares(*arrays: Any) -> list[Any]:
        return [slope * slope for slope in differentiate(lambda: loss(*arrays), weights)[1]]

    if os.environ.get("KERAS_BACKEND") == "torch":
        import torch

        return lambda *arrays: squares(*(torch.from_numpy(array) for array in arrays))
    return compiled(squares)
