"""Every section of the documents that the course follows is treated somewhere.

The table is ``solutions/source/sections.yaml``; the book shows it as a map.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course_lib.authoring.checks.places import Places, read_rows
from course_lib.authoring.problems import Problem

TABLE = Path("solutions/source/sections.yaml")
FIELDS = {"doc", "section", "en", "zh", "treated"}


def treated_sections(root: Path, places: Places) -> Iterator[Problem]:
    """Each section is whole, in order, has a place, and every place is there.

    Args:
        root: The repository; one without the table has nothing to check.
        places: Where it may be treated.
    """
    rows, unreadable = read_rows(root, TABLE)
    yield from unreadable
    before: tuple[Any, ...] = ()
    for line, row in rows:
        if not isinstance(row, dict) or set(row) != FIELDS:
            yield Problem(TABLE, line, f"a section has the fields {', '.join(sorted(FIELDS))}")
            continue
        number = (row["doc"], *map(int, str(row["section"]).split(".")))
        what = f"section {row['doc']} §{row['section']}"
        if number <= before:
            yield Problem(TABLE, line, f"{what} stands here twice, or out of order")
        before = number
        for fault in places.faults(what, row["treated"]):
            yield Problem(TABLE, line, fault)
