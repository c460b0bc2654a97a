"""The exercises of a chapter, loaded from the module that stands beside its source."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from course_lib.authoring.problems import Problem, SourceError
from course_lib.authoring.sources import Source


def load_specification(root: Path, source: Source) -> ModuleType | None:
    """Load ``NN_slug.py`` beside ``NN_slug.md``; ``None`` where the chapter has no exercises.

    Raises:
        SourceError: When the module cannot be imported; names the line where Python stopped.
    """
    path = source.path.with_suffix(".py")
    if not (root / path).exists():
        return None
    spec = importlib.util.spec_from_file_location(f"course_source_{source.name}", root / path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # the author's code may raise anything
        line = _line_of(error, root / path)
        message = f"this module cannot be imported: {type(error).__name__}: {error}"
        raise SourceError([Problem(path, line, message)]) from error
    if not isinstance(getattr(module, "EXERCISES", None), tuple):
        raise SourceError([Problem(path, 1, "this module must define  EXERCISES = (…,)  a tuple")])
    return module


def exercises_of(specification: ModuleType | None) -> dict[str, Any]:
    """Give a chapter's exercises by id (those marked by hand too)."""
    exercises = specification.EXERCISES if specification else ()
    return {exercise.id: exercise for exercise in exercises}


def _line_of(error: BaseException, path: Path) -> int:
    """Find the last line of ``path`` that the error went through."""
    if isinstance(error, SyntaxError):
        return error.lineno or 0
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
