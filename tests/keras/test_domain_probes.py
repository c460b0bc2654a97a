"""The probes of chapter 07: right answers and the usual wrong ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keras import ops

from course_lib.keras import (
    binary_cross_entropy,
    cross_entropy,
    estimate_statistics,
    gradients,
    reverse_gradient,
)
from course_lib.keras.probes import adapted_statistics, adversarial_steps
from tests.training.domain_reference import images_of_target, right_statistics, two_players


def test_the_target_has_its_own_statistics_afterwards() -> None:
    given = images_of_target(0)
    found = adapted_statistics(
        lambda m, x: estimate_statistics(m, ops.convert_to_numpy(x)) and None, **given
    )
    for name, value in right_statistics(**given).items():
        np.testing.assert_allclose(found[name], value, rtol=1e-2)
    assert found["mode_restored"] and not found["weights_moved"]


def test_a_forward_pass_in_training_mode_is_seen() -> None:
    found = adapted_statistics(lambda m, x: m(x, training=True) is None, **images_of_target(0))
    right = right_statistics(**images_of_target(0))
    assert not np.allclose(found["mean"], right["mean"], rtol=1e-2)


def adversarial(turn: Any) -> Any:
    """Make a step in which ``turn(features, strength)`` stands before the discriminator."""

    def step(model, discriminator, x_s, y_s, x_t, strength, learning_rate):
        weights = [*model.trainable_weights, *discriminator.trainable_weights]

        def loss():
            f_s, f_t = (model.backbone(x, training=True) for x in (x_s, x_t))
            z = discriminator(turn(ops.concatenate([f_s, f_t]), strength))
            y = ops.concatenate([ops.zeros((len(x_s), 1)), ops.ones((len(x_t), 1))])
            return cross_entropy(model.head(f_s), y_s) + binary_cross_entropy(z, y)

        for w, slope in zip(weights, gradients(loss, weights)[1], strict=True):
            w.assign_sub(learning_rate * slope)

    return step


@pytest.mark.parametrize(
    ("turn", "multiple"),
    [(reverse_gradient, -0.5), (lambda f, s: f, 1.0), (lambda f, s: ops.stop_gradient(f), 0.0)],
)
def test_who_went_which_way(turn: Any, multiple: float) -> None:
    found = adversarial_steps(adversarial(turn), **two_players(1))
    for step in ("first", "second"):
        np.testing.assert_allclose(found[step], [1, multiple, 1, 1], atol=1e-3)
    assert found["straight"] and found["statistics_moved"]
