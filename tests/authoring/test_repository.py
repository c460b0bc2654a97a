"""The course as it stands in this repository passes its own check, proofs included."""

from __future__ import annotations

from course_lib.authoring import check
from course_lib.paths import repository_root


def test_the_course_has_no_problems() -> None:
    assert [str(problem) for problem in check(repository_root())] == []
