"""Where everybody stands: who handed in and when, what came of it, and why; for status and exports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, SubmittedAssignment

from course_lib.errors import CourseError
from course_lib.exercises.values import text
from course_lib.grading import audit
from course_lib.grading.course import Course
from course_lib.grading.gradebook import exists, open_gradebook
from course_lib.grading.judging.verdict_words import TITLES
from course_lib.grading.marks import failed_in, failure_of
from course_lib.grading.people import lateness, roster
from course_lib.grading.people.policy import read_policy
from course_lib.grading.people.roster import Student, join_name
from course_lib.grading.people.times import aware
from course_lib.language import Text, both, pick

STATES: Mapping[str, Text] = {
    "graded": text("graded", "已评分"),
    "to be marked": text("part to be marked by hand", "部分待人工评阅"),
    "failed": text("failed", "评分失败"),
    "changed": text("newer version, not graded", "有更新，未评分"),
    "handed in": text("handed in, not graded", "已交，未评分"),
    "missing": text("missing", "未交"),
}


@dataclass(frozen=True)
class Row:
    """One student's standing in one chapter.

    Attributes:
        state: ``graded``, ``to be marked`` (a part waits for a person), ``failed`` (see ``why``),
            ``changed`` (graded, but a newer version was handed in since), ``handed in`` (not graded
            yet) or ``missing`` (known, but nothing handed in).
        score: Points, late penalty taken off; ``None`` unless graded.
        late: The points that lateness took off.
        exercises: Points by exercise.
        name: As the class list or the gradebook has it.
        handed_in: When, where that is known.
        seconds_late: After the due date, an extension counted in.
        open: The exercises that wait for a person.
        unmarked: Those of them that have no points at all yet.
        codes: What came of each exercise graded by machine, as a code.
        listed: Whether the student is on the class list (or there is none).
    """

    student: str
    chapter: str
    state: str
    score: float | None = None
    most: float | None = None
    late: float = 0.0
    why: str = ""
    exercises: dict[str, float] = field(default_factory=dict)
    name: str = ""
    handed_in: datetime | None = None
    seconds_late: float = 0.0
    open: frozenset[str] = frozenset()
    unmarked: frozenset[str] = frozenset()
    codes: dict[str, str] = field(default_factory=dict)
    listed: bool = True

    @property
    def earned(self) -> float | None:
        """Points before the late penalty."""
        return None if self.score is None else self.score + self.late

    @property
    def explanation(self) -> str:
        """Why something is not as it should be: the failure, or what did not pass, by reason."""
        notes = [self.why] if self.why else []
        by_reason: dict[str, list[str]] = {}
        for name, code in self.codes.items():
            if code not in ("Correct", "Passed"):
                by_reason.setdefault(code.partition("/")[0], []).append(name)
        for code, names in by_reason.items():
            words = pick(TITLES[code]) if code in TITLES else both("Not passed", "未通过")
            shown = ", ".join(sorted(names, key=natural))
            if len(names) == len(self.codes) > 2:
                shown = both("all that the machine grades", "全部自动评分题")
            notes.append(both(f"{words}: {shown}", f"{words}：{shown}"))
        if not self.listed:
            notes.append(both("not on the class list", "不在名单上"))
        return both("; ", "；").join(notes)


def read_grades(course: Course, chapter: str | None = None) -> list[Row]:
    """Give every student's standing in every released chapter (or in one)."""
    if not exists(course):
        raise CourseError(
            "This course has no gradebook yet: release and grade a chapter first.",
            "本课程还没有成绩册：请先发布章节并评分。",
        )
    lateness.refresh(course, chapter)
    with open_gradebook(course) as gradebook:
        return list(_rows(course, gradebook, chapter))


def _rows(course: Course, gradebook: Gradebook, chapter: str | None) -> Iterator[Row]:
    listed, policy = roster.load(course), read_policy(course.folder)
    names = {each.id: join_name(each.first_name, each.last_name) for each in gradebook.students}
    lines = last_gradings(course)
    for assignment in sorted(gradebook.assignments, key=lambda each: each.name):
        if chapter is not None and assignment.name != chapter:
            continue
        handed_in = course.submissions(assignment.name)
        graded = {each.student.id: each for each in assignment.submissions}
        due = aware(assignment.duedate) if assignment.duedate is not None else None
        extensions = policy.extensions.get(assignment.name, {})
        # Who left the class and handed nothing in is nobody's concern any more.
        expected = listed.keys() if listed else names.keys()
        failed = failed_in(course, assignment.name)
        for student in sorted(expected | handed_in.keys() | graded.keys() | failed):
            known = lines.get((assignment.name, student), {})
            there = handed_in.get(student)
            row = _row(
                course, graded.get(student), assignment.name, student, there, known, due, extensions
            )
            yield _named(row, names.get(student, ""), listed)


def _named(row: Row, name: str, listed: Mapping[str, Student]) -> Row:
    if listed and row.student in listed:
        name = listed[row.student].shown or name
    values = {**vars(row), "name": name, "listed": not listed or row.student in listed}
    return Row(**values)


def _row(
    course: Course,
    submission: SubmittedAssignment | None,
    chapter: str,
    student: str,
    handed_in: Path | None,
    known: Mapping[str, Any],
    due: datetime | None,
    extensions: Mapping[str, float],
) -> Row:
    time = lateness.read_timestamp(course, chapter, student) if handed_in is not None else None
    after = _seconds_late(time, due, student, extensions)
    why = failure_of(course, chapter, student)
    if why is not None:
        return Row(student, chapter, "failed", why=why, handed_in=time, seconds_late=after)
    # nbgrader makes an entry, and a 0, as soon as grading begins: only what was written down counts.
    autograded = course.folder / "autograded" / student / chapter
    if submission is None or not any(autograded.glob("*.ipynb")):
        state = "missing" if handed_in is None else "handed in"
        return Row(student, chapter, state, handed_in=time, seconds_late=after)
    return _graded(submission, student, chapter, known, is_newer(handed_in, known))


def _seconds_late(
    time: datetime | None, due: datetime | None, student: str, extensions: Mapping[str, float]
) -> float:
    """Say how late a submission is that the gradebook does not know yet."""
    if time is None or due is None:
        return 0.0
    end = due + timedelta(minutes=extensions.get(student, 0.0))
    return max(0.0, (time - end).total_seconds())


def _graded(
    submission: SubmittedAssignment,
    student: str,
    chapter: str,
    known: Mapping[str, Any],
    newer: bool,
) -> Row:
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    late = float(submission.late_submission_penalty or 0.0)
    waiting = {_exercise(grade.name): grade for grade in grades if grade.needs_manual_grade}
    return Row(
        student,
        chapter,
        "changed" if newer else "to be marked" if waiting else "graded",
        float(submission.score) - late,
        float(submission.max_score),
        late,
        exercises={_exercise(grade.name): float(grade.score) for grade in grades},
        handed_in=aware(submission.timestamp) if submission.timestamp is not None else None,
        seconds_late=float(submission.total_seconds_late),
        open=frozenset(waiting),
        unmarked=frozenset(
            name
            for name, grade in waiting.items()
            if grade.manual_score is None and grade.auto_score is None
        ),
        codes={_exercise(name): code for name, code in known.get("verdicts", {}).items()},
    )


def is_newer(handed_in: Path | None, known: Mapping[str, Any]) -> bool:
    """Say whether what lies there now is something else than what was graded."""
    if handed_in is None or not known.get("submission"):
        return False
    found = sorted(handed_in.glob("*.ipynb"))
    return bool(found) and known["submission"] not in {
        audit.hash_of(each.read_bytes()) for each in found
    }


def last_gradings(course: Course) -> dict[tuple[str, str], dict[str, Any]]:
    """Give the last line of the audit log on each grading, with later regradings of exercises in it."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for line in audit.read(course):
        if not isinstance(line.get("verdicts"), dict):
            continue
        key = (str(line.get("assignment")), str(line.get("student")))
        if line.get("event") == "regraded" and key in found:
            line = {**line, "verdicts": {**found[key]["verdicts"], **line["verdicts"]}}
        found[key] = line
    return found


def _exercise(cell: str) -> str:
    """Give an exercise's number from its cell's name: nbgrader's names hold no point."""
    return cell.replace("-", ".", 1)


def natural(name: str) -> list[tuple[int, str]]:
    """Order exercises as people count: 04.2 before 04.10."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in name.split(".")]
