"""Ways through the course: which chapters in which week, with the hours and points that they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from course_lib.language import Text

TABLE = Path("solutions/source/syllabus.yaml")


@dataclass(frozen=True)
class Week:
    """What is done in a week: chapters by number, and in words."""

    chapters: tuple[str, ...]
    words: Text


@dataclass(frozen=True)
class Plan:
    """A way through the course.

    Attributes:
        slug: Such as ``"eight"``.
        title: Such as "Eight weeks".
        audience: Whom it suits.
        weeks: In order.
    """

    slug: str
    title: Text
    audience: Text
    weeks: tuple[Week, ...]


def read_plans(root: Path) -> list[Plan]:
    """Read the plans; a repository without the table has none."""
    return [_plan(each) for each in _table(root)["plans"]]


def planned_chapters(root: Path) -> set[str]:
    """Give the chapters that may be named before they are written."""
    return set(_table(root)["planned"])


def minutes_of(chapters: Sequence[str], minutes: Mapping[str, int]) -> int:
    """Add up what chapters take; one that is not written yet counts 180 minutes, the most there may be."""
    return sum(minutes.get(chapter, 180) for chapter in chapters)


def _table(root: Path) -> dict[str, Any]:
    path = root / TABLE
    if not path.exists():
        return {"plans": [], "planned": []}
    table: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return table


def _plan(row: Mapping[str, Any]) -> Plan:
    return Plan(
        row["id"],
        {"en": row["en"], "zh": row["zh"]},
        {"en": row["for_en"], "zh": row["for_zh"]},
        tuple(
            Week(tuple(each["chapters"]), {"en": each["en"], "zh": each["zh"]})
            for each in row["weeks"]
        ),
    )
