"""The clinic's index is whole: each symptom has causes, each cause a test and a place, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from course_lib.authoring.checks.places import Places
from course_lib.authoring.problems import Problem
from course_lib.authoring.symptoms import TABLE, read_rows

WORDS = ("en", "zh", "test_en", "test_zh")


def treated_symptoms(root: Path, places: Places) -> Iterator[Problem]:
    """Every cause is told from the others by a test, and treated somewhere in the course.

    Args:
        root: The repository.
        places: Where something may be treated.
    """
    for row in read_rows(root):
        what = repr(row.get("en", row.get("zh", "a symptom")))
        if not row.get("en") or not row.get("zh"):
            yield Problem(TABLE, 1, f"{what} does not stand in both languages")
        if not row.get("causes"):
            yield Problem(TABLE, 1, f"{what} has no cause")
        for cause in row.get("causes") or ():
            named = f"{what}, cause {cause.get('en')!r}"
            for word in WORDS:
                if not cause.get(word):
                    yield Problem(TABLE, 1, f"{named} lacks {word}")
            for fault in places.faults(named, cause.get("shown")):
                yield Problem(TABLE, 1, fault)
