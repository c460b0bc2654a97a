"""What a task has of its own, taken out of a model and put back: one backbone, many tasks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from course_lib.keras.adapting import LowRank
from course_lib.keras.named import named_places, put_arrays
from course_lib.training.merging import Arrays
from course_lib.training.small_parts import count_bytes, read_part, write_part


def small_part(model: keras.Model) -> Arrays:
    """Give copies of what learns in a model, by name: what its task adds to the frozen rest.

    With LoRA, A, B and the head; with ``freeze_plan(model, "bias")``, the biases and the head; with
    everything free, everything. The statistics of BatchNorm layers that learn are among it.
    """
    free = {id(weight) for weight in model.trainable_weights}
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable_weights:
            free |= {id(layer.moving_mean), id(layer.moving_variance)}
    places = named_places(model)
    return {name: place.array() for name, place in places.items() if id(place.variable) in free}


def put_small_part(model: keras.Model, part: Mapping[str, np.ndarray]) -> keras.Model:
    """Put a task's own weights into a model, whichever task's were there. Gives the model back.

    Args:
        model: Built as the one that :func:`small_part` was asked about.
        part: What it gave. What is not in it, as the backbone's own weights, is not touched.

    Raises:
        CourseError: Where something does not fit.
    """
    return put_arrays(model, part)


def save_small_part(model: keras.Model, path: str | Path) -> Path:
    """Write what :func:`small_part` gives as a small ``*.safetensors``; either half reads it."""
    return write_part(path, small_part(model), lora_scales(model))


def load_small_part(model: keras.Model, path: str | Path) -> keras.Model:
    """Put what :func:`save_small_part` wrote into a model built alike. Gives the model back.

    Raises:
        CourseError: Where something does not fit: the names, the shapes, or LoRA's alpha / rank.
    """
    return put_small_part(model, read_part(path, lora_scales(model)))


def stored_bytes(model: keras.Model) -> int:
    """Give how many bytes a task's own weights take: those of :func:`small_part`."""
    return count_bytes(small_part(model))


def lora_scales(model: keras.Model) -> dict[str, float]:
    """Give α/r of each layer that has LoRA, by the name of its A."""
    layers = [layer for layer in model._flatten_layers() if isinstance(layer, LowRank)]
    scales = {id(layer.lora_a.kernel): layer.scale for layer in layers}
    places = named_places(model)
    return {n: scales[id(p.variable)] for n, p in places.items() if id(p.variable) in scales}
