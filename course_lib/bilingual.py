"""Texts that are English and Chinese at once, so that one run of a notebook shows what it says in both.

Training takes the time of a chapter, and it is the same in every language. So tests and the book run
a solved edition with ``COURSE_LANGUAGE=both``: :func:`course_lib.language.both` then gives a packed
text, ``⸨English⸾中文⸩``. It goes through f-strings, joins, HTML and files like any other text, and
:func:`one_of` takes a language out of whatever was shown. Nobody else ever sees a packed text.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from functools import wraps
from typing import Any, ParamSpec

_Given = ParamSpec("_Given")

# Characters that no text of the course has; Python's repr leaves them as they are.
_OPEN, _BETWEEN, _CLOSE = "\u2e28", "\u2e3e", "\u2e29"
_MARKS = f"{_OPEN}{_BETWEEN}{_CLOSE}"
_INNERMOST = re.compile(f"{_OPEN}([^{_MARKS}]*){_BETWEEN}([^{_MARKS}]*){_CLOSE}")

_turn: str | None = None  # the language of which a text or a picture is being made


def turn() -> str | None:
    """Give ``"both"`` in a run for both languages, or the one whose turn it is; else ``None``."""
    return (_turn or "both") if os.environ.get("COURSE_LANGUAGE") == "both" else None


class Packed(str):
    """A text in both languages; what changes its letters changes each of them by itself."""


def _in_each(name: str) -> Callable[..., str]:
    def method(self: Packed, *given: Any, **named: Any) -> str:
        given = tuple(list(each) if isinstance(each, Iterator) else each for each in given)
        return pack(
            *(
                getattr(one_of(str(self), language), name)(
                    *one_of(given, language), **one_of(named, language)
                )
                for language in ("en", "zh")
            )
        )

    return method


# f"{x:>9}" calls __format__; what an f-string gives is a plain str again, still with both in it.
for _name in ("__add__", "__format__", "__mod__", "__mul__", "capitalize", "center", "format", "join",
              "ljust", "lower", "replace", "rjust", "strip", "title", "upper"):  # fmt: skip
    setattr(Packed, _name, _in_each(_name))


def pack(en: str, zh: str) -> str:
    """Give a text that is both; where they are the same, simply that."""
    return Packed(f"{_OPEN}{en}{_BETWEEN}{zh}{_CLOSE}") if en != zh else en


def one_of(value: Any, language: str | None) -> Any:
    """Give a value with every packed text in it in one language.

    Args:
        value: A text, or lists, tuples, dictionaries and dataclasses of such; others stay as they are.
        language: ``"en"`` or ``"zh"``; with ``None`` or ``"both"`` the value stays as it is.
    """
    if language not in ("en", "zh"):
        return value
    if isinstance(value, str):
        found = 1
        while found:
            value, found = _INNERMOST.subn(r"\1" if language == "en" else r"\2", value)
        return value
    if isinstance(value, dict):
        return type(value)(
            {one_of(name, language): one_of(each, language) for name, each in value.items()}
        )
    if type(value) in (list, tuple):
        return type(value)(one_of(each, language) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value,
            **{each.name: one_of(getattr(value, each.name), language) for each in fields(value)},
        )
    return value


def is_packed(text: str) -> bool:
    """Whether a text still has something of a packed one in it, also as JSON or ``ascii`` write it."""
    return any(mark in text or f"\\u{ord(mark):04x}" in text for mark in _MARKS)


def in_each_language(make: Callable[_Given, str]) -> Callable[_Given, str]:
    """Let a function that lays out a text or a picture do so once in each language, in a run for both.

    Its arguments come in one language too: what it counts or measures is what a reader will see.
    """

    @wraps(make)
    def made(*given: _Given.args, **named: _Given.kwargs) -> str:
        if turn() != "both":
            return make(*given, **named)
        texts = []
        for language in ("en", "zh"):
            with _taking_turns(language):
                text = make(*one_of(given, language), **one_of(named, language))
            texts.append(one_of(text, language))
        return pack(*texts)

    return made


def let_figures_take_turns() -> None:
    """Let matplotlib draw texts in the language whose turn it is, in a run for both."""
    from matplotlib.text import Text

    if turn() is not None:
        packed = Text.get_text
        Text.get_text = lambda self: one_of(packed(self), turn())  # type: ignore[method-assign]


@contextmanager
def _taking_turns(language: str) -> Iterator[None]:
    global _turn
    _turn = language
    try:
        yield
    finally:
        _turn = None
