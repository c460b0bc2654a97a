"""How big a network is, and what stands where in it."""

from __future__ import annotations

import math
from typing import NamedTuple

import keras

from course_lib.keras.torch_layout import torch_name
from course_lib.training.requirements import require_backbone

_STATISTICS = ("moving_mean", "moving_variance")


class Row(NamedTuple):
    """One line of :func:`describe`.

    Attributes:
        layer: The layer's name.
        shape: Its output for one image: (H, W, C) of a map, (D,) of features.
        parameters: How many numbers it learns.
    """

    layer: str
    shape: tuple[int, ...]
    parameters: int


def count_parameters(module: keras.Layer) -> dict[str, int]:
    """Give the numbers of weights: ``total``, and ``trainable``, those that take a gradient.

    BatchNorm statistics are not counted: no gradient ever reaches them.
    """
    weights = [w for w in module.weights if w.name not in _STATISTICS]
    moving = {id(w) for w in module.trainable_weights}
    return {
        "total": sum(_size(w) for w in weights),
        "trainable": sum(_size(w) for w in weights if id(w) in moving),
    }


def describe(module: keras.Model, *, depth: int | None = None) -> list[Row]:
    """Give one row per part of a backbone, or of a model with a head, from input to output.

    Args:
        module: What ``load_backbone`` or ``attach_head`` gives.
        depth: 1 lists ``layer1``, 2 lists ``layer1.0`` … ``None``: the first that lists more than one.

    No image is computed: Keras infers the shapes.
    """
    backbone = getattr(module, "backbone", module)
    require_backbone(backbone, "describe")
    size, channels = backbone.preprocessing.size, backbone.preprocessing.channels
    shape = (1, size, size, channels)
    rows = _rows(backbone.network, shape, depth or 1, "")
    if depth is None and len(rows) == 1:
        rows = _rows(backbone.network, shape, 2, "")
    if backbone is not module:
        rows |= _rows(module.head, (1, *module.head.input_shape[1:]), 1, "head.")
    return list(rows.values())


def _rows(network: keras.Model, shape: tuple[int, ...], depth: int, prefix: str) -> dict[str, Row]:
    """Add up the layers of each part: layers whose names begin alike, up to ``depth`` dots."""
    rows: dict[str, Row] = {}
    for layer, output in _outputs(network, shape):
        part = prefix + ".".join(torch_name(layer).split(".")[:depth])
        before = rows.pop(part).parameters if part in rows else 0
        rows[part] = Row(part, output, before + count_parameters(layer)["total"])
    return rows


def _outputs(
    network: keras.Model, shape: tuple[int, ...]
) -> list[tuple[keras.Layer, tuple[int, ...]]]:
    """Give each layer with the shape of its output for one image of a given shape."""
    layers = [layer for layer in network.layers if not isinstance(layer, keras.layers.InputLayer)]
    whole = keras.Model(network.inputs, [layer.output for layer in layers])
    outputs = whole.compute_output_spec(keras.KerasTensor(shape))
    return [(layer, tuple(o.shape[1:])) for layer, o in zip(layers, outputs, strict=True)]


def _size(weight: keras.Variable) -> int:
    return math.prod(weight.shape)
