"""Paired tests, against SciPy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from course_lib.comparing import holm, mcnemar_test, seeds_needed, sign_flip_test
from course_lib.errors import CourseError


def test_sign_flips_are_scipys_exact_test() -> None:
    d = np.random.default_rng(0).normal(0.3, 1, 9)
    theirs = stats.permutation_test(
        (d,), np.mean, permutation_type="samples", n_resamples=np.inf
    ).pvalue
    assert sign_flip_test(d) == pytest.approx(theirs)


def test_five_seeds_cannot_give_less_than_a_sixteenth() -> None:
    assert sign_flip_test([0.1, 0.2, 0.1, 0.3, 0.2]) == 2 / 32
    assert sign_flip_test([0.0, 0.0]) == 1


def test_many_pairs_are_drawn_and_give_about_the_t_tests_answer() -> None:
    d = np.random.default_rng(1).normal(0.4, 1, 40)
    assert sign_flip_test(d) == pytest.approx(stats.ttest_1samp(d, 0).pvalue, abs=0.01)
    with pytest.raises(CourseError, match="pair"):
        sign_flip_test([])


def test_mcnemar_is_a_coin_among_those_on_which_they_differ() -> None:
    a, b = np.array([1, 1, 1, 1, 1, 0, 1, 0]), np.array([0, 0, 0, 0, 0, 1, 1, 0])
    assert mcnemar_test(a, b) == pytest.approx(stats.binomtest(5, 6).pvalue)
    assert mcnemar_test(a, a) == 1
    with pytest.raises(CourseError, match="same pictures"):
        mcnemar_test(a, b[:3])


def test_holm_by_hand() -> None:
    # 0.01 < 0.05/4; 0.013 < 0.05/3; 0.03 > 0.05/2 stops, so that 0.04 does not count either.
    assert holm([0.04, 0.01, 0.03, 0.013]).tolist() == [False, True, False, True]


def test_seeds_needed_are_enough_and_one_less_is_not() -> None:
    n = seeds_needed(0.03, 0.01)

    def reach(m: int) -> float:
        return float(stats.t.ppf(0.975, m - 1) * 0.03 / np.sqrt(m))

    assert reach(n) <= 0.01 < reach(n - 1)
    assert seeds_needed(0, 0.01) == 2
