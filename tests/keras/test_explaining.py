"""Grad-CAM and prototypes in Keras give what PyTorch's give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.conftest import require

keras = pytest.importorskip("keras")

from keras import ops  # noqa: E402

import course_lib.keras as keras_half  # noqa: E402
from course_lib.keras import Prototypes, attach_head, grad_cam, load_backbone  # noqa: E402

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 1), np.uint8)


def test_maps_of_evidence_are_pytorchs() -> None:
    require(_has_torch(), "PyTorch is not here to compare with")
    from course_lib import pytorch

    ours, theirs = (
        half.grad_cam(
            half.attach_head(half.load_backbone("glyphnet"), 3, hidden=(8,), seed=1),
            IMAGES,
            [0, 2, 1, 1],
        )
        for half in (keras_half, pytorch)
    )
    assert ours.shape == (4, 4, 4) and theirs.max() > 0
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_an_explanation_leaves_the_network_as_it_was() -> None:
    model = attach_head(load_backbone("glyphnet"), 3)
    before = keras_half.named_arrays(model)
    grad_cam(model, IMAGES, [0, 0, 1, 2])
    assert all(np.array_equal(before[n], a) for n, a in keras_half.named_arrays(model).items())


def test_the_objective_and_the_logits_are_pytorchs() -> None:
    require(_has_torch(), "PyTorch is not here to compare with")
    import torch

    from course_lib import pytorch

    x = np.random.default_rng(0).normal(size=(2, 3, 4, 1, 1, 2)).astype(np.float32)

    def embed(pictures: Any, training: bool = False) -> Any:
        return ops.reshape(pictures, (-1, 2))

    ours = float(Prototypes(1).loss(embed, {"x": ops.convert_to_tensor(x)}))
    theirs = pytorch.Prototypes(1).loss(lambda p: p.flatten(1), {"x": torch.tensor(x)})  # type: ignore[arg-type]
    assert ours == pytest.approx(float(theirs), rel=1e-5)
    support, queries = x[0, :, :2, 0, 0], x[1, 0, :, 0, 0]
    z = pytorch.prototype_logits(torch.tensor(support), torch.tensor(queries))
    np.testing.assert_allclose(
        ops.convert_to_numpy(keras_half.prototype_logits(support, queries)), z, atol=1e-5
    )


def _has_torch() -> bool:
    from importlib.util import find_spec

    return find_spec("torch") is not None
