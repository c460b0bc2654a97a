"""``teach grade --exercise``: one exercise of submissions that are graded, judged anew; all else stays.

For an exercise whose specification was put right, or an appeal about one mark. What the machine says of
the other exercises, points given by hand and comments are as they were.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI

from course_lib.errors import CourseError
from course_lib.files import locked, write_atomically
from course_lib.grading import audit, execution, grade, kernel, marks, plugin, results, sandbox
from course_lib.grading.assignment import Assignment, open_assignment
from course_lib.grading.course import Course
from course_lib.grading.execution import Execution
from course_lib.grading.grade import Graded
from course_lib.grading.hand_marks import SaveGrades
from course_lib.grading.lateness import CountLateness
from course_lib.grading.nbgrader_side import open_api
from course_lib.grading.reading import read_submission
from course_lib.grading.sandbox import Limits
from course_lib.grading.screening import grade_id


@dataclass(frozen=True)
class _Regrading:
    assignment: Assignment
    cell: str
    api: NbGraderAPI
    sandboxed: bool
    again: bool


def regrade(
    course: Course,
    name: str,
    exercise: str,
    *,
    students: Sequence[str] | None = None,
    jobs: int = 1,
    again: bool = False,
    sandboxed: bool = True,
) -> Iterator[Graded]:
    """Judge one exercise again in submissions that have been graded.

    Args:
        course: The course directory.
        name: The assignment, such as ``"04"``.
        exercise: Such as ``"04.3"``.
        students: Only these; ``None`` for all who handed in.
        jobs: Kernels at a time.
        again: Run the submissions again, too, whatever results are kept.
        sandboxed: False runs submissions as this user; the audit log records it.

    Raises:
        CourseError: There is no such exercise, or it is marked by hand.
    """
    if sandboxed:
        sandbox.mode()
    assignment = open_assignment(course, name)
    cell = _cell_of(assignment, exercise)
    handed_in = grade._choose(course, name, students)
    with locked(course.private / "grading.lock", timeout=1.0):
        work = _Regrading(assignment, cell, open_api(course), sandboxed, again)
        with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
            try:
                runs = [
                    (student, pool.submit(_run, work, student, folder, jobs))
                    for student, folder in handed_in.items()
                ]
                for student, run in runs:
                    try:
                        notebook, done, key = run.result()
                        yield _write(work, student, notebook, done, key)
                    except Exception as problem:  # this student's, and stops nobody else
                        why = str(problem) if isinstance(problem, CourseError) else repr(problem)
                        yield Graded(student, "failed", why=why[:300])
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                kernel.kill_all()
                raise


def _cell_of(assignment: Assignment, exercise: str) -> str:
    """Give the name of the cell that holds an exercise's mark."""
    for cell, known in assignment.exercise_of.items():
        if exercise in (known, cell):
            return cell
    by_hand = {
        str(name).replace("-", ".", 1)
        for cell in assignment.source.cells
        if (name := grade_id(cell)) and cell.metadata.nbgrader.get("grade")
    }
    if exercise in by_hand:
        raise CourseError(
            f"Exercise {exercise} is marked by hand: change its points in the formgrader.",
            f"第 {exercise} 题是人工评阅的：请在 formgrader 中修改得分。",
        )
    there = ", ".join(sorted(set(assignment.exercise_of.values())))
    raise CourseError(
        f"Chapter {assignment.name} has no exercise {exercise}; there are {there}.",
        f"第 {assignment.name} 章没有 {exercise} 这道题；现有：{there}。",
    )


def _run(
    work: _Regrading, student: str, folder: Path, jobs: int
) -> tuple[NotebookNode, Execution, str]:
    """Run a submission, or take the kept result; give the notebook as it was run."""
    assignment = work.assignment
    if not _graded_file(assignment, student).is_file():
        name = assignment.name
        raise CourseError(
            f"It has not been graded yet: run  ./course teach grade {name}  first.",
            f"尚未评分：请先运行  ./course teach grade {name}  。",
        )
    notebook = read_submission(folder / f"{assignment.notebook}.ipynb")
    assignment.make_whole(notebook)
    limits = replace(Limits(), threads=max(1, (os.cpu_count() or 1) // max(1, jobs)))
    task = assignment.work_for(notebook)
    key = results.key_of(task, limits, sandboxed=work.sandboxed)
    if work.again:
        results.forget(assignment.course, key)
    done = results.load(assignment.course, key)
    if done is None:
        done = execution.execute(task, limits, sandboxed=work.sandboxed)
        results.keep(assignment.course, key, done)
    return notebook, done, key


def _write(
    work: _Regrading, student: str, notebook: NotebookNode, done: Execution, key: str
) -> Graded:
    """Put the one cell's new outcome into the graded notebook and the gradebook."""
    assignment, course = work.assignment, work.assignment.course
    judged = deepcopy(notebook)
    codes = plugin.write_results(assignment, judged, done)
    path = _graded_file(assignment, student)
    graded = nbformat.read(path, as_version=4)
    new, old = _find(judged, work.cell), _find(graded, work.cell)
    before = old.metadata.get("course_verdict", {}).get("code")
    old.outputs = new.outputs
    old.metadata["course_verdict"] = new.metadata.get("course_verdict", {})
    # Killed from here on, the submission counts as not graded, and the next grading does all of it.
    marks.note_begun(course, assignment.name, student)
    write_atomically(path, nbformat.writes(graded))
    known = {
        "student": student,
        "assignment": assignment.name,
        "notebook": assignment.notebook,
        "db_url": work.api.coursedir.db_url,
    }
    for step in (SaveGrades, CountLateness):
        step(parent=work.api, config=work.api.config).preprocess(graded, {"nbgrader": known})
    file = course.folder / "submitted" / student / assignment.name / path.name
    entry = {
        "event": "regraded",
        "student": student,
        "assignment": assignment.name,
        "submission": audit.hash_of(file.read_bytes()),
        "execution": execution.plain(done),
        "before": before,
        "verdicts": {work.cell: codes[work.cell]},
    }
    audit.record(course, entry)
    version = grade.version_of(key, file)
    marks.note_done(course, assignment.name, student, version)
    return _read_grade(course, assignment.name, student)


def _read_grade(course: Course, name: str, student: str) -> Graded:
    with Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}") as gradebook:
        submission = gradebook.find_submission(name, student)
        return Graded(
            student,
            "graded",
            score=float(submission.score),
            most=float(submission.max_score),
            waiting=bool(submission.needs_manual_grade),
            late=float(submission.late_submission_penalty or 0.0),
        )


def _graded_file(assignment: Assignment, student: str) -> Path:
    folder = assignment.course.folder / "autograded" / student / assignment.name
    return folder / f"{assignment.notebook}.ipynb"


def _find(notebook: NotebookNode, name: str) -> NotebookNode:
    for cell in notebook.cells:
        if grade_id(cell) == name:
            return cell
    raise CourseError(
        f"The graded notebook lacks the cell {name}: grade this student again with --again.",
        f"已评分的笔记本中缺少单元格 {name}：请用 --again 重新评分。",
    )
