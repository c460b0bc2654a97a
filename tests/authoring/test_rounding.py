"""What was built on one processor is not stale on another, whose sums have other last digits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from course_lib.authoring.rounding import same, same_but_for_rounding
from course_lib.exercises.codec import encode

PATH = Path("public.json")
NUMBERS = np.array([[0.1, -2.0], [3e-9, np.nan]])


def text(value: Any) -> bytes:
    return json.dumps(value).encode()


def with_array(array: np.ndarray) -> bytes:
    return text({"expected": [encode(array)], "points": 3})


@pytest.mark.parametrize("dtype, digit, more", [("f8", 4e-16, 1e-6), ("f4", 2e-7, 1e-3)])
def test_last_digits_do_not_count_and_earlier_ones_do(
    dtype: str, digit: float, more: float
) -> None:
    numbers = NUMBERS.astype(dtype)
    nudged, changed = (numbers + np.float32(size).astype(dtype) for size in (digit, more))
    assert (nudged != numbers)[:, 0].all()
    assert same(PATH, with_array(numbers), with_array(nudged))
    assert not same(PATH, with_array(numbers), with_array(changed))


def test_single_numbers_are_compared_alike() -> None:
    assert same_but_for_rounding(text([0.1 + 0.2, 1]), text([0.3, 1]))
    assert not same_but_for_rounding(text([0.3]), text([0.300001]))
    assert not same_but_for_rounding(text([0.0]), text([1e-300]))


@pytest.mark.parametrize(
    "other",
    [
        {"id": "a", "n": 2, "list": [1, True]},
        {"id": "b", "n": 1, "list": [1, True]},
        {"id": "a", "n": 1, "list": [1]},
        {"id": "a", "n": 1, "list": [1, 1]},
        {"id": "a", "n": 1.0, "list": [1, True]},
        {"id": "a", "list": [1, True]},
    ],
)
def test_texts_whole_numbers_and_structure_must_be_equal(other: dict[str, Any]) -> None:
    one = {"id": "a", "n": 1, "list": [1, True]}
    assert same_but_for_rounding(text(one), text(one))
    assert not same_but_for_rounding(text(one), text(other))


@pytest.mark.parametrize(
    "other",
    [np.array([[1, 2]]), np.array([1, 2], np.int32), np.array([1, 3]), np.array([1.0, 2.0])],
)
def test_arrays_of_whole_numbers_must_be_equal(other: np.ndarray) -> None:
    assert not same_but_for_rounding(with_array(np.array([1, 2])), with_array(other))


def test_where_a_number_is_missing_it_must_be_missing_in_both() -> None:
    filled = np.nan_to_num(NUMBERS)
    assert not same_but_for_rounding(with_array(NUMBERS), with_array(filled))


def test_other_files_must_be_equal_to_the_byte() -> None:
    one, other = text([0.3]), text([0.1 + 0.2])
    assert same(PATH, one, other) and not same(Path("a.ipynb"), one, other)
    assert not same(PATH, b"no JSON", b"no  JSON") and same(PATH, b"no JSON", b"no JSON")
