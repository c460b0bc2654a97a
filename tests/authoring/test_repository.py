"""The course as it stands in this repository passes its own check, proofs included."""

from __future__ import annotations

import pytest

from course_lib.authoring import check
from course_lib.authoring.sources import source_paths
from course_lib.paths import repository_root

ROOT = repository_root()
# Bridges have no exercises.
CHAPTERS = [path for path in source_paths(ROOT) if not path.stem.startswith("b")]


def test_the_course_has_no_problems_beside_its_proofs() -> None:
    assert [str(problem) for problem in check(ROOT, proofs=False)] == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_exercise_of_a_chapter_has_its_proof(path) -> None:  # type: ignore[no-untyped-def]
    assert [str(problem) for problem in check(ROOT, chapters=[path.stem[:2]])] == []
