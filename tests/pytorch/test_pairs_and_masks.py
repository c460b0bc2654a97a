"""Contrastive, masked and paired losses are what their formulas say."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from course_lib import pytorch as half
from course_lib.errors import CourseError


def tensor(a: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(a)


def number(t: torch.Tensor) -> float:
    return float(t)


def unit(z: np.ndarray) -> np.ndarray:
    return z / np.linalg.norm(z, axis=1, keepdims=True)


@pytest.fixture
def views() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    a = rng.normal(size=(5, 3)).astype(np.float32)
    return a, a + rng.normal(size=(5, 3)).astype(np.float32)


def test_contrastive_loss_asks_every_row_for_its_other_view(views: tuple[np.ndarray, ...]) -> None:
    z = unit(np.concatenate(views).astype(float))
    e = np.exp(z @ z.T / 0.3) * (1 - np.eye(10))
    expected = -np.mean([np.log(e[i, (i + 5) % 10] / e[i].sum()) for i in range(10)])
    assert number(half.nt_xent(*map(tensor, views), 0.3)) == pytest.approx(expected, rel=1e-5)


def test_matching_loss_asks_in_both_directions(views: tuple[np.ndarray, ...]) -> None:
    e = np.exp(4 * unit(views[0].astype(float)) @ unit(views[1].astype(float)).T)
    own = np.diag(e)
    expected = -np.mean(np.log(own / e.sum(axis=0)) + np.log(own / e.sum(axis=1))) / 2
    assert number(half.matching_loss(*map(tensor, views), 4.0)) == pytest.approx(expected, rel=1e-5)


def test_masked_error_counts_hidden_numbers_alone() -> None:
    x, filled = np.zeros((2, 3), np.float32), np.array([[1, 2, 3], [4, 5, 6]], np.float32)
    hidden = np.array([[1, 0, 0], [0, 0, 1]], np.float32)
    assert number(half.masked_error(tensor(filled), tensor(x), tensor(hidden))) == 18.5


def test_two_views_are_asked_for() -> None:
    model = half.build_dense(4, 2)
    with pytest.raises(CourseError):
        half.fit(model, {"x": np.zeros((4, 4), np.float32)}, objective=half.Contrastive(), epochs=1)


def test_a_language_model_takes_lora_and_gives_it_back() -> None:
    shape = half.TransformerShape(vocabulary=9, places=6, width=8, depth=1, heads=2, hidden=16)
    model, x = half.build_language_model(shape), np.arange(12).reshape(2, 6) % 9
    before = half.predict(model, x)
    half.add_lora(model, rank=2)
    half.freeze(model.head)
    np.testing.assert_allclose(half.predict(model, x), before, atol=1e-6)
    assert half.count_parameters(model)["trainable"] == 4 * 2 * 16 + 2 * 2 * 24
    half.fit(model, (x, x), objective=half.SequenceLikelihood(), epochs=2, progress=False)
    assert np.abs(half.predict(model, x) - before).max() > 1e-4
    assert np.array_equal(half.predict(half.remove_adapters(model), x), before)
