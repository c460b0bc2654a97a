"""What fit_each and evaluate_each ask of their arguments; what they compute is in tests/parity."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.pytorch import AdamW, build_head, evaluate_each, fit_each

PAIR = (np.zeros((4, 3), np.float32), np.arange(4) % 2)


@pytest.mark.parametrize(
    ("what", "wrong"),
    [
        ("trains", {"trains": [PAIR]}),
        ("optimizers", {"optimizers": [AdamW()]}),
        ("seeds", {"seeds": [1, 2, 3]}),
        ("epochs", {"epochs": [1]}),
    ],
)
def test_one_of_each_for_every_model(what: str, wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {"trains": [PAIR, PAIR], "epochs": 1} | wrong
    models = [build_head(3, 2, seed=i) for i in range(2)]
    with pytest.raises(CourseError, match=f"one of {what} for each model: there are 2 models"):
        fit_each(models, **given)


def test_no_models_is_no_training() -> None:
    with pytest.raises(CourseError, match="there are 0 models"):
        fit_each([], [], epochs=1)


def test_as_many_data_sets_as_models() -> None:
    with pytest.raises(CourseError, match="there are 1 models and 2 data sets"):
        evaluate_each([build_head(3, 2)], [PAIR, PAIR])
