"""Sums that remember, thresholds from whole quiet runs, days of headlines."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import serving
from course_lib.errors import CourseError


def test_sums_by_hand() -> None:
    sums = serving.cumulative_sum(
        np.array([[0.0, 2, 2, -9, 1]]), mean=0, deviation=1, allowance=0.5
    )
    assert sums.tolist() == [[0, 1.5, 3, 0, 0.5]]


def test_the_budget_holds_for_independent_days() -> None:
    rng = np.random.default_rng(0)
    quiet, fresh = rng.normal(size=(999, 40)), rng.normal(size=(2000, 40))
    sums = lambda x: serving.cumulative_sum(x, mean=0, deviation=1)  # noqa: E731
    h = serving.threshold_within(sums(quiet), 0.1)
    rate = (serving.first_alarms(sums(fresh), h) >= 0).mean()
    assert 0.07 < rate < 0.13


def test_a_lasting_shift_is_found() -> None:
    x = np.random.default_rng(1).normal(size=(200, 60))
    x[:, 20:] += 1.5
    first = serving.first_alarms(serving.cumulative_sum(x, mean=0, deviation=1), 6.0)
    late = first >= 20
    assert late.mean() > 0.9 and np.median(first[late]) < 35


def test_blocks_keep_neighbours_together() -> None:
    x = np.arange(100.0)
    runs = serving.quiet_runs(x, 20, runs=5, block=10, seed=0)
    assert runs.shape == (5, 20)
    assert (np.diff(runs[:, :10], axis=1) == 1).all() and (np.diff(runs[:, 10:], axis=1) == 1).all()


def test_too_few_quiet_runs_are_said() -> None:
    with pytest.raises(CourseError, match="at least 19 quiet runs"):
        serving.threshold_within(np.zeros((10, 5)), 0.05)


def test_first_alarms() -> None:
    sums = np.array([[0.0, 2, 3], [0, 0, 0]])
    assert serving.first_alarms(sums, 1.0).tolist() == [1, -1]


def test_days_of_headlines() -> None:
    moods = serving.draw_days(300, 40, worse=1.0, since=20, seed=3)
    assert moods.shape == (300, 40, 30) and set(np.unique(moods)) == {0, 1, 2}
    negative = (moods == 0).mean(axis=2)
    assert abs(negative[:, :20].mean() - 0.3) < 0.02 and negative[:, 20:].mean() > 0.45
    steps = negative[:, :20] - negative[:, :20].mean()
    assert (steps[:, 1:] * steps[:, :-1]).mean() > 0.2 * (
        steps**2
    ).mean()  # days resemble neighbours
