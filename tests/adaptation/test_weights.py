"""Covariate shift and label shift: weights against densities that are known."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.adaptation import (
    TrAdaBoost,
    density_ratio,
    draw_with_shares,
    effective_sample_size,
    label_weights,
    reweigh_outputs,
)
from course_lib.adaptation.boosting import odds
from course_lib.errors import CourseError

RNG = np.random.default_rng(2)


def test_the_ratio_of_two_gaussians_is_found() -> None:
    """Equal spread: the true log-ratio is linear, so logistic regression can have it right."""
    f_s, f_t = RNG.normal(size=(1500, 1)), RNG.normal(size=(900, 1)) + 0.8
    found = density_ratio(f_s, f_t, strength=1e-4, clip=None)
    expected = np.exp(0.8 * f_s[:, 0] - 0.32)
    assert found.mean() == pytest.approx(1) and (found >= 0).all()
    assert np.corrcoef(np.log(found), np.log(expected))[0, 1] > 0.99
    assert np.median(np.abs(np.log(found / expected))) < 0.2
    assert found @ f_s[:, 0] / len(f_s) == pytest.approx(0.8, abs=0.15)  # the target's mean


def test_clipping_buys_examples() -> None:
    f_s, f_t = RNG.normal(size=(400, 1)), RNG.normal(size=(400, 1)) + 2
    sizes = [effective_sample_size(density_ratio(f_s, f_t, clip=clip)) for clip in (None, 5.0, 1.0)]
    assert sizes[0] < sizes[1] < sizes[2] < 400


def test_effective_sample_size_counts() -> None:
    assert effective_sample_size(np.ones(50)) == pytest.approx(50)
    assert effective_sample_size(np.array([0, 3.0, 0])) == pytest.approx(1)
    with pytest.raises(CourseError, match="none negative"):
        effective_sample_size(np.array([-1.0, 2]))


def test_domains_with_different_features_are_told() -> None:
    with pytest.raises(CourseError, match="n×D and m×D"):
        density_ratio(np.ones((5, 2)), np.ones((5, 3)))


def test_shares_of_classes_are_found_from_a_poor_classifier() -> None:
    confusion = np.array(
        [[0.7, 0.2, 0.1], [0.2, 0.6, 0.2], [0.1, 0.2, 0.7]]
    )  # rows: the true class
    shares = np.array([0.1, 0.2, 0.7])
    y_s, y_t = RNG.integers(0, 3, 6000), RNG.choice(3, 6000, p=shares)
    answers = [np.array([RNG.choice(3, p=confusion[k]) for k in y]) for y in (y_s, y_t)]
    found = label_weights(y_s, *answers, classes=3)
    np.testing.assert_allclose(found, shares * 3, atol=0.15)
    naive = np.bincount(answers[1], minlength=3) / 6000 * 3  # its own answers are biased
    assert np.abs(naive - shares * 3).max() > 2 * np.abs(found - shares * 3).max()


def test_without_shift_all_weights_are_one_exactly() -> None:
    y = np.repeat([0, 1, 2], 10)
    answers = np.where(np.arange(30) % 5 == 0, (y + 1) % 3, y)
    np.testing.assert_allclose(label_weights(y, answers, answers, classes=3), 1)


def test_a_class_that_is_never_answered_is_told() -> None:
    y = np.array([0, 1, 2, 0, 1, 2])
    with pytest.raises(CourseError, match="do not tell all classes apart"):
        label_weights(y, np.minimum(y, 1), y, classes=3)
    with pytest.raises(CourseError, match="labels 0 … 2"):
        label_weights(y, y, y + 1, classes=3)


def test_outputs_follow_bayes() -> None:
    z = RNG.normal(size=(5, 3))
    w = np.array([2.0, 0.5, 1.0])
    p = np.exp(z) * w
    q = np.exp(reweigh_outputs(z, w))
    np.testing.assert_allclose(q / q.sum(1, keepdims=True), p / p.sum(1, keepdims=True))
    assert reweigh_outputs(z, np.array([0, 1.0, 1.0])).argmax(axis=1).min() > 0
    with pytest.raises(CourseError, match="one weight for each"):
        reweigh_outputs(z, w[:2])


def test_a_label_shift_on_purpose() -> None:
    y = np.repeat([0, 1, 2], [50, 10, 40])
    chosen = draw_with_shares(y, np.array([0.2, 0.8, 0]), 4000, seed=1)
    assert np.bincount(y[chosen], minlength=3)[2] == 0
    assert (y[chosen] == 1).mean() == pytest.approx(0.8, abs=0.03)
    assert np.array_equal(chosen, draw_with_shares(y, np.array([0.2, 0.8, 0]), 4000, seed=1))
    with pytest.raises(CourseError, match="labels 0 … 1"):
        draw_with_shares(y, np.array([0.2, 0.8]), 10)
    with pytest.raises(CourseError, match="without examples"):
        draw_with_shares(y, np.array([0.2, 0.8, 0, 0.1]), 10)


def boosted() -> tuple[TrAdaBoost, np.ndarray, np.ndarray]:
    """Two classes; a third of the source has its labels the wrong way round."""
    rng = np.random.default_rng(0)
    y_s, y_t, y = (rng.integers(0, 2, n) for n in (300, 20, 400))
    f_s, f_t, f = (rng.normal(size=(len(v), 2)) * 0.7 + 2 * v[:, None] for v in (y_s, y_t, y))
    wrong = np.arange(300) < 100
    model = TrAdaBoost(rounds=10).fit(f_s, np.where(wrong, 1 - y_s, y_s), f_t, y_t)
    return model, f, y


def test_tradaboost_lets_misleading_examples_fade() -> None:
    model, f, y = boosted()
    assert model.source_weights[:100].mean() < 0.3 * model.source_weights[100:].mean()
    assert (model.predict(f) == y).mean() > 0.9
    assert len(model.errors) == 10 and model.source_weights.mean() == pytest.approx(1)


def test_one_round_of_tradaboost_by_hand() -> None:
    class Always:
        """Says 1, whatever it sees."""

        classes_ = np.array([0, 1])

        def fit(self, f: np.ndarray, y: np.ndarray, sample_weight: np.ndarray) -> None:
            assert sample_weight.sum() == pytest.approx(len(y))

        def predict(self, f: np.ndarray) -> np.ndarray:
            return np.ones(len(f), dtype=int)

    f = np.zeros((5, 1))
    model = TrAdaBoost(1, Always).fit(f, np.array([0, 1, 1, 1, 1]), f, np.array([0, 1, 1, 1, 1]))
    assert model.errors == [pytest.approx(0.2)]
    beta = 1 / (1 + np.sqrt(2 * np.log(5)))
    np.testing.assert_allclose(model.source_weights, np.array([beta, 1, 1, 1, 1]) * 5 / (4 + beta))
    assert odds(0.2) == pytest.approx(0.25) and odds(0.9) < 1 and odds(0.0) > 0
    assert model.predict(np.zeros((2, 1))).tolist() == [1, 1]


@pytest.mark.parametrize(("rounds", "first"), [(1, 1), (4, 2), (5, 3), (6, 3)])
def test_rounds_vote_from_the_one_that_the_paper_names(rounds: int, first: int) -> None:
    asked: list[int] = []

    class Numbered:
        classes_ = np.array([0, 1])

        def __init__(self) -> None:
            asked.append(0)
            self.number = len(asked)

        def fit(self, f: np.ndarray, y: np.ndarray, sample_weight: np.ndarray) -> None:
            pass

        def predict(self, f: np.ndarray) -> np.ndarray:
            if len(f) == 1:
                voted.append(self.number)
            return np.ones(len(f), dtype=int)

    voted: list[int] = []
    f, y = np.zeros((5, 1)), np.array([0, 1, 1, 1, 1])
    TrAdaBoost(rounds, Numbered).fit(f, y, f, y).predict(f[:1])
    assert voted == list(range(first, rounds + 1))  # ⌈T/2⌉ … T


def test_tradaboost_with_three_classes() -> None:
    rng = np.random.default_rng(1)
    y_s, y_t = rng.integers(0, 3, 200), np.array([0, 1, 2] * 4)
    f_s, f_t = (rng.normal(size=(len(v), 3)) * 0.5 + 2 * np.eye(3)[v] for v in (y_s, y_t))
    model = TrAdaBoost(rounds=6).fit(f_s, y_s, f_t, y_t)
    assert (model.predict(f_t) == y_t).mean() > 0.9
    with pytest.raises(CourseError, match="fit first"):
        TrAdaBoost().predict(f_t)
    with pytest.raises(CourseError, match="a label for each"):
        TrAdaBoost().fit(f_s, y_s[:-1], f_t, y_t)
