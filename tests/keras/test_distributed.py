"""Two logical devices of one CPU, under Keras's distribution on JAX, train as one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.keras.distributed import share_batches
from tests.conftest import ROOT
from tests.keras.shared_batches import TRAININGS


@pytest.fixture(scope="module")
def reports() -> dict[str, Any]:
    """Give what one device and two report."""
    env = {**os.environ, "COURSE_STRICT": "1"}
    command = [sys.executable, "-m", "tests.keras.shared_batches"]
    ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", TRAININGS)
def test_two_devices_give_the_losses_of_one(name: str, reports: dict[str, Any]) -> None:
    one, two = reports["one"][name], reports["two"][name]
    assert one["devices"] == [1] and two["devices"] == [2] and reports["count"] == 2
    np.testing.assert_allclose(two["loss"], one["loss"], rtol=1e-6)
    np.testing.assert_allclose(two["val_loss"], one["val_loss"], rtol=1e-6)
    np.testing.assert_allclose(two["head"], one["head"], rtol=1e-5, atol=1e-7)


def test_an_even_batch_is_cut_in_two(reports: dict[str, Any]) -> None:
    assert reports["shares"] == {"16": [8, 8], "15": [15]}  # the second is left whole


def test_another_backend_is_told_what_to_do() -> None:
    with pytest.raises(CourseError, match="KERAS_BACKEND=jax"):
        share_batches()
