"""The benchmark for a GPU: its path runs here, small; aims are read off a record rightly."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from benchmarks import _keeping, gpu
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


def test_what_is_missing_is_said_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch

    def not_here(name: str) -> None:
        raise CourseError(f"{name} is not to be had.", f"取不到 {name}。")

    measured = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(gpu.remote, "fetch_set", not_here)
    monkeypatch.setitem(gpu._MEASURE, "speed", lambda quick: measured.append("speed"))
    with pytest.raises(
        CourseError, match=r"cifar10 is not to be had.*Without it: --part speed\."
    ) as said:
        gpu.run()
    assert "mnist" in str(said.value) and "\n" not in str(said.value) and not measured
    assert "什么都没有测" in said.value.zh


def test_each_part_is_kept_as_soon_as_it_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(quick: bool) -> dict:
        raise CourseError("The disk is full.", "磁盘已满。")

    kept: list[list[str]] = []
    monkeypatch.setitem(gpu._MEASURE, "speed", lambda quick: {"models": []})
    monkeypatch.setitem(gpu._MEASURE, "methods", breaks)
    with pytest.raises(CourseError, match="full"):
        gpu.run(quick=True, save=lambda result: kept.append(sorted(result)))
    assert kept == [["quick", "speed"]]


def test_what_was_kept_on_the_way_gives_way_to_the_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(_keeping, "folder", lambda: tmp_path)
    _keeping.keep("some", {"of": "last week"})
    partly = _keeping.keep_partly("some", {"part": 1})
    assert json.loads(partly.read_text(encoding="utf-8"))["result"] == {"part": 1}
    assert "last week" in (tmp_path / "some.json").read_text(encoding="utf-8")
    whole = _keeping.keep("some", {"whole": 2})
    assert json.loads(whole.read_text(encoding="utf-8"))["result"] == {"whole": 2}
    assert not partly.exists()


def test_the_first_moment_counts() -> None:
    assert gpu._first([0.5, 0.9, 0.8], [10.0, 20.0, 30.0], 0.8) == 20.0
    assert gpu._first([0.5, 0.9], [10.0, 20.0], 0.95) is None


def test_real_data_is_asked_for_only_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COURSE_DATA", raising=False)
    with gpu._data("real"):
        assert os.environ["COURSE_DATA"] == "real"
    assert "COURSE_DATA" not in os.environ
