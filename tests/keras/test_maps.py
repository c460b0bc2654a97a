"""Heads on maps in Keras: the mean over places is the classifier, and the losses are what they say."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import require

keras = pytest.importorskip("keras")

import course_lib.keras as keras_half  # noqa: E402
from course_lib.keras import (  # noqa: E402
    DetectionLoss,
    PlaceCrossEntropy,
    attach_head,
    attach_map_head,
    load_backbone,
    predict,
)


def pictures(n: int = 3, size: int = 48) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, size, size, 1), np.uint8)


def same(x: object, training: bool = False) -> object:
    return x


def test_the_mean_of_a_map_is_the_classifiers_answer() -> None:
    backbone = load_backbone("glyphnet")
    whole, places = attach_head(backbone, 5, seed=3), attach_map_head(backbone, 5, seed=3)
    found = predict(places, pictures())
    assert found.shape == (3, 6, 6, 5)
    np.testing.assert_allclose(found.mean(axis=(1, 2)), predict(whole, pictures()), atol=1e-4)


@pytest.mark.parametrize("name", ["glyphnet", "glyphnet_half"])
def test_maps_of_several_layers_are_pytorchs(name: str) -> None:
    require(_has_torch(), "PyTorch is not here to compare with")
    from course_lib import pytorch

    layers = ("block1", "block2", "maps")
    models = [
        half.attach_map_head(half.load_backbone(name), 2, layers=layers, seed=1)
        for half in (pytorch, keras_half)
    ]
    ours, theirs = pytorch.predict(models[0], pictures()), predict(models[1], pictures())
    assert theirs.shape == (3, 24, 24, 2)
    np.testing.assert_allclose(theirs, ours, rtol=1e-3, atol=1e-3)


def test_the_losses_are_pytorchs() -> None:
    require(_has_torch(), "PyTorch is not here to compare with")
    import torch

    from course_lib import pytorch

    rng = np.random.default_rng(0)
    z = rng.normal(size=(2, 3, 3, 8)).astype(np.float32)
    y = np.zeros((2, 3, 3, 6), np.float32)
    y[0, 1, 2], y[1, 0, 0] = [1, 2, 0.5, 1, 1, 2], [1, 0, 1, 1, 1, 1]
    labels = rng.integers(0, 8, (2, 3, 3))
    for ours, theirs, target in (
        (DetectionLoss(), pytorch.DetectionLoss(), y),
        (PlaceCrossEntropy(), pytorch.PlaceCrossEntropy(), labels),
    ):
        found = ours.loss(
            same, {"x": keras.ops.convert_to_tensor(z), "y": keras.ops.convert_to_tensor(target)}
        )
        expected = theirs.loss(
            torch.nn.Identity(), {"x": torch.tensor(z), "y": torch.tensor(target)}
        )
        assert float(found) == pytest.approx(float(expected), rel=1e-5)


def _has_torch() -> bool:
    import importlib.util

    return importlib.util.find_spec("torch") is not None
