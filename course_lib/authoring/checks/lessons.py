"""Every mistake of the documents that the course follows is a lesson somewhere: no row is forgotten.

The table is ``solutions/source/lessons.yaml``; each row names the exercises, quizzes and cells that
treat it, or the chapter that will.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course_lib.authoring.checks.places import Places, read_rows
from course_lib.authoring.problems import Problem

TABLE = Path("solutions/source/lessons.yaml")
FIELDS = {"id", "family", "in", "en", "zh", "taught"}
FAMILIES = ("code", "formula", "claim", "forgotten")


def taught_lessons(root: Path, places: Places) -> Iterator[Problem]:
    """Each lesson is whole, has a place, and every place is there.

    Args:
        root: The repository; one without the table has nothing to check.
        places: Where it may be taught.
    """
    rows, unreadable = read_rows(root, TABLE)
    yield from unreadable
    seen: set[str] = set()
    for line, row in rows:
        for fault in _faults(row, seen, places):
            yield Problem(TABLE, line, fault)


def _faults(row: Any, seen: set[str], places: Places) -> Iterator[str]:
    if not isinstance(row, dict) or set(row) != FIELDS:
        yield f"a lesson has the fields {', '.join(sorted(FIELDS))}"
        return
    name = row["id"]
    if name in seen:
        yield f"lesson {name!r} stands here twice"
    seen.add(name)
    if row["family"] not in FAMILIES:
        yield f"lesson {name!r}: the family is one of {', '.join(FAMILIES)}"
    yield from places.faults(f"lesson {name!r}", row["taught"])
