"""Grading that is killed at any moment goes on where it was: the same gradebook, nothing twice."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from course_lib.grading import audit
from course_lib.grading.course import open_course
from course_lib.grading.export import read_grades
from course_lib.grading.grade import grade
from course_lib.grading.walls import sandbox
from tests.conftest import require
from tests.grading.tiny_course import hand_in_class

STUDENTS = 7


@pytest.fixture(autouse=True)
def _walls():
    require(sandbox.available(), "this machine has no bubblewrap sandbox")


def standing(course):
    return {row.student: (row.state, row.score, row.exercises) for row in read_grades(course, "90")}


def start(course):
    """Run the real command, in a session of its own as a terminal would."""
    command = [sys.executable, "-m", "course_lib.cli", "teach", "grade", "90", "--dir"]
    return subprocess.Popen(
        [*command, str(course.folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def kill_when(running, condition):
    deadline = time.monotonic() + 120
    while running.poll() is None and not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.wait()


def test_killed_in_the_middle_it_ends_as_if_it_had_not_been(course, tiny_repository, tmp_path):
    hand_in_class(course, tiny_repository, STUDENTS, seconds=0)
    shutil.copytree(course.folder, tmp_path / "whole")
    whole = open_course(tmp_path / "whole")
    assert {each.state for each in grade(whole, "90", jobs=2)} == {"graded"}

    results, autograded = course.private / "results", course.folder / "autograded"
    # At an early moment, and at a late one; test_faults tries many others.
    kill_when(start(course), lambda: len(list(results.glob("*.json"))) >= 2)
    kept = {path.name: path.stat().st_mtime_ns for path in results.glob("*.json")}
    kill_when(start(course), lambda: len(list(autograded.glob("*/90"))) >= 4)

    assert {each.state for each in grade(course, "90", jobs=2)} <= {"graded", "unchanged"}
    assert standing(course) == standing(whole)
    # Nothing was executed twice: what was kept before the first kill is untouched …
    after = {path.name: path.stat().st_mtime_ns for path in results.glob("*.json")}
    assert kept.items() <= after.items()
    assert len(after) == STUDENTS == len(list((whole.private / "results").glob("*.json")))
    # … and nobody is written down more often than the two kills and their moments can explain.
    times = Counter(line["student"] for line in audit.read(course))
    assert set(times) == set(standing(course)) and sum(times.values()) <= STUDENTS + 2
    assert {each.state for each in grade(course, "90")} == {"unchanged"}


def test_a_damaged_result_is_made_again(course, tiny_repository):
    hand_in_class(course, tiny_repository, STUDENTS, seconds=0)
    assert {each.state for each in grade(course, "90", students=["student00"])} == {"graded"}
    (kept,) = (course.private / "results").glob("*.json")
    before = standing(course)
    kept.write_text(kept.read_text()[: os.path.getsize(kept) // 2])
    again = list(grade(course, "90", students=["student00"], force=True))
    assert [each.state for each in again] == ["graded"]
    assert standing(course) == before
