"""Few weights that learn: LoRA, adapters, biases, pruning, small parts. (Trajectories: tests/parity.)"""

from __future__ import annotations

from pathlib import Path

import pytest

import course_lib.pytorch as lib
from tests.training import adapted


@pytest.mark.parametrize("name", adapted.CHECKS)
def test_adapting(name: str, tmp_path: Path) -> None:
    adapted.CHECKS[name](lib, tmp_path)
