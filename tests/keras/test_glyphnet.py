"""One weights file, two frameworks, four engines: the same features."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from course_lib import data
from tests.conftest import ROOT

# Each engine in a process of its own, as a student runs it; rendered and real digits, 40 of each.
FEATURES = """
import sys
import numpy as np
from course_lib.{half} import extract_features, load_backbone
images, features = sys.argv[1:]
np.save(features, extract_features(load_backbone("glyphnet"), np.load(images), cache=False))
"""
ENGINES = {"pytorch": None, "tensorflow": "tensorflow", "torch": "torch", "jax": "jax"}


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, np.ndarray]]:
    """Features of the same images from PyTorch and from Keras on each of its backends."""
    folder: Path = tmp_path_factory.mktemp("features")
    images = folder / "images.npy"
    parts = [data.load(name, n=40).x for name in ("digits", "rendered_digits")]
    np.save(images, np.concatenate(parts))
    running = {}
    for name, backend in ENGINES.items():
        half = "pytorch" if backend is None else "keras"
        env = {**os.environ, "KERAS_BACKEND": backend or "tensorflow", "OMP_NUM_THREADS": "1"}
        files = [str(images), str(folder / f"{name}.npy")]
        command = [sys.executable, "-c", FEATURES.format(half=half), *files]
        running[name] = subprocess.Popen(command, cwd=ROOT, env=env)
    found = {}
    for name, process in running.items():
        assert process.wait(timeout=300) == 0
        found[name] = np.load(folder / f"{name}.npy")
    yield found


@pytest.mark.parametrize("backend", ["tensorflow", "torch", "jax"])
def test_keras_gives_pytorchs_features(features, backend):
    ours, theirs = features["pytorch"], features[backend]
    assert ours.shape == theirs.shape == (80, 128) and theirs.dtype == np.float32
    assert np.abs(ours - theirs).max() < 1e-5


def test_features_are_worth_comparing(features):
    f = features["pytorch"]
    assert f.max() > 0.5 and (f > 0).mean() > 0.1 and f.std(axis=0).mean() > 0.05
