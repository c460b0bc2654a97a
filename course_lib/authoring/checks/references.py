"""One work is cited in one form everywhere, and what is said about works is said of works that are cited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from course_lib.authoring.problems import Problem
from course_lib.authoring.references import TABLE, citations, read_notes
from course_lib.authoring.sources import Source


def cited_works(root: Path, sources: Mapping[str, Source]) -> Iterator[Problem]:
    """The annotated works are cited, and no two chapters cite one work differently.

    Args:
        root: The repository.
        sources: Every chapter by its name.
    """
    first: dict[str, str] = {}
    for each in citations(sources.values()):
        before = first.setdefault(each.key, each.work)
        if each.work != before:
            said = f"cited as {each.work!r}, but elsewhere as {before!r}"
            yield Problem(each.path, each.line, said)
    for key in read_notes(root):
        if key not in first:
            yield Problem(TABLE, 1, f"no chapter cites {key!r}")
