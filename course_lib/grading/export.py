"""``teach export``: the gradebook as a table that spreadsheets and learning platforms read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.grading.course import Course
from course_lib.grading.marks import failure_of

_BOM = "\ufeff"


@dataclass(frozen=True)
class Row:
    """One student's grade for one chapter.

    Attributes:
        state: ``graded``, ``to be marked`` (a part waits for a person), ``failed`` (see ``why``),
            ``handed in`` (not graded yet) or ``missing`` (known, but nothing handed in).
        score: Points, late penalty taken off; ``None`` unless graded.
        exercises: Points by exercise.
    """

    student: str
    chapter: str
    state: str
    score: float | None = None
    most: float | None = None
    late: float = 0.0
    why: str = ""
    exercises: dict[str, float] = field(default_factory=dict)


def read_grades(course: Course, chapter: str | None = None) -> list[Row]:
    """Give every student's standing in every released chapter (or in one)."""
    database = course.folder / "gradebook.db"
    if not database.is_file():
        raise CourseError(
            "This course has no gradebook yet: release and grade a chapter first.",
            "本课程还没有成绩册：请先发布章节并评分。",
        )
    with Gradebook(f"sqlite:///{database}") as gradebook:
        return list(_rows(course, gradebook, chapter))


def write_csv(rows: list[Row], path: Path, *, bom: bool = False) -> None:
    """Write the table as CSV, UTF-8; with ``bom`` so that Excel shows Chinese names at once."""
    names = sorted({name for row in rows for name in row.exercises}, key=_natural)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    fixed = ["student", "chapter", "state", "score", "max_score", "late_penalty"]
    table.writerow([*fixed, *names, "note"])
    for row in rows:
        points = [_cell(row.exercises.get(name)) for name in names]
        start = [_safe(row.student), row.chapter, row.state, _cell(row.score), _cell(row.most)]
        table.writerow([*start, _cell(row.late or None), *points, _safe(row.why)])
    write_atomically(path.expanduser(), (_BOM if bom else "") + text.getvalue())


def _rows(course: Course, gradebook: Gradebook, chapter: str | None) -> Iterator[Row]:
    for assignment in sorted(gradebook.assignments, key=lambda each: each.name):
        if chapter is not None and assignment.name != chapter:
            continue
        handed_in = course.submissions(assignment.name)
        known = {student.id for student in gradebook.students} | set(handed_in)
        for student in sorted(known):
            yield _row(course, gradebook, assignment.name, student, student in handed_in)


def _row(course: Course, gradebook: Gradebook, chapter: str, student: str, handed_in: bool) -> Row:
    why = failure_of(course, chapter, student)
    if why is not None:
        return Row(student, chapter, "failed", why=why)
    # nbgrader makes an entry, and a 0, as soon as grading begins: only what was written down counts.
    autograded = course.folder / "autograded" / student / chapter
    try:
        submission = gradebook.find_submission(chapter, student)
    except MissingEntry:
        submission = None
    if submission is None or not any(autograded.glob("*.ipynb")):
        return Row(student, chapter, "handed in" if handed_in else "missing")
    exercises = {
        grade.name.replace("-", ".", 1): float(grade.score)
        for notebook in submission.notebooks
        for grade in notebook.grades
    }
    late = float(submission.late_submission_penalty or 0.0)
    state = "to be marked" if submission.needs_manual_grade else "graded"
    score, most = float(submission.score) - late, float(submission.max_score)
    return Row(student, chapter, state, score, most, late, exercises=exercises)


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _safe(text: str) -> str:
    """Keep a spreadsheet from reading a name as a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (0, part) for part in name.split(".")]
