"""Values survive the way through JSON bit by bit; anything else is refused in a sentence."""

from __future__ import annotations

import json

import numpy as np
import pytest

from course_lib.exercises import codec
from course_lib.exercises.codec import CodecError, from_text, to_text


def same_bits(a, b):
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return list(a) == list(b) and all(same_bits(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same_bits, a, b))
    return type(a) is type(b) and (a == b or (a != a and b != b))


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -(2**63),
        2**64 - 1,
        0.1,
        -0.0,
        1.0,
        5e-324,
        float("nan"),
        float("-inf"),
        "",
        '中文 " \\ \n \u2028 \x00',
        [],
        (),
        {},
        [1, (2.0, [None, True])],
        {"b": 1, "a": {3: "x", -1: ()}},
        {"float": "nan"},
        np.array([np.nan, np.inf, -0.0]),
        np.arange(6, dtype=np.int8).reshape(3, 2),
        np.array(3.5, dtype=np.float16),
        np.zeros((2, 0, 3), dtype=np.uint32),
        np.array([True, False]),
        np.array([["a", "中"], ["", "dd"]]),
    ],
)
def test_round_trip_is_exact(value):
    assert same_bits(value, from_text(to_text(value)))


def test_layout_and_byte_order_do_not_matter():
    array = np.arange(6, dtype=">f4").reshape(2, 3).T
    array.flags.writeable = False
    back = from_text(to_text({"x": array}))["x"]
    assert np.array_equal(back, array)
    assert back.dtype == np.float32


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1.5: 2},
        {True: 1},
        2**64,
        np.array([1j]),
        np.array([None]),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
        {1, 2},
        b"bytes",
    ],
)
def test_what_is_no_value_is_refused(value):
    with pytest.raises(CodecError):
        to_text(value)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "NaN",
        "{",
        "[" * 100_000,
        "[" * 40 + "]" * 40,
        "1" * 10_000,
        '{"float": "1"}',
        '{"float": "nan", "more": 1}',
        '{"unknown": 1}',
        '{"dict": [["a", 1], ["a", 2]]}',
        '{"dict": [[1.5, 1]]}',
        '{"dict": {"a": 1}}',
        '{"array": "AAAA", "dtype": "|O", "shape": [1]}',
        '{"array": "AAAAAA==", "dtype": "<f4", "shape": [2]}',
        '{"array": "AAAAAA==", "dtype": "<f4", "shape": [-1]}',
        '{"array": "AAAAAA==", "dtype": "<f4", "shape": [true]}',
        '{"array": "AAAAAA==", "dtype": "<f8", "shape": [1]}',
        '{"array": "Ag==", "dtype": "|b1", "shape": [1]}',
        '{"array": "", "dtype": "<f4", "shape": [0, 99999999999]}',
        '{"array": "é", "dtype": "<f4", "shape": []}',
        '{"texts": [1], "shape": [1]}',
        '{"texts": ["a"], "shape": [2]}',
    ],
)
def test_hostile_text_is_refused(words):
    with pytest.raises(CodecError):
        from_text(words)


def test_sizes_are_limited():
    with pytest.raises(CodecError, match="bytes"):
        to_text(np.zeros(codec.MAX_BYTES))
    with pytest.raises(CodecError, match="parts"):
        to_text([0] * (codec.MAX_PARTS + 1))
    with pytest.raises(CodecError, match="bytes"):
        from_text("[" + "0," * codec.MAX_BYTES)
    with pytest.raises(CodecError, match="deep"):
        to_text(json.loads("[" * 30 + "]" * 30))
