"""``teach grade``: run what was handed in on several kernels at once, and let nbgrader write it down.

Submissions are run by an executor (``kernels.executors``); nbgrader's gradebook has one writer: this process,
one student after the other, each in one transaction. A run that was killed goes on where it was:
executions are kept, and a student whose submission, environment and questions have not changed is not
graded again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.files import locked
from course_lib.grading import audit, marks, results
from course_lib.grading.course import Course
from course_lib.grading.judging.assignment import Assignment, open_assignment
from course_lib.grading.judging.reading import read_submission
from course_lib.grading.kernels.execution import Work
from course_lib.grading.kernels.executors import (
    Done,
    Executor,
    MachineError,
    Processes,
    Serial,
    Task,
    as_course_error,
    full_disk_said,
    limits_of,
    with_threads,
)
from course_lib.grading.recording import Recorder
from course_lib.grading.walls import sandbox
from course_lib.grading.walls.sandbox import Limits
from course_lib.language import both, pick


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
        late: Points that lateness takes off the score.
    """

    student: str
    state: str
    score: float | None = None
    most: float | None = None
    waiting: bool = False
    why: str = ""
    late: float = 0.0


@dataclass(frozen=True)
class Job:
    student: str
    work: Work
    key: str  # of the execution
    version: str  # of all that was handed in, prose and outputs too


def grade(
    course: Course,
    name: str,
    *,
    jobs: int = 1,
    students: Sequence[str] | None = None,
    sandboxed: bool = True,
    force: bool = False,
    again: bool = False,
    executor: Executor | None = None,
) -> Iterator[Graded]:
    """Grade a chapter's submissions; give each student's outcome as soon as it is in the gradebook.

    Args:
        course: The course directory.
        name: The assignment, such as ``"04"``.
        jobs: Kernels at a time.
        students: Only these; ``None`` for all who handed in.
        sandboxed: False runs submissions as this user; the audit log records it.
        force: Judge again what has not changed.
        again: Run it again, too, whatever results are kept.
        executor: Who runs the submissions; closed in the end. Not given: processes on this machine,
            or for a single student this process itself.

    Raises:
        CourseError: Nothing was released or handed in, or there is no sandbox here.
        MachineError: The disk is full, or the gradebook is in use; running it again goes on from there.
    """
    if sandboxed and executor is None:  # another one may run them elsewhere
        sandbox.mode()  # says early, once, if there is none
    assignment = open_assignment(course, name)
    handed_in = choose(course, name, students)
    limits = with_threads(limits_of(course), jobs)
    executor = executor or (Processes(jobs) if len(handed_in) > 1 else Serial())
    with (
        full_disk_said(),
        closing(executor),
        locked(course.private / "grading.lock", timeout=1.0),
        closing(Round(assignment, executor, limits, sandboxed)) as everybody,
    ):
        for student, folder in handed_in.items():
            yield from everybody.take(student, folder, force=force, again=again)
        yield from everybody.finish()


class Round:
    """A class being graded: who is under way, and how each gets into the gradebook."""

    def __init__(
        self, assignment: Assignment, executor: Executor, limits: Limits, sandboxed: bool
    ) -> None:
        self._assignment, self._executor = assignment, executor
        self._limits, self._sandboxed = limits, sandboxed
        self._recorder = Recorder(assignment.course)
        self._under_way: dict[str, list[Job]] = {}  # by the key of the work
        self._forgotten: set[str] = set()  # the work of which a kept result was dropped

    def close(self) -> None:
        """Close the gradebook."""
        self._recorder.close()

    def take(self, student: str, folder: Path, *, force: bool, again: bool) -> Iterator[Graded]:
        """Hand in one student's work to be run, as soon as there is room; give what is done by then."""
        try:
            job = _prepare(self._assignment, student, folder, self._limits, self._sandboxed)
        except Exception as problem:  # a file that was handed in can be anything
            yield self._failed(student, as_course_error(problem))
            return
        if again and job.key not in self._forgotten:
            results.forget(self._assignment.course, job.key)
            self._forgotten.add(job.key)
        if not (force or again) and _is_done(self._assignment, job):
            yield self._read_grade(student, "unchanged")
            return
        if results.load(self._assignment.course, job.key) is not None:
            yield self._record(job)
            return
        if job.key in self._under_way:  # the same work as somebody else's, such as an untouched one
            self._under_way[job.key].append(job)
            return
        while not self._executor.has_room():
            yield from self._collect(wait=True)
        self._under_way[job.key] = [job]
        self._executor.submit(Task(job.key, job.work, self._limits, self._sandboxed))
        yield from self._collect(wait=False)

    def finish(self) -> Iterator[Graded]:
        """Give everybody's who is still under way."""
        while self._under_way:
            yield from self._collect(wait=True)

    def _collect(self, *, wait: bool) -> Iterator[Graded]:
        for done in self._executor.collect(wait=wait):
            for job in self._under_way.pop(done.key):
                yield self._write_down(job, done)

    def _write_down(self, job: Job, done: Done) -> Graded:
        if done.execution is None:
            assert done.problem is not None
            return self._failed(job.student, done.problem)
        results.keep(self._assignment.course, done.key, done.execution)
        return self._record(job)

    def _record(self, job: Job) -> Graded:
        """Let nbgrader take its steps for one student, with the execution that is there by now."""
        course, name, student = self._assignment.course, self._assignment.name, job.student
        try:
            # Whoever pulls the plug from here on finds this student not done.
            marks.note_begun(course, name, student)
            self._recorder.record(name, student, sandboxed=self._sandboxed)
            marks.note_done(course, name, student, job.version)
        except Exception as problem:
            return self._failed(student, as_course_error(problem))
        return self._read_grade(student, "graded")

    def _failed(self, student: str, problem: CourseError) -> Graded:
        """Note a failure where ``teach status`` finds it; the others go on, unless it is the machine's."""
        if isinstance(problem, MachineError):
            raise problem
        course, name = self._assignment.course, self._assignment.name
        why = {"en": problem.en, "zh": problem.zh}
        marks.note_failure(course, name, student, why)
        entry = {"event": "failed", "student": student, "assignment": name, "failed": why}
        audit.record(course, entry)
        return Graded(student, "failed", why=pick(why))

    def _read_grade(self, student: str, state: str) -> Graded:
        submission = self._recorder.find(self._assignment.name, student)
        if submission is None:
            why = both("It is not in the gradebook.", "成绩册中没有这份提交。")
            return Graded(student, "failed", why=why)
        return Graded(
            student,
            state,
            score=float(submission.score),
            most=float(submission.max_score),
            waiting=bool(submission.needs_manual_grade),
            late=float(submission.late_submission_penalty or 0.0),
        )


def choose(course: Course, name: str, students: Sequence[str] | None) -> dict[str, Path]:
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
) -> Job:
    path = folder / f"{assignment.notebook}.ipynb"
    notebook = read_submission(path)
    assignment.make_whole(notebook)
    work = assignment.work_for(notebook)
    key = results.key_of(work, limits, sandboxed=sandboxed)
    return Job(student, work, key, version_of(key, path))


def version_of(key: str, path: Path) -> str:
    """Name what a grade is for: an execution, and the file with its written answers."""
    return audit.hash_of(key, path.read_bytes())


def _is_done(assignment: Assignment, job: Job) -> bool:
    folder = assignment.course.folder / "autograded" / job.student / assignment.name
    there = (folder / f"{assignment.notebook}.ipynb").is_file()
    return there and job.version == marks.key_of_done(
        assignment.course, assignment.name, job.student
    )
