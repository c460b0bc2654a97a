"""Several heads on one trunk."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from course_lib.errors import CourseError
from course_lib.pytorch import (
    AdamW,
    MultiTask,
    attach_heads,
    build_bottleneck,
    cross_entropy,
    evaluate,
    fit,
    gradient_cosine,
    load_backbone,
    predict,
)

TASKS = {"bright": 2, "side": 3}


def images() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.stack([rng.integers(0, 2, 60), rng.integers(0, 3, 60)], axis=1)
    x = np.zeros((60, 32, 32, 1), np.uint8)
    for i, (bright, side) in enumerate(y):
        x[i, 4:28, 10 * side : 10 * side + 9] = 80 + 150 * bright
    return x, y


def test_two_tasks_are_learnt_on_one_trunk() -> None:
    x, y = images()
    model = attach_heads(load_backbone("glyphnet"), TASKS)
    objective = MultiTask(TASKS, {"side": 0.5})
    fit(model, (x, y), objective=objective, optimizer=AdamW(3e-3), epochs=4, batch_size=20)
    found = evaluate(model, (x, y), objective=objective)
    assert predict(model, x).shape == (60, 5)
    assert found["accuracy.bright"] > 0.9 and found["accuracy.side"] > 0.9
    assert found["accuracy"] == pytest.approx(
        (found["accuracy.bright"] + found["accuracy.side"]) / 2
    )


def test_the_loss_is_the_weighted_sum() -> None:
    z, y = torch.randn(4, 5), torch.tensor([[0, 2], [1, 1], [1, 0], [0, 0]])
    found = MultiTask(TASKS, {"bright": 3.0}).loss(torch.nn.Identity(), {"x": z, "y": y})
    expected = 3 * cross_entropy(z[:, :2], y[:, 0]) + cross_entropy(z[:, 2:], y[:, 1])
    torch.testing.assert_close(found, expected)


def test_the_cosine_of_gradients() -> None:
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    u = torch.tensor([[1.0], [0.0]], requires_grad=True)

    def loss(a: float, b: float):
        return lambda: a * w[0] + b * w[1] + 0 * u.sum()

    assert gradient_cosine(loss(1, 0), loss(2, 0), [w, u]) == pytest.approx(1)
    assert gradient_cosine(loss(1, 0), loss(0, 5), [w, u]) == pytest.approx(0)
    assert gradient_cosine(loss(1, 1), loss(-1, -1), [w, u]) == pytest.approx(-1)
    assert w.grad is None  # nothing was stored


def test_what_does_not_fit_is_told() -> None:
    x, y = images()
    model = attach_heads(load_backbone("glyphnet", weights=None), TASKS)
    with pytest.raises(CourseError, match="N×2, one column each"):
        fit(model, (x, y[:, 0]), objective=MultiTask(TASKS), epochs=1)
    with pytest.raises(CourseError, match="'colour'"):
        MultiTask(TASKS, {"colour": 1.0})
    with pytest.raises(CourseError, match="tasks names each task"):
        MultiTask(["bright"])  # type: ignore[arg-type]
    with pytest.raises(CourseError, match="whole number"):
        MultiTask({"bright": 1})


def test_an_unknown_label_has_no_part() -> None:
    z, y = torch.randn(4, 5), torch.tensor([[0, 2], [-1, 1], [1, -1], [0, -1]])
    found = MultiTask(TASKS).loss(torch.nn.Identity(), {"x": z, "y": y})
    known = cross_entropy(z[[0, 2, 3], :2], y[[0, 2, 3], 0]) + cross_entropy(z[:2, 2:], y[:2, 1])
    torch.testing.assert_close(found, known)
    nothing = torch.tensor([[0, -1], [1, -1]])
    alone = MultiTask(TASKS).loss(torch.nn.Identity(), {"x": z[:2], "y": nothing})
    torch.testing.assert_close(alone, cross_entropy(z[:2, :2], nothing[:, 0]))


def test_unknown_labels_are_left_out_of_the_measures() -> None:
    z, y = np.eye(5)[[0, 1, 1]], np.array([[0, -1], [1, 2], [-1, 0]])
    found = MultiTask(TASKS).measure(z, y)
    assert found["accuracy.bright"] == 1.0 and found["accuracy.side"] == 0.5


def test_heads_on_features() -> None:
    model = build_bottleneck(4, {"one": 3, "other": 2}, width=6, seed=0)
    assert predict(model, np.zeros((7, 4), np.float32)).shape == (7, 5)
