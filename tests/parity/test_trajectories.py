"""The same start and the same batches give the same losses in both halves.

Both frameworks run in processes of their own, at the same time: their libraries do not always bear
each other, and a half must work alone anyway.

The bound is 1e-4 relative over 20 steps in float32. It holds with room to spare (about 1e-6) for a
smooth network. glyphnet itself, all of it trainable, is compared in float64: its ReLUs make float32
chaotic. An activation that rounding carries over zero changes a gradient by 1e-3, in PyTorch
compared with itself as much as between the frameworks, and 20 steps amplify it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.parity import cases

Reports = dict[str, dict]


def start(half: str, file: Path, backend: str = "tensorflow", names: tuple[str, ...] = ()):  # type: ignore[no-untyped-def]
    command = [sys.executable, "-m", f"tests.parity.run_{half}", str(file), *names]
    env = {**os.environ, "KERAS_BACKEND": backend, "OMP_NUM_THREADS": "1", "COURSE_STRICT": "1"}
    return subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen, file: Path) -> Reports:
    _, err = process.communicate(timeout=900)
    assert process.returncode == 0, err
    return json.loads(file.read_text())


@pytest.fixture(scope="module")
def reports(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[dict[str, Reports]]:
    """Run all four: PyTorch, and Keras on TensorFlow (most or all), torch and JAX (a subset)."""
    folder = tmp_path_factory.mktemp("parity")
    files = {name: folder / f"{name}.json" for name in ("pytorch", "tensorflow", "torch", "jax")}
    skipped = () if pytestconfig.getoption("--full") else cases.RARELY
    names = tuple(name for name in cases.CASES if name not in skipped)
    running = {
        "pytorch": start("pytorch", files["pytorch"]),
        "tensorflow": start("keras", files["tensorflow"], names=names),
    }
    done = {name: finish(process, files[name]) for name, process in running.items()}
    others = {name: start("keras", files[name], name, cases.SMOKE) for name in ("torch", "jax")}
    done |= {name: finish(process, files[name]) for name, process in others.items()}
    yield done


def largest_difference(ours: list[float], theirs: list[float]) -> float:
    a, b = np.array(ours[: cases.STEPS]), np.array(theirs[: cases.STEPS])
    return float((np.abs(a - b) / np.abs(a)).max())


def compare(ours: dict, theirs: dict) -> None:
    assert len(ours["loss"]) == len(theirs["loss"]) >= cases.STEPS
    assert largest_difference(ours["loss"], theirs["loss"]) < 1e-4
    assert ours["val_loss"] == pytest.approx(theirs["val_loss"], rel=1e-3)
    assert ours["ends"] == pytest.approx(theirs["ends"], rel=1e-3, abs=1e-5)  # statistics too


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in cases.RARELY else [])
        for name in cases.CASES
    ],
)
def test_pytorch_and_keras_on_tensorflow_agree(name: str, reports: dict[str, Reports]) -> None:
    compare(reports["pytorch"][name], reports["tensorflow"][name])


@pytest.mark.parametrize("backend", ["torch", "jax"])
@pytest.mark.parametrize("name", cases.SMOKE)
def test_other_backends_agree(name: str, backend: str, reports: dict[str, Reports]) -> None:
    compare(reports["pytorch"][name], reports[backend][name])


def test_the_cases_can_tell_one_convention_from_another(reports: dict[str, Reports]) -> None:
    """Trainings that differ in one number must not pass for the same."""
    pytorch = reports["pytorch"]
    for one, other in [
        ("SGD", "SGD, warm-up and cosine"),
        ("SGD, warm-up and cosine", "SGD with coupled decay"),
        ("SGD, warm-up and cosine", "frozen backbone"),
        ("SGD", "DANN"),
        ("yes or no, SGD", "EWC, SGD"),
        ("smoothed, SGD", "mix-up, SGD"),
        ("smoothed, SGD", "L2-SP, SGD"),
        ("squared error, SGD", "mix-up of numbers, SGD"),
        ("augmented, SGD", "nested, SGD"),
    ]:
        assert largest_difference(pytorch[one]["loss"], pytorch[other]["loss"]) > 1e-2
