"""The table of attacks, a few lines of it: what it counts, and that nbgrader by itself is really hurt."""

from __future__ import annotations

import pytest

from benchmarks import attacks
from course_lib.grading.walls import sandbox
from tests.conftest import require


def row(**said):
    return {"points": 0, "why": "Incorrect", "neighbour": 5, "left": 0, "reached": False} | said


def test_the_table_counts_and_the_aim_is_nothing():
    rows = [
        {"family": "values", "name": "a", "ours": row(), "stock": row(points=2)},
        {
            "family": "escapes",
            "name": "b",
            "ours": row(points=2),
            "stock": row(neighbour=0, why=""),
        },
    ]
    result = {"rows": rows, "quick": True}
    assert attacks.misses(result) == []
    text = attacks.table(result)
    assert "UNEARNED" in text and "neighbour lost" in text
    rows[0]["ours"] = row(points=2, left=1)
    assert len(attacks.misses(result)) == 2


@pytest.mark.slow
def test_a_few_of_them_by_both_graders():
    require(sandbox.available(), "this machine has no bubblewrap sandbox")
    result = attacks.run(quick=True)
    assert attacks.misses(result) == []
    stock = {each["name"]: each["stock"] for each in result["rows"]}
    assert stock["run_code replaced"]["points"] == 2  # for a cell in which nothing was run
    assert stock["shows all its points"]["points"] == 2 and stock["list"]["points"] == 2
