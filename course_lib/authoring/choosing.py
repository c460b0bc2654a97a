"""Which method for which case: questions, answers, and where the course shows what they lead to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from course_lib.language import Text

TABLE = Path("solutions/source/choosing.yaml")


@dataclass(frozen=True)
class Answer:
    """An answer: what to begin with, and the places that show it; without them the next question follows."""

    words: Text
    begin: Text | None
    shown: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """A question with its answers, in order."""

    words: Text
    answers: tuple[Answer, ...]


def read_questions(root: Path) -> list[Question]:
    """Read the questions; a repository without the table has none."""
    path = root / TABLE
    rows = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else []
    return [Question(_words(row), tuple(map(_answer, row["answers"]))) for row in rows]


def _answer(row: dict[str, Any]) -> Answer:
    begin = {"en": row["do_en"], "zh": row["do_zh"]} if "do_en" in row else None
    return Answer(_words(row), begin, tuple(map(str, row.get("shown", ()))))


def _words(row: dict[str, Any]) -> Text:
    return {"en": row["en"], "zh": row["zh"]}
