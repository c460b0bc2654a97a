"""Examples with weights, and two labelled domains."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.errors import CourseError
from course_lib.pytorch import (
    AdamW,
    CrossEntropy,
    SourceAndTarget,
    WeightedCrossEntropy,
    cross_entropy,
    fit,
    labelled_target,
)

Z = torch.tensor(np.random.default_rng(0).normal(size=(6, 4)), dtype=torch.float32)
Y = torch.tensor([0, 3, 1, 1, 2, 0])


def test_weights_count_as_copies_do() -> None:
    weight = torch.tensor([2.0, 0, 1, 1, 1, 1])
    copies = [0, 0, 2, 3, 4, 5]
    found = WeightedCrossEntropy().loss(nn.Identity(), {"x": Z, "y": Y, "weight": weight})
    torch.testing.assert_close(found, cross_entropy(Z[copies], Y[copies]))


def test_weights_stay_with_their_examples_in_training() -> None:
    """With weight on the first half alone, the second half's wrong labels are never learnt."""
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 80)
    x = rng.normal(size=(80, 3)) + 3 * y[:, None]
    wrong = np.where(np.arange(80) < 40, y, 1 - y)
    model = nn.Linear(3, 2)
    data = {"x": x, "y": wrong, "weight": np.repeat([2.0, 0.0], 40)}
    fit(
        model,
        data,
        objective=WeightedCrossEntropy(),
        optimizer=AdamW(0.05),
        epochs=30,
        batch_size=10,
    )
    with torch.no_grad():
        assert (model(torch.tensor(x).float()).argmax(1).numpy() == y).mean() > 0.95


@pytest.mark.parametrize("weight", [[-1.0, 1], [0.0, 0], [[1.0], [1]]])
def test_weights_that_are_none_are_told(weight: list) -> None:
    data = {"x": np.ones((2, 3)), "y": [0, 1], "weight": weight}
    with pytest.raises(CourseError, match="'weight' is one number"):
        fit(nn.Linear(3, 2), data, objective=WeightedCrossEntropy(), epochs=1)


def test_a_weight_per_example_not_per_column() -> None:
    with pytest.raises(CourseError, match="weights"):
        cross_entropy(Z, Y, weight=torch.ones(6, 1))


def test_two_domains_are_weighed() -> None:
    batch = {"x": Z, "y": Y, "x_t": -Z, "y_t": Y}
    found = SourceAndTarget(CrossEntropy(), share=0.3).loss(nn.Identity(), batch)
    torch.testing.assert_close(found, 0.3 * cross_entropy(Z, Y) + 0.7 * cross_entropy(-Z, Y))


def test_two_domains_must_fit_together() -> None:
    source = (np.ones((4, 3)), [0, 1, 0, 1])
    assert sorted(labelled_target(source, (np.ones((2, 3)), [0, 1]))) == ["x", "x_t", "y", "y_t"]
    with pytest.raises(CourseError, match="label 2"):
        labelled_target(source, (np.ones((1, 3)), [2]))
    with pytest.raises(CourseError, match="one shape"):
        labelled_target(source, (np.ones((1, 4)), [0]))
    with pytest.raises(CourseError, match="one type"):
        labelled_target(source, (np.ones((1, 3), np.uint8), [0]))
    with pytest.raises(CourseError, match="'y_t'"):
        data = {"x": source[0], "y": source[1], "x_t": source[0]}
        fit(nn.Linear(3, 2), data, objective=SourceAndTarget(CrossEntropy()), epochs=1)
