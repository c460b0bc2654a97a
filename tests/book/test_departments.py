"""The page for departments holds what was measured, or says that it was not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmarks import capacity, cluster
from course_lib import language
from course_lib.book import departments
from course_lib.book.departments import departments_page
from course_lib.grading.cluster.capacity import Service
from tests.conftest import ROOT

RATES = {"one": 100.0, "apart": 180.0, "same batch": 150.0, "twice the batch": 160.0}
SLOW = Service(np.array([1.0, 3.0]), 15.0, "")  # fifteen seconds to write a submission down
HALF = {"half": "pytorch", "gradient_differs": 1e-7, "images_per_second": RATES}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "book").mkdir()
    for path in (ROOT / "book").glob("departments*.md"):
        shutil.copy(path, tmp_path / "book")
    return tmp_path


def keep(root: Path, name: str, result: dict) -> None:
    folder = root / "benchmarks" / "results"
    folder.mkdir(parents=True, exist_ok=True)
    whole = {"date": "2026-01-01", "machine": {"processor": "a chip"}, "result": result}
    (folder / f"{name}.json").write_text(json.dumps(whole), encoding="utf-8")


@pytest.mark.parametrize("language_", ["en", "zh"])
def test_what_was_not_measured_is_said_so(language_: str, root: Path) -> None:
    language.use(language_)
    page = departments_page(root)
    assert page.count("bench capacity --keep`.*") + page.count("bench capacity --keep`。*") == 3
    assert "bench scaling --keep" in page and "bench cluster --keep" in page and "{{" not in page
    assert ("No GPU has been measured" in page) == (language_ == "en")


def measured(record: float) -> dict:
    """Give a kept result for small classes, simulated as the benchmark does it."""
    service = Service(np.array([1.0, 3.0]), record, "")
    plans = {crowd: capacity.simulated(service, crowd, (50, 500)) for crowd in capacity.CROWDS}
    return {
        "chapter": "04",
        "kernel_seconds": [1.0, 3.0],
        "record_seconds": record,
        "plans": plans,
    }


@pytest.mark.parametrize("language_", ["en", "zh"])
def test_the_simulation_and_the_scaling_are_in_it(language_: str, root: Path) -> None:
    keep(root, "capacity", measured(0.01))
    cost = {"model": "resnet50", "devices": 8, "hours": [3.0, 2.5], "device_hours": [24, 20]}
    paper = {"device": "a GPU", "date": "2026-01-01", "costs": [cost]}
    keep(root, "scaling", {"halves": [HALF], "paper": paper})
    language.use(language_)
    page = departments_page(root)
    for part in ("| 50 |", "| 500 |", "a chip", "1e-07", "| 0.75 |", "| 0.80 |", "| 2.5–3.0 |"):
        assert part in page, part
    assert "{{" not in page and "too many" not in page


@pytest.mark.parametrize("language_", ["en", "zh"])
def test_what_is_only_computed_of_a_cluster_is_marked_so(language_: str, root: Path) -> None:
    rows = [
        {"workers": 1, "a_minute": 60.0, "kernels": 0.7, "worker": 0.1, "grader": 0.1},
        {"workers": 2, "a_minute": 101.4, "kernels": 0.7, "worker": 0.1, "grader": 0.1},
    ]
    keep(root, "cluster", {"rows": rows, "paper": cluster.on_paper(rows)})
    language.use(language_)
    lines = [line for line in departments_page(root).splitlines() if line.startswith("| ")]
    said = {line.split(" | ")[0]: line for line in lines if line.count("|") == 4}
    measured, computed = ("measured", "computed") if language_ == "en" else ("实测", "推算")
    assert measured in said["| 1"] and "| 101 |" in said["| 2"] and measured in said["| 2"]
    for workers, row in {each["workers"]: each for each in cluster.on_paper(rows)}.items():
        line = said[f"| {workers}"]
        assert f"| {row['a_minute']:.0f} |" in line and computed in line and measured not in line


def test_a_rush_too_great_for_one_gradebook_is_cut(root: Path) -> None:
    keep(root, "capacity", measured(15.0))
    page = departments_page(root)
    assert "500 students in this rush are too many" in page and "(64 are shown)" in page
    (row,) = [each for each in capacity.simulated(SLOW, "hard", (500,)) if each["parts"]]
    one = row["each"]
    assert one["students"] == -(-500 // row["parts"]) and one["late"][2] <= 60 * capacity.MINUTES
    assert f"Cut into {row['parts']} course directories of {one['students']} students" in page


def test_the_published_page_has_measured_figures_and_says_which_are_missing() -> None:
    page = departments_page(ROOT)
    for name in ("capacity", "scaling", "cluster"):
        assert f"Not measured yet: `./course bench {name} --keep`" not in page
    gpu = (ROOT / "benchmarks" / "results" / "speed_gpu.json").is_file()
    assert ("No GPU has been measured yet" in page) != gpu


def test_crowds_are_those_of_the_benchmark() -> None:
    assert set(departments.CROWDS) == set(capacity.CROWDS)
