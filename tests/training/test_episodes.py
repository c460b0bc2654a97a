"""Episodes: the support and the queries of a class never share a picture."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.training.episodes import draw_episode, episodes


def test_rows_belong_to_their_class_and_come_once() -> None:
    y = np.repeat(np.arange(6), [9, 9, 9, 9, 3, 9])
    rng = np.random.default_rng(0)
    for _ in range(20):
        support, queries = draw_episode(y, ways=4, shots=2, queries=3, rng=rng)
        rows = np.concatenate([support, queries], axis=1)
        assert rows.shape == (4, 5) and len(np.unique(rows)) == 20
        assert (y[rows] == y[rows[:, :1]]).all() and len(np.unique(y[rows[:, 0]])) == 4
        assert 4 not in y[rows]  # too few examples of it
    with pytest.raises(CourseError, match="only 5"):
        draw_episode(y, ways=6, shots=2, queries=3, rng=rng)


def test_whole_episodes_as_training_data() -> None:
    x = np.arange(40, dtype=np.uint8).reshape(40, 1, 1, 1)
    tasks, classes = episodes(x, np.arange(40) % 4, n=3, ways=2, shots=1, queries=2, seed=1)
    assert tasks.shape == (3, 2, 3, 1, 1, 1) and classes.tolist() == [[0, 1]] * 3
    kinds = tasks[..., 0, 0, 0] % 4
    assert (kinds == kinds[:, :, :1]).all()
