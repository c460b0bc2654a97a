"""What is noted of each graded student: which work it was, or why grading failed."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from course_lib.files import write_atomically
from course_lib.grading.course import Course
from course_lib.language import Text, pick


def note_done(course: Course, assignment: str, student: str, key: str) -> None:
    """Note that a student's grade for the work with this key is in the gradebook."""
    write_atomically(_path(course, assignment, student), json.dumps({"key": key}))


def note_begun(course: Course, assignment: str, student: str) -> None:
    """Take off that a student is done: grading writes in the gradebook from now on."""
    with suppress(FileNotFoundError):
        _path(course, assignment, student).unlink()


def note_failure(course: Course, assignment: str, student: str, why: str | Text) -> None:
    """Note why a student could not be graded, for ``teach status``."""
    words = json.dumps({"failed": why if isinstance(why, str) else dict(why)}, ensure_ascii=False)
    write_atomically(_path(course, assignment, student), words)


def forget_failure(course: Course, assignment: str, student: str) -> None:
    """Take a failure off again: the student has been graded by another way."""
    if failure_of(course, assignment, student) is not None:
        with suppress(FileNotFoundError):
            _path(course, assignment, student).unlink()


def key_of_done(course: Course, assignment: str, student: str) -> str | None:
    """Give the key of the work that was graded last, ``None`` where there is none."""
    key = _read(course, assignment, student).get("key")
    return key if isinstance(key, str) else None


def failure_of(course: Course, assignment: str, student: str) -> str | None:
    """Give the sentence of a student's failed grading, ``None`` where it did not fail."""
    why = _read(course, assignment, student).get("failed")
    if isinstance(why, dict) and {"en", "zh"} <= set(why):
        return pick(why)
    return why if isinstance(why, str) else None


def failed_in(course: Course, assignment: str) -> set[str]:
    """Give the students for whom a failure is noted: some of them have handed in nothing that was taken."""
    noted = (course.private / "graded" / assignment).glob("*.json")
    return {path.stem for path in noted if failure_of(course, assignment, path.stem) is not None}


def _read(course: Course, assignment: str, student: str) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        noted = json.loads(_path(course, assignment, student).read_text(encoding="utf-8"))
        if isinstance(noted, dict):
            return noted
    return {}


def _path(course: Course, assignment: str, student: str) -> Path:
    return course.private / "graded" / assignment / f"{student}.json"
