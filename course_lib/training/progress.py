"""A progress bar where somebody is looking, and silence where a machine is."""

from __future__ import annotations

import os
import sys
from typing import Any


def progress_bar(total: int, description: str, *, show: bool = True) -> Any:
    """Give a tqdm bar: a widget in a notebook, a line in a terminal, nothing elsewhere.

    It never writes to stderr (nbgrader takes that for a mistake) and is silent while a notebook is
    being graded, compared or built (``COURSE_STRICT``, ``COURSE_GRADING``, ``CI``).
    """
    from tqdm.auto import tqdm

    wanted = show and not _machine_is_looking() and (_in_notebook() or sys.stdout.isatty())
    return tqdm(total=total, desc=description, disable=not wanted, file=sys.stdout, leave=False)


def _machine_is_looking() -> bool:
    return any(os.environ.get(name) for name in ("COURSE_STRICT", "COURSE_GRADING", "CI"))


def _in_notebook() -> bool:
    return "ipykernel" in sys.modules and "IPython" in sys.modules
