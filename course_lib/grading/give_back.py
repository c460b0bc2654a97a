"""``teach feedback``: a page for each graded student, made by nbgrader with our template."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.grading.course import Course
from course_lib.grading.nbgrader_side import last_line, open_api


@dataclass(frozen=True)
class Returned:
    """One student's page, or why there is none."""

    student: str
    page: Path | None
    why: str = ""


def give_back(course: Course, chapter: str) -> Iterator[Returned]:
    """Make the feedback pages of all graded students.

    Raises:
        CourseError: Nobody has been graded.
    """
    name = course.notebook_name(chapter)
    graded = sorted(
        path.parent.name for path in (course.folder / "autograded").glob(f"*/{chapter}")
    )
    if not graded:
        raise CourseError(
            f"Nobody has been graded in chapter {chapter}: run  ./course teach grade {chapter}  first.",
            f"第 {chapter} 章还没有评分：请先运行  ./course teach grade {chapter}  。",
        )
    api = open_api(course)
    for student in graded:
        result = api.generate_feedback(chapter, student, force=True)
        page = course.folder / "feedback" / student / chapter / f"{name}.html"
        if result["success"] and page.is_file():
            yield Returned(student, page)
        else:
            yield Returned(student, None, last_line(result.get("log"), result.get("error")))
