"""The probes behind state exercises: right answers and the usual wrong ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from course_lib.keras import freeze
from course_lib.keras.engine import keras
from course_lib.keras.probes import after_one_step, carrying, extraction
from tests.training.tiny_reference import (
    draw,
    head_after_one_step,
    right_carrying,
    right_extraction,
)


@pytest.mark.parametrize("seed", range(3))
def test_a_frozen_backbone_stays_and_the_head_makes_the_step(seed: int) -> None:
    given = draw(seed)
    found = after_one_step(lambda model: freeze(model.backbone), **given["step"])
    expected = head_after_one_step(**given["step"])
    np.testing.assert_allclose(found.pop("head"), expected, rtol=1e-5, atol=1e-6)
    assert found == {
        "weights_moved": False, "statistics_moved": False, "head_moved": True,
        "head_in_training_mode": True, "trainable": 15,
    }  # fmt: skip


def test_freezing_less_or_more_is_seen() -> None:
    def only_the_convolution(model: Any) -> None:
        model.backbone.mix.trainable = False

    def only_the_norm(model: Any) -> None:
        model.backbone.norm.trainable = False

    given = draw(0)["step"]
    found = after_one_step(only_the_convolution, **given)
    assert (found["weights_moved"], found["statistics_moved"]) == (True, True)
    found = after_one_step(only_the_norm, **given)
    assert (found["weights_moved"], found["statistics_moved"]) == (True, False)
    found = after_one_step(freeze, **given)
    assert not found["head_moved"] and found["trainable"] == 0


def by_calling(backbone: Any, images: np.ndarray, batch_size: int) -> np.ndarray:
    starts = range(0, len(images), batch_size)
    parts = [backbone(images[i : i + batch_size], training=False) for i in starts]
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])


def by_predicting(backbone: Any, images: np.ndarray, batch_size: int) -> np.ndarray:
    return backbone.predict(images, batch_size=batch_size, verbose=0)


@pytest.mark.parametrize("extract", [by_calling, by_predicting])
def test_right_extractions(extract: Any) -> None:
    given = draw(1)["extraction"]
    found = extraction(extract, **given)
    features, expected = found.pop("features"), right_extraction(**given)
    np.testing.assert_allclose(features, expected.pop("features"), rtol=1e-4, atol=1e-6)
    assert found == expected


def test_wrong_extractions_are_told_apart() -> None:
    given = draw(1)["extraction"]

    def in_training_mode(backbone: Any, images: np.ndarray, batch_size: int) -> np.ndarray:
        parts = np.split(images, range(batch_size, len(images), batch_size))
        return np.concatenate([backbone(part, training=True) for part in parts])

    def forgets_a_flag(backbone: Any, images: np.ndarray, batch_size: int) -> np.ndarray:
        backbone.trainable = False
        return keras.ops.convert_to_numpy(backbone(images))

    found = extraction(in_training_mode, **given)
    assert found["batch_size_matters"] and found["statistics_moved"]
    found = extraction(forgets_a_flag, **given)
    assert not found["training_restored"] and found["inference_restored"]
    assert found["batch_too_large"]


def test_what_was_carried_over_is_seen() -> None:
    given = draw(2)["carrying"]

    def copied(source: Any, target: Any) -> None:
        target.backbone.set_weights(source.backbone.get_weights())

    def shared(source: Any, target: Any) -> None:
        target.backbone = source.backbone

    def backwards(source: Any, target: Any) -> None:
        source.backbone.set_weights(target.backbone.get_weights())

    np.testing.assert_equal(carrying(copied, **given), right_carrying(**given))
    found = carrying(shared, **given)
    assert not found["independent"] and found["source_unchanged"]
    assert not carrying(backwards, **given)["source_unchanged"]
