"""Probes of a project's own artefacts: the split that was made, the record that is handed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course_lib.projects.cutting import read_split, report_split
from course_lib.projects.records import read_record, report_record


def nothing(**inputs: Any) -> dict[str, Any]:
    """Give what the student's function is called with: nothing, it speaks of the student's own project."""
    return {}


ARGUMENTS = {"own_split": nothing, "own_record": nothing}


def own_split(my_split: Callable[[], Any], **inputs: Any) -> dict[str, bool]:
    """Ask the student's function for the project's split.

    Args:
        my_split: Returns the text that ``split_as_text`` wrote, or the dictionary that ``read_split`` gives.
        inputs: Not used.

    Returns:
        See :func:`course_lib.projects.cutting.report_split`.
    """
    split = my_split()
    return report_split(read_split(split) if isinstance(split, str) else split)


def own_record(my_record: Callable[[], Any], **inputs: Any) -> dict[str, bool]:
    """Ask the student's function for the project's record.

    Args:
        my_record: Returns the text that ``record_as_text`` wrote, or the dictionary that ``make_record`` gave.
        inputs: Not used.

    Returns:
        See :func:`course_lib.projects.records.report_record`.
    """
    record = my_record()
    return report_record(read_record(record) if isinstance(record, str) else record)
