"""Features on disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from course_lib.training.feature_cache import cached, entry_path, feature_key
from tests.conftest import ROOT

PARTS = {
    "architecture": "a",
    "transform": "t",
    "layer": "l",
    "dtype": "float32",
    "framework": "torch 2",
    "code": "def f(): ...",
}
WEIGHTS, DATA = {"w": np.ones(3, np.float32)}, np.zeros((2, 4, 4, 1), np.uint8)


def test_every_part_of_the_key_counts() -> None:
    keys = {feature_key(weights=WEIGHTS, data=DATA, **PARTS)}
    keys |= {feature_key(weights=WEIGHTS, data=DATA, **{**PARTS, name: "other"}) for name in PARTS}
    keys.add(feature_key(weights={"w": np.ones(3, np.float64)}, data=DATA, **PARTS))
    keys.add(feature_key(weights={"w": np.float32([1, 1, 2])}, data=DATA, **PARTS))
    keys.add(feature_key(weights=WEIGHTS, data=DATA.reshape(2, 16), **PARTS))
    keys.add(feature_key(weights=WEIGHTS, data=DATA + 1, **PARTS))
    assert len(keys) == len(PARTS) + 5


@pytest.mark.usefixtures("course_home")
def test_an_entry_is_computed_once_and_a_damaged_one_again() -> None:
    calls: list[int] = []

    def compute() -> np.ndarray:
        calls.append(1)
        return np.arange(6.0, dtype=np.float32).reshape(2, 3)

    first, second = cached("k", compute), cached("k", compute)
    assert len(calls) == 1 and (first == second).all() and second.dtype == np.float32
    path = entry_path("k")
    path.write_bytes(path.read_bytes()[:90])
    assert (cached("k", compute) == first).all() and len(calls) == 2


def test_two_processes_that_want_one_entry_compute_it_once(course_home: Path) -> None:
    code = (
        "import numpy as np, time, pathlib, sys\n"
        "from course_lib.training.feature_cache import cached\n"
        "def compute():\n"
        f"    with open({str(course_home) + '.calls'!r}, 'a') as f: f.write('x')\n"
        "    time.sleep(0.3); return np.arange(3.0)\n"
        "print(cached('shared', compute).tolist())\n"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [p.communicate(timeout=60)[0].strip() for p in both] == ["[0.0, 1.0, 2.0]"] * 2
    assert Path(f"{course_home}.calls").read_text() == "x"
