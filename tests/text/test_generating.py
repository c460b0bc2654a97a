"""Temperature, the likeliest few, and one token after another."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.text.generating import continue_rows, next_probabilities
from course_lib.text.vocabulary import END

Z = np.log([0.5, 0.3, 0.2])


def test_temperature_one_is_softmax() -> None:
    assert np.allclose(next_probabilities(Z), [0.5, 0.3, 0.2])


def test_cold_is_sure_and_hot_is_even() -> None:
    assert next_probabilities(Z, temperature=0.05)[0] > 0.999
    assert np.allclose(next_probabilities(Z, temperature=1e4), 1 / 3, atol=1e-3)
    assert np.isfinite(next_probabilities(1e4 * Z)).all()


def test_only_the_likeliest_are_left() -> None:
    assert np.allclose(
        next_probabilities(np.stack([Z, Z[::-1]]), top=2), [[0.625, 0.375, 0], [0, 0.375, 0.625]]
    )
    with pytest.raises(CourseError, match="top"):
        next_probabilities(Z, top=4)


def counting(x: np.ndarray) -> np.ndarray:
    """A model that is sure that the next number is one more, and END after 7; tokens 0 … 9."""
    following = np.where(x == 7, END, x + 1)
    return 50.0 * np.eye(10)[following % 10]


def test_rows_go_on_until_their_end() -> None:
    assert continue_rows(counting, [[4], [6]], steps=9, places=3) == [[5, 6, 7], [7]]
    assert continue_rows(counting, [[4]], steps=2, places=3) == [[5, 6]]
    assert continue_rows(counting, [[4]], steps=4, places=3, end=None) == [[5, 6, 7, END]]


def test_drawing_follows_the_seed_and_the_probabilities() -> None:
    def fair(x: np.ndarray) -> np.ndarray:
        return np.broadcast_to(np.log([0.7, 0.2, 0.1]), (*x.shape, 3))

    drawn = [
        continue_rows(fair, [[0]] * 300, steps=1, places=4, temperature=1.0, end=None, seed=s)
        for s in (0, 0, 1)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert np.allclose(
        np.bincount(np.ravel(drawn[0]), minlength=3) / 300, [0.7, 0.2, 0.1], atol=0.08
    )


def test_the_model_sees_no_more_than_it_can_read() -> None:
    seen = []

    def note(x: np.ndarray) -> np.ndarray:
        seen.append(x.shape[1])
        return counting(x)

    continue_rows(note, [[4, 4]], steps=3, places=3, end=None)
    assert seen == [2, 3, 3]
