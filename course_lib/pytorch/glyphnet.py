"""glyphnet, the course's own small residual network, in PyTorch.

The same network as ``course_lib/keras/glyphnet.py``, layer by layer and name by name; one weights
file serves both.

He et al., "Deep residual learning for image recognition", CVPR 2016.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

FEATURE_SIZE = 128
WIDTHS = (32, 64, 128)
HALF_WIDTHS = (16, 32, 64)  # a quarter of the weights: for many trainings in little time


class ResidualBlock(nn.Module):
    """``relu(f(x) + x)`` with two 3×3 convolutions in ``f``.

    Where the width changes, a 1×1 convolution brings ``x`` to the new width.

    Args:
        width_in: channels of the input.
        width: channels of the output.
        inner: channels between the two convolutions; ``width`` unless given.

    Shape:
        N×width_in×H×W → N×width×H×W
    """

    def __init__(self, width_in: int, width: int, inner: int | None = None) -> None:
        super().__init__()
        inner = width if inner is None else inner
        self.conv1 = nn.Conv2d(width_in, inner, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, width, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.same_width = width_in == width
        if not self.same_width:
            self.conv_skip = nn.Conv2d(width_in, width, 1, bias=False)
            self.norm_skip = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        skip = x if self.same_width else self.norm_skip(self.conv_skip(x))
        f = torch.relu(self.norm1(self.conv1(x)))
        f = self.norm2(self.conv2(f))
        return torch.relu(f + skip)


class GlyphNet(nn.Module):
    """A residual network for 32×32 grey images: one block each at 16×16, 8×8 and 4×4.

    Shape:
        N×1×32×32 floats, ink 1 and paper 0 before normalisation → N×128 features, none negative.
        Other heights and widths do, too: see ``course_lib.training.preprocessing.SIDES``.
    """

    def __init__(self, widths: Sequence[int] = WIDTHS, inner: Sequence[int] | None = None) -> None:
        super().__init__()
        inner = widths if inner is None else inner
        self.feature_size = widths[-1]
        # An even kernel: "same" padding is then the same on both sides of an even height or width, in
        # every framework.
        self.stem = nn.Conv2d(1, widths[0], 4, stride=2, padding=1, bias=False)
        self.stem_norm = nn.BatchNorm2d(widths[0])
        self.block1 = ResidualBlock(widths[0], widths[0], inner[0])
        self.block2 = ResidualBlock(widths[0], widths[1], inner[1])
        self.block3 = ResidualBlock(widths[1], widths[2], inner[2])
        self.halve = nn.AvgPool2d(2)

    def feature_map(self, x: Tensor) -> Tensor:
        """The last map, before it is averaged over its places: N×1×32×32 → N×128×4×4."""
        x = torch.relu(self.stem_norm(self.stem(x)))  # 16×16
        x = self.block1(x)
        x = self.block2(self.halve(x))  # 8×8
        return self.block3(self.halve(x))  # 4×4

    def forward(self, x: Tensor) -> Tensor:
        return self.feature_map(x).mean(dim=(2, 3))  # one number per channel, wherever it was found


def build_glyphnet(widths: Sequence[int] = WIDTHS, inner: Sequence[int] | None = None) -> GlyphNet:
    """A new glyphnet with random weights from PyTorch's current random state.

    Args:
        widths: channels of the three blocks.
        inner: channels inside each block, between its two convolutions; ``widths`` unless given.
    """
    return GlyphNet(widths, inner)
