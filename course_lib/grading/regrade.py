"""``teach grade --exercise``: one exercise of submissions that are graded, judged anew; all else stays.

For an exercise whose specification was put right, or an appeal about one mark. What the machine says of
the other exercises, points given by hand and comments are as they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_lib.errors import CourseError
from course_lib.files import locked, write_atomically
from course_lib.grading import audit, marks, plugin, results
from course_lib.grading.course import Course
from course_lib.grading.grade import Graded, Job, Round, choose, version_of
from course_lib.grading.hand_marks import SaveGrades
from course_lib.grading.judging.assignment import Assignment, open_assignment
from course_lib.grading.judging.reading import read_submission
from course_lib.grading.judging.screening import grade_id
from course_lib.grading.kernels import execution
from course_lib.grading.kernels.executors import (
    Executor,
    MachineError,
    Processes,
    Serial,
    as_course_error,
    full_disk_said,
    limits_of,
    with_threads,
)
from course_lib.grading.nbgrader_side import open_api
from course_lib.grading.people import standing
from course_lib.grading.people.lateness import CountLateness
from course_lib.grading.walls import sandbox
from course_lib.grading.walls.sandbox import Limits


def regrade(
    course: Course,
    name: str,
    exercise: str,
    *,
    students: Sequence[str] | None = None,
    jobs: int = 1,
    again: bool = False,
    sandboxed: bool = True,
    executor: Executor | None = None,
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
        executor: Who runs the submissions, as in :func:`.grade.grade`; closed in the end.

    Raises:
        CourseError: There is no such exercise, or it is marked by hand.
        MachineError: The disk is full, or the gradebook is in use; running it again goes on from there.
    """
    if sandboxed and executor is None:
        sandbox.mode()
    assignment = open_assignment(course, name)
    cell = _cell_of(assignment, exercise)
    handed_in = choose(course, name, students)
    executor = executor or (Processes(jobs) if len(handed_in) > 1 else Serial())
    limits = with_threads(limits_of(course), jobs)
    with (
        full_disk_said(),
        closing(executor),
        locked(course.private / "grading.lock", timeout=1.0),
        closing(_OfOneExercise(assignment, executor, limits, sandboxed, cell)) as everybody,
    ):
        for student, folder in handed_in.items():
            yield from everybody.take(student, folder, force=True, again=again)
        yield from everybody.finish()


class _OfOneExercise(Round):
    """A class of which one exercise is judged anew."""

    def __init__(
        self,
        assignment: Assignment,
        executor: Executor,
        limits: Limits,
        sandboxed: bool,
        cell: str,
    ) -> None:
        super().__init__(assignment, executor, limits, sandboxed)
        self._cell, self._api = cell, open_api(assignment.course)
        self._graded = standing.last_gradings(assignment.course)

    def take(self, student: str, folder: Path, *, force: bool, again: bool) -> Iterator[Graded]:
        """Hand in one student's work, if it has been graded before."""
        name = self._assignment.name
        if not _graded_file(self._assignment, student).is_file():
            problem = CourseError(
                f"It has not been graded yet: run  ./course teach grade {name}  first.",
                f"尚未评分：请先运行  ./course teach grade {name}  。",
            )
            yield self._failed(student, problem)
        elif standing.is_newer(folder, self._graded.get((name, student), {})):
            # All of it has to be judged, and it would count as done.
            problem = CourseError(
                f"A newer version was handed in since: run  ./course teach grade {name}  first.",
                f"评分之后又交了新版本：请先运行  ./course teach grade {name}  。",
            )
            yield self._failed(student, problem)
        else:
            yield from super().take(student, folder, force=force, again=again)

    def _record(self, job: Job) -> Graded:
        """Put the one cell's new outcome into the graded notebook and the gradebook."""
        try:
            self._judge(job)
        except Exception as problem:
            return self._failed(job.student, as_course_error(problem))
        return self._read_grade(job.student, "graded")

    def _failed(self, student: str, problem: CourseError) -> Graded:
        """Say why; the grade that there is stays."""
        if isinstance(problem, MachineError):
            raise problem
        return Graded(student, "failed", why=str(problem))

    def _judge(self, job: Job) -> None:
        assignment, course, student = self._assignment, self._assignment.course, job.student
        path = _graded_file(assignment, student)
        file = course.folder / "submitted" / student / assignment.name / path.name
        judged = read_submission(file)
        assignment.make_whole(judged)
        done = results.load(course, job.key)
        assert done is not None
        codes = plugin.write_results(assignment, judged, done)
        graded = nbformat.read(path, as_version=4)
        new, old = _find(judged, self._cell), _find(graded, self._cell)
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
            "db_url": self._api.coursedir.db_url,
        }
        for step in (SaveGrades, CountLateness):
            step(parent=self._api, config=self._api.config).preprocess(graded, {"nbgrader": known})
        entry = {
            "event": "regraded",
            "student": student,
            "assignment": assignment.name,
            "submission": audit.hash_of(file.read_bytes()),
            "execution": execution.plain(done),
            "before": before,
            "verdicts": {self._cell: codes[self._cell]},
        }
        audit.record(course, entry)
        marks.note_done(course, assignment.name, student, version_of(job.key, file))


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
