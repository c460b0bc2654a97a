"""One work is cited in one form everywhere, and what is said about works is said of works that are cited."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from course_lib.authoring.problems import Problem
from course_lib.authoring.references import TABLE, citations, titles_of_notes
from course_lib.authoring.sources import Source


def cited_works(root: Path, sources: Mapping[str, Source]) -> Iterator[Problem]:
    """Every work has its note, once, each note its work, and no two chapters cite one work differently.

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
    if not (root / TABLE).exists():
        return
    noted = titles_of_notes(root)
    for key in sorted(set(noted) - set(first)):
        yield Problem(TABLE, 1, f"no chapter cites {key!r}")
    for key in sorted(key for key, times in Counter(noted).items() if times > 1):
        yield Problem(TABLE, 1, f"{key!r} stands here twice")
    for key in sorted(set(first) - set(noted)):
        yield Problem(TABLE, 1, f"nothing says what {key!r} is worth reading for")
