"""torchvision's MobileNetV2, built in Keras: same names, same weights, same outputs.

``keras.applications`` has one too, with other padding and another epsilon. Hence this file.

Sandler et al., *MobileNetV2: Inverted Residuals and Linear Bottlenecks*, CVPR 2018, arXiv:1801.04381.
"""

from __future__ import annotations

import keras
from keras import KerasTensor, layers

from course_lib.keras.normalization import BatchNorm

# Table 2 of the paper: expansion, width, number of blocks, stride of the first.
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def build_mobilenet_v2() -> keras.Model:
    """Build MobileNetV2 up to its last map: scaled RGB N×H×W×3 → N×(H/32)×(W/32)×1280."""
    image = keras.Input((None, None, 3))
    x = conv_norm_relu6(image, 32, 3, 2, "features-0")
    place = 1
    for expansion, width, blocks, stride in STAGES:
        for j in range(blocks):
            first = stride if j == 0 else 1
            x = inverted_residual(x, width, first, expansion, f"features-{place}-conv")
            place += 1
    return keras.Model(image, conv_norm_relu6(x, 1280, 1, 1, f"features-{place}"))


def inverted_residual(
    x: KerasTensor, width: int, stride: int, expansion: int, name: str
) -> KerasTensor:
    """Widen by 1×1, filter each channel by itself at 3×3, narrow by 1×1 without activation.

    Where the size stays the same, ``x`` is added.
    """
    f, place = x, 0
    if expansion > 1:
        f, place = conv_norm_relu6(f, expansion * x.shape[-1], 1, 1, f"{name}-0"), 1
    f = conv_norm_relu6(f, f.shape[-1], 3, stride, f"{name}-{place}", depthwise=True)
    f = layers.Conv2D(
        width, 1, use_bias=False, kernel_initializer=_start(width), name=f"{name}-{place + 1}"
    )(f)
    f = BatchNorm(name=f"{name}-{place + 2}")(f)
    if stride > 1 or x.shape[-1] != width:
        return f
    return layers.Add(name=f"{name}-add")([x, f])


def conv_norm_relu6(
    x: KerasTensor, width: int, kernel: int, stride: int, name: str, *, depthwise: bool = False
) -> KerasTensor:
    """Convolution, batch norm and ``min(max(x, 0), 6)``, padded evenly on all sides."""
    if kernel > 1:
        x = layers.ZeroPadding2D(kernel // 2, name=f"{name}-pad")(x)
    if depthwise:
        start = _start(kernel**2 * width)  # torchvision counts all channels as fan-out
        x = layers.DepthwiseConv2D(
            kernel, stride, use_bias=False, depthwise_initializer=start, name=f"{name}-0"
        )(x)
    else:
        start = _start(kernel**2 * width)
        x = layers.Conv2D(
            width, kernel, stride, use_bias=False, kernel_initializer=start, name=f"{name}-0"
        )(x)
    return layers.ReLU(6.0, name=f"{name}-2")(BatchNorm(name=f"{name}-1")(x))


def _start(fan_out: int) -> keras.initializers.Initializer:
    """He et al., ICCV 2015: variance ``2 / fan_out``."""
    return keras.initializers.RandomNormal(stddev=(2 / fan_out) ** 0.5)
