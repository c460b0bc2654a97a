"""Augmentation of a whole batch at once, on the device where it already lies.

What is drawn comes from NumPy (``course_lib.training.augmentation``); here the pixels move. Images
are N×H×W×C with values 0 … 255, as backbones take them; uint8 becomes float32.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from course_lib.training.requirements import require_as_many, require_images


def augment(x: Tensor | np.ndarray, draws: Mapping[str, Tensor | np.ndarray]) -> Tensor:
    """Give changed images.

    Args:
        x: Images N×H×W×C, 0 … 255; the result is float32.
        draws: What ``draw_transforms`` gave for N images. Arrays will do, to look at some examples:
            ``augment(domain.x[:8], draw_transforms([Flip(), Rotate()], rng, 8))``.
    """
    require_images(x.shape)
    require_as_many(x.shape, {kind: values.shape for kind, values in draws.items()})
    x = torch.as_tensor(x).float()
    for kind, change in CHANGES.items():
        if kind in draws:
            x = change(x, torch.as_tensor(draws[kind], device=x.device))
    return x


def move_pixels(x: Tensor, affine: Tensor) -> Tensor:
    """Take each pixel's colour from where its matrix (N×3×3) says; outside, all is black.

    Places between pixels are interpolated linearly between the four around them. PyTorch does it in
    one kernel; its own coordinates go from -1 to 1 along both sides, hence the four factors.
    """
    _, H, W, _ = x.shape
    theta, s = affine[:, :2].clone(), min(H, W)
    theta[:, 0, 1] *= H / W
    theta[:, 1, 0] *= W / H
    theta[:, 0, 2] *= 2 * s / W
    theta[:, 1, 2] *= 2 * s / H
    images = x.permute(0, 3, 1, 2)
    grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
    moved = functional.grid_sample(images, grid, padding_mode="zeros", align_corners=False)
    return moved.permute(0, 2, 3, 1)


def change_contrast(x: Tensor, factor: Tensor) -> Tensor:
    """Stretch the distance of each image's values from their mean."""
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    return (mean + _per_image(factor) * (x - mean)).clamp(0, 255)


def change_brightness(x: Tensor, factor: Tensor) -> Tensor:
    """Multiply each image by its factor."""
    return (x * _per_image(factor)).clamp(0, 255)


def blacken(x: Tensor, boxes: Tensor) -> Tensor:
    """Set to 0 what lies in an image's boxes (N×B×4: top, bottom, left, right; parts of a side)."""
    _, H, W, _ = x.shape
    top, bottom, left, right = boxes.unsqueeze(-1).unbind(dim=2)  # each N×B×1
    y, x_ = ((torch.arange(size, device=x.device) + 0.5) / size for size in (H, W))
    in_rows, in_columns = (top <= y) & (y < bottom), (left <= x_) & (x_ < right)
    hidden = (in_rows.unsqueeze(-1) & in_columns.unsqueeze(-2)).any(dim=1)  # N×H×W
    return x.masked_fill(hidden.unsqueeze(-1), 0)


CHANGES = {
    "affine": move_pixels,
    "contrast": change_contrast,
    "brightness": change_brightness,
    "boxes": blacken,
}


def _per_image(factor: Tensor) -> Tensor:
    return factor.view(-1, 1, 1, 1)
