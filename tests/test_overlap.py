"""Near-duplicates are found, and honest pictures are left in peace."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import data, overlap
from course_lib.errors import CourseError


def test_a_paler_and_a_moved_copy_are_found() -> None:
    x = data.load("digits", size=16).x
    pool = np.concatenate([x[:200], np.roll(x[300:310], 1, axis=1) // 2])
    rows = overlap.pixel_rows(pool)

    def likeness(pictures: np.ndarray) -> np.ndarray:
        moves = overlap.shifted(pictures)
        return np.max(
            [overlap.nearest_likeness(overlap.pixel_rows(m), rows)[0] for m in moves], axis=0
        )

    found = overlap.suspects(likeness(x[300:320]), likeness(x[400:600]))
    assert found[:10].all() and found[10:].sum() <= 2


def test_the_nearest_is_named() -> None:
    likeness, nearest = overlap.nearest_likeness(np.array([[2.0, 0.1]]), np.eye(2))
    assert nearest.tolist() == [0] and likeness[0] == pytest.approx(2 / np.hypot(2, 0.1))
    with pytest.raises(CourseError, match="one width"):
        overlap.nearest_likeness(np.eye(2), np.eye(3))
