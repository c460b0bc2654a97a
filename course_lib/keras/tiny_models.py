"""The tiny models of the state exercises, in Keras: what the probes build, and how they look inside."""

from __future__ import annotations

import keras
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
