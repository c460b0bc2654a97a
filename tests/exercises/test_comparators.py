"""What agrees, what does not, and where the first difference is."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.exercises.comparators import Comparator, close, equal, same_set, up_to_sign

NAN, INF = float("nan"), float("inf")
ROWS = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    ("comparator", "expected", "found"),
    [
        (close(), 1.0, 1),
        (close(), 1.0, np.array(1.00001)),
        (close(), np.array(2.0), 2.0),
        (close(), ROWS, ROWS.astype(np.float32)),
        (close(), ROWS, ROWS.tolist()),
        (close(), ROWS, [np.array(row) for row in ROWS]),
        (close(), ROWS.tolist(), ROWS),
        (close(), [0.1, 0.2], (np.array(0.1), 0.2)),
        (close(), (ROWS, 3), [ROWS, np.array(3)]),
        (close(), NAN, NAN),
        (close(), np.array([INF, -INF, NAN]), [INF, -INF, NAN]),
        (close(), {"a": 1.0, "b": [True]}, {"b": [True], "a": 1.0}),
        (close(), np.empty((0, 3)), np.empty((0, 3))),
        (equal(), 3, np.array(3, dtype=np.uint8)),
        (equal(), np.array([1, 2]), np.array([1, 2], dtype=np.int32)),
        (equal(), 2.0, 2),
        (equal(), "a", "a"),
        (equal(), None, None),
        (equal(), ["a", 1, None], ("a", 1, None)),
        (same_set(), ["a", "b"], ["b", "a"]),
        (same_set(), {"x": [3, 1]}, {"x": np.array([1, 3])}),
        (up_to_sign(), ROWS, ROWS * np.array([1, -1, -1])),
        (up_to_sign(), np.array([1.0, -2.0]), [-1.0, 2.0]),
    ],
)
def test_agrees(comparator, expected, found):
    assert comparator.compare(expected, found).same


@pytest.mark.parametrize(
    ("comparator", "expected", "found", "reason", "path"),
    [
        (close(), True, 1, "kind", ""),
        (close(), 1, True, "kind", ""),
        (close(), 1.0, "1.0", "kind", ""),
        (close(), 1.0, None, "kind", ""),
        (close(), ROWS, {"a": ROWS}, "kind", ""),
        (close(), ROWS, [[1.0], [1.0, 2.0]], "kind", ""),
        (close(), np.array([1.0, 0.0]), [1.0, False], "kind", ""),
        (close(), 1.0, [1.0], "shape", ""),
        (close(), np.zeros((3, 1)), np.zeros(3), "shape", ""),
        (close(), 1.0, NAN, "nan", ""),
        (close(), NAN, 1.0, "value", ""),
        (close(), INF, 1e308, "value", ""),
        (close(), 1e308, INF, "value", ""),
        (close(), INF, -INF, "value", ""),
        (close(), 25_701_386, 25_701_387, "value", ""),
        (close(), ROWS, ROWS + (ROWS == 5), "value", "[1, 2]"),
        (close(), {"w": [1.0, ROWS]}, {"w": [1.0, ROWS * 2]}, "value", "['w'][1][0, 1]"),
        (close(), {"a": 1}, {"a": 1, "b": 2}, "keys", ""),
        (close(), {"a": 1}, {1: 1}, "keys", ""),
        (close(), ["a", "b"], ["a"], "length", ""),
        (close(), ["a", "b"], "ab", "kind", ""),
        (equal(), 3, 3.0, "kind", ""),
        (equal(), np.array([0, 1]), np.array([0.0, 1.0]), "kind", ""),
        (equal(), 0.1 + 0.2, 0.3, "value", ""),
        (same_set(), ["a", "b"], ["a", "b", "b"], "members", ""),
        (same_set(), [1, 2], [True, 2], "members", ""),
        (same_set(), ["a"], "a", "kind", ""),
        (up_to_sign(), ROWS, -ROWS[::-1], "value", "[0, 0]"),
    ],
)
def test_differs(comparator, expected, found, reason, path):
    outcome = comparator.compare(expected, found)
    assert not outcome.same
    assert (outcome.reason, outcome.path) == (reason, path)


def test_outcome_counts_and_measures():
    outcome = close().compare({"w": ROWS}, {"w": ROWS + np.array([0, 0.5, 2])})
    assert (outcome.wrong, outcome.total, outcome.index) == (4, 6, (0, 1))
    assert outcome.largest_error == pytest.approx(2)
    assert outcome.part == "['w']"


def test_further_keys_that_differ_are_named():
    outcome = equal().compare({"a": 1, "b": True, "c": 3}, {"a": 1, "b": False, "c": 4})
    assert (outcome.path, outcome.others) == ("['b']", ("['c']",))


@pytest.mark.parametrize("comparator", [close(1e-3, 0), equal(), same_set(), up_to_sign()])
def test_is_data(comparator):
    assert Comparator.from_data(comparator.to_data()) == comparator


def test_unknown_name_is_said():
    with pytest.raises(CourseError, match="no comparator 'about'"):
        Comparator.from_data({"name": "about"})


def test_one_long_text_among_many_uses_up_no_memory():
    found = ["x" * 2_000_000, *[""] * 100_000]
    assert not equal().compare(np.array(["a"]), found).same
    assert not equal().compare(["a"] * 100_001, found).same
