"""``teach grade``: run what was handed in on several kernels at once, and let nbgrader write it down.

Kernels are processes of their own; one thread waits for each. nbgrader's gradebook has one writer: this
process, one student after the other. A run that was killed goes on where it was: executions are kept,
and a student whose submission, environment and questions have not changed is not graded again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps.api import NbGraderAPI

from course_lib.errors import CourseError
from course_lib.files import locked
from course_lib.grading import audit, execution, kernel, marks, results, sandbox
from course_lib.grading.assignment import Assignment, open_assignment
from course_lib.grading.course import Course
from course_lib.grading.execution import Work
from course_lib.grading.nbgrader_side import environment, last_line, open_api
from course_lib.grading.plugin import UNSANDBOXED
from course_lib.grading.reading import read_submission
from course_lib.grading.sandbox import Limits
from course_lib.language import both


@dataclass(frozen=True)
class Graded:
    """What became of one student's submission.

    Attributes:
        student: Who.
        state: ``"graded"``, ``"unchanged"`` (graded before, nothing has changed) or ``"failed"``.
        score: Points so far, ``None`` when it failed.
        most: The points that there are.
        waiting: Whether something is still to be marked by hand.
        why: For a failure: one sentence.
    """

    student: str
    state: str
    score: float | None = None
    most: float | None = None
    waiting: bool = False
    why: str = ""


@dataclass(frozen=True)
class _Job:
    student: str
    work: Work
    key: str


def grade(
    course: Course,
    name: str,
    *,
    jobs: int = 1,
    students: Sequence[str] | None = None,
    sandboxed: bool = True,
    force: bool = False,
) -> Iterator[Graded]:
    """Grade a chapter's submissions; give each student's outcome as soon as it is in the gradebook.

    Args:
        course: The course directory.
        name: The assignment, such as ``"04"``.
        jobs: Kernels at a time.
        students: Only these; ``None`` for all who handed in.
        sandboxed: False runs submissions as this user; the audit log records it.
        force: Grade again what has not changed.

    Raises:
        CourseError: Nothing was released or handed in, or there is no sandbox here.
    """
    if sandboxed:
        sandbox.mode()  # says early, once, if there is none
    assignment = open_assignment(course, name)
    handed_in = _choose(course, name, students)
    limits = replace(Limits(), threads=max(1, (os.cpu_count() or 1) // max(1, jobs)))
    with locked(course.private / "grading.lock", timeout=1.0):
        todo: list[_Job] = []
        for student, folder in handed_in.items():
            try:
                job = _prepare(assignment, student, folder, limits, sandboxed)
            except Exception as problem:  # a file that was handed in can be anything
                yield _failed(assignment, student, _why(problem))
                continue
            if not force and _is_done(assignment, job):
                yield _read_grade(assignment, student, "unchanged")
            else:
                todo.append(job)
        yield from _grade_all(assignment, todo, limits, jobs, sandboxed)


def _grade_all(
    assignment: Assignment, todo: list[_Job], limits: Limits, jobs: int, sandboxed: bool
) -> Iterator[Graded]:
    pool = ThreadPoolExecutor(max_workers=max(1, jobs))
    api = open_api(assignment.course)
    try:
        waiting: dict[Future[None], _Job] = {
            pool.submit(_execute, assignment.course, job, limits, sandboxed): job for job in todo
        }
        for future in as_completed(waiting):
            yield _finish(assignment, waiting[future], future, api, sandboxed)
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        kernel.kill_all()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _execute(course: Course, job: _Job, limits: Limits, sandboxed: bool) -> None:
    """Run one submission, unless the kept results have it."""
    if results.load(course, job.key) is None:
        done = execution.execute(job.work, limits, sandboxed=sandboxed)
        results.keep(course, job.key, done)


def _finish(
    assignment: Assignment, job: _Job, executed: Future[None], api: NbGraderAPI, sandboxed: bool
) -> Graded:
    """Let nbgrader autograde one student, with the execution that is there by now."""
    try:
        executed.result()
    except Exception as problem:  # whatever it is, it is this student's and stops nobody else
        return _failed(assignment, job.student, _why(problem))
    flag = None if sandboxed else "1"
    with environment(UNSANDBOXED, flag):
        result = api.autograde(assignment.name, job.student, force=True)
    if not result["success"]:
        reason = last_line(result.get("log"), result.get("error"))
        return _failed(assignment, job.student, f"nbgrader: {reason}")
    marks.note_done(assignment.course, assignment.name, job.student, job.key)
    return _read_grade(assignment, job.student, "graded")


def _why(problem: Exception) -> str:
    """Give the sentence for a failure: ours where it is one of ours, else what Python says."""
    if isinstance(problem, CourseError):
        return str(problem)
    name = type(problem).__name__
    return both(f"It could not be graded: {name}: {problem}", f"无法评分：{name}：{problem}")[:300]


def _choose(course: Course, name: str, students: Sequence[str] | None) -> dict[str, Path]:
    handed_in = course.submissions(name)
    missing = [student for student in students or () if student not in handed_in]
    if missing or not handed_in:
        who = ", ".join(missing)
        raise CourseError(
            f"No submission of chapter {name} by {who}."
            if missing
            else f"Nobody has handed in chapter {name}: run  ./course teach collect PATH  first.",
            f"{who} 没有提交第 {name} 章。"
            if missing
            else f"还没有人提交第 {name} 章：请先运行  ./course teach collect 路径  。",
        )
    chosen = students or list(handed_in)
    return {student: handed_in[student] for student in chosen}


def _prepare(
    assignment: Assignment, student: str, folder: Path, limits: Limits, sandboxed: bool
) -> _Job:
    notebook = read_submission(folder / f"{assignment.notebook}.ipynb")
    assignment.make_whole(notebook)
    work = assignment.work_for(notebook)
    return _Job(student, work, results.key_of(work, limits, sandboxed=sandboxed))


def _is_done(assignment: Assignment, job: _Job) -> bool:
    folder = assignment.course.folder / "autograded" / job.student / assignment.name
    there = (folder / f"{assignment.notebook}.ipynb").is_file()
    return there and job.key == marks.key_of_done(assignment.course, assignment.name, job.student)


def _failed(assignment: Assignment, student: str, why: str) -> Graded:
    """Note a failure where ``teach status`` finds it; the others go on."""
    marks.note_failure(assignment.course, assignment.name, student, why)
    entry = {"student": student, "assignment": assignment.name, "failed": why}
    audit.record(assignment.course, entry)
    return Graded(student, "failed", why=why)


def _read_grade(assignment: Assignment, student: str, state: str) -> Graded:
    with Gradebook(f"sqlite:///{assignment.course.folder / 'gradebook.db'}") as gradebook:
        try:
            submission = gradebook.find_submission(assignment.name, student)
        except MissingEntry:
            why = both("It is not in the gradebook.", "成绩册中没有这份提交。")
            return Graded(student, "failed", why=why)
        return Graded(
            student,
            state,
            score=float(submission.score),
            most=float(submission.max_score),
            waiting=bool(submission.needs_manual_grade),
        )
