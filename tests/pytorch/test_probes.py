"""The probes behind state exercises: right answers and the usual wrong ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from course_lib.pytorch import freeze
from course_lib.pytorch.probes import after_one_step, extraction
from tests.training.tiny_reference import draw, head_after_one_step, right_extraction


def weights_only(model: Any) -> None:
    model.backbone.requires_grad_(False)


def mode_only(model: Any) -> None:
    model.backbone.eval()


@pytest.mark.parametrize("seed", range(3))
def test_a_frozen_backbone_stays_and_the_head_makes_the_step(seed: int) -> None:
    given = draw(seed)
    found = after_one_step(lambda model: freeze(model.backbone), **given["step"])
    expected = head_after_one_step(**given["step"])
    np.testing.assert_allclose(found.pop("head"), expected, rtol=1e-5, atol=1e-6)
    assert found == {
        "weights_moved": False,
        "statistics_moved": False,
        "head_moved": True,
        "trainable": 15,
    }


def test_each_half_of_freezing_alone_is_seen() -> None:
    given = draw(0)["step"]
    found = after_one_step(weights_only, **given)
    assert (found["weights_moved"], found["statistics_moved"]) == (False, True)
    found = after_one_step(mode_only, **given)
    assert (found["weights_moved"], found["statistics_moved"]) == (True, False)
    found = after_one_step(freeze, **given)
    assert not found["head_moved"] and found["trainable"] == 0


def extract(backbone: Any, images: np.ndarray, batch_size: int) -> np.ndarray:
    was_training = backbone.training
    backbone.eval()
    parts = []
    with torch.no_grad():
        for start in range(0, len(images), batch_size):
            parts.append(backbone(torch.tensor(images[start : start + batch_size])))
    backbone.train(was_training)
    return torch.cat(parts).numpy()


def test_a_right_extraction() -> None:
    given = draw(1)["extraction"]
    found = extraction(extract, **given)
    features, expected = found.pop("features"), right_extraction(**given)
    np.testing.assert_allclose(features, expected.pop("features"), rtol=1e-4, atol=1e-6)
    assert found == expected


def test_wrong_extractions_are_told_apart() -> None:
    given = draw(1)["extraction"]

    def in_training_mode(backbone: Any, images: np.ndarray, batch_size: int) -> np.ndarray:
        parts = [backbone(torch.tensor(part)) for part in np.split(images, [batch_size])]
        return torch.cat(parts).detach().numpy()

    def forgets_the_mode(backbone: Any, images: np.ndarray, batch_size: int) -> np.ndarray:
        backbone.eval()
        with torch.no_grad():
            return backbone(torch.tensor(images)).numpy()

    found = extraction(in_training_mode, **given)
    assert found["batch_size_matters"] and found["statistics_moved"] and found["gradients_recorded"]
    found = extraction(forgets_the_mode, **given)
    assert (
        not found["mode_restored"] and found["largest_batch"] == 7 and not found["statistics_moved"]
    )
