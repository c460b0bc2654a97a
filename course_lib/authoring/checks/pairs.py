"""Cells that belong together: two languages of one text, two frameworks of one piece of code."""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.authoring.checks import Chapter
from course_lib.authoring.matching import partners, short_hash
from course_lib.authoring.problems import Problem
from course_lib.authoring.sources import Cell, Prose

_NAMES = {"en": "English", "zh": "Chinese", "pytorch": "PyTorch", "keras": "Keras"}
_WHOLE = ({"both"}, {"shared"}, {"en", "zh"}, {"pytorch", "keras"})
_OTHER = {variant: whole - {variant} for whole in _WHOLE for variant in whole}


def unique_ids(chapter: Chapter) -> Iterator[Problem]:
    """An id names one cell, or the two languages of a text, or the two frameworks of a code cell."""
    seen: dict[str, dict[str, Cell]] = {}
    for cell in chapter.source.cells:
        if cell.id == "opening":
            yield chapter.problem(cell.line, "the id 'opening' belongs to the generated first cell")
        variant, group = _variant(cell), seen.setdefault(cell.id, {})
        clash = [other for name, other in group.items() if name not in _OTHER[variant]]
        if clash:
            message = f"the id {cell.id!r} names another cell already, in line {clash[0].line}"
            yield chapter.problem(cell.line, message)
        group.setdefault(variant, cell)


def complete_pairs(chapter: Chapter) -> Iterator[Problem]:
    """A text has both languages; a framework's cell has its partner in the other framework."""
    variants: dict[str, set[str]] = {}
    for cell in chapter.source.cells:
        variants.setdefault(cell.id, set()).add(_variant(cell))
    for cell in chapter.source.cells:
        for missing in _OTHER[_variant(cell)] - variants[cell.id]:
            message = f"cell {cell.id!r} has no {_NAMES[missing]} partner with the same id"
            yield chapter.problem(cell.line, message)


def equal_languages(chapter: Chapter) -> Iterator[Problem]:
    """The two languages of a text are both marked by hand for, or both explain, one exercise, or neither."""
    for english, chinese in partners(chapter.source):
        for key in ("manual", "why"):
            if getattr(english, key) != getattr(chinese, key):
                message = (
                    f"cell {chinese.id!r}: {key} differs from its partner's in line {english.line}"
                )
                yield chapter.problem(chinese.line, message)


def matched_languages(chapter: Chapter) -> Iterator[Problem]:
    """Neither language moved on since somebody last read both."""
    for english, chinese in partners(chapter.source):
        moved = [
            cell
            for cell, other in ((chinese, english), (english, chinese))
            if other.partner != short_hash(cell.text)
        ]
        if not moved:
            continue
        if len(moved) == 2:
            what = f"the two languages were never matched (Chinese: line {chinese.line})"
        else:
            stayed = chinese if moved[0] is english else english
            there = f"(line {stayed.line})"
            what = (
                f"the {_name(moved[0])} text moved on and the {_name(stayed)} one did not {there}"
            )
        message = (
            f"cell {english.id!r}: {what}: read both, then  ./course build --matched {english.id}"
        )
        yield chapter.problem(moved[-1].line, message)


def equal_frameworks(chapter: Chapter) -> Iterator[Problem]:
    """The two halves of a framework pair differ in code, and in nothing else."""
    halves = {cell.id: cell for cell in chapter.source.code if cell.framework == "pytorch"}
    for cell in chapter.source.code:
        other = halves.get(cell.id)
        if cell.framework != "keras" or other is None:
            continue
        for key in ("tags", "exercise", "check", "alt"):
            if getattr(cell, key) != getattr(other, key):
                message = f"cell {cell.id!r}: {key} differs from its partner's in line {other.line}"
                yield chapter.problem(cell.line, message)
        if cell.source == other.source:
            message = f"cell {cell.id!r} is the same in both frameworks: write it once, without one"
            yield chapter.problem(cell.line, message)


def _variant(cell: Cell) -> str:
    return cell.language if isinstance(cell, Prose) else cell.framework or "shared"


def _name(cell: Prose) -> str:
    return _NAMES[cell.language]
