"""Grading a class of the tiny chapter: the same marks by every way, nothing twice, nobody lost."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import nbformat
import pytest
from nbgrader.api import Gradebook

from course_lib.errors import CourseError
from course_lib.grading import audit, feedback
from course_lib.grading.export import read_grades
from course_lib.grading.give_back import give_back
from course_lib.grading.grade import grade
from course_lib.grading.kernels.execution import Work, execute
from course_lib.grading.release import release
from course_lib.grading.submissions import make_submissions
from course_lib.grading.walls import sandbox
from tests.conftest import ROOT, require
from tests.grading.tiny_course import QUICK, RIGHT, answered, hand_in, student_notebook


@pytest.fixture
def _walls():
    require(sandbox.available(), "this machine has no bubblewrap sandbox")


def nbgrader(course, *arguments):
    """Run nbgrader's own command line in the course directory, as an instructor would."""
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course.folder,
        env={**os.environ, "PATH": os.defpath, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return done.returncode, done.stdout + done.stderr


def marks(course):
    return {row.student: row.exercises for row in read_grades(course, "90") if row.exercises}


def hand_in_all(course, tiny_repository):
    made = make_submissions("90", course.language, "pytorch", repository=tiny_repository)
    for name, submission in made.items():
        hand_in(course, name, submission.notebook)
    return {name: {**each.marks, "90.3": 0.0} for name, each in made.items()}


@pytest.mark.usefixtures("_walls")
def test_both_graders_give_what_is_deserved(course, tiny_repository):
    deserved = hand_in_all(course, tiny_repository)
    status, log = nbgrader(course, "autograde", "90")
    assert status == 0, log
    assert marks(course) == deserved
    # What nbgrader has executed is not executed again, and comes out the same.
    outcomes = list(grade(course, "90", jobs=2))
    assert {each.state for each in outcomes} == {"graded"}
    assert marks(course) == deserved
    assert {each.state for each in grade(course, "90")} == {"unchanged"}
    # A new version of one submission is graded again, and only that one.
    hand_in(course, "untouched", answered(course, RIGHT))
    states = {each.student: each.state for each in grade(course, "90")}
    assert [name for name, state in states.items() if state == "graded"] == ["untouched"]
    assert marks(course)["untouched"]["90.2"] == 3

    pages = {
        each.student: each.page.read_text(encoding="utf-8") for each in give_back(course, "90")
    }
    assert "You added up, but did not divide." in pages["pitfalls"]
    assert "5 of 7 points" in pages["all_right"] and "to be marked by hand" in pages["all_right"]
    shown = feedback.as_text(feedback.read_page(course, "90", "mixed"))
    assert "✓ 90.1 Column means  (2 / 2)  Correct" in shown
    assert "Rows are counted from 0." in shown

    lines = list(audit.read(course))
    assert {line["student"] for line in lines} == set(deserved)
    assert {line["event"] for line in lines} == {"graded", "returned"}
    assert audit.verify(course).whole
    lines = [line for line in lines if line["event"] == "graded"]
    assert all(line["execution"]["sandboxed"] for line in lines)
    assert all(len(line["submission"]) == 64 and line["environment"] for line in lines)


@pytest.mark.usefixtures("_walls")
def test_marks_by_hand_are_kept(course):
    notebook = answered(course, RIGHT)
    next(
        c for c in notebook.cells if c.cell_type == "markdown" and "nbgrader" in c.metadata
    ).source = "…"
    hand_in(course, "ann", notebook)
    assert next(iter(grade(course, "90"))).waiting
    with Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}") as gradebook:
        essay = gradebook.find_grade("90-3", course.notebook_name("90"), "90", "ann")
        essay.manual_score, essay.needs_manual_grade = 1.5, False
        gradebook.db.commit()
    again = next(iter(grade(course, "90", force=True)))
    assert again.score == 6.5 and not again.waiting


def test_broken_submissions_are_stated_and_stop_nobody(course):
    hand_in(course, "a", "not json")
    hand_in(course, "b", '{"cells": 3, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    (course.folder / "submitted" / "c" / "90").mkdir(parents=True)
    require(sandbox.available(), "this machine has no bubblewrap sandbox")
    outcomes = {each.student: each for each in grade(course, "90")}
    assert {each.state for each in outcomes.values()} == {"failed"}
    assert "missing" in outcomes["c"].why
    rows = {row.student: row for row in read_grades(course, "90")}
    assert rows["a"].state == "failed" and rows["a"].score is None  # and not 0
    hand_in(course, "a", student_notebook(course))
    assert {each.student: each.state for each in grade(course, "90")}["a"] == "graded"
    assert {row.student: row.state for row in read_grades(course, "90")}["a"] == "graded"


def test_without_a_sandbox_it_refuses_and_says_the_ways_out(course, monkeypatch):
    monkeypatch.setattr(sandbox, "_found_mode", lambda: None)
    hand_in(course, "ann", student_notebook(course))
    with pytest.raises(CourseError, match=r"bubblewrap.*container.*--unsandboxed"):
        list(grade(course, "90"))
    outcome = next(iter(grade(course, "90", sandboxed=False)))
    assert outcome.state == "graded" and outcome.score == 0
    recorded = list(audit.read(course))[-1]
    assert recorded["execution"]["sandboxed"] is False


def test_commands_on_nothing_say_what_to_do_first(course, tmp_path):
    with pytest.raises(CourseError, match="collect"):
        list(grade(course, "90"))
    with pytest.raises(CourseError, match="release 91"):
        list(grade(course, "91"))
    with pytest.raises(CourseError, match="grade 90"):
        list(give_back(course, "90"))
    with pytest.raises(CourseError, match="no solved edition"):
        release(course, "91")


def test_releasing_again_changes_nothing_and_a_release_has_no_solutions(course):
    assert release(course, "90").changed is False
    text = nbformat.writes(student_notebook(course))
    assert "BEGIN SOLUTION" not in text and "x.mean" not in text and "not done yet" in text


@pytest.mark.parametrize("mode", ["dropped", "namespace"])
def test_each_way_into_the_sandbox_runs_code_as_nobody(mode, monkeypatch):
    require(sandbox.available(), "this machine has no bubblewrap sandbox")
    require(sandbox._works(mode), f"this machine offers no sandbox of the kind {mode!r}")
    monkeypatch.setattr(sandbox, "_found_mode", lambda: mode)
    code = (
        "import os\nopen('x', 'w').close(); open('/tmp/x', 'w').close()\n"
        "print(os.getuid() not in (0, %d), os.path.exists('/etc/shadow'), os.listdir('.'))"
    )
    done = execute(Work((code % os.getuid() if os.getuid() else code % -1,), {}), QUICK)
    assert "True False" in done.cells[0].outputs[0].text


def test_the_notebooks_deadline_ends_it(monkeypatch):
    require(sandbox.available(), "this machine has no bubblewrap sandbox")
    limits = replace(QUICK, cell_seconds=30, notebook_seconds=6)
    work = Work(("import time; time.sleep(60)", "1"), {"90.1": ("answer = '1'", "answer")})
    done = execute(work, limits)
    assert [cell.state for cell in done.cells] == ["timeout", "not_run"]
    assert done.answers["90.1"].state == "not_run" and done.seconds < 30
