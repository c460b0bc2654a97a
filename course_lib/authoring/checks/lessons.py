"""Every mistake of the documents that the course follows is a lesson somewhere: no row is forgotten.

The table is ``solutions/source/lessons.yaml``; each row names the exercises, quizzes and cells that
treat it, or the chapter that will.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from course_lib.authoring.problems import Problem
from course_lib.authoring.sources import Source

TABLE = Path("solutions/source/lessons.yaml")
FIELDS = {"id", "family", "in", "en", "zh", "taught"}
FAMILIES = ("code", "formula", "claim", "forgotten")


def taught_lessons(root: Path, sources: Mapping[str, Source], items: set[str]) -> Iterator[Problem]:
    """Each lesson is whole, has a place, and every place is there.

    Args:
        root: The repository; one without the table has nothing to check.
        sources: Every chapter by its name.
        items: The ids of all exercises and quizzes.
    """
    path = root / TABLE
    if not path.exists():
        return
    text = path.read_text(encoding="utf-8")
    try:
        rows = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        yield Problem(TABLE, mark.line + 1 if mark else 1, "this is not readable YAML")
        return
    lines = [n for n, line in enumerate(text.splitlines(), 1) if line.startswith("- ")]
    cells = {f"{s.chapter}/{cell.id}" for s in sources.values() for cell in s.cells}
    chapters = {source.chapter for source in sources.values()}
    seen: set[str] = set()
    for line, row in zip(lines, rows, strict=True):
        for fault in _faults(row, seen, cells, items, chapters):
            yield Problem(TABLE, line, fault)


def _faults(
    row: Any, seen: set[str], cells: set[str], items: set[str], chapters: set[str]
) -> Iterator[str]:
    if not isinstance(row, dict) or set(row) != FIELDS:
        yield f"a lesson has the fields {', '.join(sorted(FIELDS))}"
        return
    name = row["id"]
    if name in seen:
        yield f"lesson {name!r} stands here twice"
    seen.add(name)
    if row["family"] not in FAMILIES:
        yield f"lesson {name!r}: the family is one of {', '.join(FAMILIES)}"
    if not row["taught"]:
        yield f"lesson {name!r} has no place: name a cell, an exercise, or 'planned NN'"
    for place in row["taught"] or ():
        planned = re.fullmatch(r"planned (\d\d)", str(place))
        if planned and planned[1] in chapters:
            yield f"lesson {name!r}: chapter {planned[1]} is written; name the cell or exercise there"
        elif not planned and place not in cells | items:
            yield f"lesson {name!r}: there is no {place!r} in the course"
