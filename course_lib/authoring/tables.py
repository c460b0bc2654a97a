"""The tables that say where the documents' sections, and their mistakes, are treated in the course."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from course_lib.authoring.checks import lessons, sections
from course_lib.language import Text


@dataclass(frozen=True)
class Row:
    """A section, or a mistake.

    Attributes:
        where: In which document and section: ``"0 §5.1"``.
        words: What it is about, or what is wrong.
        places: Where the course treats it: ``"04.2"``, ``"04/big-head"`` or ``"planned 17"``.
        family: A mistake's: ``code``, ``formula``, ``claim`` or ``forgotten``; else empty.
    """

    where: str
    words: Text
    places: tuple[str, ...]
    family: str = ""


def read_sections(root: Path) -> list[Row]:
    """Read the sections of the documents, in their order."""
    return [
        Row(f"{each['doc']} §{each['section']}", _words(each), _all(each["treated"]))
        for each in _rows(root / sections.TABLE)
    ]


def read_lessons(root: Path) -> list[Row]:
    """Read what is wrong in them, in the table's order."""
    return [
        Row(str(each["in"]), _words(each), _all(each["taught"]), each["family"])
        for each in _rows(root / lessons.TABLE)
    ]


def chapter_of(place: str) -> str:
    """Give the chapter of a place: ``"04"`` of ``"04.2"`` and of ``"04/big-head"``."""
    return re.split(r"[./]", place.removeprefix("planned "))[0]


def _rows(path: Path) -> list[dict[str, Any]]:
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else []


def _words(row: dict[str, Any]) -> Text:
    return {"en": row["en"], "zh": row["zh"]}


def _all(places: list[str]) -> tuple[str, ...]:
    return tuple(map(str, places))
