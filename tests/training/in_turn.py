"""What learning tasks in turn must do alike in both halves: checks of a library."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from course_lib.errors import CourseError
from course_lib.training import SGD
from tests.training.adapted import X, bits, model, train

Y = np.arange(12) % 4
GROUPS = [[0, 1], [2, 3]]


def loss_of(lib: Any, objective: Any, net: Any, **arrays: np.ndarray) -> float:
    """Give the loss of one batch, as fit reports it for its first step."""
    history = lib.fit(
        net, {"x": X, "y": Y, **arrays}, objective=objective, optimizer=SGD(1e-6), epochs=1,
        batch_norm="frozen", progress=False,
    )  # fmt: skip
    return history.loss[0]


def check_a_head_grows_and_keeps_its_rows(lib: Any) -> None:
    net = lib.attach_head(lib.load_backbone("glyphnet"), 3, hidden=(5,), dropout=0.5)
    before, outputs = lib.named_arrays(net), lib.predict(net, X)
    assert lib.grow_head(net, 5, seed=1) is net
    after = lib.named_arrays(net)
    assert set(after) == set(before)
    assert after["head.3.weight"].shape == (5, 5) and after["head.3.bias"][3:].tolist() == [0, 0]
    for name, array in before.items():
        assert after[name][tuple(map(slice, array.shape))].tobytes() == array.tobytes()
    np.testing.assert_allclose(lib.predict(net, X)[:, :3], outputs, rtol=1e-5, atol=1e-5)
    assert np.abs(after["head.3.weight"][3:]).min() > 0
    with pytest.raises(CourseError, match="classes"):
        lib.grow_head(net, 5)


def check_fisher_is_the_mean_of_single_squares(lib: Any) -> None:
    """By hand for the head, whose gradients are known: (p - e_y) f."""
    net = model(lib, 4)
    few = (X[:5], Y[:5])
    f = lib.extract_features(net.backbone, X[:5], cache=False).astype(np.float64)
    p = softmax(lib.predict(net, X[:5]).astype(np.float64), axis=1)
    single = {k: np.einsum("ik,id->ikd", p - np.eye(4)[k], f) ** 2 for k in range(4)}
    true = sum(p[:, k][:, None, None] * single[k] for k in range(4)).mean(axis=0)
    data = np.mean([single[Y[i]][i] for i in range(5)], axis=0)
    for labels, expected in (("all", true), ("data", data)):
        found = lib.fisher_diagonal(net, few, labels=labels, n=None)
        np.testing.assert_allclose(found["head.0.weight"], expected, rtol=1e-3, atol=1e-6)
    assert set(found) == set(lib.small_part(net)) - {
        n for n in lib.small_part(net) if "running" in n
    }
    lib.freeze(net.backbone)
    one = lib.fisher_diagonal(net, few, labels="sampled", n=3)
    assert set(one) == {"head.0.weight", "head.0.bias"} and one["head.0.bias"].min() >= 0
    with pytest.raises(CourseError, match="labels is one of"):
        lib.fisher_diagonal(net, few, labels="true")


def check_ewc_is_its_formula_after_the_head_has_grown(lib: Any) -> None:
    net = model(lib, 2)
    rng = np.random.default_rng(0)
    names = ("backbone.network.block1.conv1.weight", "head.0.weight")
    before = {name: lib.named_arrays(net)[name] for name in names}
    fisher = {name: rng.random(a.shape).astype(np.float32) for name, a in before.items()}
    lib.grow_head(net, 4)
    objective = lib.EWC(lib.CrossEntropy(), net, fisher, strength=3.0)
    moved = {name: array + 0.1 for name, array in lib.named_arrays(net).items() if name in names}
    lib.put_arrays(net, moved)
    plain = lib.CrossEntropy().measure(lib.predict(net, X), Y)["loss"]
    expected = plain + 3.0 / 2 * 0.01 * sum(values.sum() for values in fisher.values())
    assert loss_of(lib, objective, net) == pytest.approx(expected, rel=1e-4)
    with pytest.raises(CourseError, match="no part of the model"):
        lib.EWC(lib.CrossEntropy(), net, {"head.0.weight": np.zeros((5, 128))})


def check_answers_are_held_by_the_closed_form(lib: Any) -> None:
    net = model(lib, 2)
    old = lib.record_answers(net, (X, Y))["old"]
    np.testing.assert_array_equal(old, lib.predict(net, X))
    lib.grow_head(net, 4)
    old = old[:, ::-1].copy()  # other answers than now, so that there is something to hold
    z = lib.predict(net, X).astype(np.float64)
    T = 3.0
    q, log_p = softmax(old / T, axis=1), log_softmax(z[:, :2] / T, axis=1)
    kept = T**2 * (q * (np.log(q) - log_p)).sum(axis=1).mean()
    new = -log_softmax(z, axis=1)[np.arange(12), Y].mean()
    found = loss_of(lib, lib.LwF(temperature=T, strength=0.5), net, old=old)
    assert found == pytest.approx(new + 0.5 * kept, rel=1e-4)
    with pytest.raises(CourseError, match="'old'"):
        lib.fit(net, (X, Y), objective=lib.LwF(), epochs=1)


def check_tasks_have_heads_of_their_own(lib: Any) -> None:
    net, objective = model(lib, 4), lib.TaskCrossEntropy(GROUPS)
    z = lib.predict(net, X).astype(np.float64)
    own = [log_softmax(z[i, GROUPS[y // 2]])[y % 2] for i, y in enumerate(Y)]
    right = np.mean([GROUPS[y // 2][z[i, GROUPS[y // 2]].argmax()] == y for i, y in enumerate(Y)])
    found = lib.evaluate(net, (X, Y), objective=objective)
    assert found == pytest.approx({"loss": -np.mean(own), "accuracy": right}, rel=1e-5)
    before = lib.named_arrays(net)["head.0.weight"]
    first = (X[Y < 2], Y[Y < 2])
    lib.fit(net, first, objective=objective, optimizer=SGD(0.1), epochs=1, progress=False)
    after = lib.named_arrays(net)["head.0.weight"]
    assert (before[2:] == after[2:]).all() and (before[:2] != after[:2]).any()
    for groups in ([[0, 1], [1, 2]], [[1, 2]], []):
        with pytest.raises(CourseError, match="labels are together"):
            lib.TaskCrossEntropy(groups)


def check_replay_weighs_both(lib: Any) -> None:
    net = model(lib, 4)
    memory = lib.Memory(6)
    with pytest.raises(CourseError, match="empty"):
        memory.arrays()
    memory.add((X, Y))
    y_m = memory.arrays()["y_m"]

    def plain(x: np.ndarray, y: np.ndarray) -> float:
        return lib.CrossEntropy().measure(lib.predict(net, x), y)["loss"]

    # A batch of 12 walks twice through a memory of 6: its mean is the memory's.
    new, old = plain(X, Y), plain(memory.arrays()["x_m"], y_m)
    weighted = lib.Replay(lib.CrossEntropy(), strength=0.5)
    assert loss_of(lib, weighted, net, **memory.arrays()) == pytest.approx(
        new + 0.5 * old, rel=1e-3
    )
    with pytest.raises(CourseError, match="x_m"):
        lib.fit(net, (X, Y), objective=weighted, epochs=1)


def check_a_teacher_stays_as_it_is(lib: Any) -> None:
    net, teacher = model(lib, 3), model(lib, 3)
    before = bits(lib, teacher)
    train(lib, net, objective=lib.Distillation(teacher), epochs=1)
    assert bits(lib, teacher) == before
    assert lib.count_parameters(teacher)["trainable"] == 0
    with pytest.raises(CourseError, match="teacher"):
        lib.Distillation("teacher")


CHECKS = {name: value for name, value in list(globals().items()) if name.startswith("check_")}
