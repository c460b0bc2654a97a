"""Rates, sizes and records: what both halves take from the plan."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.training import SGD, Constant, History, WarmupCosine
from course_lib.training.plan import Plan


def plan(n: int = 10, epochs: int = 2, batch_size: int = 4) -> Plan:
    return Plan({"x": np.zeros(n), "y": np.zeros(n)}, SGD(0.1), epochs, batch_size, seed=0)


def test_warm_up_rises_to_the_peak_and_the_cosine_falls_to_zero() -> None:
    rates = WarmupCosine(2.0, warmup=0.2).rates(10)
    assert list(rates[:3]) == [1.0, 2.0, 2.0]
    assert rates[6] == pytest.approx(2.0 / 2 * (1 + math.cos(math.pi / 2)))
    assert np.all(np.diff(rates[2:]) < 0) and 0 < rates[-1] < 0.1
    assert list(Constant(0.3).rates(2)) == [0.3, 0.3]


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_schedule_bears_very_short_trainings(steps: int) -> None:
    assert np.isfinite(WarmupCosine(1.0, warmup=0.99).rates(steps)).all()


def test_a_warm_up_longer_than_the_training_is_refused() -> None:
    with pytest.raises(CourseError, match="warmup"):
        WarmupCosine(1.0, warmup=1.0)


def test_the_epochs_loss_is_a_mean_over_examples_not_over_batches() -> None:
    history = History()
    plan(n=10).record(history, [1.0, 1.0, 4.0], {"accuracy": 0.5}, seconds=2.0)  # sizes 4, 4, 2
    assert history.epochs[0]["loss"] == pytest.approx((4 + 4 + 2 * 4.0) / 10)
    assert history.epochs[0]["val_accuracy"] == 0.5 and history.loss == [1.0, 1.0, 4.0]


def test_a_loss_that_is_no_number_is_named_with_its_step() -> None:
    history, made = History(), plan()
    made.record(history, [1.0, 1.0, 1.0], {}, seconds=0.0)
    with pytest.raises(CourseError, match="step 4"):
        made.record(history, [1.0, float("nan"), 1.0], {}, seconds=0.0)


def test_a_plan_of_no_epochs_is_refused() -> None:
    with pytest.raises(CourseError, match="epochs"):
        plan(epochs=0)
    for what in ({"accumulate": 0}, {"batch_norm": "moving on"}):
        with pytest.raises(CourseError, match=next(iter(what))):
            replace(plan(), **what)


@pytest.mark.parametrize(
    ("n", "how", "single"),
    [
        (8, {}, False),
        (9, {}, False),  # 4 and 5
        (1, {}, True),
        (8, {"accumulate": 2}, False),
        (7, {"accumulate": 2}, True),  # 4 and 3: one part of the three is a single one
        (3, {"batch_size": 1}, True),
    ],
)
def test_it_knows_whether_an_example_stands_alone(
    n: int, how: dict[str, int], single: bool
) -> None:
    assert replace(plan(n=n), **how).has_single == single


def test_numpys_counts_are_counts() -> None:
    made = replace(plan(), epochs=np.int64(3), seed=np.uint8(7))
    assert json.dumps(made.settings) == json.dumps(replace(plan(), epochs=3, seed=7).settings)


def test_one_history_goes_on_where_another_ends() -> None:
    first, second = History(), History()
    plan().record(first, [3.0, 2.0, 1.0], {}, seconds=2.0)
    plan().record(second, [0.5, 0.4, 0.3], {}, seconds=1.0)
    both = first.followed_by(second)
    assert both.loss == [3.0, 2.0, 1.0, 0.5, 0.4, 0.3] and both.seconds == 3.0
    assert both.column("epoch") == [0, 1] and both.column("seconds") == [2.0, 3.0]
    assert second.epochs[0]["epoch"] == 0  # neither of the two is changed


def test_history_survives_json() -> None:
    history = History()
    plan().record(history, [0.1, 0.2, 1 / 3], {"loss": 1.5}, seconds=0.25)
    assert History.from_json(history.to_json()) == history
    assert history.column("val_loss") == [1.5]
    with pytest.raises(CourseError, match="val_accuracy"):
        history.column("val_accuracy")
