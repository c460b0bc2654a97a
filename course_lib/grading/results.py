"""Executions that are kept, so that no submission is run twice and a killed grading can go on.

The name of a result is a hash of everything that it depends on: the cells, the questions with their
hidden inputs, the installed packages and the course's own code, the limits, sandboxed or not.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

from course_lib.files import write_atomically
from course_lib.grading.audit import environment_hash, hash_of
from course_lib.grading.course import Course
from course_lib.grading.kernels.execution import Execution, Work
from course_lib.grading.walls.sandbox import Limits


def key_of(work: Work, limits: Limits, *, sandboxed: bool) -> str:
    """Name the result of this work under these conditions."""
    return hash_of(
        json.dumps([list(work.cells), dict(work.questions), sorted(work.tests)]),
        json.dumps(asdict(replace(limits, threads=1)), sort_keys=True),
        str(sandboxed),
        environment_hash(),
    )


def load(course: Course, key: str) -> Execution | None:
    """Give a kept result, ``None`` where there is none (or a damaged one)."""
    try:
        return Execution.from_json((_folder(course) / f"{key}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def keep(course: Course, key: str, execution: Execution) -> None:
    """Keep a result."""
    path = write_atomically(_folder(course) / f"{key}.json", execution.to_json())
    path.chmod(0o600)


def forget(course: Course, key: str) -> None:
    """Drop a kept result: what it is the result of is run again."""
    (_folder(course) / f"{key}.json").unlink(missing_ok=True)


def _folder(course: Course) -> Path:
    return course.private / "results"
