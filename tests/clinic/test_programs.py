"""What the clinic's probes hand out: programs with and without a working seed, trials that keep a record."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.clinic import KINDS, VERDICTS, Trials, make_run
from course_lib.clinic.probes import choosing, examining

LOSSES = {
    "train": np.array([0.1, 0.5, 0.9]),
    "validation": np.array([0.7, 0.4, 0.6]),
    "test": np.array([0.8, 0.5, 0.2]),
}


def verdict(run) -> str:
    runs = [run(seed) for seed in (0, 0, 1, 2)]
    if not np.array_equal(runs[0], runs[1]):
        return "not repeatable"
    return "deaf" if np.array_equal(runs[1], runs[2]) else "sound"


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_what_its_verdict_says(kind):
    assert [verdict(make_run(kind, seed)) for seed in range(5)] == [KINDS[kind]] * 5
    assert KINDS[kind] in VERDICTS


def test_only_the_last_number_of_the_late_one_is_unseeded():
    run = make_run("late", 3)
    first, again = run(0), run(0)
    assert np.array_equal(first[:-1], again[:-1]) and first[-1] != again[-1]


def test_the_shuffled_one_has_the_same_numbers_and_the_same_sum_each_time():
    runs = [make_run("shuffled", seed) for seed in range(50)]
    for first, again in ((run(0), run(0)) for run in runs):
        assert set(first) == set(again) and sum(first) == sum(again)
        assert first[0] != again[0]


def test_the_faint_one_is_a_bit_off_each_time():
    run = make_run("faint", 3)
    first, again = run(0), run(0)
    assert not np.array_equal(first, again) and np.allclose(first, again, rtol=0, atol=1e-14)


def test_only_the_last_number_of_the_late_sound_one_depends_on_the_seed():
    run = make_run("sound_late", 3)
    first, other = run(0), run(1)
    assert np.array_equal(first[:-1], other[:-1]) and first[-1] != other[-1]


def test_the_warm_one_repeats_from_its_second_run_on():
    run = make_run("warm", 3)
    first, again, third = run(0), run(0), run(0)
    assert not np.array_equal(first, again) and np.array_equal(again, third)


def test_what_was_fitted_and_looked_at_is_written_down():
    trials = Trials(LOSSES)
    model = trials.fit(20, "train")
    assert trials.loss(model, "test") == 0.5
    assert trials.fitted_on == ["train"] and trials.looks == ["test"]


def test_a_model_fitted_on_the_exam_flatters_itself():
    trials = Trials(LOSSES)
    assert trials.loss(trials.fit(20, "test"), "test") < LOSSES["test"][1]


def test_an_unknown_part_is_refused():
    with pytest.raises(ValueError, match="choose one of train"):
        Trials(LOSSES).fit(10, "holdout")


def test_a_place_is_no_candidate():
    with pytest.raises(ValueError, match="no candidate 1: choose one of"):
        Trials(LOSSES).fit(1, "train")


def test_a_look_too_many_is_reported():
    def peek(candidates, fit, loss):
        models = [fit(each, "train") for each in candidates]
        best = int(np.argmin([loss(model, "test") for model in models]))
        return candidates[best], loss(models[best], "test")

    report = choosing(peek, **LOSSES)
    assert report == {"chosen": 30, "reported": 0.2, "fitted_on": ["train"], "test_looks": 4}


def test_verdicts_come_back_in_the_order_of_the_kinds():
    kinds = ["deaf", "sound", "loose"]
    assert examining(verdict, kinds=kinds, seed=1)["verdicts"] == [KINDS[kind] for kind in kinds]
