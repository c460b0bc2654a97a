"""What an answer may be made of, and how such a value is put into words.

A *value* is a number, a truth value, a text, ``None``, a NumPy array, or a (nested) list, tuple or
dictionary of these. Tensors become arrays before anything is compared (:mod:`.calling`), so
nothing in this module or in :mod:`.comparators` ever runs code that a student wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from course_lib.language import Text

Value = Any
"""A number, bool, str, None, array, or a (nested) list, tuple, dict of these."""

SMALL = 24  # values up to this many numbers are shown whole

MAX_CHARACTERS = 4_000_000  # in an array of texts, where every entry is as wide as the longest

KINDS = {"b": "bool", "i": "int", "u": "int", "f": "float", "U": "str"}
"""NumPy's letters for the kinds of number that a value may hold, and what the course calls them."""


def text(en: str, zh: str) -> Text:
    """Put a sentence in both languages side by side: ``text("Accuracy", "准确率")``."""
    return {"en": en, "zh": zh}


def as_array(value: Value) -> np.ndarray | None:
    """Read a number, an array, or a regular list of numbers as an array; ``None`` where it is none.

    A list counts as an array when all rows have one length and all members one kind: bools and
    numbers are never mixed, and neither are numbers and texts.
    """
    if isinstance(value, dict) or value is None:
        return None
    if isinstance(value, list | tuple):
        leaves = _leaves(value)
        families = {_family(leaf) for leaf in leaves}
        if len(families) > 1 or None in families or not texts_fit(leaves):
            return None
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return array if array.dtype.kind in KINDS else None


def texts_fit(words: Sequence[Value]) -> bool:
    """Whether an array of these texts stays small: each takes as much room as the longest."""
    longest = max((len(word) for word in words if isinstance(word, str)), default=0)
    return longest * len(words) <= MAX_CHARACTERS


def summarise(value: Value, *, tensors: bool = False) -> Text:
    """Name a value in a few words: its kind, and its shape or size."""
    if isinstance(value, np.ndarray) and value.ndim > 0:
        # float32 or float64 makes no difference to a comparison, so it is not named.
        shape, kind = str(value.shape), KINDS.get(value.dtype.kind, str(value.dtype))
        en, zh = ("tensor", "张量") if tensors and value.dtype.kind != "U" else ("array", "数组")
        article = "an" if en == "array" else "a"
        return text(f"{article} {en} of shape {shape}, {kind}", f"形状为 {shape} 的 {kind} {zh}")
    if isinstance(value, np.ndarray | np.generic):
        value = value.item()
    if value is None:
        return text("None", "None（没有返回值）")
    if isinstance(value, bool):
        return text(f"the truth value {value}", f"布尔值 {value}")
    if isinstance(value, int):
        return text(f"the whole number {value}", f"整数 {value}")
    if isinstance(value, float):
        return text(f"the number {number(value)}", f"数值 {number(value)}")
    if isinstance(value, str):
        return text(f"the text {shorten(repr(value))}", f"字符串 {shorten(repr(value))}")
    if isinstance(value, dict):
        if not value:
            return text("an empty dictionary", "空字典")
        en = shorten(", ".join(map(repr, value)))
        zh = shorten("、".join(map(repr, value)))
        return text(f"a dictionary with the keys {en}", f"键为 {zh} 的字典")
    en, zh = ("tuple", "元组") if isinstance(value, tuple) else ("list", "列表")
    items = "item" if len(value) == 1 else "items"
    return text(f"a {en} of {len(value)} {items}", f"含 {len(value)} 个元素的{zh}")


def show(value: Value, digits: int = 6) -> str:
    """Write a small value out; give ``""`` for one too large to be read at a glance."""
    if isinstance(value, np.ndarray) and value.ndim:
        if value.size > SMALL:
            return ""
        return np.array2string(
            value, precision=digits - 2, separator=", ", suppress_small=True, max_line_width=60
        )
    if isinstance(value, np.ndarray | np.generic):
        return show(value.item(), digits)
    if isinstance(value, float):
        return number(value, digits)
    if isinstance(value, dict):
        parts = [show(part, digits) for part in value.values()]
        inner = ", ".join(f"{key!r}: {part}" for key, part in zip(value, parts, strict=True))
        return _whole("{" + inner + "}") if all(parts) else ""
    if isinstance(value, list | tuple):
        opening, closing = "()" if isinstance(value, tuple) else "[]"
        parts = [show(part, digits) for part in value[: SMALL + 1]]
        separator = ",\n " if any("\n" in part for part in parts) else ", "
        return _whole(opening + separator.join(parts) + closing) if all(parts) else ""
    return _whole(repr(value))


def show_both(one: Value, other: Value) -> tuple[str, str]:
    """Write two values out with as many digits as it takes to see that they differ."""
    shown = "", ""
    for digits in (6, 9, 12, 17):
        shown = show(one, digits), show(other, digits)
        if shown[0] != shown[1] or not all(shown):
            break
    return shown


def number(value: float, digits: int = 6) -> str:
    """Write a number with so many significant digits; whole numbers as they are."""
    if isinstance(value, float) and not (value.is_integer() and abs(value) < 1e12):
        return f"{value:.{digits}g}"
    return str(value)


def shorten(words: str, limit: int = 80) -> str:
    """Cut a long text, with an ellipsis to show that it goes on."""
    return words if len(words) <= limit else words[: limit - 1] + "…"


def _whole(words: str) -> str:
    return words if len(words) <= 400 else ""


def _leaves(value: Value) -> list[Value]:
    found: list[Value] = []
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list | tuple):
            waiting.extend(part)
        else:
            found.append(part)
    return found


def _family(leaf: Value) -> str | None:
    """Give "bool", "number" or "str"; ``None`` for what can't stand in an array."""
    if isinstance(leaf, np.ndarray | np.generic):
        kind = KINDS.get(leaf.dtype.kind)
        return "number" if kind in ("int", "float") else kind
    if isinstance(leaf, bool):
        return "bool"
    if isinstance(leaf, int | float):
        return "number"
    return "str" if isinstance(leaf, str) else None
