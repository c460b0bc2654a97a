"""A figure for an answer that is a picture, a curve, a matrix or a distribution.

An exercise names its kind in its specification, ``drawing=drawings.matrix(part="0")``; the build
writes that down as data, so ``check()`` can draw it without any solution. What is drawn are the
values of a *public* example: the student's, and what it should be. A figure is drawn when the card
is shown in a notebook and never while grading or in a strict run; whatever goes wrong with it is
logged, and the card is shown without it.

===============  =================================================================================
:func:`pictures`  N×H×W×C, N×H×W or H×W, side by side on one scale
:func:`matrix`    two axes (or numbers listed by rows), with the entries that differ framed
:func:`curve`     one value for each step, or a few series as columns
:func:`bars`      a distribution over a few classes; a matrix: one for each row
:func:`points`    rows of which the first two columns are places
:func:`interval`  a mean with its lower and its upper end
===============  =================================================================================
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course_lib.exercises.comparators import Comparator
from course_lib.exercises.values import Value, as_array, number, text
from course_lib.language import Text, both, pick

MAX_SIZE = 4096  # numbers in what is drawn
MAX_SHOWN = 4  # pictures, or rows of bars

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Drawing:
    """How an exercise's answer is drawn; make one with :func:`matrix`, :func:`curve` …

    Attributes:
        kind: The name of the function that made it.
        part: Which part of the returned value, as in ``Exercise.parts``; ``""``: the whole.
        x: The name of the input that stands along the horizontal axis.
        behind: The name of the input whose first two columns are drawn as grey points.
        across: What stands along the horizontal axis.
        down: What stands along the vertical axis.
    """

    kind: str
    part: str = ""
    x: str = ""
    behind: str = ""
    across: Text = field(default_factory=dict)
    down: Text = field(default_factory=dict)

    def to_data(self) -> dict[str, Any]:
        """Give what was said as JSON-able data."""
        said = {name: getattr(self, name) for name in _FIELDS if getattr(self, name)}
        return {name: dict(value) if name in _TEXTS else value for name, value in said.items()}

    @staticmethod
    def from_data(data: Mapping[str, Any] | None) -> Drawing | None:
        """Make a drawing from what :meth:`to_data` gave; ``None`` from nothing, or from another kind."""
        if not data or data.get("kind") not in KINDS:
            return None
        return Drawing(**{name: data[name] for name in _FIELDS if name in data})


_TEXTS = ("across", "down")
_FIELDS = ("kind", "part", "x", "behind", *_TEXTS)


def pictures(part: str = "") -> Drawing:
    """Draw pictures N×H×W×C (or maps N×H×W, or one H×W)."""
    return Drawing("pictures", part)


def matrix(part: str = "", *, across: Text | None = None, down: Text | None = None) -> Drawing:
    """Draw a matrix, its entries written in; more axes are laid side by side as columns."""
    return Drawing("matrix", part, across=across or {}, down=down or {})


def curve(
    part: str = "", *, x: str = "", across: Text | None = None, down: Text | None = None
) -> Drawing:
    """Draw one value for each step, over the input ``x`` or by its number; columns are series."""
    return Drawing("curve", part, x=x, across=across or {}, down=down or {})


def bars(part: str = "", *, across: Text | None = None, down: Text | None = None) -> Drawing:
    """Draw a few values as bars; of a matrix, each row by itself."""
    return Drawing("bars", part, across=across or {}, down=down or {})


def points(
    part: str = "", *, behind: str = "", across: Text | None = None, down: Text | None = None
) -> Drawing:
    """Draw the first two columns as places in the plane, with those of an input behind them."""
    return Drawing("points", part, behind=behind, across=across or {}, down=down or {})


def interval(*, across: Text | None = None) -> Drawing:
    """Draw a mean with its lower and its upper end."""
    return Drawing("interval", across=across or {})


@dataclass(frozen=True)
class Sketch:
    """A figure to be: a drawing with the values of one public example. Nothing is drawn until it is shown.

    Attributes:
        case: The number of the example, from 1.
        rtol: With ``atol``, what counts as the same.
        right: Whether the whole answer is. If it is not and what would be drawn is, nothing is drawn.
        signless: Columns have no sign of their own: yours are turned the way of the expected ones.
    """

    drawing: Drawing
    inputs: Mapping[str, Value]
    expected: Value
    found: Value
    case: int
    rtol: float
    atol: float
    right: bool = True
    signless: bool = False

    def html(self) -> str:
        """Give the figure with its sentence as caption and alternative text; ``""`` where there is none."""
        try:
            from course_lib.figures import as_html
            from course_lib.plots import answers

            values = self._values()
            if values is None:
                return ""
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # of values that overflow
                return as_html(answers.draw(self, *values), self._said(*values))
        except Exception:
            _LOG.info("No figure of %s.", self.drawing, exc_info=True)
            return ""

    def words(self) -> str:
        """Say in a sentence what the figure shows; ``""`` where there is none."""
        try:
            values = self._values()
            return "" if values is None else self._said(*values)
        except Exception:
            _LOG.info("No words for %s.", self.drawing, exc_info=True)
            return ""

    def differing(self, expected: np.ndarray, found: np.ndarray) -> np.ndarray:
        """Mark where two arrays of one shape differ by more than the exercise allows."""
        if expected.dtype.kind == "b" or found.dtype.kind == "b":
            return expected != found
        return ~np.isclose(found, expected, rtol=self.rtol, atol=self.atol, equal_nan=True)

    def _values(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Read the part of both values as arrays of the axes that the kind wants."""
        pair = [_array_of(_part_of(v, self.drawing.part)) for v in (self.expected, self.found)]
        if pair[0] is None or pair[1] is None:
            return None
        expected, found = (KINDS[self.drawing.kind](each) for each in pair if each is not None)
        if expected is None or found is None:
            return None
        if self.signless and expected.shape == found.shape:
            found = found * np.where((expected * found).sum(axis=0) < 0, -1, 1)
        same = expected.shape == found.shape and not self.differing(expected, found).any()
        if same and not self.right:
            return None
        return expected, found

    def _said(self, expected: np.ndarray, found: np.ndarray) -> str:
        shapes = [" × ".join(map(str, each.shape)) for each in (expected, found)]
        which = both(f"Example {self.case}: ", f"例子 {self.case}：")
        kind = pick(_NAMES[self.drawing.kind])
        if expected.shape != found.shape:
            return which + both(
                f"{kind}, as expected ({shapes[0]}) and yours ({shapes[1]}).",
                f"{kind}，应为（{shapes[0]}）与你的（{shapes[1]}）。",
            )
        wrong = self.differing(expected, found)
        if not wrong.any():
            return which + both(
                f"{kind} ({shapes[0]}); yours is as it should be.",
                f"{kind}（{shapes[0]}），你的结果与应有的一致。",
            )
        return which + both(
            f"{kind} ({shapes[0]}), as expected and yours; {wrong.sum()} of {wrong.size} numbers differ"
            f"{_largest(expected, found, wrong, 'en')}.",
            f"{kind}（{shapes[0]}），应为与你的；{wrong.size} 个数中有 {wrong.sum()} 个不同"
            f"{_largest(expected, found, wrong, 'zh')}。",
        )


def sketch(
    drawing: Drawing | None,
    comparator: Comparator,
    inputs: Mapping[str, Value],
    expected: Value,
    found: Value,
    case: int,
    *,
    right: bool = True,
) -> Sketch | None:
    """Prepare the figure of an answer; ``None`` where the exercise has none.

    Args:
        case: The example's number, from 1.
        right: Whether the whole answer is.
    """
    if drawing is None:
        return None
    options = dict(comparator.options)
    tolerances = options.get("rtol", 0.0), options.get("atol", 0.0)
    signless = comparator.name == "up_to_sign"
    return Sketch(drawing, inputs, expected, found, case, *tolerances, right, signless)


def _part_of(value: Value, part: str) -> Value:
    if not part:
        return value
    return value[part] if isinstance(value, Mapping) else value[int(part)]


def _array_of(value: Value) -> np.ndarray | None:
    array = as_array(value)
    drawable = array is not None and array.dtype.kind in "biuf" and 0 < array.size <= MAX_SIZE
    return array if drawable else None


def _largest(expected: np.ndarray, found: np.ndarray, wrong: np.ndarray, language: str) -> str:
    """Say where yours is furthest off, counting from 0 as the code does."""
    if expected.dtype.kind == "b" or found.dtype.kind == "b":
        return ""
    with np.errstate(all="ignore"):
        away = np.abs(found.astype(float) - expected)
    away = np.where(wrong & ~np.isfinite(away), np.inf, np.where(wrong, away, -1))
    at = np.unravel_index(int(away.argmax()), away.shape)
    place = str([int(each) for each in at])
    one, other = number(expected[at].item()), number(found[at].item())
    if language == "en":
        return f", most of all at {place}: {one} expected, yours is {other}"
    return f"，差得最多的是 {place}：应为 {one}，你的是 {other}"


# What each kind takes: an array on its axes, or ``None`` where it cannot be drawn so.


def _as_pictures(array: np.ndarray) -> np.ndarray | None:
    if array.ndim == 2:
        return array[None, :, :, None]
    if array.ndim == 3:
        return array[..., None]
    return array if array.ndim == 4 else None


def _as_matrix(array: np.ndarray) -> np.ndarray | None:
    if array.ndim < 2:
        return array[None] if array.ndim else None
    rows = array.reshape(len(array), -1)
    return rows if rows.shape[0] <= 40 and rows.shape[1] <= 40 else None


def _as_curve(array: np.ndarray) -> np.ndarray | None:
    columns = array[:, None] if array.ndim == 1 else array
    return columns if columns.ndim == 2 and columns.shape[1] <= MAX_SHOWN else None


def _as_bars(array: np.ndarray) -> np.ndarray | None:
    rows = array[None] if array.ndim == 1 else array
    return rows[:MAX_SHOWN] if rows.ndim == 2 and rows.shape[1] <= 30 else None


def _as_points(array: np.ndarray) -> np.ndarray | None:
    if array.ndim != 2:
        return None
    return array[:, :2] if array.shape[1] > 1 else np.hstack([array, np.zeros_like(array)])


def _as_interval(array: np.ndarray) -> np.ndarray | None:
    return array if array.shape == (3,) else None


KINDS: Mapping[str, Callable[[np.ndarray], np.ndarray | None]] = {
    "pictures": _as_pictures,
    "matrix": _as_matrix,
    "curve": _as_curve,
    "bars": _as_bars,
    "points": _as_points,
    "interval": _as_interval,
}
_NAMES: Mapping[str, Text] = {
    "pictures": text("pictures", "图像"),
    "matrix": text("a matrix", "矩阵"),
    "curve": text("a curve", "曲线"),
    "bars": text("bars", "柱状图"),
    "points": text("points in the plane", "平面上的点"),
    "interval": text("a mean with its interval", "均值及其区间"),
}


def fault_of(
    drawing: Drawing, inputs: Mapping[str, Value], expected: Value, comparator: Comparator
) -> str:
    """Say why the right value of an example can't be drawn so; ``""`` where it can."""
    if drawing.kind not in KINDS:
        return f"the drawing is none of {', '.join(KINDS)}"
    if unknown := [name for name in (drawing.x, drawing.behind) if name and name not in inputs]:
        return f"the drawing names {unknown[0]!r}, which is no input"
    if comparator.name == "same_set":
        return "what has no order can't be drawn"
    ready = sketch(drawing, comparator, inputs, expected, expected, 1)
    if ready is None or not ready.words():
        return f"the right value can't be drawn as {drawing.kind} (part {drawing.part!r})"
    for words in (drawing.across, drawing.down):
        if words and not (set(words) == {"en", "zh"} and all(map(str.strip, words.values()))):
            return "an axis of the drawing needs its words in both languages"
        if any(re.search(r"\{\{", each) for each in words.values()):
            return "an axis of the drawing names a constant, which it can't"
    return ""
