"""The probes of chapter 07: right answers and the usual wrong ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from course_lib.pytorch import estimate_statistics, reverse_gradient
from course_lib.pytorch.probes import adapted_statistics, adversarial_steps
from tests.training.domain_reference import images_of_target, right_statistics, two_players


def test_the_target_has_its_own_statistics_afterwards() -> None:
    given = images_of_target(0)
    found = adapted_statistics(lambda m, x: estimate_statistics(m, x.numpy()) and None, **given)
    for name, value in right_statistics(**given).items():
        np.testing.assert_allclose(found[name], value, rtol=1e-2)
    assert found["mode_restored"] and not found["weights_moved"]


def test_a_forward_pass_in_training_mode_is_seen() -> None:
    def forward(model: Any, images: Any) -> None:
        model.train()
        model(images)

    found = adapted_statistics(forward, **images_of_target(0))
    right = right_statistics(**images_of_target(0))
    assert not found["mode_restored"] and not np.allclose(found["mean"], right["mean"], rtol=1e-2)


def adversarial(turn: Any) -> Any:
    """Make a step in which ``turn(features, strength)`` stands before the discriminator."""

    def step(model, discriminator, x_s, y_s, x_t, strength, learning_rate):
        weights = [*model.parameters(), *discriminator.parameters()]
        f_s, f_t = model.backbone(x_s), model.backbone(x_t)
        z = discriminator(turn(torch.cat([f_s, f_t]), strength))
        y = torch.cat([torch.zeros(len(f_s), 1), torch.ones(len(f_t), 1)])
        loss = functional.cross_entropy(model.head(f_s), y_s)
        loss = loss + functional.binary_cross_entropy_with_logits(z, y)
        with torch.no_grad():
            for w, slope in zip(weights, torch.autograd.grad(loss, weights), strict=True):
                w -= learning_rate * slope

    return step


@pytest.mark.parametrize(
    ("turn", "multiple"),
    [(reverse_gradient, -0.5), (lambda f, s: f, 1.0), (lambda f, s: f.detach(), 0.0)],
)
def test_who_went_which_way(turn: Any, multiple: float) -> None:
    found = adversarial_steps(adversarial(turn), **two_players(1))
    for step in ("first", "second"):
        np.testing.assert_allclose(found[step], [1, multiple, 1, 1], atol=1e-3)
    assert found["straight"] and found["statistics_moved"]


def test_a_decay_is_no_straight_step() -> None:
    right = adversarial(reverse_gradient)

    def decaying(model, *rest):
        right(model, *rest)
        with torch.no_grad():
            model.backbone.mix.weight.mul_(0.9)

    assert not adversarial_steps(decaying, **two_players(1))["straight"]
