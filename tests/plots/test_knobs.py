"""What is turned in the chapters says what is so, by somebody else's computation."""

from __future__ import annotations

import re

import numpy as np
import pytest
from matplotlib import pyplot as plt
from sklearn.linear_model import LogisticRegression

from course_lib import plots

NUMBER = r"-?\d+(?:\.\d+)?"


def said(draw, value):
    figure, axis = plt.subplots()
    sentence = draw(axis, value)
    plt.close(figure)
    return sentence


def test_the_line_is_logistic_regressions() -> None:
    rng = np.random.default_rng(0)
    x, y = plots.knobs._two_classes(rng, 60, 0.3)
    weights = rng.uniform(0.5, 1.5, 60) / 60
    found = plots.knobs._logistic_regression(x, y, weights)
    # The touch of L2 is on the bias as well: scikit-learn's on a column of ones, without its own.
    rows = np.column_stack([np.ones(60), x])
    oracle = LogisticRegression(C=1e3, fit_intercept=False, tol=1e-10, max_iter=1000)
    np.testing.assert_allclose(found, oracle.fit(rows, y, weights).coef_[0], rtol=1e-3)


def test_between_the_domains_the_mean_is_best() -> None:
    draws = [plots.knobs.share_of_source(seed) for seed in range(3)]
    means = {
        value: np.mean([float(re.findall(NUMBER, said(draw, value))[1]) for draw in draws])
        for value in (0, 0.5, 1)
    }
    assert means[0.5] > max(means[0], means[1])


@pytest.mark.parametrize("width", [0.1, 1.0])
def test_the_unbiased_mmd_is_the_sum_over_different_rows(width: float) -> None:
    s, t = np.random.default_rng(0).normal(size=(2, 7))

    def k(a: float, b: float) -> float:
        return float(np.exp(-((a - b) ** 2) / (2 * width**2)))

    within = [k(r[i], r[j]) for r in (s, t) for i in range(7) for j in range(7) if i != j]
    across = [k(a, b) for a in s for b in t]
    rows = np.concatenate([s, t])
    kernel = np.exp(-((rows[:, None] - rows) ** 2) / (2 * width**2))
    expected = 2 * np.mean(within) - 2 * np.mean(across)
    assert plots.knobs._mmd_squared(kernel) == pytest.approx(expected)


def test_only_a_sensible_width_sees_two_humps() -> None:
    draw = plots.knobs.kernel_width()
    reached = {
        width: int(re.findall(r"(\d+) of 99", said(draw, width))[0]) for width in (0.001, 0.5, 20)
    }
    assert reached[0.5] == 0 and min(reached[0.001], reached[20]) > 10


def test_springs_rest_where_the_losses_together_are_least() -> None:
    from scipy.optimize import minimize

    stiff, strength = np.array([2.0, 0.2]), 3.0
    found = minimize(
        lambda w: 0.5 * ((w - 2) ** 2).sum() + strength * 0.5 * stiff @ w**2, np.ones(2), tol=1e-12
    ).x
    old, new = 0.5 * stiff @ found**2, 0.5 * ((found - 2) ** 2).sum()
    assert f"old loss {old:.2f}, new loss {new:.2f} with EWC" in said(
        plots.knobs.springs(), strength
    )


def test_a_rank_keeps_what_the_best_matrix_of_that_rank_keeps() -> None:
    rng = np.random.default_rng(0)
    change = rng.normal(size=(6, 2)) @ rng.normal(size=(2, 9)) + 0.1 * rng.normal(size=(6, 9))
    draw = plots.knobs.rank_of_change(change)
    u, s, v = np.linalg.svd(change)
    best = (u[:, :2] * s[:2]) @ v[:2]
    kept = 1 - ((change - best) ** 2).sum() / (change**2).sum()
    assert said(draw, 2) == f"{kept:.0%} of the squared change, 30 numbers to store instead of 54."
    assert said(draw, 0).startswith("0% ") and said(draw, 6).startswith("100% ")
