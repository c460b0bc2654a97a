"""In which surroundings an exercise runs: a student's notebook, a strict run, or grading."""

from __future__ import annotations

import os
import sys

from course_lib import edition


def is_strict() -> bool:
    """Whether anything but a right answer raises: ``COURSE_STRICT=1``, set by nbval and tests."""
    return os.environ.get("COURSE_STRICT") == "1"


def is_grading() -> bool:
    """Whether answers are only collected: ``COURSE_GRADING=1``, set in the grading kernel."""
    return os.environ.get("COURSE_GRADING") == "1"


def is_recording() -> bool:
    """Whether what happens is a student's progress, and not a test or a grading run."""
    return not (is_strict() or is_grading())


def framework_in_use() -> str:
    """Give the running edition's framework; without an edition, the one that was imported."""
    running = edition.current()
    if running is not None:
        return running.framework
    if "torch" in sys.modules and "keras" not in sys.modules:
        return "pytorch"
    return "keras" if "keras" in sys.modules else "numpy"
