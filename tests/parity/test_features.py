"""One weights file, two frameworks, four engines: the same features of glyphnet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from course_lib import data
from course_lib.pytorch import extract_features, load_backbone
from course_lib.training.weight_files import read_preprocessing, read_weights
from tests.parity.conftest import Reports


@pytest.mark.parametrize("engine", ["tensorflow", "torch", "jax"])
def test_keras_gives_pytorchs_features(engine: str, engines: Reports) -> None:
    ours, theirs = (np.array(engines[name]["features"]) for name in ("pytorch", engine))
    assert ours.shape == theirs.shape == (80, 128)
    assert np.abs(ours - theirs).max() < 1e-5


def test_features_are_worth_comparing(engines: Reports) -> None:
    f = np.array(engines["pytorch"]["features"])
    assert f.max() > 0.5 and (f > 0).mean() > 0.1 and f.std(axis=0).mean() > 0.05


@pytest.mark.parametrize("engine", ["pytorch", "tensorflow", "torch", "jax"])
def test_a_precision_is_that_of_its_call_and_of_no_other(engine: str, engines: Reports) -> None:
    """What was compiled in bfloat16 must not answer for float32, nor end in the feature cache."""
    found = engines[engine]["precisions"]
    assert len({*found["float32"], *found["cached"]}) == 1
    assert found["bfloat16"][0] not in found["float32"]


def test_pre_training_goes_the_same_way(engines: Reports) -> None:
    ours, theirs = (engines[name]["pretraining"] for name in ("pytorch", "tensorflow"))
    assert len(ours["losses"]) == 3
    np.testing.assert_allclose(theirs["losses"], ours["losses"], rtol=1e-4)
    np.testing.assert_allclose(theirs["features"], ours["features"], atol=0.01)


def test_what_keras_has_pre_trained_and_saved_works_in_pytorch(engines: Reports) -> None:
    """(The way back: ``tests/keras/test_backbones.py``.)"""
    theirs, ours = engines["tensorflow"]["pretraining"], engines["pytorch"]["pretraining"]
    backbone = load_backbone("glyphnet", weights=theirs["path"])
    found = extract_features(backbone, data.load("shapes", n=48).x, cache=False)
    np.testing.assert_allclose(found, theirs["features"], rtol=1e-4, atol=1e-5)
    saved = [read_weights(Path(half["path"])) for half in (ours, theirs)]
    assert {n: w.shape for n, w in saved[0].items()} == {n: w.shape for n, w in saved[1].items()}
    assert read_preprocessing(Path(ours["path"])) == read_preprocessing(Path(theirs["path"]))
