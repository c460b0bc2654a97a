"""What is wrong with a source, said so that the author can put it right at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from course_lib.errors import CourseError


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to put right: where it is and what to do.

    Attributes:
        path: The file, relative to the repository.
        line: Line in that file, from 1; 0 where the whole file is meant.
        message: One sentence.
    """

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        where = f"{self.path.as_posix()}:{self.line}" if self.line else self.path.as_posix()
        return f"{where}: {self.message}"


class SourceError(CourseError):
    """A source that cannot be read as a chapter; carries every problem found."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
