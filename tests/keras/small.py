"""A small residual network for tests: two convolutions with batch norm, and a head."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import keras
import numpy as np
from keras import KerasTensor, layers, ops

from course_lib.keras.normalization import BatchNorm
from course_lib.keras.torch_layout import load_torch_layout


def small_backbone(scaled: bool = True) -> keras.Model:
    """Images N×8×8×1 → features N×6. Smooth (tanh), so that rounding stays rounding."""
    norm = partial(BatchNorm, scale=scaled, center=scaled)
    image = keras.Input((8, 8, 1))
    x = layers.Conv2D(6, 3, 2, use_bias=False, name="conv1")(layers.ZeroPadding2D(1)(image))
    x = layers.Activation("tanh")(norm(name="bn1")(x))
    f = layers.Conv2D(6, 3, padding="same", use_bias=False, name="conv2")(x)
    f = layers.Activation("tanh")(layers.Add()([x, norm(name="bn2")(f)]))
    return SmallBackbone(image, layers.GlobalAveragePooling2D()(f))


class SmallBackbone(keras.Model):
    """Two blocks, each a convolution and a batch norm."""

    @property
    def blocks(self) -> list[list[keras.Layer]]:
        return [[self.get_layer(f"conv{i}"), self.get_layer(f"bn{i}")] for i in (1, 2)]


class Small(keras.Model):
    """The small backbone and a linear head: images → logits N×3. ``scaled``: norms have weights."""

    def __init__(
        self, weights: Mapping[str, np.ndarray] | None = None, *, scaled: bool = True
    ) -> None:
        super().__init__()
        self.backbone, self.head = small_backbone(scaled), dense(3, "head")
        self.built = True
        if weights:
            load_torch_layout(self, weights)

    def call(self, x: KerasTensor, training: bool = False) -> KerasTensor:
        learning = training and bool(self.backbone.trainable_weights)
        return self.head(self.backbone(x, training=learning))


class Pairs(Small):
    """Two places with three logits each, N×2×3: a sequence model of sorts."""

    def call(self, x: KerasTensor, training: bool = False) -> KerasTensor:
        f = self.backbone(x, training=training)
        return ops.stack([self.head(f), self.head(-f)], axis=1)


def dense(width: int, name: str) -> keras.Model:
    return keras.Sequential([keras.Input((6,)), layers.Dense(width, name=name)])
