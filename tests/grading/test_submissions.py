"""Tests for ``course_lib.grading.submissions``: ready-made submissions of every chapter."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from course_lib.exercises.proofs import Bench
from course_lib.exercises.public import build_public, parse
from course_lib.grading.submissions import Kit, make_submissions
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


@pytest.mark.parametrize("framework", ["pytorch", "keras"])
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_mistake_is_the_one_that_it_is_called(chapter, framework):
    kit = Kit(chapter, "en", framework, repository_root(), None)
    public, _ = parse(build_public(SimpleNamespace(EXERCISES=tuple(kit.exercises)), chapter))
    for exercise in kit.exercises:
        bench = Bench(exercise, public[exercise.id], framework)
        for pitfall in kit.pitfalls(exercise):
            result = bench.try_source(kit.mistake(exercise, pitfall), pitfall.name)
            assert result.pitfall == pitfall.name, f"{exercise.id}: {result}"
