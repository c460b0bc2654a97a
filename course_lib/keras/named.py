"""Every weight of a model by one name, which is the same in both halves.

The names are PyTorch's, the layout of the arrays is PyTorch's. What a method puts around a layer
(LoRA, an adapter, a mask) does not change the name of the layer's own weights: they can be compared,
averaged and stored as if nothing were there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from course_lib.keras.backbones import VGG16_IN_TORCHVISION
from course_lib.keras.torch_layout import named_variables
from course_lib.keras.wrappers import parameters
from course_lib.keras_backend.numbers import numbers_of, put_numbers
from course_lib.training.merging import Arrays, require_same_arrays


class Place(NamedTuple):
    """A variable, and PyTorch's axes in its order.

    Attributes:
        variable: The weight or the statistic itself.
        axes: What PyTorch's array is transposed by to become the variable's.
    """

    variable: keras.Variable
    axes: tuple[int, ...]

    def array(self) -> np.ndarray:
        """Give a copy of the value in PyTorch's layout."""
        return self.as_torch(ops.convert_to_numpy(self.variable))

    def as_torch(self, value: Any) -> np.ndarray:
        """Give an array of the variable's shape in PyTorch's layout."""
        return np.array(np.asarray(value).transpose(tuple(np.argsort(self.axes))), order="C")

    def as_keras(self, array: np.ndarray) -> np.ndarray:
        """Give an array in PyTorch's layout in the variable's shape."""
        return array.transpose(self.axes)

    def shape(self) -> tuple[int, ...]:
        """Give the shape in PyTorch's layout."""
        return tuple(self.variable.shape[i] for i in np.argsort(self.axes))


def named_weights(module: keras.Layer) -> dict[str, Place]:
    """Give the weights themselves, frozen or not, by name; no BatchNorm statistics."""
    learnable = {id(w) for w in parameters(module)}
    return {
        n: place for n, place in named_places(module).items() if id(place.variable) in learnable
    }


def named_arrays(module: keras.Layer) -> Arrays:
    """Give copies of all weights and BatchNorm statistics, by name, in PyTorch's layout."""
    places = named_places(module)
    values = numbers_of(place.variable for place in places.values())
    return {
        name: place.as_torch(value)
        for (name, place), value in zip(places.items(), values, strict=True)
    }


def put_arrays(module: keras.Layer, arrays: Mapping[str, np.ndarray]) -> keras.Layer:
    """Put arrays into the weights and statistics that bear their names. Gives the module back.

    Args:
        module: What :func:`named_arrays` was asked about, or a module of the same build.
        arrays: All of them or some; what is not named stays as it is.

    Raises:
        CourseError: For a name that the module does not have, or another shape.
    """
    places = named_places(module)
    require_same_arrays({n: place.shape() for n, place in places.items()}, arrays)
    named = [places[name] for name in arrays]
    moved = [place.as_keras(np.asarray(a)) for place, a in zip(named, arrays.values(), strict=True)]
    put_numbers([place.variable for place in named], moved)
    return module


def named_places(module: keras.Layer) -> dict[str, Place]:
    """Give weights and statistics by name, with what brings them into PyTorch's layout."""
    places = {
        f"{prefix}{name}": Place(variable, axes)
        for prefix, part in _parts(module)
        for name, variable, axes in named_variables(part, renamed(module))
    }
    if hasattr(module, "log_scale"):  # two towers have a weight of their own
        places["log_scale"] = Place(module.log_scale, (0,))
    return places


def inner_network(model: keras.Layer) -> keras.Layer:
    """Give the layers that a method may work on: a backbone's network, or the module itself."""
    backbone = getattr(model, "backbone", model)
    return getattr(backbone, "network", backbone)


def renamed(model: keras.Layer) -> dict[str, str] | None:
    """Give PyTorch's names of a backbone's layers where Keras calls them otherwise."""
    backbone = getattr(model, "backbone", model)
    return VGG16_IN_TORCHVISION if backbone.name == "vgg16" else None


def _parts(module: Any) -> Iterator[tuple[str, keras.Layer]]:
    """Give the parts that PyTorch's names begin with."""
    if hasattr(module, "backbone"):
        yield from _parts_under("backbone.", module.backbone)
        if hasattr(module, "head"):
            yield "head.", module.head
    elif hasattr(module, "image") and hasattr(module, "text"):  # two towers
        yield from _parts_under("image.", module.image)
        yield from _parts_under("text.", module.text)
    elif hasattr(module, "words") and hasattr(module, "out"):  # the tower of captions
        yield "", module.words
        yield "out.", module.out
    elif hasattr(module, "network"):
        yield "network.", module.network
    else:
        yield "", module


def _parts_under(prefix: str, module: Any) -> Iterator[tuple[str, keras.Layer]]:
    """Give the parts of a part."""
    return ((f"{prefix}{name}", part) for name, part in _parts(module))
