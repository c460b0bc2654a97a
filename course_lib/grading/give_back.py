"""``teach feedback``: a page for each graded student, made by nbgrader with our template.

For a learning platform all pages go into one zip or folder, each under the name under which the
submission came: Moodle takes a zip with its own folders back, and Canvas one with its own file names.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.grading import audit
from course_lib.grading.collect import origin
from course_lib.grading.course import Course
from course_lib.grading.gradebook import require
from course_lib.grading.nbgrader_side import last_line, open_api

# A fixed time in every entry: the same pages give the same bytes.
_TIME = (2026, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Returned:
    """One student's page, or why there is none."""

    student: str
    page: Path | None
    why: str = ""


def give_back(
    course: Course, chapter: str, *, students: Sequence[str] | None = None
) -> Iterator[Returned]:
    """Make the feedback pages of all graded students, or of some.

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
    unknown = [student for student in students or () if student not in graded]
    if unknown:
        who = ", ".join(unknown)
        raise CourseError(
            f"Not graded in chapter {chapter}: {who}.", f"第 {chapter} 章尚未评分：{who}。"
        )
    require(course)
    api = open_api(course)
    for student in students or graded:
        result = api.generate_feedback(chapter, student, force=True)
        page = course.folder / "feedback" / student / chapter / f"{name}.html"
        if result["success"] and page.is_file():
            entry = {"event": "returned", "student": student, "assignment": chapter}
            audit.record(course, {**entry, "page": audit.hash_of(page.read_bytes())})
            yield Returned(student, page)
        else:
            yield Returned(student, None, last_line(result.get("log"), result.get("error")))


def pack(course: Course, chapter: str, pages: Sequence[Returned], target: Path) -> int:
    """Put the pages of a class into one zip, or one folder, for a learning platform.

    Args:
        course: The course directory.
        chapter: The assignment.
        pages: What :func:`give_back` gave.
        target: ``….zip``, or a folder.

    Returns:
        How many pages are in it.
    """
    target = target.expanduser()
    files = _named(course, chapter, pages)
    if target.suffix.lower() == ".zip":
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, page in files.items():
                entry = zipfile.ZipInfo(name, _TIME)
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                archive.writestr(entry, page.read_bytes())
        write_atomically(target, content.getvalue())
    else:
        if target.exists() and not target.is_dir():
            raise CourseError(
                f"{target} is a file: give a folder, or a name that ends in .zip.",
                f"{target} 是文件：请给出文件夹，或以 .zip 结尾的文件名。",
            )
        for name, page in files.items():
            write_atomically(target / name, page.read_bytes())
    return len(files)


def _named(course: Course, chapter: str, pages: Sequence[Returned]) -> dict[str, Path]:
    """Name each page as its submission was named; nobody's page gets another one's place."""
    files: dict[str, Path] = {}
    for each in pages:
        if each.page is None:
            continue
        came_as = [part for part in origin(course, chapter, each.student) if part not in ("", "..")]
        stem = PurePosixPath(came_as[-1]).stem if came_as else ""
        if len(came_as) > 1:
            name = "/".join([*came_as[:-1], f"{stem}.html"])
        elif came_as:
            name = f"{stem}.html"
        else:
            name = f"{each.student}/{each.page.name}"
        name = re.sub(r'[\x00-\x1f:*?"<>|\\]', "_", name).encode("utf-8", "replace").decode()
        files[name if name not in files else f"{each.student}/{each.page.name}"] = each.page
    return files
