"""Where in the course something is: an exercise or quiz (04.2, 04.q3), a cell (04/big-head), or a plan (planned 17)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from course_lib.authoring.problems import Problem
from course_lib.authoring.sources import Source


@dataclass(frozen=True)
class Places:
    """All places that there are.

    Attributes:
        chapters: The chapters that are written.
        known: Exercises, quizzes, and cells as ``chapter/cell``.
    """

    chapters: frozenset[str]
    known: frozenset[str]

    @classmethod
    def of(cls, sources: Mapping[str, Source], items: set[str]) -> Places:
        """List them from every chapter's source, by name, and the ids of exercises and quizzes."""
        cells = {f"{s.chapter}/{cell.id}" for s in sources.values() for cell in s.cells}
        return cls(frozenset(s.chapter for s in sources.values()), frozenset(cells | items))

    def faults(self, what: str, named: Sequence[Any] | None) -> Iterator[str]:
        """Say what is wrong with the places named for something."""
        if not named:
            yield f"{what} has no place: name a cell, an exercise, or 'planned NN'"
        for place in named or ():
            planned = re.fullmatch(r"planned (\d\d)", str(place))
            if planned and planned[1] in self.chapters:
                yield f"{what}: chapter {planned[1]} is written; name the cell or exercise there"
            elif not planned and place not in self.known:
                yield f"{what}: there is no {place!r} in the course"


def read_rows(root: Path, table: Path) -> tuple[list[tuple[int, Any]], list[Problem]]:
    """Read a table's rows with their lines; what can't be read is a problem, what isn't there has none."""
    path = root / table
    if not path.exists():
        return [], []
    text = path.read_text(encoding="utf-8")
    try:
        rows = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return [], [Problem(table, mark.line + 1 if mark else 1, "this is not readable YAML")]
    lines = [n for n, line in enumerate(text.splitlines(), 1) if line.startswith("- ")]
    return list(zip(lines, rows, strict=True)), []
