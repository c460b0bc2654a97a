"""The cluster's benchmark says what was measured and what was only computed."""

from __future__ import annotations

from benchmarks import cluster

ONE = {"workers": 1, "students": 40, "a_minute": 60.0, "kernels": 0.7, "grader": 0.1, "worker": 0.1}
ONE["scheduler"] = 0.01
TWO = ONE | {"workers": 2, "a_minute": 100.0}


def test_more_workers_are_computed_from_what_bounds_them_and_marked() -> None:
    paper = {row["workers"]: row for row in cluster.on_paper([ONE, TWO])}
    assert paper[4]["a_minute"] == 4 * 60 and not paper[4]["bound"]
    assert paper[64]["a_minute"] == 60 / 0.1 and paper[64]["bound"]
    result = {"rows": [ONE, TWO], "paper": list(paper.values()), "load": 0.0, "quick": False}
    measured, _, computed = cluster.table(result).partition("computed, not measured")
    assert "60.0" in measured and "100.0" in measured and "240" in computed
    assert cluster.misses(result) == []
    slow = result | {"rows": [ONE, TWO | {"a_minute": 61.0}]}
    assert "1.02 times" in cluster.misses(slow)[0]
