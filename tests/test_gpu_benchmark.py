"""The benchmark for a GPU: its path runs here, small; aims are read off a record rightly."""

from __future__ import annotations

import os

import pytest

from benchmarks import gpu
from course_lib.errors import CourseError


def test_without_a_gpu_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(CourseError, match="NVIDIA GPU"):
        gpu.run()


def test_time_to_an_accuracy_runs_small() -> None:
    result = gpu.run(quick=True, parts=("time",))
    row = result["time"]
    assert row["model"] == "glyphnet" and len(row["validation"]) == 2 and 0 <= row["test"] <= 1
    assert "glyphnet on digits" in gpu.table(result) and gpu.misses(result) == []


def test_the_first_moment_counts() -> None:
    assert gpu._first([0.5, 0.9, 0.8], [10.0, 20.0, 30.0], 0.8) == 20.0
    assert gpu._first([0.5, 0.9], [10.0, 20.0], 0.95) is None


def test_real_data_is_asked_for_only_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COURSE_DATA", raising=False)
    with gpu._data("real"):
        assert os.environ["COURSE_DATA"] == "real"
    assert "COURSE_DATA" not in os.environ
