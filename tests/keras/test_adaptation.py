"""Adaptation, weights and tasks in Keras. (Their trajectories: ``tests/parity``; more: ``tests/pytorch``.)"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.keras import (
    DANN,
    SGD,
    Adapted,
    Augmented,
    CoralAlignment,
    CrossEntropy,
    EntropyMinimisation,
    Flip,
    InformationMaximisation,
    MMDAlignment,
    MultiTask,
    Penalty,
    PseudoLabels,
    SourceAndTarget,
    WeightedCrossEntropy,
    attach_heads,
    build_bottleneck,
    coral_distance,
    cross_entropy,
    fit,
    fit_each,
    gradient_cosine,
    gradients,
    load_backbone,
    mmd_squared,
    predict,
    ramp_up,
    reverse_gradient,
    unlabelled_target,
)
from course_lib.keras.adaptation import Seen
from course_lib.keras.engine import keras
from tests.keras.small import Small
from tests.parity import cases as parity
from tests.training import adaptation_cases as cases

ops = keras.ops


def seen() -> Seen:
    arrays = (cases.F_S, cases.F_T, cases.Z_T)
    f_s, f_t, z_t = (ops.convert_to_tensor(a, dtype="float32") for a in arrays)
    return Seen(f_s, f_t, ops.zeros((7, 4)), z_t, ops.convert_to_tensor(0.3))


def batch(n: int = 20) -> dict[str, Any]:
    data = {name: ops.convert_to_tensor(a[:n]) for name, a in parity.arrays().items()}
    return data | {"progress": ops.convert_to_tensor(0.2)}


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (EntropyMinimisation, cases.entropy(cases.Z_T)),
        (InformationMaximisation, cases.information(cases.Z_T)),
        (
            lambda: InformationMaximisation(shares=cases.SHARES),
            cases.information(cases.Z_T, cases.SHARES),
        ),
        (lambda: PseudoLabels(threshold=0.6), cases.pseudo(cases.Z_T, 0.6)),
        (CoralAlignment, cases.coral_distance(cases.F_S, cases.F_T)),
    ],
)
def test_penalties_are_their_formulas(make: Any, expected: float) -> None:
    penalty: Penalty = make()
    assert float(penalty.value(seen())) == pytest.approx(expected, rel=1e-5)
    now = 2 / (1 + math.exp(-3)) - 1
    assert float(penalty.term(seen())) == pytest.approx(now * expected, rel=1e-5)


def test_there_is_a_share_for_each_class() -> None:
    with pytest.raises(CourseError, match="3 shares, but the model knows 4 classes"):
        InformationMaximisation(shares=[1, 1, 2]).value(seen())


def test_reversal_is_the_identity_forward_and_minus_strength_back() -> None:
    f = keras.Variable(cases.F_S, dtype="float32")
    same = reverse_gradient(ops.convert_to_tensor(f), 0.7)
    np.testing.assert_allclose(ops.convert_to_numpy(same), cases.F_S, rtol=1e-6)
    _, (slope,) = gradients(
        lambda: ops.sum(reverse_gradient(ops.convert_to_tensor(f), 0.7) ** 2), [f]
    )
    np.testing.assert_allclose(ops.convert_to_numpy(slope), -1.4 * cases.F_S, rtol=1e-5)


def test_the_objective_is_the_sum() -> None:
    model, given = Small(parity.start()), batch()
    both = Adapted(MMDAlignment(2.0), CoralAlignment(3.0, ramp=False)).loss(model, given)
    f_s, f_t = (model.backbone(given[x], training=True) for x in ("x", "x_t"))
    expected = cross_entropy(model.head(f_s), given["y"]) + 3 * coral_distance(f_s, f_t)
    expected += 2 * ramp_up(0.2) * mmd_squared(f_s, f_t)
    assert float(both) == pytest.approx(float(expected), rel=1e-6)


def test_target_labels_cannot_get_in() -> None:
    data = parity.arrays() | {"y_t": np.zeros(37, np.int64)}
    with pytest.raises(CourseError, match="'y_t'"):
        fit(Small(), data, objective=Adapted(), epochs=1)


def test_the_adversary_is_found_and_trained_beside_augmented_images() -> None:
    adversary = DANN(6, hidden=(4,))
    before = adversary.discriminator.get_weights()
    data = parity.data_for(parity.CASES["augmented, SGD"]) | {"x_t": parity.arrays()["x_t"]}
    objective = Augmented(Adapted(adversary, CoralAlignment()), [Flip()])
    history = fit(Small(parity.start()), data, objective=objective, optimizer=SGD(0.02), epochs=1)
    assert np.isfinite(history.loss).all()
    assert not np.array_equal(adversary.discriminator.get_weights()[0], before[0])
    inside = objective.settings()["objective"]
    assert inside[1]["penalties"][0] == ["DANN", {"strength": 1.0, "ramp": True}]  # type: ignore[index]


def test_adaptation_finds_a_target_that_is_moved() -> None:
    rng = np.random.default_rng(3)
    y, y_t = rng.integers(0, 3, 300), rng.integers(0, 3, 300)
    f = np.stack([2.0 * y, rng.normal(size=300)], axis=1) + rng.normal(size=(300, 2)) * 0.3
    f_t = np.stack([2.0 * y_t + 1.2, rng.normal(size=300)], axis=1)
    f_t = f_t + rng.normal(size=(300, 2)) * 0.3
    model = build_bottleneck(2, 3, width=16, seed=0)
    data, objective = unlabelled_target((f, y), f_t), Adapted(MMDAlignment(3.0))
    fit(model, data, objective=objective, optimizer=SGD(0.05), epochs=25)
    assert (predict(model, f_t).argmax(axis=1) == y_t).mean() > 0.9


def test_weights_and_two_domains() -> None:
    z = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    y, model = np.array([0, 3, 1, 1, 2, 0]), keras.layers.Identity()
    given: dict[str, Any] = {
        "x": z,
        "y": y,
        "x_t": -z,
        "y_t": y,
        "weight": np.array([2.0, 0, 1, 1, 1, 1]),
    }
    given = {name: ops.convert_to_tensor(a) for name, a in given.items()}
    copies = [0, 0, 2, 3, 4, 5]
    expected = float(
        cross_entropy(ops.convert_to_tensor(z[copies]), ops.convert_to_tensor(y[copies]))
    )
    assert float(WeightedCrossEntropy().loss(model, given)) == pytest.approx(expected, rel=1e-5)
    parts = [float(cross_entropy(ops.convert_to_tensor(s * z), given["y"])) for s in (1, -1)]
    found = float(SourceAndTarget(CrossEntropy(), share=0.3).loss(model, given))
    assert found == pytest.approx(0.3 * parts[0] + 0.7 * parts[1], rel=1e-6)


def test_several_heads_and_the_cosine_of_their_gradients() -> None:
    tasks = {"bright": 2, "side": 3}
    model = attach_heads(load_backbone("glyphnet"), tasks)
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (12, 32, 32, 1), dtype=np.uint8)
    y = np.stack([np.arange(12) % 2, np.arange(12) % 3], axis=1)
    fit(model, (x, y), objective=MultiTask(tasks), epochs=1, batch_size=6)
    z = predict(model, x)
    assert z.shape == (12, 5)
    found = MultiTask(tasks).measure(z, y)
    assert set(found) == {"loss", "accuracy", "accuracy.bright", "accuracy.side"}
    assert len(model.head.trainable_weights) == 4
    w = keras.Variable([1.0, 2.0])
    assert gradient_cosine(lambda: w[0] * 1.0, lambda: -w[0] * 2.0, [w]) == pytest.approx(-1)


def test_an_unknown_label_has_no_part() -> None:
    tasks = {"bright": 2, "side": 3}
    model = build_bottleneck(4, tasks, width=6, seed=0)
    x, y = np.ones((4, 4), np.float32), np.array([[0, 2], [-1, 1], [1, -1], [0, -1]])
    x[0] = 2
    z = model(x, training=True)
    found = MultiTask(tasks).loss(model, {"x": x, "y": ops.convert_to_tensor(y)})
    first, second = z[:, :2], z[:2, 2:]
    known = cross_entropy(
        ops.take(first, [0, 2, 3], axis=0), ops.convert_to_tensor(y[[0, 2, 3], 0])
    )
    known = known + cross_entropy(second, ops.convert_to_tensor(y[:2, 1]))
    assert float(found) == pytest.approx(float(known), rel=1e-5)


def test_each_of_several_trainings_has_a_fresh_adversary() -> None:
    data = parity.arrays()
    found = fit_each(
        [Small(parity.start()) for _ in range(2)], [data, data], seeds=[1, 1],
        objective=Adapted(DANN(6, hidden=(4,))), optimizers=SGD(0.05), epochs=1,
    )  # fmt: skip
    np.testing.assert_allclose(found[0].loss, found[1].loss, rtol=1e-5)
    with pytest.raises(CourseError, match="'y_t'"):
        labels = data | {"y_t": np.zeros(37, np.int64)}
        fit_each([Small()], [labels], objective=Adapted(), epochs=1)
