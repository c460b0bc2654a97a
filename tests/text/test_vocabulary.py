"""Numbers for tokens."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.text.vocabulary import (
    END,
    PADDING,
    START,
    UNKNOWN,
    Vocabulary,
    build_vocabulary,
    cut_windows,
    pad_rows,
)

ROWS = [["b", "a", "b"], ["c", "a"]]


def test_frequent_tokens_come_first_then_the_alphabet() -> None:
    assert build_vocabulary(ROWS).tokens[4:] == ("a", "b", "c")
    assert build_vocabulary(ROWS, most=1).tokens[4:] == ("a",)


def test_there_and_back_again() -> None:
    vocabulary = build_vocabulary(ROWS)
    numbers = vocabulary.encode(["c", "a", "z"])
    assert numbers == [6, 4, UNKNOWN]
    assert vocabulary.decode([START, *numbers, END, PADDING]) == ["c", "a", "<unknown>"]


def test_a_vocabulary_of_other_things_is_refused() -> None:
    with pytest.raises(CourseError, match="build_vocabulary"):
        Vocabulary(("a", "b"))


def test_rows_are_cut_and_filled_up() -> None:
    assert pad_rows([[5, 6, 7], [8]], 2).tolist() == [[5, 6], [8, PADDING]]
    assert pad_rows([[5]], 2, filler=-1).tolist() == [[5, -1]]


def test_targets_are_the_inputs_one_place_on() -> None:
    x, y = cut_windows(range(8), 3)
    assert x.tolist() == [[0, 1, 2], [3, 4, 5]] and y.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert x.dtype == np.int64
    with pytest.raises(CourseError, match="need 9 tokens; there are 8"):
        cut_windows(range(8), 8)
