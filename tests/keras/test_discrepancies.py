"""MMD and CORAL against loops, and their gradients. (More of them: ``tests/pytorch``.)"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.keras import coral_distance, gradients, mmd_squared
from course_lib.keras.engine import keras
from tests.training import adaptation_cases as cases
from tests.training.loss_cases import finite_differences


def tensor(values: np.ndarray) -> Any:
    return keras.ops.convert_to_tensor(values, dtype="float64")


@pytest.mark.parametrize("how", cases.CASES, ids=str)
def test_mmd_is_its_formula_pair_by_pair(how: dict[str, Any]) -> None:
    found = mmd_squared(tensor(cases.F_S), tensor(cases.F_T), **how)
    assert float(found) == pytest.approx(cases.mmd_squared(cases.F_S, cases.F_T, **how), rel=1e-9)


def test_coral_is_its_formula() -> None:
    found = coral_distance(tensor(cases.F_S), tensor(cases.F_T))
    assert float(found) == pytest.approx(cases.coral_distance(cases.F_S, cases.F_T), rel=1e-9)


@pytest.mark.parametrize("name", ["linear", "multi", "CORAL"])
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    def value(f: Any) -> Any:
        if name == "CORAL":
            return coral_distance(f, tensor(cases.F_T))
        return mmd_squared(f, tensor(cases.F_T), kernel=name, width=0.9, biased=False)

    f = keras.Variable(cases.F_S, dtype="float64")
    _, (slope,) = gradients(lambda: value(keras.ops.convert_to_tensor(f)), [f])
    expected = finite_differences(lambda at: float(value(tensor(at))), cases.F_S)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(slope), expected, rtol=1e-5, atol=1e-8)


def test_what_cannot_be_compared_is_told() -> None:
    with pytest.raises(CourseError, match="at least 2"):
        mmd_squared(tensor(np.ones((1, 3))), tensor(np.ones((4, 3))), biased=False)
