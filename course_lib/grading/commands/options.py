"""What the instructors' commands share: common options, the course directory that is meant, printing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from course_lib.grading.course import Course, find_course, remember
from course_lib.language import both

Directory = Annotated[
    Path | None,
    typer.Option(
        "--dir",
        help=both(
            "the course directory; default: this folder, or the one used last",
            "课程目录；默认为当前目录，或上次使用的目录",
        ),
    ),
]
Chapter = Annotated[str, typer.Argument(help=both("such as 04", "例如 04"))]
MaybeChapter = Annotated[
    str | None, typer.Option("--chapter", help=both("only this one", "只处理这一章"))
]
Students = Annotated[
    list[str] | None,
    typer.Option(
        "--student", help=both("only this one; may be repeated", "只处理这名学生；可重复使用")
    ),
]


def find(folder: Path | None) -> Course:
    """Open the course directory that is meant, say which it is, and remember it."""
    course = find_course(folder)
    remember(course)
    if folder is None:
        say(both(f"Course directory: {course.folder}", f"课程目录：{course.folder}"))
    return course


def say(*lines: str) -> None:
    """Print lines."""
    for line in lines:
        typer.echo(line)
