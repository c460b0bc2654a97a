"""What callers hand over: right but unusual arguments pass, wrong ones are named in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from course_lib import arguments
from course_lib.arguments import (
    as_labels,
    as_numbers,
    require_all_made,
    require_count,
    require_device,
    require_number,
    require_path,
    require_seed,
)
from course_lib.errors import CourseError


@pytest.mark.parametrize(
    ("value", "number"),
    [(0.5, 0.5), (1, 1.0), (np.float32(0.5), 0.5), (np.array(0.25), 0.25), (Fraction(1, 2), 0.5)],
)
def test_whatever_is_a_number_is_one(value: Any, number: float) -> None:
    found = require_number("p", value, 0, 1)
    assert found == number and type(found) is float


@pytest.mark.parametrize(
    ("value", "ends", "interval"),
    [
        (1.5, "[]", r"\[0, 1\]"),
        (0, "(]", r"\(0, 1\]"),
        (1, "[)", r"\[0, 1\)"),
        (float("nan"), "[]", "nan"),
        ("0.5", "[]", "'0.5'"),
        (None, "[]", "None"),
        (np.ones(2), "[]", "array"),
    ],
)
def test_what_is_no_number_in_the_interval_is_refused(value: Any, ends: str, interval: str) -> None:
    with pytest.raises(CourseError, match=interval):
        require_number("p", value, 0, 1, ends=ends)


def test_no_number_is_endless() -> None:
    with pytest.raises(CourseError, match=r"\[0, ∞\)"):
        require_number("rate", float("inf"))


def test_counts_are_whole_numbers_of_any_kind() -> None:
    assert [require_count("n", n) for n in (3, np.int64(3), np.uint8(3))] == [3, 3, 3]
    assert require_seed(0) == 0 and type(require_count("n", np.int64(3))) is int
    for wrong in (0, -1, 2.0, "3", None):
        with pytest.raises(CourseError, match="at least 1"):
            require_count("n", wrong)
    for wrong in (4, 0):
        with pytest.raises(CourseError, match="from 1 to 3"):
            require_count("n", wrong, 1, 3)


def test_objects_are_no_classes_and_lists_no_objects() -> None:
    assert require_all_made("numbers", (1, 2), int, "7") == [1, 2]
    for wrong in (7, "77", None):
        with pytest.raises(CourseError, match=r"numbers=\[7\]"):
            require_all_made("numbers", wrong, int, "7")
    with pytest.raises(CourseError, match=r"numbers\[1\].*<class 'int'>"):
        require_all_made("numbers", [7, int], int, "7")


def test_cuda_is_another_name_for_gpu() -> None:
    given = {"auto": "auto", "CPU": "cpu", "cuda": "gpu", "cuda:1": "gpu:1", "gpu": "gpu"}
    assert {name: require_device(name, gpus=2) for name in given} == given
    for wrong in ("gpu:2", "gpu:", "tpu", None):
        with pytest.raises(CourseError, match="device"):
            require_device(wrong, gpus=2)


def test_paths_are_text_or_paths(tmp_path: Path) -> None:
    assert require_path("path", "a.txt") == require_path("path", Path("a.txt")) == Path("a.txt")
    for wrong in (True, None, 3, "", tmp_path):
        with pytest.raises(CourseError, match="path is the path of a file"):
            require_path("path", wrong)


@pytest.mark.parametrize(
    "y",
    [
        [0, 2, 1],
        (0.0, 2.0, 1.0),
        np.array([0, 2, 1], np.uint8),
        np.array([0, 2, 1], object),
        np.array([0, 5, 2, 5, 1])[::2],
    ],
)
def test_labels_may_come_in_many_types(y: Any) -> None:
    found = as_labels("y", y)
    assert found.tolist() == [0, 2, 1] and found.dtype == np.int64


@pytest.mark.parametrize(
    ("y", "part"),
    [
        (["a", "b"], "np.unique"),
        ([0.5, 1], "0.5"),
        ([0, float("nan")], "nan"),
        (np.eye(2), "argmax"),
        (np.zeros((3, 1)), "reshape"),
        (3, "one row"),
        ([None, 1], "array of numbers"),
        ([[1], [1, 2]], "array of numbers"),
    ],
)
def test_what_is_no_label_is_named(y: Any, part: str) -> None:
    with pytest.raises(CourseError, match=part):
        as_labels("y", y)


def test_numbers_are_finite() -> None:
    assert as_numbers("v", [1, 2]).tolist() == [1.0, 2.0]
    assert as_numbers("v", np.ones(2, np.float32)).dtype == np.float32
    assert as_numbers("z", [-np.inf, 1.0], endless=True)[0] == -np.inf
    for wrong, endless in (([-np.inf, 1], False), ([np.inf, 1], True), ([np.nan, 1], True)):
        with pytest.raises(CourseError, match="1 of the 2 values of v"):
            as_numbers("v", wrong, endless=endless)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: require_number("x", "1"),
        lambda: require_count("x", 0, 1, 2),
        lambda: require_path("x", 1),
        lambda: require_device("x", 0),
        lambda: as_labels("x", ["a"]),
        lambda: as_numbers("x", [np.nan]),
        lambda: arguments.require_made("x", 1, str, "'a'"),
    ],
)
def test_every_sentence_stands_in_both_languages(ask: Callable[[], Any]) -> None:
    with pytest.raises(CourseError) as refused:
        ask()
    assert refused.value.en != refused.value.zh
    assert any("一" <= letter <= "鿿" for letter in refused.value.zh)
