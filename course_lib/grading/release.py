"""``teach release``: a chapter's solved edition becomes nbgrader's source, and the students' version."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.grading.course import Course, find_repository_edition
from course_lib.grading.gradebook import require
from course_lib.grading.judging.own_tests import warnings_for
from course_lib.grading.nbgrader_side import last_line, open_api


@dataclass(frozen=True)
class Released:
    """What was released.

    Attributes:
        notebook: The students' notebook.
        changed: Whether anything did.
        warnings: What the instructor should know of it: test cells of their own, see ``judging.own_tests``.
    """

    notebook: Path
    changed: bool
    warnings: tuple[str, ...] = ()


def release(course: Course, chapter: str) -> Released:
    """Release a chapter; doing it again changes nothing unless the chapter has changed.

    Raises:
        CourseError: No such chapter, or nbgrader refuses (cells changed after submissions came in).
    """
    name, content, extra = _edition(course, chapter)
    source = course.folder / "source" / chapter / f"{name}.ipynb"
    released = course.folder / "release" / chapter / f"{name}.ipynb"
    beside = source.with_suffix(".json")
    there = source.read_bytes() if source.exists() else None
    if there == content and released.exists() and (extra is None or beside.exists()):
        return Released(released, changed=False, warnings=warnings_for(source))
    require(course)
    before = there
    if extra is not None:  # nbgrader puts it beside the students' notebook as well
        write_atomically(beside, extra)
    write_atomically(source, content)
    result = open_api(course).generate_assignment(chapter, force=True)
    if not result["success"]:
        if before is not None:
            write_atomically(source, before)
        reason = last_line(result.get("log"), result.get("error"))
        raise CourseError(
            f"nbgrader could not release chapter {chapter}: {reason}",
            f"nbgrader 未能发布第 {chapter} 章：{reason}",
        )
    return Released(released, changed=True, warnings=warnings_for(source))


def _edition(course: Course, chapter: str) -> tuple[str, bytes, bytes | None]:
    """Give a chapter's name, its solved edition, and the examples where this offering has its own."""
    if course.variant:
        from course_lib.grading.variants import make_edition

        made = make_edition(course, chapter)
        return made.name, made.solved, made.public
    edition = find_repository_edition(course, chapter)
    return edition.stem, edition.read_bytes(), None
