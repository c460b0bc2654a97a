"""glyphnet, the course's own small residual network, in Keras.

The same network as ``course_lib/pytorch/glyphnet.py``, layer by layer and name by name; one weights
file serves both.

He et al., "Deep residual learning for image recognition", CVPR 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from course_lib.keras.normalization import BatchNorm

FEATURE_SIZE = 128
WIDTHS = (32, 64, 128)
HALF_WIDTHS = (16, 32, 64)  # a quarter of the weights: for many trainings in little time


def convolution(width: int, kernel: int, name: str, strides: int = 1) -> layers.Layer:
    """A convolution without bias (the normalisation after it has one), started as PyTorch does."""
    # PyTorch's default start: uniform in ±1/sqrt(fan in), a variance of 1 / (3 · fan in).
    start = keras.initializers.VarianceScaling(1 / 3, mode="fan_in", distribution="uniform")
    return layers.Conv2D(
        width,
        kernel,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer=start,
        name=name,
    )


def residual_block(x: Any, width: int, name: str, inner: int | None = None) -> Any:
    """``relu(f(x) + x)`` with two 3×3 convolutions in ``f``.

    Where the width changes, a 1×1 convolution brings ``x`` to the new width.

    Args:
        inner: channels between the two convolutions; ``width`` unless given.

    Shape:
        N×H×W×any width → N×H×W×width
    """
    skip = x
    if x.shape[-1] != width:
        skip = convolution(width, 1, f"{name}-conv_skip")(x)
        skip = BatchNorm(name=f"{name}-norm_skip")(skip)
    f = convolution(width if inner is None else inner, 3, f"{name}-conv1")(x)
    f = layers.ReLU(name=f"{name}-relu1")(BatchNorm(name=f"{name}-norm1")(f))
    f = BatchNorm(name=f"{name}-norm2")(convolution(width, 3, f"{name}-conv2")(f))
    return layers.ReLU(name=f"{name}-relu2")(layers.Add(name=f"{name}-add")([f, skip]))


def build_glyphnet(
    widths: Sequence[int] = WIDTHS, inner: Sequence[int] | None = None, *, pooled: bool = True
) -> keras.Model:
    """A new glyphnet with random weights: one block each at 16×16, 8×8 and 4×4.

    Args:
        widths: channels of the three blocks.
        inner: channels inside each block, between its two convolutions; ``widths`` unless given.
        pooled: True ends in the features N×128, False in the last map N×4×4×128 before the mean.

    Shape:
        N×32×32×1 floats, ink 1 and paper 0 → N×128 features, none negative. Other heights and widths
        do, too: see ``course_lib.training.preprocessing.SIDES``.
    """
    images = keras.Input((None, None, 1), name="images")
    # An even kernel: "same" padding is then the same on both sides of an even height or width, in
    # every framework.
    x = convolution(widths[0], 4, "stem", strides=2)(images)
    x = layers.ReLU(name="stem_relu")(BatchNorm(name="stem_norm")(x))  # 16×16
    inner = widths if inner is None else inner
    x = residual_block(x, widths[0], "block1", inner[0])
    x = layers.AveragePooling2D(2, name="halve1")(x)
    x = residual_block(x, widths[1], "block2", inner[1])  # 8×8
    x = layers.AveragePooling2D(2, name="halve2")(x)
    x = residual_block(x, widths[2], "block3", inner[2])  # 4×4
    if pooled:
        x = layers.GlobalAveragePooling2D(name="mean")(x)  # wherever it was found
    return keras.Model(images, x, name="glyphnet")
