"""What a shared training costs: arithmetic that a hand can check, and what is called a miss."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import _keeping, scaling
from benchmarks._on_paper import training_cost
from course_lib.errors import CourseError

PAPER = {"batch": 100, "weights": 250_000_000, "gigabytes_per_second": 1.0}


def test_one_device_loses_nothing() -> None:
    cost = training_cost(1_000.0, devices=1, images=3_600_000, epochs=1, **PAPER)
    assert cost.efficiency == (1, 1) and cost.hours == (1, 1)


def test_two_devices_by_hand() -> None:
    """A step of 0.1 s, and 1 GB to send, 1 s: a part of 1/11 without overlap, 1/10 with all of it."""
    cost = training_cost(1_000.0, devices=2, images=3_600_000, epochs=1, **PAPER)
    assert cost.efficiency == pytest.approx((1 / 11, 1 / 10))
    assert cost.hours == pytest.approx((11 / 2, 10 / 2))
    assert cost.device_hours == pytest.approx((11, 10))


@pytest.mark.parametrize("half", ["pytorch", "keras"])
def test_two_processes_have_one_gradient_and_one_model(half: str) -> None:
    settings = {**scaling.QUICK, "measure": "gradient"}
    (one,) = scaling.launch(half, 1, settings)
    first, second = scaling.launch(half, 2, settings)
    assert np.abs(one).max() > 0
    np.testing.assert_allclose(first, one, atol=scaling.SAME_GRADIENT * np.abs(one).max())
    np.testing.assert_array_equal(first, second)


def test_a_rate_is_measured_by_every_process() -> None:
    both = scaling.launch("pytorch", 2, {**scaling.QUICK, "measure": "rate"})
    assert len(both) == 2 and all(rate > 0 for each in both for rate in each)


def test_a_process_that_fails_ends_the_others_in_a_sentence() -> None:
    settings = {**scaling.QUICK, "measure": "gradient", "backbone": "no such"}
    with pytest.raises(CourseError, match="did not end well"):
        scaling.launch("pytorch", 2, settings)


def made_up(difference: float) -> dict:
    rates = {"one": 100.0, "same batch": 120.0, "twice the batch": 180.0, "apart": 190.0}
    half = {
        "half": "pytorch", "weights": 10, "gradient_differs": difference, "processes_differ": 0.0,
        "images_per_second": rates,
    }  # fmt: skip
    return {"halves": [half], "paper": {"missing": "no GPU"}}


def test_the_table_gives_both_efficiencies_and_a_miss_is_called_one() -> None:
    shown = scaling.table(made_up(1e-7))
    assert "0.60" in shown and f"{120 / 190:.2f}" in shown and "no GPU" in shown
    assert scaling.misses(made_up(1e-7)) == []
    assert len(scaling.misses(made_up(1e-3))) == len(scaling.misses(made_up(float("nan")))) == 1


def test_on_paper_takes_what_one_gpu_measured(tmp_path: Path) -> None:
    kept = tmp_path / "speed_gpu.json"
    assert "bench gpu --keep" in scaling.on_paper(kept)["missing"]
    rows = [{"model": "resnet50", "images_per_second": 2_000.0}]
    whole = {"date": "2026-01-01", "result": {"device": "a GPU", "models": rows}}
    kept.write_text(json.dumps(whole), encoding="utf-8")
    found = scaling.on_paper(kept)
    assert [each["devices"] for each in found["costs"]] == list(scaling.DEVICES)
    hours = 1_281_167 * 90 / 2_000 / 3600
    assert found["costs"][0]["hours"] == pytest.approx((hours, hours))
    assert "a GPU" in scaling.table({"halves": [], "paper": found})


def test_a_kept_result_names_machine_versions_and_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_keeping, "folder", lambda: tmp_path)
    kept = json.loads(_keeping.keep("some", {"found": 1}).read_text(encoding="utf-8"))
    assert kept["result"] == {"found": 1} and kept["machine"]["cores"]
    assert {"python", "torch", "keras"} <= set(kept["versions"]) and len(kept["date"]) == 10
