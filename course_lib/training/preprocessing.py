"""How pixels become a network's input. Every set of weights knows only the scaling it grew up with."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.errors import CourseError


@dataclass(frozen=True)
class Preprocessing:
    r"""What a backbone does to uint8 images before its first layer, colour channel by channel.

    .. math:: x' = (x / \text{divide\_by} - \text{mean}) / \text{std}

    Attributes:
        size: Height and width that the weights were trained at, in pixels.
        channels: How many channels the network takes. Grey images are repeated to fill them.
        order: ``"RGB"``, ``"BGR"`` or ``"grey"``: the order in which the network expects them.
        divide_by: 255 for images between 0 and 1, 1 where the network wants 0 … 255.
        mean: Subtracted after the division, in the network's channel order.
        std: Divided by afterwards, in the network's channel order.
    """

    size: int
    channels: int
    order: str
    divide_by: float
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Apply it to images N×H×W×C, in NumPy: the definition that both frameworks reproduce."""
        x = np.repeat(x, self.channels, axis=-1) if x.shape[-1] == 1 else x
        x = x[..., ::-1] if self.order == "BGR" else x
        mean, std = np.array(self.mean, np.float32), np.array(self.std, np.float32)
        return (x.astype(np.float32) / np.float32(self.divide_by) - mean) / std


# torchvision's ImageNet weights (PyTorch's reference training recipe).
IMAGENET_RGB = Preprocessing(224, 3, "RGB", 255.0, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))

# VGG16 as first published, in Caffe, and as keras.applications keeps it: BGR, mean subtracted, 0 … 255.
IMAGENET_BGR = Preprocessing(224, 3, "BGR", 1.0, (103.939, 116.779, 123.68), (1.0, 1.0, 1.0))

# MobileNetV2 as keras.applications has it: pixels between −1 and 1.
MINUS_ONE_TO_ONE = Preprocessing(224, 3, "RGB", 127.5, (1.0, 1.0, 1.0), (1.0, 1.0, 1.0))

# The course's own glyphnet: ink 255 becomes 1 and paper 0 stays 0, so that zero padding is paper.
GLYPHS = Preprocessing(32, 1, "grey", 255.0, (0.0,), (1.0,))

# The sides that a network takes: glyphnet halves them three times, the first time with an even kernel;
# VGG16 halves them five times.
SIDES = {
    "glyphnet": range(8, sys.maxsize, 2),
    "glyphnet_half": range(8, sys.maxsize, 2),
    "vgg16": range(32, sys.maxsize),
}
ANY_SIDE = range(1, sys.maxsize)


def require_images(
    name: str, preprocessing: Preprocessing, shape: Sequence[int | None], *, own_size: bool
) -> None:
    """Make sure that a backbone can take images of a shape N×H×W×C.

    Args:
        name: The backbone's.
        preprocessing: Says how many channels it takes; one channel fits all.
        shape: What was found; ``None`` is not known yet, and fits.
        own_size: Whether they must have ``preprocessing.size``: a transformer knows no other places,
            and a head on flattened maps has no weights for others.

    Raises:
        CourseError: When it can't: it says what to change.
    """
    found = "×".join(
        k if n is None else str(n) for n, k in zip(shape, "NHWC" + "?" * len(shape), strict=False)
    )
    if len(shape) != 4:
        raise CourseError(
            f"{name} takes images N×H×W×C; these have the shape {found}. A single image gets its N by "
            "x[None], grey ones get their C by x[..., None].",
            f"{name} 的输入是 N×H×W×C 的图片，现在的形状是 {found}。"
            "单张图片用 x[None] 补上 N，灰度图用 x[..., None] 补上 C。",
        )
    if shape[3] not in (None, 1, preprocessing.channels):
        channels = "1" if preprocessing.channels == 1 else f"1 or {preprocessing.channels}"
        raise CourseError(
            f"{name} takes images N×H×W×C with C = {channels}; these are {found}. "
            "x.mean(axis=-1, keepdims=True) makes colours grey, x[..., :3] drops transparency.",
            f"{name} 的图片 N×H×W×C 应满足 C = {channels.replace('or', '或')}，现在是 {found}。"
            "彩色变灰度：x.mean(axis=-1, keepdims=True)；去掉透明通道：x[..., :3]。",
        )
    size = preprocessing.size
    sides = range(size, size + 1) if own_size else SIDES.get(name, ANY_SIDE)
    if not all(side is None or side in sides for side in shape[1:3]):
        raise _wrong_size(name, sides, found)


def _wrong_size(name: str, sides: range, found: str) -> CourseError:
    if len(sides) == 1:
        en, zh = f"of {sides[0]}×{sides[0]} pixels", f"{sides[0]}×{sides[0]} 像素"
    else:
        even = sides.step == 2
        en = f"of at least {sides[0]} pixels a side" + ", an even number" * even
        zh = f"边长至少 {sides[0]} 像素" + "且为偶数" * even
    return CourseError(
        f"{name} takes images {en}; these are {found} (N×H×W×C). Resize them first.",
        f"{name} 的图片应为{zh}，现在是 {found}（N×H×W×C）。请先调整尺寸。",
    )
