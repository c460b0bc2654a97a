"""The probes of chapter 15 report what was shipped and how was answered."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from course_lib.probing.serving import IN_FILE, tiny_logits
from course_lib.pytorch import probes
from course_lib.pytorch.tiny_models import arrays_of
from course_lib.training.tiny import draw_tiny

RNG = np.random.default_rng(0)
ARRAYS = draw_tiny(RNG)
IMAGES = RNG.normal(size=(5, 2, 2, 3)).astype(np.float32)


def ship(model: Any) -> dict[str, np.ndarray]:
    arrays = arrays_of(model)
    turned = {"kernel", "head"}
    return {n: arrays[a].T.copy() if a in turned else arrays[a] for n, a in IN_FILE.items()}


def test_what_was_shipped_answers_after_the_model_is_gone() -> None:
    report = probes.shipping(ship, images=IMAGES, **ARRAYS)
    assert report["names"] == sorted(IN_FILE) and report["arrays"] and report["shapes_fit"]
    assert np.allclose(report["logits"], tiny_logits(IMAGES, **ARRAYS), atol=1e-5)


def test_what_is_missing_turned_or_no_dictionary_is_said() -> None:
    less = probes.shipping(
        lambda model: {"head.bias": np.zeros(3, np.float32)}, images=IMAGES, **ARRAYS
    )
    assert less["names"] == ["head.bias"] and not less["logits"].any()
    turned = probes.shipping(
        lambda model: {n: a.T for n, a in ship(model).items()}, images=IMAGES, **ARRAYS
    )
    assert not turned["shapes_fit"] and not turned["logits"].any()
    assert probes.shipping(lambda model: None, images=IMAGES, **ARRAYS)["names"] == []


def test_answers_in_inference_mode_and_in_training_mode() -> None:
    given = {"images": IMAGES, "batch_size": 2, **ARRAYS}

    def answer(model: Any, images: np.ndarray, batch_size: int) -> np.ndarray:
        with torch.no_grad():
            return model.eval()(torch.tensor(images)).numpy()

    quiet = probes.answering(answer, **given)
    assert np.allclose(quiet["together"], tiny_logits(IMAGES, **ARRAYS), atol=1e-4)
    assert np.allclose(quiet["alone"], quiet["together"][:1], atol=1e-5)
    assert not quiet["statistics_moved"] and not quiet["gradients_recorded"]
    assert quiet["batch_too_large"]
    assert probes.answering(lambda m, x, n: m(torch.tensor(x)).detach().numpy(), **given)[
        "statistics_moved"
    ]
