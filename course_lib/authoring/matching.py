"""Recording that the two languages of a cell say the same.

Each prose cell carries a short hash of its partner's text, as it was when somebody last read both.
When one language moves on, its partner's record no longer fits, and ``check`` says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from course_lib.authoring.sources import Prose, Source, read_source, source_paths
from course_lib.errors import CourseError
from course_lib.files import write_atomically


def short_hash(text: str) -> str:
    """Give the first 8 hexadecimal digits of a text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def partners(source: Source) -> Iterator[tuple[Prose, Prose]]:
    """Give each English cell with its Chinese one."""
    chinese = {cell.id: cell for cell in source.prose if cell.language == "zh"}
    for cell in source.prose:
        if cell.language == "en" and cell.id in chinese:
            yield cell, chinese[cell.id]


def stamp_matched(root: Path, cell: str, *, chapters: list[str] | None = None) -> int:
    """Record that the pair with this id (or ``"all"`` pairs) was read and says the same.

    Returns:
        How many pairs were stamped, those that were up to date included.

    Raises:
        CourseError: When no chapter has such a pair.
    """
    stamped = 0
    for path in source_paths(root, chapters):
        source = read_source(path, root)
        pairs = [pair for pair in partners(source) if cell in ("all", pair[0].id)]
        stamped += len(pairs)
        text = stamp(source, pairs)
        if text != source.text:
            write_atomically(path, text)
    if not stamped:
        raise CourseError(
            f"No pair of prose cells has the id {cell!r}: look at the  +++  lines of the source.",
            f"没有 id 为 {cell!r} 的双语单元，请查看源文件中以 +++ 开头的行。",
        )
    return stamped


def stamp(source: Source, pairs: list[tuple[Prose, Prose]]) -> str:
    """Write each cell's hash of its partner into the source's text and give that back."""
    lines = source.text.split("\n")
    for english, chinese in pairs:
        _write_partner(lines, english, short_hash(chinese.text))
        _write_partner(lines, chinese, short_hash(english.text))
    return "\n".join(lines)


def _write_partner(lines: list[str], cell: Prose, partner: str) -> None:
    description = json.loads(lines[cell.line - 1].removeprefix("+++"))
    order = {"id": None, "lang": None, "partner": None} | description | {"partner": partner}
    lines[cell.line - 1] = f"+++ {json.dumps(order, ensure_ascii=False)}"
