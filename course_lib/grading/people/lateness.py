"""Due dates, extensions and what lateness costs, through nbgrader's own mechanisms.

The due date is nbgrader's (``Assignment.duedate``), an extension is nbgrader's
(``Gradebook.grant_extension``), the time of handing in is nbgrader's (``timestamp.txt``) and the penalty
comes from nbgrader's ``AssignLatePenalties`` through a plugin: so nbgrader's commands, its formgrader and
ours show the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from datetime import datetime
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import parse_utc
from traitlets import List

from course_lib.errors import CourseError
from course_lib.files import locked
from course_lib.grading.course import Course
from course_lib.grading.gradebook import exists, open_gradebook
from course_lib.grading.nbgrader_side import folder_of, open_api
from course_lib.grading.people.policy import read_policy, set_extension
from course_lib.grading.people.times import aware, naive


class PercentPerDay(LateSubmissionPlugin):
    """The course's policy as nbgrader's plugin: percent of the points earned for each day begun."""

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """Give the points to take off, ``None`` for none."""
        if self.penalty_method != "none":  # nbgrader's own setting goes first
            return super().late_submission_penalty(student_id, score, total_seconds_late)
        policy = read_policy(folder_of(self))
        return policy.penalty(score, total_seconds_late) or None


class CountLateness(AssignLatePenalties):
    """nbgrader's step for late penalties, which first brings a student's extension into the gradebook."""

    # nbgrader sets this for every step of its feedback.
    display_data_priority = List(["text/plain"]).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Leave the notebook as it is; nbgrader has made the student's entry by now."""
        known = resources["nbgrader"]
        extensions = read_policy(folder_of(self)).extensions.get(known["assignment"], {})
        if known["student"] in extensions:
            with Gradebook(known["db_url"]) as gradebook:
                _apply(gradebook, known["assignment"], known["student"], extensions)
        return super().preprocess(nb, resources)


def _apply(
    gradebook: Gradebook, chapter: str, student: str, extensions: Mapping[str, float]
) -> None:
    due = gradebook.find_assignment(chapter).duedate  # nbgrader can't extend what has no end
    minutes = extensions.get(student, 0.0) if due is not None else 0.0
    gradebook.grant_extension(chapter, student, minutes=minutes)


def due_date(course: Course, chapter: str) -> datetime | None:
    """Give a chapter's due date, ``None`` where it has none."""
    with open_gradebook(course) as gradebook, suppress(MissingEntry):
        due = gradebook.find_assignment(chapter).duedate
        return aware(due) if due is not None else None
    return None


def set_due(course: Course, chapter: str, due: datetime | None) -> None:
    """Set a released chapter's due date, or take it off; penalties follow at once."""
    course.notebook_name(chapter)  # says so if it has not been released
    with open_gradebook(course, writes=True) as gradebook:
        if due is None:  # an extension of nothing stops nbgrader
            with suppress(MissingEntry):
                for submission in gradebook.find_assignment(chapter).submissions:
                    submission.extension = None
        gradebook.update_or_create_assignment(
            chapter, duedate=naive(due) if due is not None else None
        )
    refresh(course, chapter)


def extend(course: Course, chapter: str, student: str, minutes: float | None) -> None:
    """Give one student more time after a chapter's due date (``None``: no more), submitted or not.

    Raises:
        CourseError: The chapter has no due date, or the time is not positive.
    """
    course.notebook_name(chapter)
    if minutes is not None and due_date(course, chapter) is None:
        raise CourseError(
            f"Chapter {chapter} has no due date to extend: set one with  ./course teach due {chapter} TIME",
            f"第 {chapter} 章没有截止时间，无从延期：请先用  ./course teach due {chapter} 时间  设置。",
        )
    if minutes is not None and not 0 < minutes <= 366 * 24 * 60:
        raise CourseError(
            "An extension ends after the due date, and within a year of it.",
            "延期后的时间应晚于截止时间，且不超过一年。",
        )
    set_extension(course, chapter, student, minutes)
    refresh(course, chapter)


def refresh(course: Course, chapter: str | None = None) -> None:
    """Bring times of handing in, extensions and penalties in the gradebook up to date.

    A penalty is a part of the points: points given by hand later change it, and so do a new due date, an
    extension or a new policy. Nothing is run for this. While a grading is under way it is left to that.
    """
    if not exists(course):
        return
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(course.private / "grading.lock", timeout=0.2))
        except CourseError:
            return
        refresh_unlocked(course, chapter)


def refresh_unlocked(course: Course, chapter: str | None = None) -> None:
    """Do what :func:`refresh` does, for a caller who holds the grading lock."""
    api = open_api(course)
    step = CountLateness(parent=api, config=api.config)
    step.init_plugin()
    extensions = read_policy(course.folder).extensions
    with open_gradebook(course, writes=True) as gradebook:
        for assignment in list(gradebook.assignments):
            if chapter in (None, assignment.name):
                of_chapter = extensions.get(assignment.name, {})
                for submission in list(assignment.submissions):
                    _bring_in(course, gradebook, submission, of_chapter)
                    _count_again(step, submission)
        gradebook.db.commit()


def _bring_in(
    course: Course,
    gradebook: Gradebook,
    submission: SubmittedAssignment,
    extensions: Mapping[str, float],
) -> None:
    """Bring a submission's time and its student's extension into the gradebook."""
    chapter, student = submission.assignment.name, submission.student.id
    time = read_timestamp(course, chapter, student)
    if time is not None and submission.timestamp != naive(time):
        submission.timestamp = naive(time)
    if student in extensions:
        _apply(gradebook, chapter, student, extensions)


def _count_again(step: CountLateness, submission: SubmittedAssignment) -> None:
    """Do for one submission what nbgrader's step does, on a gradebook that is open already."""
    seconds = submission.total_seconds_late
    for notebook in submission.notebooks:
        penalty = None
        if seconds > 0:
            student, score = submission.student.id, notebook.score
            penalty = step.plugin_inst.late_submission_penalty(student, score, seconds)
        if penalty is not None:
            penalty = step._check_late_penalty(notebook, penalty)
        if notebook.late_submission_penalty != penalty:
            notebook.late_submission_penalty = penalty


def read_timestamp(course: Course, chapter: str, student: str) -> datetime | None:
    """Give the time in a submission's ``timestamp.txt``, ``None`` where there is none to be read."""
    path = course.folder / "submitted" / student / chapter / "timestamp.txt"
    errors = (OSError, ValueError, OverflowError, TypeError)
    with suppress(*errors), open(path, encoding="utf-8") as file:
        return aware(parse_utc(file.read(200).strip()))  # anybody's file, as long as it likes to be
    return None
