"""Objectives: cross-entropy against its formula, and one double of each kind to come."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.keras import SGD, Augmented, CrossEntropy, MixUp, Shift, fit
from course_lib.keras.engine import keras
from course_lib.keras.torch_layout import load_torch_layout
from tests.keras import doubles
from tests.keras.small import Small, dense
from tests.parity import cases


@pytest.mark.parametrize("epsilon", [0.0, 0.2])
def test_cross_entropy_is_its_formula(epsilon: float) -> None:
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(6, 4)).astype(np.float32), rng.integers(0, 4, 6)
    batch = {"x": keras.ops.convert_to_tensor(z), "y": keras.ops.convert_to_tensor(y)}
    loss = CrossEntropy(label_smoothing=epsilon).loss(keras.layers.Identity(), batch)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    q = (1 - epsilon) * np.eye(4)[y] + epsilon / 4
    assert float(loss) == pytest.approx(-(q * np.log(p)).sum(axis=1).mean(), rel=1e-6)


def test_two_domains_and_a_second_network_need_no_loop_of_their_own() -> None:
    discriminator = dense(2, "domain")
    load_torch_layout(discriminator, cases.start())
    before = discriminator.get_weights()
    objective = doubles.DANN(discriminator)
    model = Small(cases.start())
    history = fit(model, cases.arrays(), objective=objective, optimizer=SGD(0.05), epochs=2)
    assert np.isfinite(history.loss).all()
    assert not np.array_equal(discriminator.get_weights()[0], before[0])  # fit found and trained it


def test_state_of_an_earlier_task_holds_the_weights_back() -> None:
    data, moved = cases.arrays(), {}
    for strength in (0.0, 100.0):
        model = Small(cases.start())
        start = model.backbone.get_layer("conv1").get_weights()[0]
        fisher = [np.ones(w.shape, np.float32) for w in model.trainable_weights]
        objective = doubles.EWC(CrossEntropy(), model, fisher, strength)
        fit(model, (data["x"], data["y"]), objective=objective, optimizer=SGD(0.005), epochs=3)
        moved[strength] = np.abs(model.backbone.get_layer("conv1").get_weights()[0] - start).max()
    assert moved[100.0] < moved[0.0] / 3


def test_a_teacher_in_the_objective_stays_as_it_was() -> None:
    data = cases.arrays()
    teacher = Small(cases.start())
    before = teacher.get_weights()
    objective = doubles.Distillation(teacher, temperature=2.0)
    model = Small(cases.start())
    fit(model, (data["x"], data["y"]), objective=objective, optimizer=SGD(0.1), epochs=2)
    assert all(np.array_equal(a, b) for a, b in zip(teacher.get_weights(), before, strict=True))


def test_wrappers_go_around_methods_too() -> None:
    """Mix-up of what a teacher sees; augmented images for one of two domains."""
    data = cases.data_for(cases.CASES["augmented, SGD"]) | {"x_t": cases.arrays()["x_t"]}
    teacher = doubles.Distillation(Small(cases.start()), temperature=2.0)
    discriminator = dense(2, "domain")
    load_torch_layout(discriminator, cases.start())
    dann = doubles.DANN(discriminator)
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
