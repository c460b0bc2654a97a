"""The probe of chapter 10: vectors put into an embedding, and kept there.

As in ``probes.py``, it runs a student's function on a tiny model and reports what it did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, layers, ops

from course_lib.keras.differentiation import gradients
from course_lib.keras.losses import cross_entropy


class TinyReader(keras.Model):
    """Tokens N×T → the mean of their vectors → logits N×C; parts ``tokens`` and ``head``."""

    def __init__(self, table: np.ndarray, head: np.ndarray) -> None:
        super().__init__()
        self.tokens = layers.Embedding(*table.shape)
        self.head = layers.Dense(head.shape[1])
        self.tokens.build()
        self.head.build((None, head.shape[0]))
        self.tokens.set_weights([table])
        self.head.set_weights([head, np.zeros(head.shape[1], np.float32)])
        self.built = True

    def call(self, x: KerasTensor, training: bool = False) -> KerasTensor:
        return self.head(ops.mean(self.tokens(x), axis=1))


def reader_to_fill(
    *,
    x: np.ndarray,
    y: np.ndarray,
    table: np.ndarray,
    head: np.ndarray,
    vectors: np.ndarray,
    known: np.ndarray,
) -> dict[str, Any]:
    """Give what :func:`filled_embedding` calls the student's function with."""
    return {
        "model": TinyReader(table, head), "vectors": vectors.copy(), "known": known.astype(bool)
    }  # fmt: skip


ARGUMENTS = {"filled_embedding": reader_to_fill}


def filled_embedding(install: Callable[..., Any], **given: np.ndarray) -> dict[str, Any]:
    """Let the student's function fill an embedding, make one training step, and say what happened.

    Args:
        install: The student's ``install_vectors(model, vectors, known)``.
        given: ``x`` N×T tokens, ``y`` N labels, ``table`` K×D and ``head`` D×C the start,
            ``vectors`` K×D and ``known`` K what is to be put in.

    Returns:
        ``known_rows`` and ``other_rows`` after the call, each as yes or no: as they should be;
        ``trainable``: how many numbers may learn; ``table_moved`` and ``head_moved`` by the step.
    """
    arguments = reader_to_fill(**given)
    model, known = arguments["model"], arguments["known"]
    install(**arguments)
    filled = _values(model.tokens)
    free = model.trainable_variables
    before = _values(model.head)
    if free:
        x, y = ops.convert_to_tensor(given["x"], "int32"), ops.convert_to_tensor(given["y"])
        _, slopes = gradients(lambda: cross_entropy(model(x, training=True), y), free)
        for w, slope in zip(free, slopes, strict=True):
            if slope is not None:
                w.assign_sub(0.5 * slope)
    return {
        "known_rows": bool(np.array_equal(filled[known], given["vectors"][known])),
        "other_rows": bool(np.array_equal(filled[~known], given["table"][~known])),
        "trainable": sum(int(np.prod(w.shape)) for w in free),
        "table_moved": not np.array_equal(_values(model.tokens), filled),
        "head_moved": not np.array_equal(_values(model.head), before),
    }


def _values(layer: keras.Layer) -> np.ndarray:
    return np.array(ops.convert_to_numpy(layer.weights[0]))
