"""torchvision's ResNet-18 and ResNet-50, built in Keras: same names, same weights, same outputs.

``keras.applications`` has a ResNet-50 too, but it strides in the first 1×1 convolution of a block
where torchvision strides in the 3×3 one, and it has no ResNet-18. Hence this file.

He et al., *Deep Residual Learning for Image Recognition*, CVPR 2016, arXiv:1512.03385.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import KerasTensor, layers

from course_lib.keras.normalization import BatchNorm

WIDTHS = (64, 128, 256, 512)


def build_resnet18() -> keras.Model:
    """Build ResNet-18 up to its last map: scaled RGB N×H×W×3 → N×(H/32)×(W/32)×512."""
    return build_resnet(basic_block, (2, 2, 2, 2))


def build_resnet50() -> keras.Model:
    """Build ResNet-50 up to its last map: scaled RGB N×H×W×3 → N×(H/32)×(W/32)×2048."""
    return build_resnet(bottleneck, (3, 4, 6, 3))


def build_resnet(block: Callable[..., KerasTensor], depths: tuple[int, ...]) -> keras.Model:
    """Build a ResNet from a kind of block and the number of blocks in each of its four layers."""
    image = keras.Input((None, None, 3))
    x = layers.ReLU(name="relu")(conv_norm(image, 64, 7, 2, "conv1", "bn1"))
    # Zeros pad as well as PyTorch's minus infinity: after ReLU nothing is below them.
    x = layers.MaxPooling2D(3, 2, name="maxpool")(layers.ZeroPadding2D(1, name="maxpool-pad")(x))
    for i, (width, depth) in enumerate(zip(WIDTHS, depths, strict=True)):
        for j in range(depth):
            stride = 2 if i > 0 and j == 0 else 1
            x = block(x, width, stride, f"layer{i + 1}-{j}")
    return keras.Model(image, x)


def basic_block(x: KerasTensor, width: int, stride: int, name: str) -> KerasTensor:
    """``relu(f(x) + x)`` with two 3×3 convolutions in ``f``."""
    f = conv_norm(x, width, 3, stride, f"{name}-conv1", f"{name}-bn1")
    f = layers.ReLU(name=f"{name}-relu1")(f)
    f = conv_norm(f, width, 3, 1, f"{name}-conv2", f"{name}-bn2")
    return layers.ReLU(name=f"{name}-relu")(
        layers.Add(name=f"{name}-add")([f, shortcut(x, width, stride, name)])
    )


def bottleneck(x: KerasTensor, width: int, stride: int, name: str) -> KerasTensor:
    """``relu(f(x) + x)``; ``f`` narrows by 1×1, works at 3×3, widens fourfold by 1×1."""
    f = conv_norm(x, width, 1, 1, f"{name}-conv1", f"{name}-bn1")
    f = layers.ReLU(name=f"{name}-relu1")(f)
    f = conv_norm(f, width, 3, stride, f"{name}-conv2", f"{name}-bn2")
    f = layers.ReLU(name=f"{name}-relu2")(f)
    f = conv_norm(f, 4 * width, 1, 1, f"{name}-conv3", f"{name}-bn3")
    return layers.ReLU(name=f"{name}-relu")(
        layers.Add(name=f"{name}-add")([f, shortcut(x, 4 * width, stride, name)])
    )


def shortcut(x: KerasTensor, width: int, stride: int, name: str) -> KerasTensor:
    """Give ``x`` itself, or ``x`` brought to another width and size by a 1×1 convolution."""
    if x.shape[-1] == width and stride == 1:
        return x
    return conv_norm(x, width, 1, stride, f"{name}-downsample-0", f"{name}-downsample-1")


def conv_norm(
    x: KerasTensor, width: int, kernel: int, stride: int, conv: str, norm: str
) -> KerasTensor:
    """Convolution and batch norm, padded evenly on all sides.

    Keras's ``padding="same"`` pads a strided convolution more on the right; PyTorch pads evenly.
    """
    if kernel > 1:
        x = layers.ZeroPadding2D(kernel // 2, name=f"{conv}-pad")(x)
    start = keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal")
    x = layers.Conv2D(width, kernel, stride, use_bias=False, kernel_initializer=start, name=conv)(x)
    return BatchNorm(name=norm)(x)
