"""Examples kept for replay."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.training.memory import Memory


def stream(*counts: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Give a task for each class; each example is its own number."""
    start = 0
    for label, n in enumerate(counts):
        yield np.arange(start, start + n, dtype=np.float32)[:, None], np.full(n, label)
        start += n


def test_a_reservoir_keeps_all_with_one_probability() -> None:
    kept = np.zeros(60)
    for seed in range(400):
        memory = Memory(15, kind="reservoir", seed=seed)
        for task in stream(40, 20):
            memory.add(task)
        assert len(memory) == 15 and memory.seen == 60 and memory.x is not None
        kept[memory.x[:, 0].astype(int)] += 1
    assert len(np.unique(memory.x)) == 15
    assert abs(kept[:40].mean() / 400 - 0.25) < 0.02 and abs(kept[40:].mean() / 400 - 0.25) < 0.02
    assert kept.max() / 400 < 0.36 and kept.min() / 400 > 0.14


def test_a_balanced_memory_has_as_many_of_each_class() -> None:
    kept = np.zeros(130)
    for seed in range(200):
        memory = Memory(9, seed=seed)
        for task in stream(100, 20, 10):
            memory.add(task)
        assert memory.x is not None and np.bincount(memory.y).tolist() == [3, 3, 3]
        kept[memory.x[:, 0].astype(int)] += 1
    assert kept[:50].mean() == pytest.approx(kept[50:100].mean(), rel=0.25)  # early or late


def test_fewer_than_its_size_are_all_kept_with_their_labels() -> None:
    memory = Memory(100)
    for x, y in stream(5, 3):
        memory.add((x, y))
    assert sorted(memory.arrays()["x_m"][:, 0]) == list(range(8))
    assert (memory.arrays()["y_m"] == (memory.arrays()["x_m"][:, 0] >= 5)).all()
    with pytest.raises(CourseError, match="balanced"):
        Memory(3, kind="fifo")
