"""The grading benchmarks: a miss is called one, a loss too, and the mix of the class is what it says."""

from __future__ import annotations

from copy import deepcopy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from benchmarks import faults, grading

ROW = {"what": "x", "students": 50, "seconds": 30.0, "a_minute": 100.0, "cpu": 0.3}
OURS = {**ROW, "kernels": 0.2, "own": 0.1, "more": 0.3, "start": 5.0}
GOOD = {
    "jobs": 2,
    "load": 0.5,
    "rows": [OURS, OURS, {**ROW, "a_minute": 9.0, "cpu": 6.0}, {**ROW, "a_minute": 2.0}],
    "class": {**ROW, "students": 500, "seconds": 180.0},
    "large": [
        {"from": 1, "to": 10, "cpu": 0.1, "memory_mb": 200.0},
        {"from": 10, "to": 100, "cpu": 0.1, "memory_mb": 210.0},
    ],
    "repeats": {"runs": 20, "different": 0},
}


def test_figures_that_are_met_are_no_misses():
    assert grading.misses(GOOD) == []
    text = grading.table(GOOD)
    assert "11.1 times as fast" in text and "1.50 times what its own kernel computes" in text
    assert "500 students of chapter 04 in 3.0 minutes" in text
    assert "20 runs" in text and "11 to 100" in text


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("rows", 2, "a_minute"), 20.0, "5.0 times nbgrader's rate"),
        (("rows", 1, "more"), 0.5, "2.50 times the submissions' own"),
        (("large", 1, "cpu"), 0.2, "costs more"),
        (("large", 1, "memory_mb"), 400.0, "grow"),
        (("repeats", "different"), 1, "other marks"),
    ],
)
def test_each_figure_that_is_missed_is_said(place, value, said):
    result = deepcopy(GOOD)
    part = result
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = value
    (miss,) = grading.misses(result)
    assert said in miss


def test_parts_stand_alone():
    for part in ("class", "large", "repeats"):
        alone = {"load": 0.5, part: GOOD[part]}
        assert grading.misses(alone) == [] and "times as fast" not in grading.table(alone)


@pytest.mark.parametrize("way", [0, 1])
def test_a_submission_can_be_made_to_hang(way):
    answer = new_code_cell("def mean(x):\n    return 1", metadata={"nbgrader": {"solution": True}})
    notebook = new_notebook(cells=[new_code_cell("def other(): pass"), answer])
    grading._let_hang(notebook, way)
    nbformat.validate(notebook)
    source = notebook.cells[1].source
    assert "while True" in source and ("def mean(" in source) == (way == 1)


def test_what_is_lost_and_what_never_struck_is_said():
    row = {"fault": "a kernel is killed", "struck": 3, "commands": 3, "lost": []}
    result = {"rows": [row], "students": 10, "moments": 3}
    assert faults.misses(result) == [] and "a kernel is killed" in faults.table(result)
    assert faults.misses({"rows": [{**row, "struck": 0}]}) == ["a kernel is killed: never struck"]
    assert "moment 1" in faults.misses({"rows": [{**row, "lost": ["moment 1: x"]}]})[0]
