"""Probes notice what learns no longer after a function that was to leave it alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.keras import probes
from course_lib.training.tiny import draw_tiny

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(4, 2, 2, 3)).astype(np.float32)


def test_a_measured_model_still_learns() -> None:
    given: dict[str, Any] = {"images": IMAGES, "labels": np.array([0, 1, 2, 0]), "batch_size": 2}
    given |= draw_tiny(np.random.default_rng(1))
    assert probes.evaluation(lambda m, x, y, b: (0.0, 0.0), **given)["mode_restored"]

    def freeze(model: Any, *_: Any) -> tuple[float, float]:
        model.head.trainable = False
        return 0.0, 0.0

    assert not probes.evaluation(freeze, **given)["mode_restored"]


def test_compared_heads_still_learn() -> None:
    arrays = draw_tiny(np.random.default_rng(2))
    given: dict[str, Any] = {"images": IMAGES, "labels": np.zeros((4, 2), np.int64), **arrays}
    given["second"] = arrays["head"] + 1
    assert probes.agreement(lambda *_: 0.0, **given)["mode_kept"]

    def freeze(model: Any, *_: Any) -> float:
        model.second.trainable = False
        return 0.0

    assert not probes.agreement(freeze, **given)["mode_kept"]


def test_an_adapted_model_still_learns() -> None:
    given = {"images": IMAGES, **draw_tiny(np.random.default_rng(3))}
    assert probes.adapted_statistics(lambda m, x: None, **given)["mode_restored"]

    def freeze(model: Any, _: Any) -> None:
        model.backbone.trainable = False

    assert not probes.adapted_statistics(freeze, **given)["mode_restored"]
