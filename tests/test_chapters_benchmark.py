"""What the benchmark of the chapters says of the promises on time and memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks import _keeping, chapters
from course_lib.errors import CourseError


def _result(*seconds: float, **other: Any) -> dict[str, Any]:
    row = {"graded_seconds": 4.0, "graded_seconds_after_imports": 2.0, "peak_memory": 1e9}
    row |= {"framework": "pytorch", "faults": [], **other}
    return {"rows": [row | {"chapter": f"{n:02}_x", "seconds": s} for n, s in enumerate(seconds)]}


def test_a_chapter_over_its_limit_is_named() -> None:
    (miss,) = chapters.misses(_result(9.0, 45.5))
    assert miss.startswith("chapter 01_x (pytorch): 45.5 s") and "at most 45" in miss
    (miss,) = chapters.misses(_result(9.0, 9.0, 9.0, 30.5, 30.5))  # the last is chapter 04
    assert miss.startswith("chapter 04_x (pytorch): 30.5 s") and "at most 30" in miss
    (miss,) = chapters.misses(_result(9.0, peak_memory=1.6e9))
    assert "promised at most 1.5e+09" in miss
    (miss,) = chapters.misses(_result(9.0, faults=["cell 'a' did not run"]))
    assert miss.endswith("cell 'a' did not run")


def test_the_median_is_the_mean_of_the_middle_two() -> None:
    assert chapters.misses(_result(10, 10, 10, 18, 20, 20)) == []
    assert chapters.misses(_result(10, 10, 13, 18, 20, 20)) == [
        "median: 15.5 s, promised at most 15"
    ]


def test_few_chapters_have_a_median_and_no_promise() -> None:
    few = _result(20.0, 22.0)
    assert chapters.misses(few) == []
    assert "median: 21.0 s; 15 is promised once there are 6 chapters" in chapters.table(few)


def test_the_table_says_how_quick_the_machine_was() -> None:
    yardstick = {"python": 0.5, "numpy": 1.25}
    shown = chapters.table(_result(9.0, 9.0, yardstick=yardstick))
    assert "yardstick: 0.50 (0.50 to 0.50) s" in shown and "1.25 (1.25 to 1.25) s" in shown
    assert "yardstick" not in chapters.table(_result(9.0))


def test_a_chapter_can_be_measured_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = _result(9.0)["rows"][0]
    monkeypatch.setattr(
        chapters, "_measure", lambda root, name, framework: measured | {"chapter": name}
    )
    monkeypatch.setattr(chapters, "yardstick", lambda: {"python": 0.5, "numpy": 1.0})
    kept: list[int] = []
    result = chapters.run(parts=["05"], save=lambda so_far: kept.append(len(so_far["rows"])))
    assert [row["chapter"][:2] for row in result["rows"]] == ["05", "05"] and kept == [1, 2]


def test_one_chapter_of_what_is_kept_can_be_measured_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(_keeping, "folder", lambda: tmp_path)
    rows = [row | {"framework": f} for f in ("pytorch", "keras") for row in _result(9, 8)["rows"]]
    with pytest.raises(CourseError, match="leave out --part"):
        _keeping.kept("chapters")
    _keeping.keep("chapters", {"rows": rows})
    anew = {"rows": [rows[0] | {"seconds": 5.0}]}
    joined = chapters.joined(_keeping.kept("chapters"), anew)
    found = {(row["chapter"], row["framework"]): row["seconds"] for row in joined["rows"]}
    assert found[("00_x", "pytorch")] == 5.0 and sorted(found.values()) == [5.0, 8, 8, 9]
    monkeypatch.setattr(_keeping, "machine", lambda: {"cores": 96})
    with pytest.raises(CourseError, match="of this machine"):
        _keeping.kept("chapters")
