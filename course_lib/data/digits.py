"""Real handwriting: the 1,797 digits that scikit-learn ships, the *target* of most chapters."""

from __future__ import annotations

import numpy as np

from course_lib.data.domain import Domain
from course_lib.data.rendering import enlarge
from course_lib.errors import CourseError

LICENSE = "CC BY 4.0"
SOURCE = (
    "E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning "
    "Repository, 1998 (its test part, 13 writers), as shipped with scikit-learn"
)


def digits(*, size: int = 32) -> Domain:
    """All 1,797 digits, in the file's order.

    They are 8×8 in 17 grey levels (0–16): each number counts the dark pixels of a 4×4 block of the
    32×32 scan. Here they are enlarged to ``size`` by linear interpolation and scaled to 0–255.
    The numbers are small multiples of 1/64, so every platform gets the same bytes.

    Args:
        size: side length in pixels, a multiple of 8 (8 gives the file's own pixels).
    """
    if size < 8 or size % 8:
        raise CourseError(
            f"size={size}: the digits come 8, 16, 24, 32 … pixels wide (a multiple of 8).",
            f"size={size}：数字图像的边长应为 8 的倍数（8、16、24、32……）。",
        )
    from sklearn.datasets import load_digits  # a second to import: only here

    raw = load_digits()
    grey = enlarge(raw.images, size) * np.float32(255 / 16)
    # Half-way cases go up (np.rint would send them to the even neighbour).
    x = np.floor(grey + np.float32(0.5)).astype(np.uint8)[..., None]
    classes = tuple(str(digit) for digit in range(10))
    return Domain("digits", x, raw.target.astype(np.int64), classes, LICENSE, SOURCE)
