"""Every claim of every chapter holds with other random numbers too: five shifts of every seed."""

from __future__ import annotations

import pytest

from course_lib.authoring.reseeding import SHIFTS, run_reseeded
from course_lib.authoring.sources import source_paths
from course_lib.edition import FRAMEWORKS
from course_lib.paths import repository_root

ROOT = repository_root()


@pytest.mark.slow
@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("name", [path.stem for path in source_paths(ROOT)])
def test_claims_hold_with_other_seeds(name: str, framework: str, shift: int) -> None:
    assert run_reseeded(ROOT, name[:2], framework, shift).faults == ()
