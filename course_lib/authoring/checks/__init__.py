"""What is checked of a chapter: one module for each idea, one function for each rule.

A rule takes a :class:`Chapter` and yields the problems it finds; :mod:`course_lib.authoring.checking`
runs them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from course_lib.authoring.problems import Problem
from course_lib.authoring.sources import Source
from course_lib.authoring.specification import exercises_of


@dataclass(frozen=True)
class Chapter:
    """A chapter that could be read: its source and the specifications of its exercises."""

    root: Path
    source: Source
    specification: ModuleType | None

    @property
    def exercises(self) -> Mapping[str, Any]:
        return exercises_of(self.specification)

    @property
    def quizzes(self) -> set[str]:
        """Give the ids of the chapter's quizzes."""
        return {quiz.id for quiz in getattr(self.specification, "QUIZZES", ())}

    @property
    def specification_path(self) -> Path:
        return self.source.path.with_suffix(".py")

    def problem(self, line: int, message: str) -> Problem:
        return Problem(self.source.path, line, message)
