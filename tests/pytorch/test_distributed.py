"""Two processes under torchrun, on the CPU, train as one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from course_lib.pytorch.distributed import own_share
from tests.conftest import ROOT
from tests.pytorch.ranks import TRAININGS, train_all


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Give what one process and each of two reports."""
    folder = tmp_path_factory.mktemp("ranks")
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command = [*launch, "--nproc-per-node", "2", "-m", "tests.pytorch.ranks", str(folder)]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "COURSE_STRICT": "1"}
    running = subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True)
    one = train_all(folder / "alone")
    _, err = running.communicate(timeout=300)
    assert running.returncode == 0, err
    first, second = (json.loads((folder / f"{i}.json").read_text()) for i in (0, 1))
    return {"one": one, "first": first, "second": second}


@pytest.mark.parametrize("name", [name for name in TRAININGS if name != "moving statistics"])
def test_two_processes_give_the_losses_of_one(name: str, reports: dict[str, Any]) -> None:
    one, two = reports["one"][name], reports["first"][name]
    assert len(two["loss"]) == 8
    np.testing.assert_allclose(two["loss"], one["loss"], rtol=1e-6)
    np.testing.assert_allclose(two["val_loss"], one["val_loss"], rtol=1e-6)
    np.testing.assert_allclose(two["head"], one["head"], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", TRAININGS)
def test_both_end_with_the_same_model_and_record(name: str, reports: dict[str, Any]) -> None:
    first, second = reports["first"][name], reports["second"][name]
    assert first.pop("written") and not second.pop("written")  # the first one alone writes
    assert first == second


def test_batch_norm_in_training_sees_a_share_of_the_batch(reports: dict[str, Any]) -> None:
    one, two = (reports[who]["moving statistics"]["loss"] for who in ("one", "first"))
    difference = np.abs(np.array(one) / two - 1)
    assert 1e-4 < difference.max() < 0.5


def test_shares_cover_a_batch_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "3")
    for n in (1, 2, 7, 9):
        seen: list[int] = []
        total = 0.0
        for place in range(3):
            monkeypatch.setenv("RANK", str(place))
            share, rows = own_share({"": np.arange(n)})
            seen += list(rows[""]) if share else []
            total += share
        assert seen == list(range(n)) and total == pytest.approx(1)
