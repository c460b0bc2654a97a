"""Objectives: cross-entropy against PyTorch's own, and one double of each kind to come."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.errors import CourseError
from course_lib.pytorch import SGD, Augmented, CrossEntropy, MixUp, Shift, fit
from tests.parity import cases
from tests.pytorch import doubles
from tests.pytorch.small import Small, load


class Logits(nn.Module):
    def __init__(self, z: np.ndarray) -> None:
        super().__init__()
        self.z = nn.Parameter(torch.tensor(z))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.z


@pytest.mark.parametrize("epsilon", [0.0, 0.2])
def test_cross_entropy_is_its_formula_and_its_gradient_is_p_minus_q(epsilon: float) -> None:
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(6, 4)), rng.integers(0, 4, 6)
    model = Logits(z)
    batch = {"x": torch.zeros(6), "y": torch.tensor(y)}
    loss = CrossEntropy(label_smoothing=epsilon).loss(model, batch)
    loss.backward()
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    q = (1 - epsilon) * np.eye(4)[y] + epsilon / 4
    assert loss.item() == pytest.approx(-(q * np.log(p)).sum(axis=1).mean())
    np.testing.assert_allclose(model.z.grad.numpy(), (p - q) / 6, atol=1e-12)


def test_two_domains_and_a_second_network_need_no_loop_of_their_own() -> None:
    discriminator = load(nn.Linear(6, 2), cases.start(), "domain.")
    before = discriminator.weight.detach().clone()
    objective = doubles.DANN(discriminator)
    history = fit(
        Small(cases.start()), cases.arrays(), objective=objective, optimizer=SGD(0.05), epochs=2
    )
    assert np.isfinite(history.loss).all()
    assert not torch.equal(discriminator.weight, before)  # fit found it and trained it


def test_the_reversal_turns_the_gradient() -> None:
    f = torch.ones(3, requires_grad=True)
    doubles.reverse_gradient(f, 0.5).sum().backward()
    assert doubles.reverse_gradient(f, 0.5).tolist() == [1, 1, 1] and f.grad.tolist() == [-0.5] * 3


def test_state_of_an_earlier_task_holds_the_weights_back() -> None:
    data, moved = cases.arrays(), {}
    for strength in (0.0, 100.0):
        model = Small(cases.start())
        start = model.backbone.conv1.weight.detach().clone()
        fisher = {name: torch.ones_like(w) for name, w in model.named_parameters()}
        objective = doubles.EWC(CrossEntropy(), model, fisher, strength)
        fit(model, (data["x"], data["y"]), objective=objective, optimizer=SGD(0.005), epochs=3)
        moved[strength] = (model.backbone.conv1.weight - start).abs().max().item()
    assert moved[100.0] < moved[0.0] / 3


def test_a_teacher_in_the_objective_stays_frozen_and_in_inference_mode() -> None:
    data = cases.arrays()
    teacher = Small(cases.start()).train()
    before = {n: w.clone() for n, w in teacher.state_dict().items()}
    objective = doubles.Distillation(teacher, temperature=2.0)
    fit(
        Small(cases.start()),
        (data["x"], data["y"]),
        objective=objective,
        optimizer=SGD(0.1),
        epochs=2,
    )
    assert all(torch.equal(w, before[n]) for n, w in teacher.state_dict().items())


def test_wrappers_go_around_methods_too() -> None:
    """Mix-up of what a teacher sees; augmented images for one of two domains."""
    data = cases.data_for(cases.CASES["augmented, SGD"]) | {"x_t": cases.arrays()["x_t"]}
    teacher = doubles.Distillation(Small(cases.start()), temperature=2.0)
    dann = doubles.DANN(load(nn.Linear(6, 2), cases.start(), "domain."))
    for objective in (MixUp(teacher, classes=3), Augmented(dann, [Shift()])):
        history = fit(
            Small(cases.start()), data, objective=objective, optimizer=SGD(0.05), epochs=6
        )
        assert np.isfinite(history.loss).all()
        assert np.mean(history.loss[-2:]) < np.mean(history.loss[:2])


def test_a_label_beyond_the_classes_is_told_not_swallowed() -> None:
    data = cases.arrays()
    with pytest.raises(CourseError, match="below the number of classes"):
        fit(Small(cases.start()), (data["x"], data["y"] + 1), epochs=1)
