"""``check --mutants``: the table, and what it takes offence at."""

from __future__ import annotations

import pytest

from course_lib.authoring import mutants
from course_lib.authoring.mutants import try_mutants
from course_lib.exercises.mutation import Trial
from tests.conftest import ROOT


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch):
    """Let the trials of every chapter end as a test wants."""

    def end(*survived: str, made: int = 40):
        def trial(spec, chapter, framework, answers):
            ids = [name for name in answers if name != "setup"]
            return [Trial(ids[0], framework, made, survived)]

        monkeypatch.setattr(mutants, "try_chapter", trial)

    return end


def test_all_killed_is_well(course, trials):
    trials()
    table, problems = try_mutants(course)
    assert problems == [] and "100.0%" in table


def test_a_survivor_without_a_reason_is_a_problem_with_its_line(course, trials):
    trials("x → y")
    table, problems = try_mutants(course)
    assert "97.5%" in table
    (problem,) = problems
    assert "passes with: x → y" in problem.message and problem.line > 1


def test_too_many_survivors_are_said_once_more(course, trials):
    trials("x → y", made=4)
    problems = try_mutants(course)[1]
    assert any("only 75.0%" in problem.message for problem in problems)


def test_a_reason_without_its_survivor_is_stale(trials, monkeypatch):
    trials()
    problems = try_mutants(ROOT, chapters=["04"])[1]
    assert {"has a reason" in problem.message for problem in problems} == {True}


@pytest.mark.slow
def test_the_courses_exercises_notice_nineteen_mistakes_of_twenty():
    table, problems = try_mutants(ROOT)
    assert problems == [], table
