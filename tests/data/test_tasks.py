"""Domains cut into tasks."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import data
from course_lib.errors import CourseError

DIGITS = data.load("digits", n=300)


def test_classes_are_split_and_joined_again() -> None:
    tasks = data.split_classes(DIGITS, 5)
    assert [sorted(set(task.y.tolist())) for task in tasks] == [
        [2 * i, 2 * i + 1] for i in range(5)
    ]
    assert all(task.classes == DIGITS.classes for task in tasks)
    whole = data.join_domains(tasks)
    assert sorted(whole.y) == sorted(DIGITS.y) and whole.x.shape == DIGITS.x.shape


def test_labels_of_a_tasks_own_mean_the_same_classes() -> None:
    shared, own = (
        data.split_classes(DIGITS, [[7, 2], [0]], own_labels=o)[0] for o in (False, True)
    )
    assert own.classes == ("7", "2")
    names = [own.classes[label] for label in own.y]
    assert names == [DIGITS.classes[label] for label in shared.y] and set(own.y) == {0, 1}
    with pytest.raises(CourseError, match="own_labels"):
        data.join_domains([shared, own])


@pytest.mark.parametrize("groups", [[[0], [0]], [[0], []], [[10]], 11, 0])
def test_groups_that_are_none_are_refused(groups: object) -> None:
    with pytest.raises(CourseError):
        data.split_classes(DIGITS, groups)  # type: ignore[arg-type]


def test_pixels_move_and_none_is_lost() -> None:
    first, second, third = data.permute_pixels(DIGITS, 3, seed=1)
    assert np.array_equal(first.x, DIGITS.x) and not np.array_equal(second.x, third.x)
    assert np.array_equal(np.sort(second.x.reshape(300, -1)), np.sort(DIGITS.x.reshape(300, -1)))
    again = data.permute_pixels(DIGITS.take(np.arange(10)), 3, seed=1)[2]
    assert np.array_equal(again.x, third.x[:10])  # the order is the seed's, not the data's
