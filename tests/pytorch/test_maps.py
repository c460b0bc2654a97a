"""Heads on maps: the mean over places is the classifier, and the losses are what they say."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from course_lib.errors import CourseError
from course_lib.pytorch import (
    DetectionLoss,
    PlaceCrossEntropy,
    attach_head,
    attach_map_head,
    evaluate,
    freeze,
    load_backbone,
    predict,
)


def pictures(n: int = 3, size: int = 48) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, size, size, 1), np.uint8)


def test_the_mean_of_a_map_is_the_classifiers_answer() -> None:
    backbone = load_backbone("glyphnet")
    whole, places = attach_head(backbone, 5, seed=3), attach_map_head(backbone, 5, seed=3)
    found = predict(places, pictures())
    assert found.shape == (3, 6, 6, 5)
    np.testing.assert_allclose(found.mean(axis=(1, 2)), predict(whole, pictures()), atol=1e-4)


@pytest.mark.parametrize(("name", "channels"), [("glyphnet", 224), ("glyphnet_half", 112)])
def test_maps_of_several_layers_stand_side_by_side(name: str, channels: int) -> None:
    model = attach_map_head(load_backbone(name), 2, layers=("block1", "block2", "maps"))
    assert predict(model, pictures()).shape == (3, 24, 24, 2)
    assert model.head[0].in_features == channels
    assert not model.backbone.network.block1._forward_hooks
    with pytest.raises(CourseError, match="glyphnet's"):
        attach_map_head(load_backbone("glyphnet"), 2, layers=("block9",))


def test_the_detection_loss_is_the_sum_of_its_parts() -> None:
    rng = np.random.default_rng(0)
    z = torch.tensor(rng.normal(size=(2, 3, 3, 8)))
    y = torch.zeros(2, 3, 3, 6, dtype=torch.float64)
    y[0, 1, 2] = torch.tensor([1, 2, 0.5, 1, 1, 2.0])
    y[1, 0, 0] = torch.tensor([1, 0, 1, 1, 1, 1.0])
    cells = [(0, 1, 2), (1, 0, 0)]
    expected = functional.binary_cross_entropy_with_logits(z[..., 0], y[..., 0]) * 9 / 4
    for c in cells:
        expected = expected + functional.cross_entropy(z[c][1:-4][None], y[c][1:2].long()) / 2
        expected = expected + functional.l1_loss(z[c][-4:], y[c][2:]) / 2
    loss = DetectionLoss().loss(torch.nn.Identity(), {"x": z, "y": y})
    assert float(loss) == pytest.approx(float(expected))


def test_places_are_judged_by_iou_and_a_frozen_backbone_stays() -> None:
    model = attach_map_head(load_backbone("glyphnet"), 2)
    freeze(model.backbone)
    assert not any(w.requires_grad for w in model.backbone.parameters())
    y = np.zeros((3, 6, 6), np.int64)
    y[:, :3] = 1
    assert set(evaluate(model, (pictures(), y), objective=PlaceCrossEntropy())) == {
        "loss", "accuracy", "mean_iou"
    }  # fmt: skip
