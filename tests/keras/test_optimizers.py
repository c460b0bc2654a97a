"""Adam's update: one operation, and the same written out."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.keras import Adam, AdamW, Discriminative, fit, optimizers
from course_lib.training.recipes import Recipe
from tests.keras.small import Small
from tests.parity import cases


def trained(recipe: Recipe) -> tuple[list[float], list[np.ndarray]]:
    model = Small(cases.start())
    data = cases.arrays()
    history = fit(model, (data["x"], data["y"]), optimizer=recipe, epochs=4, batch_size=16)
    return history.loss, [np.asarray(w) for w in model.weights]


@pytest.mark.parametrize(
    "recipe",
    [
        Adam(0.005, weight_decay=0.05),
        AdamW(0.005, weight_decay=0.5, rates=Discriminative(2.0)),
        AdamW(0.005, weight_decay=0.1, decay_everything=True),
    ],
)
def test_one_operation_is_what_it_stands_for(
    recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses, weights = trained(recipe)
    monkeypatch.setattr(optimizers, "moved_by_adam", lambda *given: False)
    expected_losses, expected_weights = trained(recipe)
    assert losses[-1] < losses[0]
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-4)
    for a, b in zip(weights, expected_weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)
