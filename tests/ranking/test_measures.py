"""Measures of rankings: against scikit-learn, against all orders of the tied, and on cases counted by hand."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from sklearn import metrics

from course_lib import ranking
from course_lib.errors import CourseError


def tied_lists(seed: int = 0, n: int = 40, k: int = 8) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    relevant = (rng.random((n, k)) < 0.3).astype(int)
    relevant[:, 0] |= relevant.sum(axis=1) == 0
    return rng.choice([0.1, 0.5, 0.9], (n, k)), relevant


@pytest.mark.parametrize("k", [1, 3, 8])
def test_ndcg_is_scikit_learns(k: int) -> None:
    scores, relevant = tied_lists()
    gains = relevant * 2
    theirs = [metrics.ndcg_score(g[None], s[None], k=k) for g, s in zip(gains, scores, strict=True)]
    np.testing.assert_allclose(ranking.ndcg(scores, gains, k), theirs)


def test_average_precision_is_scikit_learns() -> None:
    scores, relevant = tied_lists()
    theirs = [metrics.average_precision_score(r, s) for r, s in zip(relevant, scores, strict=True)]
    np.testing.assert_allclose(ranking.average_precision(scores, relevant), theirs)


def test_ties_are_the_mean_over_all_orders() -> None:
    scores, relevant = tied_lists(seed=3, n=6, k=6)
    measures = (
        lambda s, r: ranking.precision_at(s, r, 2),
        lambda s, r: ranking.recall_at(s, r, 2),
        ranking.reciprocal_rank,
        lambda s, r: ranking.ndcg(s, r, 3),
    )
    for s, r in zip(scores, relevant, strict=True):
        orders = [s + 1e-6 * np.array(order) for order in permutations(range(len(s)))]
        repeated = np.tile(r, (len(orders), 1))
        for measure in measures:
            every = measure(np.array(orders), repeated).mean()
            assert measure(s[None], r[None])[0] == pytest.approx(every, abs=1e-9)


def test_by_hand() -> None:
    scores, clicked = np.array([[4.0, 3, 2, 1]]), np.array([[0, 1, 0, 1]])
    assert ranking.precision_at(scores, clicked, 2)[0] == 0.5
    assert ranking.recall_at(scores, clicked, 2)[0] == 0.5
    assert ranking.reciprocal_rank(scores, clicked)[0] == 0.5
    assert ranking.average_precision(scores, clicked)[0] == (1 / 2 + 2 / 4) / 2


def test_a_slate_without_a_click_says_nothing() -> None:
    scores, clicked = np.array([[2.0, 1], [2, 1]]), np.array([[0, 0], [1, 0]])
    assert np.isnan(ranking.ndcg(scores, clicked)[0])
    assert set(ranking.judge(scores, clicked, k=1).values()) == {1.0}


def test_wrong_tables_are_said() -> None:
    with pytest.raises(CourseError, match="two tables"):
        ranking.ndcg(np.zeros((2, 3)), np.zeros((2, 4)))
    with pytest.raises(CourseError, match="whole number"):
        ranking.precision_at(np.zeros((2, 3)), np.ones((2, 3)), 4)
