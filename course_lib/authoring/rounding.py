"""Is a generated file the one that stands there, but for the last digits of its numbers?

The same sum has other last digits on another kind of processor: its linear algebra adds in another
order. What was built on one machine must not count as stale on the next, nor be rewritten there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.exercises.codec import CodecError, decode

TOLERANCES = {"<f8": 1e-9, "<f4": 1e-5, "<f2": 1e-2}  # relative to an array's largest number


def same(path: Path, one: bytes, other: bytes) -> bool:
    """Say whether a file's old and new content are the same; numbers stand in ``*.json`` only."""
    return one == other or (path.suffix == ".json" and same_but_for_rounding(one, other))


def same_but_for_rounding(one: bytes, other: bytes) -> bool:
    """Say whether two JSON texts differ in nothing but the last digits of numbers.

    Args:
        one, other: UTF-8; their arrays as in :mod:`course_lib.exercises.codec`. What is no JSON is
            not the same as anything.
    """
    try:
        return _alike(json.loads(one), json.loads(other))
    except (ValueError, RecursionError, CodecError):
        return False


def _alike(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return abs(one - other) <= TOLERANCES["<f8"] * abs(one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, dict):
        if one.keys() != other.keys():
            return False
        if one.keys() == {"array", "dtype", "shape"}:
            return _arrays_alike(one, other)
        return all(_alike(one[key], other[key]) for key in one)
    return one == other


def _arrays_alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    if one == other:
        return True
    if one["dtype"] != other["dtype"] or one["shape"] != other["shape"]:
        return False
    tolerance = TOLERANCES.get(one["dtype"])
    if tolerance is None:
        return False
    a, b = decode(one), decode(other)
    largest = np.max(np.abs(a), where=np.isfinite(a), initial=0.0)
    return np.allclose(a, b, rtol=0, atol=tolerance * largest, equal_nan=True)
