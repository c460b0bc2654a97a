"""How pixels become a network's input. Every set of weights knows only the scaling it grew up with."""

from __future__ import annotations

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

# The course's own glyphnet: ink 255 becomes 1 and paper 0 stays 0, so that zero padding is paper.
GLYPHS = Preprocessing(32, 1, "grey", 255.0, (0.0,), (1.0,))


def require_size(name: str, size: int, found: tuple[int, int]) -> None:
    """Make sure that images have the one size that a network knows places for.

    Raises:
        CourseError: When they have another.
    """
    if found != (size, size):
        raise CourseError(
            f"{name} takes images of {size}×{size} pixels; these have {found[0]}×{found[1]}. "
            "Resize them first.",
            f"{name} 只接受 {size}×{size} 像素的图片，现在是 {found[0]}×{found[1]}。请先调整尺寸。",
        )
