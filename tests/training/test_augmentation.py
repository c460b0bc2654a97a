"""What is drawn for each kind of change."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.training.augmentation import (
    CutOut,
    Erase,
    Flip,
    Rotate,
    Scale,
    Shift,
    draw_transforms,
)
from tests.training.augmentation_cases import LISTS


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_each_kind_has_its_shape_and_a_row_for_each_image() -> None:
    draws = draw_transforms(LISTS["all of them"], rng(), 5)
    assert {kind: values.shape for kind, values in draws.items()} == {
        "affine": (5, 3, 3),
        "boxes": (5, 2, 4),
        "contrast": (5,),
        "brightness": (5,),
    }
    assert draw_transforms([], rng(), 5) == {}


def test_a_flip_mirrors_about_half_of_the_images() -> None:
    matrices = Flip().draw(rng(), 1000)
    mirrored = matrices[:, 0, 0] == -1
    assert 450 < mirrored.sum() < 550
    assert np.array_equal(matrices[~mirrored][0], np.eye(3))
    assert not (Flip(p=0).draw(rng(), 9)[:, 0, 0] == -1).any()


def test_a_rotation_keeps_lengths_and_stays_within_its_angle() -> None:
    matrices = Rotate(30).draw(rng(), 1000)[:, :2, :2]
    squares = matrices @ matrices.transpose(0, 2, 1)
    np.testing.assert_allclose(squares, np.tile(np.eye(2), (1000, 1, 1)), atol=1e-12)
    angles = np.degrees(np.arctan2(matrices[:, 1, 0], matrices[:, 0, 0]))
    assert -30 <= angles.min() < -29 and 29 < angles.max() <= 30


def test_enlarging_takes_colours_from_nearer_the_centre() -> None:
    factors = Scale(2.0, 4.0).draw(rng(), 100)[:, 0, 0]
    assert ((factors >= 1 / 4) & (factors <= 1 / 2)).all()


def test_later_changes_are_undone_first() -> None:
    """Enlarge ×2, then move by half a side: the new centre's colour comes from a quarter away."""
    enlarge, move = Scale(2.0, 2.0), Shift(0.5)
    one = draw_transforms([enlarge, move], rng(), 1)["affine"][0]
    moved = move.draw(_after(enlarge), 1)[0]
    np.testing.assert_allclose(one[:2, 2], moved[:2, 2] / 2, rtol=1e-6)


def _after(transform: Scale) -> np.random.Generator:
    generator = rng()
    transform.draw(generator, 1)
    return generator


def test_a_cut_out_has_its_side_and_may_reach_over_the_edge() -> None:
    top, bottom, left, right = CutOut(0.4).draw(rng(), 500)[:, 0].T
    np.testing.assert_allclose(bottom - top, 0.4)
    np.testing.assert_allclose(right - left, 0.4)
    assert top.min() < 0 and right.max() > 1


def test_erasing_keeps_to_its_areas_and_inside_the_image() -> None:
    boxes = Erase(p=0.5, area=(0.1, 0.2), aspect=(0.5, 2.0)).draw(rng(), 1000)[:, 0]
    top, bottom, left, right = boxes.T
    area = (bottom - top) * (right - left)
    assert 0.4 < (area > 0).mean() < 0.6
    assert area[area > 0].min() == pytest.approx(0.1, abs=0.01) and area.max() <= 0.2
    assert boxes.min() >= 0 and boxes.max() <= 1


def test_what_is_no_change_is_refused() -> None:
    with pytest.raises(CourseError, match="Flip"):
        draw_transforms([Flip], rng(), 3)  # type: ignore[list-item]
    with pytest.raises(CourseError, match="kind"):
        draw_transforms(["flip"], rng(), 3)  # type: ignore[list-item]
    with pytest.raises(CourseError, match="smallest"):
        Scale(0.0, 1.0)
