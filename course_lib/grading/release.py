"""``teach release``: a chapter's solved edition becomes nbgrader's source, and the students' version."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.files import sha256_of, write_atomically
from course_lib.grading.course import Course, find_repository_edition
from course_lib.grading.nbgrader_side import last_line, open_api


@dataclass(frozen=True)
class Released:
    """What was released: the students' notebook, and whether anything changed."""

    notebook: Path
    changed: bool


def release(course: Course, chapter: str) -> Released:
    """Release a chapter; doing it again changes nothing unless the chapter has changed.

    Raises:
        CourseError: No such chapter, or nbgrader refuses (cells changed after submissions came in).
    """
    edition = find_repository_edition(course, chapter)
    source = course.folder / "source" / chapter / edition.name
    released = course.folder / "release" / chapter / edition.name
    if source.exists() and released.exists() and sha256_of(source) == sha256_of(edition):
        return Released(released, changed=False)
    before = source.read_bytes() if source.exists() else None
    write_atomically(source, edition.read_bytes())
    result = open_api(course).generate_assignment(chapter, force=True)
    if not result["success"]:
        if before is not None:
            write_atomically(source, before)
        reason = last_line(result.get("log"), result.get("error"))
        raise CourseError(
            f"nbgrader could not release chapter {chapter}: {reason}",
            f"nbgrader 未能发布第 {chapter} 章：{reason}",
        )
    return Released(released, changed=True)
