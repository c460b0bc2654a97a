"""Tasks one after another: EWC, LwF, replay, distillation, growing heads. (Trajectories: tests/parity.)"""

from __future__ import annotations

import pytest

import course_lib.pytorch as lib
from tests.training import in_turn


@pytest.mark.parametrize("name", in_turn.CHECKS)
def test_learning_in_turn(name: str) -> None:
    in_turn.CHECKS[name](lib)
