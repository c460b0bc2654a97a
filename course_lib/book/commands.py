"""``./course book``: make the book, and whatever else was asked for."""

from __future__ import annotations

import webbrowser
from pathlib import Path

from course_lib.authoring.sources import source_paths
from course_lib.book.elsewhere import repository_of
from course_lib.book.packing import pack
from course_lib.book.printing import print_book
from course_lib.book.serving import serve
from course_lib.book.site import build_book, require_sphinx
from course_lib.errors import CourseError
from course_lib.lab import has_display
from course_lib.language import LANGUAGES, both
from course_lib.paths import repository_root
from course_lib.waiting import steps


def make(
    folder: Path | None,
    *,
    chapters: list[str] | None,
    show: bool,
    port: int,
    pdf: bool,
    archive: bool,
    repository: str | None = None,
) -> None:
    """Make the book; print it, pack it, show it.

    Args:
        folder: Where; ``None``: ``book/_build`` in the repository.
        chapters: Such as ``["04"]``; ``None`` or empty: all.
        show: Hand it out on localhost until Ctrl-C.
        port: The first port to try.
        pdf: One PDF for each language, beside the pages.
        archive: One zip file of the course and of these pages, beside them.
        repository: ``OWNER/REPOSITORY`` on GitHub; ``None``: what the checkout was cloned from.
    """
    require_sphinx()
    root = repository_root()
    found = repository_of(root, repository)
    folder = (folder or root / "book" / "_build").resolve()
    paths = source_paths(root, chapters or None)
    missing = set(chapters or ()) - {path.name[:2] for path in paths}
    if missing:
        raise CourseError(
            f"There is no chapter {sorted(missing)[0]}: chapters are 00, 01 … and b1, b2 …",
            f"没有第 {sorted(missing)[0]} 章：章节编号为 00、01……以及 b1、b2……",
        )
    with steps(len(LANGUAGES) * (len(paths) + 1)) as step:
        door = build_book(root, folder, chapters=chapters or None, repository=found, step=step)
    print(both(f"The book: {door}", f"电子书：{door}"))
    if pdf:
        for path in print_book(folder, paths):
            print(path)
    if archive:
        print(pack(root, folder))
    if show:
        serve(folder / "html", port, opened=webbrowser.open if has_display() else None)
