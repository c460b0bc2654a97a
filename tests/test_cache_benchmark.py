"""The cache benchmark: both ways give the same head, and a miss is called one."""

from __future__ import annotations

from benchmarks import cache


def made_up(**changed: float) -> dict:
    row = {"backbone": "resnet18", "times_faster": 22.0, "path_part": 0.01}
    return {"rows": [row | changed], "quick": False}


def test_both_ways_give_the_same_losses():
    result = cache.run(quick=True)
    assert [row["backbone"] for row in result["rows"]] == ["glyphnet", "resnet18"]
    for row in result["rows"]:
        assert row["largest_difference_of_losses"] < 1e-4
        assert row["times_faster"] > 1
    assert "again and again" in cache.table(result)
    assert cache.misses(result) == []  # a quick run promises nothing


def test_a_miss_is_called_one():
    assert cache.misses(made_up()) == []
    (miss,) = cache.misses(made_up(times_faster=12.0))
    assert "12.0×" in miss
    (miss,) = cache.misses(made_up(path_part=0.2))
    assert "20.0%" in miss
