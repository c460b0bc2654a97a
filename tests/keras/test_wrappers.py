"""Objectives around objectives: mix-up, augmentation, L2-SP. (Their trajectories: tests/parity.)"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.keras import (
    L2SP,
    SGD,
    Augmented,
    BinaryCrossEntropy,
    CrossEntropy,
    Flip,
    MixUp,
    SquaredError,
    evaluate,
    fit,
    freeze,
)
from course_lib.keras.engine import keras
from course_lib.keras.wrappers import weight_vector
from tests.keras.small import Small, dense
from tests.parity import cases

T = keras.ops.convert_to_tensor
MODEL = keras.layers.Identity()
Z = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
Y = np.array([0, 3, 1, 1, 2, 0])
SHARE = np.full(6, 0.7, np.float32)


def batch(**arrays: np.ndarray) -> dict[str, Any]:
    return {"mixup.share": T(SHARE)} | {name: T(array) for name, array in arrays.items()}


def test_mixup_blends_inputs_and_labels() -> None:
    loss = MixUp(CrossEntropy(), classes=4).loss(MODEL, batch(x=Z, y=Y))
    q, z = np.eye(4)[Y], 0.7 * Z + 0.3 * Z[::-1]
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    expected = -((0.7 * q + 0.3 * q[::-1]) * log_p).sum(axis=1).mean()
    assert float(loss) == pytest.approx(expected, rel=1e-6)


def test_mixup_blends_numbers_as_numbers() -> None:
    loss = MixUp(SquaredError()).loss(MODEL, batch(x=Z, y=Z + 1))
    assert float(loss) == pytest.approx(0.5)


def test_mixup_asks_for_what_it_needs() -> None:
    with pytest.raises(CourseError, match="classes=K"):
        MixUp(CrossEntropy()).loss(MODEL, batch(x=Z, y=Y))
    with pytest.raises(CourseError, match="token ids"):
        MixUp(CrossEntropy(), classes=4).loss(MODEL, batch(x=Y, y=Y))
    with pytest.raises(CourseError, match="alpha"):
        MixUp(CrossEntropy(), alpha=0.0)


def test_augmentation_changes_what_is_trained_on_and_nothing_that_is_measured() -> None:
    images = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 1), dtype=np.uint8)
    seen: list[np.ndarray] = []

    class Sees(CrossEntropy):
        def loss(self, model: Any, batch: Any) -> Any:
            seen.append(keras.ops.convert_to_numpy(batch["x"]))
            return batch["x"]

    always = Augmented(Sees(), [Flip(p=1.0)])
    draws = always.draws(np.random.default_rng(0), 6)
    arrays = {name: values.astype(np.float32) for name, values in draws.items()}
    always.loss(MODEL, batch(x=images, **arrays))
    np.testing.assert_allclose(seen[0], images[:, :, ::-1], atol=0.01)
    assert always.measure(Z, Y) == CrossEntropy().measure(Z, Y)


def test_l2sp_is_its_formula() -> None:
    model = Small(cases.start())
    objective = L2SP(CrossEntropy(), model, alpha=0.3, beta=0.7)
    start = [w.copy() for w in model.backbone.get_weights()]
    rng, learnt = np.random.default_rng(1), model.backbone.trainable_weights
    for w in learnt:
        w.assign(w + rng.normal(size=w.shape))
    data = cases.arrays()
    assert objective.anchor.shape[0] == sum(int(np.prod(w.shape)) for w in learnt)
    z = batch(x=data["x"], y=data["y"])
    difference = float(objective.loss(model, z)) - float(CrossEntropy().loss(model, z))
    now, statistics = model.backbone.get_weights(), ("moving_mean", "moving_variance")
    names = [w.name for w in model.backbone.weights]
    moved = sum(
        ((a - b) ** 2).sum()
        for a, b, name in zip(now, start, names, strict=True)
        if name not in statistics
    )
    head = sum((w**2).sum() for w in model.head.get_weights())
    assert difference == pytest.approx(0.3 / 2 * moved + 0.7 / 2 * head, rel=1e-4)


def test_l2sp_holds_the_backbone_and_bears_one_that_is_frozen_later() -> None:
    data, moved = cases.arrays(), {}
    for alpha in (0.0, 50.0):
        model = Small(cases.start())
        objective = L2SP(CrossEntropy(), model, alpha=alpha)
        start = keras.ops.convert_to_numpy(objective.anchor).copy()
        fit(model, (data["x"], data["y"]), objective=objective, optimizer=SGD(0.005), epochs=12)
        now = keras.ops.convert_to_numpy(weight_vector(model.backbone))
        moved[alpha] = np.abs(now - start).max()
        assert np.array_equal(keras.ops.convert_to_numpy(objective.anchor), start)
    assert moved[50.0] < moved[0.0] / 3
    freeze(model.backbone)
    assert np.array_equal(keras.ops.convert_to_numpy(weight_vector(model.backbone)), now)


def test_what_evaluate_reports_follows_the_objective() -> None:
    model, x = Small(cases.start()), cases.arrays()["x"]
    real = np.zeros((cases.N, 3), np.float32)
    found = evaluate(model, (x, real), objective=MixUp(SquaredError()))
    assert set(found) == {"loss", "rmse"}
    found = evaluate(model, (x, real), objective=BinaryCrossEntropy())
    assert set(found) == {"loss", "accuracy"}


def test_a_network_with_one_output_takes_plain_targets() -> None:
    one, y = dense(1, "one"), np.zeros(6, np.float32)
    x = np.concatenate([Z, Z[:, :2]], axis=1)
    for objective in (SquaredError(), BinaryCrossEntropy()):
        plain = objective.loss(one, batch(x=x, y=y))
        assert float(plain) == float(objective.loss(one, batch(x=x, y=y[:, None])))
    with pytest.raises(CourseError, match="6×4 and the targets 6"):
        SquaredError().loss(MODEL, batch(x=Z, y=y))
