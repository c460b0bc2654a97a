"""Weights in PyTorch's names and layout, read into Keras layers and written from them.

A Keras layer takes the weights of the PyTorch module whose name it bears, with dashes for dots:
``layer1-0-conv1`` for ``layer1.0.conv1`` (a dot in a name breaks Keras's torch backend). Axes move as
follows; nothing else changes.

=============  ======================  =====================
layer          PyTorch                 Keras
=============  ======================  =====================
convolution    weight (out, in, h, w)  kernel (h, w, in, out)
.. depthwise   weight (in, 1, h, w)    kernel (h, w, in, 1)
dense          weight (out, in)        kernel (in, out)
batch norm     weight, bias            gamma, beta
..             running_mean, …_var     moving_mean, …_variance
attention      in_proj_weight (3D, D)  in_proj_weight (D, 3D)
embedding      weight (K, D)           embeddings (K, D)
=============  ======================  =====================
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import keras
import numpy as np

from course_lib.errors import CourseError
from course_lib.keras_backend.numbers import put_numbers

_TO_KERAS = {2: (1, 0), 4: (2, 3, 1, 0)}
_TO_KERAS_DEPTHWISE = {4: (2, 3, 0, 1)}
_NAMES = {
    "kernel": "weight",
    "embeddings": "weight",
    "gamma": "weight",
    "beta": "bias",
    "bias": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def load_torch_layout(
    model: keras.Layer,
    tensors: Mapping[str, np.ndarray],
    *,
    renamed: Mapping[str, str] | None = None,
    source: str = "these weights",
) -> None:
    """Copy weights in PyTorch's layout into the layers that bear their names.

    Args:
        model: A Keras model. All of its weights must be found; further tensors are left out.
        tensors: Arrays by PyTorch's names.
        renamed: PyTorch's module name for Keras layers that are called otherwise.
        source: How to call the tensors in the message of an error.
    """
    variables, values = [], []
    for key, variable, axes in named_variables(model, renamed):
        value = np.asarray(tensors[key]) if key in tensors else np.empty(0)
        moved = value.transpose(axes) if value.ndim == len(axes) else value
        if moved.shape != tuple(variable.shape):
            raise CourseError(
                f"{source} does not fit this network: {key} should give {tuple(variable.shape)}, "
                f"it gives {moved.shape if key in tensors else 'nothing'}.",
                f"{source} 与这个网络不匹配：{key} 应为 {tuple(variable.shape)}，"
                f"实际为 {moved.shape if key in tensors else '空'}。",
            )
        variables.append(variable)
        values.append(moved)
    put_numbers(variables, values)


def to_torch_layout(
    model: keras.Layer, *, renamed: Mapping[str, str] | None = None
) -> dict[str, np.ndarray]:
    """Give a model's weights by PyTorch's names, in PyTorch's layout."""
    return {
        key: np.ascontiguousarray(
            keras.ops.convert_to_numpy(variable).transpose(tuple(np.argsort(axes)))
        )
        for key, variable, axes in named_variables(model, renamed)
    }


def named_variables(
    model: keras.Layer, renamed: Mapping[str, str] | None = None
) -> Iterator[tuple[str, keras.Variable, tuple[int, ...]]]:
    """Give each weight of each layer with PyTorch's name for it, and PyTorch's axes in its order."""
    for layer in leaf_layers(model):
        name = (renamed or {}).get(layer.name, torch_name(layer))
        depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
        for variable in layer.weights:
            own = _NAMES.get(variable.name, variable.name)
            # A layer that is nothing but one weight bears the name of that weight.
            key = name if name.split(".")[-1] == own else f"{name}.{own}"
            n = len(variable.shape)
            if isinstance(layer, keras.layers.Embedding):
                yield key, variable, (0, 1)  # the one table that both keep the same way round
                continue
            axes = (_TO_KERAS_DEPTHWISE if depthwise else _TO_KERAS).get(n, tuple(range(n)))
            yield key, variable, axes


def torch_name(layer: keras.Layer) -> str:
    """Give the name that PyTorch has for a layer: ``layer1.0.conv1``."""
    return layer.name.replace("-", ".")


def leaf_layers(model: keras.Layer) -> list[keras.Layer]:
    """Give the layers that have no layers inside, in the order in which they were made."""
    flat = model._flatten_layers(include_self=True, recursive=True)
    return [layer for layer in flat if not layer._layers]
