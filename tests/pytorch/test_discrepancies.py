"""MMD and CORAL against loops, closed forms, and finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from course_lib.errors import CourseError
from course_lib.pytorch import coral_distance, kernel_matrix, mmd_squared
from tests.training import adaptation_cases as cases
from tests.training.loss_cases import finite_differences

T = torch.tensor


@pytest.mark.parametrize("how", cases.CASES, ids=str)
def test_mmd_is_its_formula_pair_by_pair(how: dict[str, Any]) -> None:
    found = mmd_squared(T(cases.F_S), T(cases.F_T), **how)
    assert float(found) == pytest.approx(cases.mmd_squared(cases.F_S, cases.F_T, **how), rel=1e-9)


def test_linear_mmd_is_the_squared_distance_of_the_means() -> None:
    expected = ((cases.F_S.mean(axis=0) - cases.F_T.mean(axis=0)) ** 2).sum()
    found = mmd_squared(T(cases.F_S), T(cases.F_T), kernel="linear")
    assert float(found) == pytest.approx(expected, rel=1e-9)


def test_both_estimates_meet_the_closed_form_of_two_gaussians() -> None:
    rng, shift = np.random.default_rng(0), np.array([0.8, 0.0])
    found = [
        [
            float(mmd_squared(T(a), T(b), kernel="rbf", width=1.2, biased=biased))
            for biased in (1, 0)
        ]
        for a, b in (
            (rng.normal(size=(60, 2)), rng.normal(size=(60, 2)) + shift) for _ in range(100)
        )
    ]
    biased, unbiased = np.mean(found, axis=0)
    expected = cases.gaussian_mmd_squared(shift, 1.0, 1.2)
    assert unbiased == pytest.approx(expected, abs=4 * np.std(found, axis=0)[1] / 10)
    assert biased > unbiased + 0.01  # each row with itself


def test_the_unbiased_estimate_of_one_distribution_may_be_negative() -> None:
    rng = np.random.default_rng(1)
    found = [
        float(mmd_squared(T(rng.normal(size=(20, 2))), T(rng.normal(size=(20, 2))), biased=False))
        for _ in range(40)
    ]
    assert min(found) < 0 < max(found) and abs(np.mean(found)) < 0.01


def test_coral_is_its_formula_and_blind_to_a_shift() -> None:
    found = coral_distance(T(cases.F_S), T(cases.F_T))
    assert float(found) == pytest.approx(cases.coral_distance(cases.F_S, cases.F_T), rel=1e-9)
    assert float(coral_distance(T(cases.F_S), T(cases.F_S) + 5)) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("kernel", ["linear", "rbf", "multi", "CORAL"])
def test_gradients_are_those_of_finite_differences(kernel: str) -> None:
    def value(f: Any) -> Any:
        if kernel == "CORAL":
            return coral_distance(T(f) if isinstance(f, np.ndarray) else f, T(cases.F_T))
        f = T(f) if isinstance(f, np.ndarray) else f
        return mmd_squared(f, T(cases.F_T), kernel=kernel, width=0.9, biased=False)

    f = T(cases.F_S, requires_grad=True)
    value(f).backward()
    assert f.grad is not None
    expected = finite_differences(lambda at: float(value(at)), cases.F_S)
    np.testing.assert_allclose(f.grad.numpy(), expected, rtol=1e-5, atol=1e-8)


def test_the_median_takes_no_gradient_and_bears_equal_rows() -> None:
    f = T(cases.F_S, requires_grad=True)
    width = cases.median_width(np.concatenate([cases.F_S, cases.F_T]))
    slopes = [
        torch.autograd.grad(mmd_squared(f, T(cases.F_T), width=given), f)[0]
        for given in (None, width)
    ]
    torch.testing.assert_close(slopes[0], slopes[1])
    assert float(mmd_squared(torch.ones(4, 2), torch.ones(4, 2))) == pytest.approx(0, abs=1e-6)


def test_what_cannot_be_compared_is_told() -> None:
    with pytest.raises(CourseError, match="at least 2"):
        mmd_squared(torch.ones(1, 3), torch.ones(4, 3), biased=False)
    with pytest.raises(CourseError, match="n×D and m×D"):
        coral_distance(torch.ones(4, 3), torch.ones(4, 2))
    with pytest.raises(CourseError, match="kernel is one of"):
        kernel_matrix(torch.ones(4, 3), kernel="cubic")
    with pytest.raises(CourseError, match="width"):
        kernel_matrix(torch.ones(4, 3), width=0.0)
