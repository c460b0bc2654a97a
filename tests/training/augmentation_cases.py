"""Images, changes, and what SciPy makes of them: both halves must make the same."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import affine_transform

from course_lib.training.augmentation import (
    Brightness,
    Contrast,
    CutOut,
    Erase,
    Flip,
    Rotate,
    Scale,
    Shift,
    Transform,
    draw_transforms,
)
from course_lib.training.batches import Arrays

IMAGES = np.random.default_rng(8).integers(0, 256, (6, 12, 20, 3), dtype=np.uint8)

LISTS: dict[str, list[Transform]] = {
    "flip": [Flip()],
    "shift": [Shift(0.3)],
    "rotate": [Rotate(40)],
    "scale": [Scale(0.5, 2.0)],
    "brightness": [Brightness(0.5)],
    "contrast": [Contrast(0.5)],
    "cut-out": [CutOut(0.5)],
    "erase": [Erase(p=0.7)],
    "all of them": [
        Scale(0.8, 1.2), Flip(), Erase(), Shift(0.2), Rotate(20), CutOut(0.3), Contrast(0.4),
        Brightness(0.4),
    ],
}  # fmt: skip


def draws_for(name: str) -> Arrays:
    """Draw for IMAGES."""
    return draw_transforms(LISTS[name], np.random.default_rng(9), len(IMAGES))


def expected(draws: Arrays) -> np.ndarray:
    """Apply draws to IMAGES, image by image and channel by channel."""
    return np.stack([one(x, {k: v[i] for k, v in draws.items()}) for i, x in enumerate(IMAGES)])


def one(x: np.ndarray, draws: Arrays) -> np.ndarray:
    H, W, _ = x.shape
    x = x.astype(np.float64)
    if "affine" in draws:
        x = moved(x, draws["affine"])
    if "contrast" in draws:
        x = np.clip(x.mean() + draws["contrast"] * (x - x.mean()), 0, 255)
    if "brightness" in draws:
        x = np.clip(x * draws["brightness"], 0, 255)
    for top, bottom, left, right in draws.get("boxes", []):
        for row in range(H):
            for column in range(W):
                y, x_ = (row + 0.5) / H, (column + 0.5) / W
                if top <= y < bottom and left <= x_ < right:
                    x[row, column] = 0
    return x


def moved(x: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """SciPy's coordinates are (row, column) in pixels; ours (x, y) from the centre, in 12 px."""
    centre, swap = np.array([11 / 2, 19 / 2]), np.array([[0, 1], [1, 0]])
    A = swap @ matrix[:2, :2] @ swap
    offset = centre + 12 * matrix[1::-1, 2] - A @ centre
    channels = [
        affine_transform(x[..., c], A, offset, order=1, mode="grid-constant") for c in range(3)
    ]
    return np.stack(channels, axis=-1)
