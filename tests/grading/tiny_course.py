"""A tiny chapter, built and released once per test run: for everything that needs no framework."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from course_lib.authoring import build
from course_lib.grading import course as courses
from course_lib.grading import plugin
from course_lib.grading.course import Course
from course_lib.grading.judging.assignment import Assignment, open_assignment
from course_lib.grading.kernels import execution
from course_lib.grading.kernels.execution import Execution
from course_lib.grading.people.standing import read_grades
from course_lib.grading.release import release
from course_lib.grading.submissions import make_submissions
from course_lib.grading.walls.sandbox import Limits

CHAPTER = "90"
# Three seconds of computing: plenty for these answers, however busy the machine is with other tests.
QUICK = Limits(
    cell_seconds=3, own_cell_seconds=3, patience=20, notebook_seconds=300, memory_mb=1500
)
HERE = Path(__file__).resolve().parent


def build_repository(folder: Path) -> Path:
    """Build the tiny chapter's editions in a folder."""
    shutil.copytree(HERE / "tiny", folder, dirs_exist_ok=True)
    (folder / "course_lib").mkdir(exist_ok=True)
    build(folder)
    return folder


def make_course(folder: Path, repository: Path, language: str = "en") -> Course:
    """Make a course directory and release the tiny chapter in it."""
    course = courses.create(folder, language=language, framework="pytorch", repository=repository)
    release(course, CHAPTER)
    return course


def student_notebook(course: Course) -> NotebookNode:
    """Give the released notebook, to be worked in."""
    name = course.notebook_name(CHAPTER)
    return nbformat.read(course.folder / "release" / CHAPTER / f"{name}.ipynb", as_version=4)


def answered(course: Course, answers: Mapping[str, str]) -> NotebookNode:
    """Give the notebook with some answer cells filled in: source by exercise id."""
    notebook = student_notebook(course)
    for cell in notebook.cells:
        known = cell.metadata.get("nbgrader", {})
        exercise = cell.metadata.get("course", {}).get("exercise")
        if cell.cell_type == "code" and known.get("solution") and exercise in answers:
            cell.source = answers[exercise]
    return notebook


def hand_in(course: Course, student: str, notebook: NotebookNode | str) -> Path:
    """Put a notebook (or any text) where collected submissions are."""
    folder = course.folder / "submitted" / student / CHAPTER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{course.notebook_name(CHAPTER)}.ipynb"
    text = notebook if isinstance(notebook, str) else nbformat.writes(notebook)
    path.write_text(text, encoding="utf-8")
    return path


def hand_in_class(
    course: Course, repository: Path, students: int, *, seconds: float = 0.5
) -> dict[str, float]:
    """Hand in a class's work, no two the same; give what each deserves.

    Args:
        course: Where it is handed in.
        repository: The tiny course's.
        students: How many: right, wrong, untouched … in turn.
        seconds: What each takes longer than it has to, so that something can be killed meanwhile.
    """
    made = list(make_submissions(CHAPTER, "en", "pytorch", repository=repository).values())
    points = {}
    for number in range(students):
        notebook = deepcopy(made[number % len(made)].notebook)
        notebook.cells.append(new_code_cell(f"import time; time.sleep({seconds})  # {number}"))
        hand_in(course, f"student{number:02}", notebook)
        points[f"student{number:02}"] = made[number % len(made)].total
    return points


def scores(course: Course) -> dict[str, float | None]:
    """Give the chapter's points of everybody who handed it in, as the gradebook has them."""
    return {row.student: row.score for row in read_grades(course, CHAPTER)}


def judged(
    course: Course, notebook: NotebookNode, limits: Limits = QUICK
) -> tuple[dict[str, str], NotebookNode, Execution]:
    """Screen, run and judge a submission without nbgrader: (codes by cell, notebook, execution)."""
    assignment: Assignment = open_assignment(course, CHAPTER)
    notebook = deepcopy(notebook)
    assignment.make_whole(notebook)
    done = execution.execute(assignment.work_for(notebook), replace(limits), sandboxed=True)
    return plugin.write_results(assignment, notebook, done), notebook, done


RIGHT = {
    "90.1": "def column_means(x):\n    return x.mean(axis=0)",
    "90.2": "def longest_row(x):\n    return int(np.argmax((x**2).sum(axis=1)))",
}
