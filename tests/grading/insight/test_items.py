"""Item statistics: known classes give known numbers; too few students give a sentence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from course_lib.errors import CourseError
from course_lib.grading.commands import insight
from course_lib.grading.insight import items
from course_lib.grading.insight.items import analyse, correlate, wilson
from course_lib.grading.people.standing import Row
from tests.grading.commands.test_teach import run

MOST = {"90.1": 2.0, "90.2": 3.0, "90.10": 2.0}


def make_class(count: int = 200, seed: int = 0) -> list[Row]:
    """A class whose ability decides 90.1 and 90.2; 90.10 is a coin."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        ability = rng.normal()
        points = {
            "90.1": 2.0 * (ability + rng.normal() > -1),
            "90.2": 3.0 * (ability + rng.normal() > 1),
            "90.10": 2.0 * (rng.random() < 0.5),
        }
        rows.append(Row(f"s{number}", "90", "graded", sum(points.values()), 7, exercises=points))
    return rows


def test_hard_and_easy_discriminating_and_random_exercises_are_told_apart():
    rows = [*make_class(), Row("late", "90", "missing"), Row("new", "90", "failed")]
    first, second, coin = analyse(rows, MOST)
    assert [first.name, second.name, coin.name] == ["90.1", "90.2", "90.10"]
    assert first.n == 200 and first.difficulty > 0.7 > 0.4 > second.difficulty
    for item in (first, second):
        assert item.discrimination[1] > 0  # the interval says so
    assert coin.discrimination[1] < 0 < coin.discrimination[2]
    own = np.array([row.exercises["90.1"] for row in rows[:200]])
    rest = np.array([row.exercises["90.2"] + row.exercises["90.10"] for row in rows[:200]])
    expected = stats.pearsonr(own, rest)
    interval = expected.confidence_interval(0.95)
    assert first.discrimination == pytest.approx((expected.statistic, interval.low, interval.high))


def test_the_interval_of_a_share_is_scipys():
    expected = stats.binomtest(7, 40).proportion_ci(0.95, method="wilson")
    assert wilson(7, 40) == pytest.approx((7 / 40, expected.low, expected.high))
    assert wilson(0, 40)[1] == 0.0 and wilson(40, 40)[2] == 1.0


def test_what_nobody_or_everybody_has_does_not_discriminate():
    rows = [
        Row(each.student, "90", "graded", exercises={**each.exercises, "90.1": 2.0})
        for each in make_class(40)
    ]
    easy = analyse(rows, MOST)[0]
    assert easy.discrimination is None and easy.note == "easy" and easy.full[0] == 1.0
    assert correlate(np.arange(9.0), np.arange(9.0)) == (1.0, 1.0, 1.0)


def test_an_exercise_that_weak_students_solve_more_often_is_pointed_at():
    rows = [
        Row(
            each.student,
            "90",
            "graded",
            exercises={**each.exercises, "90.10": 2.0 * (each.exercises["90.2"] == 0)},
        )
        for each in make_class()
    ]
    assert analyse(rows, MOST)[2].note == "negative"


def test_too_few_is_said_and_what_waits_for_marks_is_left_out():
    with pytest.raises(CourseError, match=r"Too few: 29 students are graded, and it takes 30"):
        analyse(make_class(29), MOST)
    waiting = [
        Row(each.student, "90", "to be marked", exercises=each.exercises, open=frozenset({"90.2"}))
        for each in make_class(items.FEWEST)
    ]
    assert [each.name for each in analyse(waiting, MOST)] == ["90.1", "90.10"]


def test_the_command_shows_a_table(released_course, monkeypatch, course_home):
    from course_lib.grading.people import standing

    rows = [
        Row(
            r.student,
            "90",
            "graded",
            exercises={("90.3" if k == "90.10" else k): v for k, v in r.exercises.items()},
        )
        for r in make_class(50)
    ]
    monkeypatch.setattr(standing, "read_grades", lambda *_: rows)
    monkeypatch.setenv("COLUMNS", "200")
    said = run("items", "90", "--dir", released_course.folder)
    assert "90.1" in said and "50 students" in said and "…" in said
    assert "Left out" not in said
    waiting = [replace(row, open=frozenset({"90.3"})) for row in rows]
    monkeypatch.setattr(standing, "read_grades", lambda *_: waiting)
    assert "waits for marks by hand: 90.3." in run("items", "90", "--dir", released_course.folder)
    assert set(insight._NOTES) == {"easy", "hard", "low", "negative"}
