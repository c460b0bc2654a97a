"""What is a widget where somebody listens, and HTML wherever a notebook is only read."""

from __future__ import annotations

import sys
from typing import Any

from course_lib.exercises.settings import is_grading, is_strict

_WIDGET = "application/vnd.jupyter.widget-view+json"


def is_live() -> bool:
    """Whether a front end may be listening: a kernel that no test, build or grader drives."""
    if is_strict() or is_grading() or "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None


def widget_bundle(box: Any, *, plain: str, html: str) -> dict[str, Any]:
    """Give what a notebook stores of a widget: its view, and what stands there without a kernel.

    Args:
        box: An ipywidgets widget; ``None`` where nobody listens.
        plain, html: The same to read.
    """
    bundle: dict[str, Any] = {"text/plain": plain, "text/html": html}
    if box is not None:
        bundle[_WIDGET] = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
    return bundle
