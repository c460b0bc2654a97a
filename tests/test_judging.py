"""Accuracy, intervals and paired comparisons."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from course_lib.errors import CourseError
from course_lib.judging import (
    accuracy,
    bootstrap_interval,
    interval,
    learning_curve,
    paired_interval,
    share_interval,
)


def test_accuracy_is_the_part_that_was_right():
    assert accuracy(np.array([0, 1, 2, 2]), np.array([0, 1, 1, 2])) == 0.75


@pytest.mark.parametrize("predicted", [np.zeros(3, int), np.zeros((4, 10)), np.zeros((4, 1), int)])
def test_accuracy_refuses_what_numpy_would_broadcast(predicted):
    with pytest.raises(CourseError, match="argmax"):
        accuracy(np.zeros(4, int), predicted)


def test_accuracy_of_nothing_is_refused():
    with pytest.raises(CourseError):
        accuracy(np.zeros(0, int), np.zeros(0, int))


def test_interval_is_students():
    values = [0.7, 0.75, 0.72, 0.8, 0.78]
    low, high = stats.t.interval(0.95, 4, loc=np.mean(values), scale=stats.sem(values))
    assert interval(values) == pytest.approx((0.75, low, high))


def test_interval_by_hand():
    # Two values 0 and 2: mean 1, s = √2, t = 12.706, half-width 12.706 · √2 / √2.
    assert interval([0, 2]) == pytest.approx((1, 1 - 12.706, 1 + 12.706), abs=1e-3)


def test_a_higher_level_is_wider():
    assert interval([1, 2, 3], level=0.99).high > interval([1, 2, 3]).high


def test_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    found = [interval(rng.normal(5, 2, size=5)) for _ in range(2000)]
    assert np.mean([i.low <= 5 <= i.high for i in found]) == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize("values", [[], [0.9], [[0.9, 0.8], [0.7, 0.6]]])
def test_interval_needs_two_values(values):
    with pytest.raises(CourseError, match="at least two"):
        interval(values)


def test_pairs_cancel_what_seeds_share():
    luck = np.array([0.0, 0.1, 0.2, 0.3, 0.4])
    a, b = 0.5 + luck, np.array([0.45, 0.44, 0.46, 0.45, 0.45]) + luck
    together = paired_interval(a, b)
    assert together.low > 0, "the pairs show it"
    assert interval(a).low < interval(b).high, "the single intervals do not"
    assert together == pytest.approx(interval(a - b))


def test_pairs_need_partners():
    with pytest.raises(CourseError, match="3 and 2"):
        paired_interval([1, 2, 3], [1, 2])


def test_an_interval_prints_as_one_would_write_it():
    assert str(interval([0.7, 0.7, 0.7])) == "0.700 [0.700, 0.700]"


def test_a_learning_curve_has_a_row_for_each_draw():
    curve = learning_curve(lambda count, seed: count + seed / 10, (1, 5, 10), seeds=range(2))
    np.testing.assert_allclose(curve, [[1, 5, 10], [1.1, 5.1, 10.1]])


@pytest.mark.parametrize(
    ("ask", "part"),
    [
        (lambda: interval([1, 2, 3], level=95), "level"),
        (lambda: interval([1, 2, 3], level=1), "level"),
        (lambda: interval([1, 2, np.nan]), "1 of the 3"),
        (lambda: interval(["a", "b"]), "text"),
        (lambda: paired_interval([1, np.inf], [1, 2]), "values of a"),
        (lambda: accuracy(np.array([0, 1]), np.array([0, np.nan])), "predicted"),
        (lambda: learning_curve(lambda count, seed: 0.0, [], seeds=[0]), "at least one"),
    ],
)
def test_what_cannot_be_judged_is_refused(ask, part):
    with pytest.raises(CourseError, match=part):
        ask()


def test_labels_may_be_names():
    assert accuracy(["a", "b"], ["a", "c"]) == 0.5


@pytest.mark.parametrize(("right", "n"), [(0, 10), (7, 10), (45, 45), (40, 45), (900, 1000)])
def test_the_interval_of_a_share_is_wilsons(right, n):
    theirs = stats.binomtest(right, n).proportion_ci(method="wilson")
    assert share_interval(right, n) == pytest.approx((right / n, theirs.low, theirs.high))


@pytest.mark.parametrize(("right", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_a_share_that_is_none_is_refused(right, n):
    with pytest.raises(CourseError, match="at least one trial"):
        share_interval(right, n)


def test_the_bootstrap_of_many_values_is_students_interval() -> None:
    values = np.random.default_rng(0).normal(size=400)
    found, students = bootstrap_interval(values), interval(values)
    assert found == pytest.approx(students, abs=0.02)
    with pytest.raises(CourseError, match="two values"):
        bootstrap_interval([1.0])
