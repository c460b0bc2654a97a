"""Augmentation of a whole batch at once, on the device where it already lies.

What is drawn comes from NumPy (``course_lib.training.augmentation``); here the pixels move. Images
are N×H×W×C with values 0 … 255, as backbones take them; uint8 becomes float32.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from keras import KerasTensor, ops

from course_lib.training.requirements import require_as_many, require_images


def augment(
    x: KerasTensor | np.ndarray, draws: Mapping[str, KerasTensor | np.ndarray]
) -> KerasTensor:
    """Give changed images.

    Args:
        x: Images N×H×W×C, 0 … 255; the result is float32.
        draws: What ``draw_transforms`` gave for N images. Arrays will do, to look at some examples:
            ``augment(domain.x[:8], draw_transforms([Flip(), Rotate()], rng, 8))``.
    """
    require_images(x.shape)
    require_as_many(x.shape, {kind: values.shape for kind, values in draws.items()})
    x = ops.cast(x, "float32")
    for kind, change in CHANGES.items():
        if kind in draws:
            x = change(x, ops.convert_to_tensor(draws[kind]))
    return x


def move_pixels(x: KerasTensor, affine: KerasTensor) -> KerasTensor:
    """Take each pixel's colour from where its matrix (N×3×3) says; outside, all is black.

    Places between pixels are interpolated linearly between the four around them. (Keras's own
    ``affine_transform`` goes through the images one by one on the torch backend.)
    """
    _, H, W, _ = x.shape
    s, (cy, cx) = min(H, W), ((H - 1) / 2, (W - 1) / 2)
    v = ((ops.arange(H, dtype="float32") - cy) / s)[:, None]  # from the centre, in shorter sides
    u = ((ops.arange(W, dtype="float32") - cx) / s)[None, :]
    a = affine[:, :, :, None, None]
    columns = (a[:, 0, 0] * u + a[:, 0, 1] * v + a[:, 0, 2]) * s + cx
    rows = (a[:, 1, 0] * u + a[:, 1, 1] * v + a[:, 1, 2]) * s + cy
    return interpolate(x, rows, columns)


def interpolate(x: KerasTensor, rows: KerasTensor, columns: KerasTensor) -> KerasTensor:
    """Give the colours at places between pixels (rows and columns N×H×W), N×H×W×C."""
    top, left = ops.floor(rows), ops.floor(columns)
    down, right = (rows - top)[..., None], (columns - left)[..., None]  # 0 … 1
    above = (1 - right) * pixels(x, top, left) + right * pixels(x, top, left + 1)
    below = (1 - right) * pixels(x, top + 1, left) + right * pixels(x, top + 1, left + 1)
    return (1 - down) * above + down * below


def pixels(x: KerasTensor, rows: KerasTensor, columns: KerasTensor) -> KerasTensor:
    """Give the pixels at whole rows and columns N×H×W, black where there is none."""
    N, (H, W, C) = ops.shape(x)[0], x.shape[1:]
    inside = (rows >= 0) & (rows < H) & (columns >= 0) & (columns < W)
    row, column = (ops.cast(ops.clip(v, 0, n - 1), "int32") for v, n in ((rows, H), (columns, W)))
    first = ops.arange(N, dtype="int32")[:, None, None] * (H * W)  # where each image begins
    picked = ops.take(ops.reshape(x, (-1, C)), first + row * W + column, axis=0)
    return ops.where(inside[..., None], picked, 0)


def change_contrast(x: KerasTensor, factor: KerasTensor) -> KerasTensor:
    """Stretch the distance of each image's values from their mean."""
    mean = ops.mean(x, axis=(1, 2, 3), keepdims=True)
    return ops.clip(mean + _per_image(factor) * (x - mean), 0, 255)


def change_brightness(x: KerasTensor, factor: KerasTensor) -> KerasTensor:
    """Multiply each image by its factor."""
    return ops.clip(x * _per_image(factor), 0, 255)


def blacken(x: KerasTensor, boxes: KerasTensor) -> KerasTensor:
    """Set to 0 what lies in an image's boxes (N×B×4: top, bottom, left, right; parts of a side)."""
    _, H, W, _ = x.shape
    top, bottom, left, right = (boxes[:, :, i, None] for i in range(4))  # each N×B×1
    y, x_ = ((ops.arange(size, dtype="float32") + 0.5) / size for size in (H, W))
    in_rows, in_columns = (top <= y) & (y < bottom), (left <= x_) & (x_ < right)
    hidden = ops.any(in_rows[..., :, None] & in_columns[..., None, :], axis=1)  # N×H×W
    return ops.where(hidden[..., None], 0, x)


CHANGES = {
    "affine": move_pixels,
    "contrast": change_contrast,
    "brightness": change_brightness,
    "boxes": blacken,
}


def _per_image(factor: KerasTensor) -> KerasTensor:
    return ops.reshape(factor, (-1, 1, 1, 1))
