"""The tiny models of the state exercises, in Keras: what the probes build, and how they look inside."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import KerasTensor, layers, ops

from course_lib.keras.normalization import BatchNorm
from course_lib.training.tiny import Arrays, Notes


class TinyBackbone(keras.Model):
    """Images N×H×W×C → features N×D, and a note of how it was called."""

    def __init__(self, arrays: Arrays) -> None:
        super().__init__()
        channels, features = arrays["kernel"].shape
        self.mix = layers.Dense(features, use_bias=False)
        self.norm = BatchNorm()
        self.notes = Notes()
        self.run_eagerly = True  # so that predict, too, shows its batches
        self.mix.build((None, None, None, channels))
        self.norm.build((None, None, None, features))
        self.built = True
        for name, variable in variables_of(self).items():
            variable.assign(arrays[name])

    def call(self, x: KerasTensor, training: bool = False) -> KerasTensor:
        self.notes.batch_sizes.append(x.shape[0] or 0)
        places = self.norm(self.mix(x), training=training)  # every place is an example to it
        return ops.mean(ops.relu(places), axis=(1, 2))


class TinyModel(keras.Model):
    """A tiny backbone with a linear head: images N×H×W×C → logits N×K."""

    def __init__(self, arrays: Arrays) -> None:
        super().__init__()
        width_in, width_out = arrays["head"].shape
        self.backbone, self.head = TinyBackbone(arrays), layers.Dense(width_out)
        self.head.build((None, width_in))
        self.head.set_weights([arrays["head"], arrays["bias"]])
        self.built = True

    def call(self, x: KerasTensor, training: bool = False) -> KerasTensor:
        return self.head(self.backbone(x, training=training))


class DenseModel(keras.Model):
    """Rows of pixels N×D → dense, ReLU (the backbone) → dense (the head): logits N×K."""

    def __init__(self, arrays: Arrays) -> None:
        super().__init__()
        width_in, width = arrays["w1"].shape
        hidden = layers.Dense(width, activation="relu")
        self.backbone = keras.Sequential([keras.Input((width_in,)), hidden])
        self.head = layers.Dense(arrays["w2"].shape[1])
        self.head.build((None, width))
        self.built = True
        for name, variable in variables_of_dense(self).items():
            variable.assign(arrays[name])

    def call(self, x: KerasTensor) -> KerasTensor:
        return self.head(self.backbone(x))


def variables_of_dense(model: keras.Model) -> dict[str, keras.Variable]:
    """Give every array of a dense model."""
    hidden, head = model.backbone.layers[-1], model.head
    return {"w1": hidden.kernel, "b1": hidden.bias, "w2": head.kernel, "b2": head.bias}


def arrays_of(model: keras.Model) -> Arrays:
    """Give copies of every array of a model."""
    variables = variables_of(model) if isinstance(model, TinyModel) else variables_of_dense(model)
    return {name: as_array(variable) for name, variable in variables.items()}


def as_array(value: Any) -> np.ndarray:
    """Give a tensor or a number as an array."""
    return np.array(ops.convert_to_numpy(value))


def variables_of(model: keras.Model) -> dict[str, keras.Variable]:
    """Give every array of a tiny model under the names of ``draw_tiny``."""
    backbone = getattr(model, "backbone", model)
    variables = {
        "kernel": backbone.mix.kernel,
        "gamma": backbone.norm.gamma,
        "beta": backbone.norm.beta,
        "mean": backbone.norm.moving_mean,
        "variance": backbone.norm.moving_variance,
    }
    if model is backbone:
        return variables
    return variables | {"head": model.head.kernel, "bias": model.head.bias}


def bits_of(model: keras.Model) -> dict[str, bytes]:
    """Give the bytes of every array of a tiny model."""
    return {name: ops.convert_to_numpy(v).tobytes() for name, v in variables_of(model).items()}


def flags_of(backbone: keras.Model) -> list[bool]:
    """Give the ``trainable`` flags of a tiny backbone."""
    return [backbone.trainable, backbone.mix.trainable, backbone.norm.trainable]


def all_flags_of(model: keras.Model) -> list[bool]:
    """Give the ``trainable`` flags of a tiny model and its parts."""
    return [model.trainable, model.head.trainable, *flags_of(model.backbone)]
