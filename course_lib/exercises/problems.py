"""Why a student's function gave no value that could be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from course_lib.errors import CourseError

REASONS = {
    "not_attempted": "the stub is still there",
    "not_a_function": "something else than a function was handed in",
    "signature": "the function takes other arguments than the exercise gives",
    "raised": "the function stopped with an error",
    "unusable": "the function ran, but what it returned or left behind can't be looked at",
    "no_value": "the function returned None",
    "not_a_value": "the function returned something that is no number, array, list …",
    "lazy": "the function returned something that holds no numbers yet",
    "too_large": "the function returned far more than the exercise asks for",
    "forbidden": "the function calls what it was to replace",
    "a_tensor": "the function returned a tensor where a NumPy array is asked for",
    "interrupted": "the student stopped the function while it ran",
}


class AnswerError(CourseError):
    """The answer could not be compared: ``reason`` is one of :data:`REASONS`.

    Attributes:
        lines: What to show as code beneath the sentence: the student's own lines of a traceback.
    """

    def __init__(self, reason: str, en: str, zh: str, lines: Sequence[str] = ()) -> None:
        super().__init__(en, zh)
        self.reason = reason
        self.lines = tuple(lines)

    def to_data(self) -> dict[str, Any]:
        """Give the problem as JSON-able data."""
        return {"reason": self.reason, "en": self.en, "zh": self.zh, "lines": list(self.lines)}

    @staticmethod
    def from_data(data: Mapping[str, Any]) -> AnswerError:
        """Read what :meth:`to_data` gave, from a source that may lie: everything is cut and checked."""
        reason = data.get("reason")
        lines = data.get("lines")
        return AnswerError(
            reason if isinstance(reason, str) and reason in REASONS else "raised",
            str(data.get("en", ""))[:2000],
            str(data.get("zh", ""))[:2000],
            [str(line)[:200] for line in lines[:20]] if isinstance(lines, list) else (),
        )
