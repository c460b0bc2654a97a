"""The four engines, each started once for all tests of this folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from course_lib.files import locked
from tests.conftest import ROOT
from tests.parity import cases

Reports = dict[str, dict]


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Reports:
    """Give what each engine reported: PyTorch, and Keras on TensorFlow, torch and JAX.

    Both frameworks run in processes of their own, two at a time: their libraries do not always bear
    each other, and a half must work alone anyway. Whichever test worker asks first starts them; the
    others read the same reports.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # all workers' own
    skipped = () if pytestconfig.getoption("--full") else cases.RARELY
    with locked(folder / "engines.lock", timeout=1200):
        if not (folder / "engines.json").exists():
            most = [name for name in cases.CASES if name not in skipped]
            asked: dict[str, Iterable[str]] = {"tensorflow": most, "pytorch": cases.CASES}
            asked |= {"jax": cases.SMOKE, "torch": cases.SMOKE}
            with ThreadPoolExecutor(2) as pool:
                running = {n: pool.submit(_run, n, folder, asked[n]) for n in asked}
            reports = {name: future.result() for name, future in running.items()}
            (folder / "engines.json").write_text(json.dumps(reports))
    return json.loads((folder / "engines.json").read_text())


def _run(engine: str, folder: Path, names: Iterable[str]) -> dict:
    """Ask one engine, in a process of its own."""
    half, file = ("pytorch" if engine == "pytorch" else "keras"), folder / f"{engine}.json"
    command = [sys.executable, "-m", "tests.parity.engine", half, str(file), *names]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "COURSE_STRICT": "1"}
    env["KERAS_BACKEND"] = "tensorflow" if half == "pytorch" else engine
    done = subprocess.run(
        command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr
    return {"said": done.stderr, **json.loads(file.read_text())}
