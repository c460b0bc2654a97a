"""Which edition of which chapter is running: set by ``course_lib.start``, asked for by the rest."""

from __future__ import annotations

from dataclasses import dataclass

FRAMEWORKS = ("pytorch", "keras")


@dataclass(frozen=True)
class Edition:
    """One published edition of one chapter.

    Attributes:
        chapter: Two digits, such as ``"04"``.
        language: ``"en"`` or ``"zh"``.
        framework: ``"pytorch"`` or ``"keras"``.
        offering: The name of an offering with numbers of its own; ``None`` for the course's own.
    """

    chapter: str
    language: str
    framework: str
    offering: str | None = None


_current: Edition | None = None


def current() -> Edition | None:
    """Give the running edition, or ``None`` where ``start`` has not been called."""
    return _current


def set_current(edition: Edition | None) -> None:
    """Record the running edition (``None`` forgets it)."""
    global _current
    _current = edition
