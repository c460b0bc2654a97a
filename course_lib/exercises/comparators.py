"""When two values count as the same: comparators that are data, so that public JSON can hold them.

==================  ============================================================================
``close``           numbers with a fraction agree within a tolerance, everything else exactly
``equal``           everything exactly, whole numbers as whole numbers
``same_set``        the members of each list or array agree, in any order
``up_to_sign``      like ``close``, but each column (last axis) may be multiplied by −1:
                    eigenvectors and singular vectors have no sign of their own
==================  ============================================================================

What is strict and what is not:

- A bool is not a number. Shapes must agree: (3, 1) is not (3,). NaN agrees only with NaN.
- A whole number is exact under every comparator; only fractions have a tolerance.
- ``equal`` wants whole numbers where whole numbers are expected: labels 1.0, 2.0 are not labels.
- A regular list of numbers is as good as an array, a tuple as good as a list, a 0-d array as good
  as a number, float32 as good as float64 (unless ``close`` is given ``float_bits``).

A comparator sees plain decoded values only (:mod:`.values`), so an object with an ``__eq__`` of
its own never gets here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from course_lib.errors import CourseError
from course_lib.exercises.values import Value, as_array


@dataclass(frozen=True)
class Outcome:
    """What a comparison found.

    Attributes:
        same: Whether the two values agree.
        reason: ``""`` when they agree, else ``"kind"`` (a bool for a number …), ``"shape"``,
            ``"length"``, ``"keys"``, ``"members"``, ``"nan"``, ``"value"`` or, where the values
            agree and the array does not have the type that is asked for, ``"dtype"``.
        path: Where the first difference is, as one would write it: ``["weights"][3, 0]``.
        expected: The part of the expected value at that place (at the array, for an array).
        found: The part of the found value there.
        index: The position of the first difference inside the array, ``()`` otherwise.
        largest_error: The largest absolute difference of numbers, ``None`` where none can be given.
        wrong: How many numbers differ.
        total: Out of how many.
        others: Further keys of a dictionary whose parts differ too, as paths.
    """

    same: bool
    reason: str = ""
    path: str = ""
    expected: Value = None
    found: Value = None
    index: tuple[int, ...] = ()
    largest_error: float | None = None
    wrong: int = 0
    total: int = 0
    others: tuple[str, ...] = ()

    @property
    def part(self) -> str:
        """The path of the array or other part that ``expected`` and ``found`` are."""
        position = f"[{', '.join(map(str, self.index))}]"
        return self.path.removesuffix(position) if self.index else self.path


@dataclass(frozen=True)
class Comparator:
    """A named rule with its options; make one with :func:`close`, :func:`equal` …"""

    name: str
    options: tuple[tuple[str, float], ...] = ()

    def compare(self, expected: Value, found: Value) -> Outcome:
        """Say whether ``found`` agrees with ``expected`` and, if not, where and how it differs."""
        options = {key: value for key, value in self.options if key != "float_bits"}
        outcome = _compare(expected, found, "", _RULES[self.name](**options))
        if outcome.same and self.dtype and getattr(found, "dtype", None) != np.dtype(self.dtype):
            return _differs("dtype", "", expected, found)
        return outcome

    @property
    def dtype(self) -> str | None:
        """The type that a returned array must have, such as ``"float32"``; mostly ``None``: any."""
        bits = dict(self.options).get("float_bits")
        return f"float{bits:g}" if bits else None

    def of_values(self) -> Comparator:
        """Give the same comparator, to which only the values count and not the array's type."""
        return Comparator(self.name, tuple(o for o in self.options if o[0] != "float_bits"))

    def to_data(self) -> dict[str, str | float]:
        """Give the rule as JSON-able data: ``{"name": "close", "rtol": 1e-4, "atol": 1e-6}``."""
        return {"name": self.name, **dict(self.options)}

    @staticmethod
    def from_data(data: Mapping[str, str | float]) -> Comparator:
        """Make a comparator from what :meth:`to_data` gave."""
        name = str(data.get("name"))
        if name not in _RULES:
            raise CourseError(
                f"There is no comparator {name!r}: choose one of {', '.join(_RULES)}.",
                f"没有名为 {name!r} 的比较方式，请从 {'、'.join(_RULES)} 中选择。",
            )
        return Comparator(name, tuple((k, float(v)) for k, v in data.items() if k != "name"))


def close(rtol: float = 1e-4, atol: float = 1e-6, float_bits: int | None = None) -> Comparator:
    """Fractions agree when ``|found − expected| ≤ atol + rtol · |expected|``.

    With ``float_bits=32`` the answer must be a NumPy array of float32, for exercises that ask so.
    """
    options = (("rtol", float(rtol)), ("atol", float(atol)))
    return Comparator(
        "close", (*options, ("float_bits", float(float_bits))) if float_bits else options
    )


def equal() -> Comparator:
    """Everything agrees exactly."""
    return Comparator("equal")


def same_set() -> Comparator:
    """Lists and arrays agree when they have the same members equally often, in any order."""
    return Comparator("same_set")


def up_to_sign(rtol: float = 1e-4, atol: float = 1e-6) -> Comparator:
    """Like :func:`close`, but each column of an array (its last axis) may have the other sign."""
    return Comparator("up_to_sign", (("rtol", float(rtol)), ("atol", float(atol))))


# A rule compares two arrays of one shape, element by element: rule(expected, found) -> bool array;
# the second entry says whether whole numbers must come as whole numbers, the third whether order counts.
@dataclass(frozen=True)
class _Rule:
    agree: Callable[[np.ndarray, np.ndarray], np.ndarray]
    whole: bool = False
    ordered: bool = True


def _exactly(expected: np.ndarray, found: np.ndarray) -> np.ndarray:
    both_nan = (expected != expected) & (found != found)
    return np.asarray((expected == found) | both_nan)


def _within(rtol: float, atol: float) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    def agree(expected: np.ndarray, found: np.ndarray) -> np.ndarray:
        exact = _exactly(expected, found)
        if expected.dtype.kind != "f":
            return exact
        e, f = expected.astype(np.float64), found.astype(np.float64)
        finite = np.isfinite(e) & np.isfinite(f)
        return exact | (finite & (np.abs(f - e) <= atol + rtol * np.abs(e)))

    return agree


def _within_up_to_sign(rtol: float, atol: float) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    within = _within(rtol, atol)

    def agree(expected: np.ndarray, found: np.ndarray) -> np.ndarray:
        if expected.dtype.kind == "b" or expected.ndim == 0:
            return within(expected, found)
        e, f = expected.astype(np.float64), found.astype(np.float64)
        rows = tuple(range(expected.ndim - 1)) if expected.ndim > 1 else (0,)
        sign = np.where(np.sum(e * f, axis=rows, keepdims=True) < 0, -1.0, 1.0)
        return within(expected, f * sign)

    return agree


_RULES: dict[str, Callable[..., _Rule]] = {
    "close": lambda rtol, atol: _Rule(_within(rtol, atol)),
    "equal": lambda: _Rule(_exactly, whole=True),
    "same_set": lambda: _Rule(_exactly, whole=True, ordered=False),
    "up_to_sign": lambda rtol, atol: _Rule(_within_up_to_sign(rtol, atol)),
}


def _compare(expected: Value, found: Value, path: str, rule: _Rule) -> Outcome:
    if isinstance(expected, dict):
        return _compare_dicts(expected, found, path, rule)
    if isinstance(expected, list | tuple):
        array = as_array(expected)
        if not rule.ordered:
            return _compare_members(expected, found, path)
        # A list of numbers may be answered by an array; a list of arrays is walked item by item.
        if array is None or not isinstance(found, np.ndarray):
            return _compare_items(expected, found, path, rule)
        expected = array
    if isinstance(expected, np.ndarray) and expected.ndim > 0 and not rule.ordered:
        return _compare_members(expected, found, path)
    if expected is None:
        return Outcome(True) if found is None else _differs("kind", path, None, found)
    return _compare_arrays(expected, found, path, rule)


def _compare_arrays(expected: Value, found: Value, path: str, rule: _Rule) -> Outcome:
    e, f = as_array(expected), as_array(found)
    if e is None:
        raise TypeError(f"an expected value can't be {type(expected).__name__}")
    if f is None or not _kinds_fit(e.dtype.kind, f.dtype.kind, rule):
        return _differs("kind", path, expected, found)
    if e.shape != f.shape:
        return _differs("shape", path, expected, f)
    with np.errstate(all="ignore"):
        agree = np.asarray(rule.agree(e, f))
        if agree.all():
            return Outcome(True, total=e.size)
        index = tuple(int(i) for i in np.argwhere(~agree)[0])
        largest = None
        if e.dtype.kind in "iuf":
            errors = np.abs(f.astype(np.float64) - e.astype(np.float64))[~agree]
            largest = float(np.nanmax(errors)) if np.isfinite(errors).any() else None
    new_nan = f.dtype.kind == "f" and bool(np.isnan(f[index])) and f[index] != e[index]
    return Outcome(
        same=False,
        reason="nan" if new_nan else "value",
        path=path + (f"[{', '.join(map(str, index))}]" if index else ""),
        expected=expected,
        found=f,
        index=index,
        largest_error=largest,
        wrong=int(np.sum(~agree)),
        total=e.size,
    )


def _kinds_fit(expected: str, found: str, rule: _Rule) -> bool:
    if expected in "bU" or found in "bU":
        return expected == found
    if rule.whole and expected in "iu":
        return found in "iu"
    return True


def _compare_items(expected: Value, found: Value, path: str, rule: _Rule) -> Outcome:
    if not isinstance(found, list | tuple) and not (isinstance(found, np.ndarray) and found.ndim):
        return _differs("kind", path, expected, found)
    if len(expected) != len(found):
        return _differs("length", path, expected, found)
    for i, (e, f) in enumerate(zip(expected, list(found), strict=True)):
        outcome = _compare(e, f, f"{path}[{i}]", rule)
        if not outcome.same:
            return outcome
    return Outcome(True, total=len(expected))


def _compare_dicts(expected: dict, found: Value, path: str, rule: _Rule) -> Outcome:
    if not isinstance(found, dict):
        return _differs("kind", path, expected, found)
    if {(type(k), k) for k in expected} != {(type(k), k) for k in found}:
        return _differs("keys", path, expected, found)
    differences = [
        outcome
        for key in expected
        if not (outcome := _compare(expected[key], found[key], f"{path}[{key!r}]", rule)).same
    ]
    if not differences:
        return Outcome(True, total=len(expected))
    return replace(differences[0], others=tuple(other.path for other in differences[1:]))


def _compare_members(expected: Value, found: Value, path: str) -> Outcome:
    if not isinstance(found, list | tuple) and not (isinstance(found, np.ndarray) and found.ndim):
        return _differs("kind", path, expected, found)
    if Counter(_hashable(part) for part in expected) == Counter(_hashable(part) for part in found):
        return Outcome(True, total=len(expected))
    return _differs("members", path, expected, found)


def _hashable(value: Value) -> object:
    """Give something that can be counted, and that keeps True, 1, 1.0 and "1" apart."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return ("list", *(_hashable(part) for part in value))
    if isinstance(value, dict):
        return ("dict", frozenset((_hashable(k), _hashable(v)) for k, v in value.items()))
    return (type(value).__name__, value)


def _differs(reason: str, path: str, expected: Value, found: Value) -> Outcome:
    return Outcome(same=False, reason=reason, path=path, expected=expected, found=found)
