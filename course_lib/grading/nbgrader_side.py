"""nbgrader's own machinery, called in this process with the course directory's configuration."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import nbgrader.api
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config, PyFileConfigLoader

from course_lib.grading.course import Course


def open_api(course: Course) -> NbGraderAPI:
    """Give nbgrader's interface to this course, configured as its command line would be."""
    directory, config = _configured(course)
    return NbGraderAPI(directory, config=config, log=directory.log)


def open_directory(course: Course) -> CourseDirectory:
    """Give nbgrader's view of this course directory: where its gradebook is, what it is called."""
    return _configured(course)[0]


def _configured(course: Course) -> tuple[CourseDirectory, Config]:
    _find_own_tools()
    nbgrader.api.get_alembic_version = newest_version
    loader = PyFileConfigLoader("nbgrader_config.py", path=str(course.folder))
    config = Config(loader.load_config())
    config.CourseDirectory.root = str(course.folder)
    # nbgrader says a dozen lines per student; what matters comes back in its result.
    quiet = logging.getLogger("course.nbgrader")
    quiet.setLevel(logging.WARNING)
    quiet.propagate = False
    if not quiet.handlers:
        quiet.addHandler(logging.NullHandler())
    return CourseDirectory(config=config, log=quiet), config


def folder_of(step: Any) -> Path:
    """Give the course directory that one of nbgrader's objects works in: some parent of it knows."""
    while step is not None:
        directory = getattr(step, "coursedir", None)
        if directory is not None:
            return Path(directory.root)
        step = step.parent
    return Path.cwd()


@contextmanager
def environment(name: str, value: str | None) -> Iterator[None]:
    """Set an environment variable for the body of a ``with`` statement (``None``: leave it)."""
    before = os.environ.get(name)
    if value is not None:
        os.environ[name] = value
    try:
        yield
    finally:
        if value is not None:
            if before is None:
                del os.environ[name]
            else:
                os.environ[name] = before


def last_line(log: str | None, error: str | None) -> str:
    """Give the line of nbgrader's output that says what went wrong."""
    words = f"{log or ''}\n{error or ''}"
    raised = re.findall(r"^\s*((?:\w+\.)*\w*(?:Error|Exception|Entry)\b.*)$", words, re.MULTILINE)
    lines = raised or [line.strip() for line in words.splitlines() if line.strip()]
    return str(lines[0])[:300] if lines else "nbgrader gave no reason"


@lru_cache(maxsize=1)
def newest_version() -> str:
    """Give the version of nbgrader's tables, which it asks a program of its own for, for two seconds."""
    from alembic.script import ScriptDirectory
    from nbgrader.dbutil import ALEMBIC_DIR

    return str(ScriptDirectory(ALEMBIC_DIR).get_current_head())


def _find_own_tools() -> None:
    """nbgrader calls `alembic` by its name alone: let it be found where this Python's tools are."""
    here = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath)
    if here not in path.split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join((here, path))
