"""LEEP and LogME against other ways of computing them, and what they must be where one knows it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from course_lib.errors import CourseError
from course_lib.transferability import leep, log_evidence, log_me


def drawn(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(4), size=12), rng.permutation(np.arange(12) % 3)


def test_leep_is_its_definition_written_with_loops() -> None:
    p, y = drawn()
    total = 0.0
    for i in range(12):
        given = [p[y == y[i], z].sum() / p[:, z].sum() for z in range(4)]
        total += np.log(sum(p[i, z] * given[z] for z in range(4)))
    assert leep(p, y) == pytest.approx(total / 12)


def test_leep_of_a_source_that_knows_the_labels_is_0_and_of_one_that_knows_nothing_minus_their_entropy() -> (
    None
):
    y = np.arange(12) % 3
    assert leep(np.eye(3)[y], y) == pytest.approx(0)
    assert leep(np.full((12, 4), 0.25), y) == pytest.approx(-np.log(3))


def test_leep_wants_probabilities_and_labels() -> None:
    p, y = drawn()
    with pytest.raises(CourseError, match="softmax"):
        leep(5 * p, y)
    with pytest.raises(CourseError, match="at least two"):
        leep(p, np.zeros(12, int))


@pytest.mark.parametrize("n, width", [(20, 4), (8, 15)])
def test_the_evidence_is_the_largest_that_a_search_finds(n: int, width: int) -> None:
    rng = np.random.default_rng(1)
    f = rng.normal(size=(n, width))
    t = f @ rng.normal(size=width) + rng.normal(size=n)

    def density(log_precisions: np.ndarray) -> float:
        alpha, beta = np.exp(log_precisions)
        covariance = np.eye(n) / beta + f @ f.T / alpha
        return -float(stats.multivariate_normal(np.zeros(n), covariance).logpdf(t)) / n

    found = optimize.minimize(density, np.zeros(2), method="Nelder-Mead")
    assert log_evidence(f, t) == pytest.approx(-found.fun, abs=1e-4)


def test_the_evidence_is_reached_where_the_way_to_it_is_long() -> None:
    rng = np.random.default_rng(144)  # one of some hundreds: after a hundred steps it is far off
    f, t = rng.normal(size=(20, 40)), (rng.random(20) < 0.2).astype(float)
    assert log_evidence(f, t, steps=100) < log_evidence(f, t) - 0.05
    assert log_evidence(f, t) == pytest.approx(log_evidence(f, t, steps=100_000), abs=1e-6)


def test_log_me_is_the_mean_over_classes_and_prefers_features_that_tell_them() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    good = np.eye(3)[y] @ rng.normal(size=(3, 8)) + 0.3 * rng.normal(size=(60, 8))
    each = [log_evidence(good, (y == k).astype(float)) for k in range(3)]
    assert log_me(good, y) == pytest.approx(np.mean(each))
    assert log_me(good, y) > log_me(rng.normal(size=(60, 8)), y)
