"""Pictures as patches: which pixel lies in which, and which are hidden this time."""

from __future__ import annotations

import numpy as np

from course_lib.arguments import require_count, require_number
from course_lib.errors import CourseError


def patch_of_pixels(height: int, width: int, side: int) -> np.ndarray:
    """Number the square patches of a picture row by row, and give each pixel's: height·width whole numbers.

    Args:
        height, width: Of the picture, in pixels; multiples of ``side``.
        side: Of a patch.
    """
    for name, value in {"height": height, "width": width, "side": side}.items():
        require_count(name, value)
    if height % side or width % side:
        raise CourseError(
            f"A picture of {height}×{width} pixels cannot be cut into patches of {side}×{side}: take a "
            "side that divides both.",
            f"{height}×{width} 像素的图片不能整切成 {side}×{side} 的小块：边长应能同时整除高和宽。",
        )
    rows, columns = np.arange(height) // side, np.arange(width) // side
    return (rows[:, None] * (width // side) + columns).ravel()


def draw_hidden(rng: np.random.Generator, n: int, patches: int, share: float) -> np.ndarray:
    """Draw which patches are hidden: n×patches of 0 and 1, in each row the same number of ones.

    Args:
        rng: Where the draw comes from.
        n: How many pictures.
        patches: How many patches each has.
        share: The part that is hidden, between 0 and 1; at least one patch is, and one is not.
    """
    require_number("share", share, 0, 1, ends="()")
    count = min(max(round(share * patches), 1), patches - 1)
    ranks = rng.random((n, patches)).argsort(axis=1).argsort(axis=1)
    return (ranks < count).astype(np.float32)
