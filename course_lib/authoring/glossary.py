"""The course's words in both languages: ``solutions/source/glossary.yaml``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from course_lib.authoring.problems import Problem, SourceError
from course_lib.language import LANGUAGES, Text

TABLE = Path("solutions/source/glossary.yaml")
FIELDS = {"en", "zh", "also", "means", "chapter"}
_CHINESE = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True)
class Term:
    """One term.

    Attributes:
        names: By language: the term and what else it is called.
        means: One sentence in each language.
        chapter: Where it is taught first.
        line: Where it stands in the table.
    """

    names: dict[str, tuple[str, ...]]
    means: Text
    chapter: str
    line: int

    @property
    def slug(self) -> str:
        """Its address within the glossary's page; the same in both languages."""
        return "term-" + re.sub(r"[^a-z0-9]+", "-", self.names["en"][0].lower()).strip("-")


def read_glossary(root: Path) -> list[Term]:
    """Read the table; a repository without it has no terms.

    Raises:
        SourceError: It is not readable, or a row is not whole.
    """
    path = root / TABLE
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    try:
        rows = yaml.safe_load(text) or []
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise SourceError([Problem(TABLE, line, "this is not readable YAML")]) from error
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line.startswith("- ")]
    faults = [
        Problem(TABLE, line, fault)
        for line, row in zip(lines, rows, strict=True)
        for fault in _faults(row)
    ]
    if faults:
        raise SourceError(faults)
    return [_term(row, line) for line, row in zip(lines, rows, strict=True)]


def _faults(row: Any) -> Iterator[str]:
    if not isinstance(row, dict) or not FIELDS - {"also"} <= set(row) <= FIELDS:
        yield f"a term has the fields {', '.join(sorted(FIELDS - {'also'}))}, and may have 'also'"
    elif not isinstance(row["means"], dict) or set(row["means"]) != set(LANGUAGES):
        yield f"term {row['en']!r}: 'means' has a sentence for en and one for zh"
    elif not re.fullmatch(r"[0-9b]\d", str(row["chapter"])):
        yield f'term {row["en"]!r}: the chapter is like "04" or "b1"'


def _term(row: dict[str, Any], line: int) -> Term:
    """Sort the other names by their language: Chinese ones hold a Chinese character."""
    others = [str(each) for each in row.get("also", ())]
    english = [each for each in others if not _CHINESE.search(each)]
    names = {
        "en": (str(row["en"]), *english),
        # Chinese texts use the English names, too.
        "zh": (str(row["zh"]), *(each for each in others if each not in english), *english),
    }
    return Term(names, row["means"], str(row["chapter"]), line)
