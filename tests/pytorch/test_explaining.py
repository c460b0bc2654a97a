"""Grad-CAM, prototypes and the probes of chapter 14 in PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from course_lib.errors import CourseError
from course_lib.pytorch import (
    Prototypes,
    attach_head,
    extract_features,
    grad_cam,
    load_backbone,
    named_arrays,
    probes,
    prototype_logits,
)
from course_lib.training.tiny import draw_tiny

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 1), np.uint8)


def test_with_a_linear_head_it_is_the_head_at_every_place() -> None:
    model = attach_head(load_backbone("glyphnet"), 3, seed=1)
    maps = extract_features(model.backbone, IMAGES, layer="maps", cache=False)
    weights = named_arrays(model)["head.0.weight"]
    classes = np.array([0, 2, 1, 1])
    by_hand = np.maximum(0, np.einsum("nhwd,nd->nhw", maps, weights[classes])) / 16
    before = named_arrays(model)
    np.testing.assert_allclose(grad_cam(model, IMAGES, classes), by_hand, atol=1e-5)
    assert all(np.array_equal(before[n], a) for n, a in named_arrays(model).items())
    assert all(w.grad is None for w in model.parameters())


def test_what_cannot_be_explained_is_said() -> None:
    flat = attach_head(load_backbone("glyphnet"), 3, flatten=True)
    with pytest.raises(CourseError, match="without flatten"):
        grad_cam(flat, IMAGES, [0, 1, 2, 0])
    with pytest.raises(CourseError, match="One class for each"):
        grad_cam(attach_head(load_backbone("glyphnet"), 3), IMAGES, [0])


def test_prototypes_by_hand() -> None:
    support = torch.tensor([[[0.0, 0.0], [2.0, 0.0]], [[4.0, 4.0], [4.0, 4.0]]])
    z = prototype_logits(support, torch.tensor([[1.0, 1.0], [4.0, 3.0]]))
    assert z.tolist() == [[-1.0, -18.0], [-18.0, -1.0]]


def test_the_objective_is_the_mean_over_episodes() -> None:
    x = torch.randn(2, 3, 4, 1, 1, 2, generator=torch.Generator().manual_seed(0))

    def embed(pictures: torch.Tensor) -> torch.Tensor:
        return pictures.flatten(1)

    both: Any = Prototypes(1).loss(embed, {"x": x})  # type: ignore[arg-type]
    each = [Prototypes(1).loss(embed, {"x": x[i : i + 1]}) for i in (0, 1)]  # type: ignore[arg-type]
    assert float(both) == pytest.approx(float(sum(each)) / 2)


def forget(model: Any, fresh: Any, parts: int) -> None:
    for name in ("head", "backbone.norm", "backbone.mix")[:parts]:
        model.get_submodule(name).load_state_dict(fresh.get_submodule(name).state_dict())


def test_the_probe_of_forgetting_sees_shared_weights() -> None:
    given: Any = {"images": IMAGES[:, :2, :2] / np.float32(255), "fresh_seed": 3}
    arrays: Any = draw_tiny(np.random.default_rng(0), channels=1)
    right = probes.forgetting(forget, **given, **arrays)
    assert right["fresh_unchanged"] and right["logits"].shape == (3, 4, 3)

    def share(model: Any, fresh: Any, parts: int) -> None:
        model.head = fresh.head

    assert not probes.forgetting(share, **given, **arrays)["fresh_unchanged"]


def test_the_probe_of_maps_sees_a_network_that_moved() -> None:
    rng = np.random.default_rng(0)
    given: Any = {
        "images": rng.normal(size=(2, 2, 2, 3)).astype(np.float32),
        "classes": np.array([0, 2]),
        "shares": np.full((2, 2), 0.25),
        "hidden": rng.normal(size=(4, 4)).astype(np.float32),
        **draw_tiny(rng),
    }
    quiet = probes.explaining(lambda m, x, c: m.look(x).sum(dim=-1), **given)
    assert quiet["network_unchanged"] and quiet["maps"].shape == (2, 2, 2)
    assert not probes.explaining(lambda m, x, c: m.train().look(x).sum(dim=-1), **given)[
        "network_unchanged"
    ]
