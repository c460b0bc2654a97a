"""One weights file, two frameworks, four engines: the same features of glyphnet."""

from __future__ import annotations

import numpy as np
import pytest

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
