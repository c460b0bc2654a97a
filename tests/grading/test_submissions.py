"""Tests for ``course_lib.grading.submissions``: ready-made submissions of every chapter."""

from __future__ import annotations

import ast

import pytest

from course_lib.grading.course import load_exercises
from course_lib.grading.submissions import make_submissions, wrap_pitfall
from course_lib.paths import repository_root

SOURCES = sorted((repository_root() / "solutions" / "source").glob("[0-9][0-9]_*.py"))
CHAPTERS = [each.stem[:2] for each in SOURCES]


@pytest.mark.parametrize("framework", ["pytorch", "keras"])
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_chapter_has_its_five_submissions(chapter, framework):
    made = make_submissions(chapter, "en", framework, repository=repository_root())
    assert set(made) == {"all_right", "other_ways", "pitfalls", "untouched", "mixed"}
    assert made["all_right"].total > made["mixed"].total > made["untouched"].total == 0
    for submission in made.values():
        for cell in submission.notebook.cells:
            if (cell.metadata.get("nbgrader") or {}).get("solution") and cell.cell_type == "code":
                compile(cell.source, "cell", "exec")


@pytest.mark.parametrize("module", SOURCES, ids=CHAPTERS)
def test_a_submission_can_be_made_of_every_pitfall(module):
    for exercise in load_exercises(module).values():
        for pitfall in getattr(exercise, "pitfalls", ()):
            if not pitfall.code:
                source = wrap_pitfall(module, exercise, pitfall.name, "numpy")
                assert [each.name for each in ast.parse(source).body] == [exercise.function]
