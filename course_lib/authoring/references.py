"""The works that the chapters cite, read from their lists of further reading, and what each is worth reading for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml  # type: ignore[import-untyped]

from course_lib.authoring.sources import Source
from course_lib.language import Text

TABLE = Path("solutions/source/bibliography.yaml")
_ITEM = re.compile(r"^[*-] (.+)$", re.MULTILINE)
_TITLE = re.compile(r"\*([^*]+)\*")
_READING = re.compile(r"^#+ (?:Further reading|延伸阅读)", re.MULTILINE)
# What a chapter says about a work stands in brackets after the full stop.
_REMARK = re.compile(r"(?<=\.)\s+\([^()]*\)\.?\s*$")


@dataclass(frozen=True)
class Citation:
    """One work as one chapter cites it.

    Attributes:
        chapter: Such as ``"04"``.
        title: As the chapter has it.
        work: Authors, *title*, where and when, in Markdown, without the chapter's own remark.
        line: In the chapter's source.
        path: Of that source.
    """

    chapter: str
    title: str
    work: str
    line: int
    path: Path

    @property
    def key(self) -> str:
        """Give what makes it the same work in another chapter."""
        return key_of(self.title)


def key_of(title: str) -> str:
    """Give a title without what may differ: capitals, and a point at its end."""
    return title.strip(" .").lower()


def read_notes(root: Path) -> dict[str, Text]:
    """Give what each annotated work is worth reading for, by its key."""
    return {key_of(row["title"]): {"en": row["en"], "zh": row["zh"]} for row in _rows(root)}


def titles_of_notes(root: Path) -> list[str]:
    """List the keys of the annotated works, one for each row of the table."""
    return [key_of(row["title"]) for row in _rows(root)]


def _rows(root: Path) -> list[dict[str, str]]:
    path = root / TABLE
    rows: list[dict[str, str]] = []
    if path.exists():
        rows = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    return rows


def citations(sources: Iterable[Source]) -> list[Citation]:
    """List what the chapters cite under "Further reading", chapter by chapter (both languages list the same)."""
    found = []
    for source in sources:
        for cell in source.prose:
            if cell.language != "en" or not _READING.search(cell.text):
                continue
            for item in _ITEM.finditer(cell.text):
                title = _TITLE.search(item[1])
                if title is None:
                    continue
                work = _REMARK.sub("", item[1]).strip()
                line = cell.text_line + cell.text[: item.start()].count("\n")
                found.append(Citation(source.chapter, title[1], work, line, source.path))
    return found
