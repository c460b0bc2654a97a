"""Metrics of continual learning, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import continual
from course_lib.errors import CourseError

R = np.array([[0.9, 0.2, 0.1], [0.95, 0.8, 0.3], [0.5, 0.6, 0.7]])


def test_metrics_are_those_of_the_papers() -> None:
    assert continual.average_accuracy(R) == pytest.approx((0.5 + 0.6 + 0.7) / 3)
    assert continual.backward_transfer(R) == pytest.approx(((0.5 - 0.9) + (0.6 - 0.8)) / 2)
    assert continual.forgetting(R) == pytest.approx(((0.95 - 0.5) + (0.8 - 0.6)) / 2)
    assert continual.forward_transfer(R, [0.1, 0.1, 0.2]) == pytest.approx((0.1 + 0.1) / 2)


def test_forgetting_looks_at_the_past_only() -> None:
    """What the end is compared with was reached after the task was learnt, and before the end."""
    luck = np.array([[0.5, 0.99, 0.0], [0.5, 0.6, 0.0], [0.8, 0.7, 0.9]])
    assert continual.forgetting(luck) == pytest.approx(((0.5 - 0.8) + (0.6 - 0.7)) / 2)


def test_tasks_are_learnt_in_turn_and_all_measured_after_each() -> None:
    learnt: list[str] = []

    def learn(i: int, task: str) -> None:
        assert i == len(learnt)
        learnt.append(task)

    found = continual.accuracy_matrix("abc", learn, lambda j, task: float(task in learnt) + j)
    np.testing.assert_array_equal(found, np.tril(np.ones((3, 3))) + np.arange(3))


@pytest.mark.parametrize("bad", [np.zeros((2, 3)), np.full((2, 2), np.nan), np.zeros((1, 1))])
def test_what_is_no_matrix_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(CourseError, match="T×T"):
        continual.forgetting(bad)


def test_each_task_needs_its_start() -> None:
    with pytest.raises(CourseError, match="untrained"):
        continual.forward_transfer(R, [0.1])
