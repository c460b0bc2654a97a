"""What a caller hands over, checked at the door: numbers, counts, labels, objects, paths.

Each function gives the argument back, as the plain thing that the code behind the door works with,
or says in one sentence what was wrong and what to do. Right but unusual arguments pass: NumPy's
numbers, lists, labels as uint8 or as 1.0.
"""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from course_lib.errors import CourseError

T = TypeVar("T")


def require_number(
    name: str, value: Any, low: float = 0.0, high: float = math.inf, *, ends: str = "[]"
) -> float:
    """Make sure that an argument is one finite number in an interval; give it as a float.

    Args:
        name: How the argument is called.
        value: What was given.
        low, high: The ends of the interval.
        ends: Whether they belong to it: ``"[]"`` both, ``"()"`` neither, ``"[)"`` the lower one.
    """
    number = _as_float(value)
    above = number >= low if ends[0] == "[" else number > low
    below = number <= high if ends[1] == "]" else number < high
    if not (above and below and math.isfinite(number)):
        inside = f"{ends[0]}{low:g}, {high:g}{ends[1]}".replace("inf]", "∞)").replace("inf", "∞")
        raise CourseError(
            f"{name} is a number in {inside}; it was {value!r}.",
            f"{name} 应是 {inside} 内的一个数，现在是 {value!r}。",
        )
    return number


def require_count(name: str, value: Any, low: int = 1, high: int | None = None) -> int:
    """Make sure that an argument is a whole number, at least ``low``; give it as an int."""
    try:
        count = operator.index(value)
    except TypeError:
        count = low - 1
    if count < low or (high is not None and count > high):
        en, zh = (f"at least {low}", f"至少是 {low}")
        if high is not None:
            en, zh = (f"from {low} to {high}", f"在 {low} 到 {high} 之间")
        raise CourseError(
            f"{name} is a whole number, {en}; it was {value!r}.",
            f"{name} 是整数，{zh}，现在是 {value!r}。",
        )
    return count


def require_seed(value: Any) -> int:
    """Make sure that a seed is a whole number that every generator takes; give it as an int."""
    return require_count("seed", value, low=0, high=2**32 - 1)


def require_made(name: str, value: T, kind: Any, example: str) -> T:
    """Make sure that an argument is an object of a kind, and not its class or its name.

    Args:
        name: How the argument is called.
        value: What was given.
        kind: A class, or several.
        example: How one is made, for the message.
    """
    if not isinstance(value, kind):
        raise CourseError(
            f"{name} should be an object such as {example}; it was {_short(value)}.",
            f"{name} 应是 {example} 这样的对象，现在是 {_short(value)}。",
        )
    return value


def require_all_made(name: str, values: Any, kind: Any, example: str) -> list[Any]:
    """Make sure that an argument is a list of such objects; give it as a list."""
    if isinstance(values, (str, kind)) or not isinstance(values, Iterable):
        raise CourseError(
            f"{name} is a list: write {name}=[{example}]; it was {_short(values)}.",
            f"{name} 是列表，应写成 {name}=[{example}]，现在是 {_short(values)}。",
        )
    return [require_made(f"{name}[{i}]", value, kind, example) for i, value in enumerate(values)]


def require_device(value: Any, gpus: int) -> str:
    """Make sure that a device is there; give it as ``"auto"``, ``"cpu"``, ``"mps"``, ``"gpu"``, ``"gpu:1"``.

    Args:
        value: What was given; ``"cuda"`` is another name for ``"gpu"``.
        gpus: How many GPUs this machine shows.
    """
    kind, colon, place = str(value).lower().replace("cuda", "gpu").partition(":")
    if kind not in ("auto", "cpu", "gpu", "mps") or (colon and not place.isdecimal()):
        raise CourseError(
            f"device is one of 'auto', 'cpu', 'gpu' (or 'cuda'), 'gpu:1' …, 'mps'; it was {value!r}.",
            f"device 只能是 'auto'、'cpu'、'gpu'（或 'cuda'）、'gpu:1' …、'mps' 之一，现在是 {value!r}。",
        )
    if kind == "gpu" and int(place or 0) >= gpus:
        raise CourseError(
            f"There is no device {value!r} here: GPUs to be seen: {gpus}. device='auto' takes what "
            "there is.",
            f"这里没有 {value!r} 这个设备（能看到的 GPU 个数：{gpus}）。device='auto' 会使用现有的设备。",
        )
    return kind + colon + place


def require_path(name: str, value: Any) -> Path:
    """Make sure that an argument names a file, and not a folder; give it as a path."""
    if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
        raise CourseError(
            f"{name} is the path of a file; it was {value!r}.",
            f"{name} 应是文件的路径，现在是 {value!r}。",
        )
    if Path(value).is_dir():
        raise CourseError(
            f"{name} is the path of a file, but {value} is a folder: add the file's name.",
            f"{name} 应是文件的路径，而 {value} 是文件夹：请补上文件名。",
        )
    return Path(value)


def as_numbers(name: str, values: Any, *, endless: bool = False) -> np.ndarray:
    """Give real numbers as an array of floats: lists, whole numbers and bools are made such.

    Args:
        name: How the argument is called.
        values: What was given; what is float already stays as it is.
        endless: Whether -∞ may occur (a logit of what cannot be). What is not a number never may.
    """
    array = as_array(name, values)
    floats = array if array.dtype.kind == "f" else array.astype(np.float64)
    fine = (floats < np.inf) if endless else np.isfinite(floats)
    if not fine.all():
        raise CourseError(
            f"{int((~fine).sum())} of the {fine.size} values of {name} are not finite numbers: look "
            "where they come from.",
            f"{name} 的 {fine.size} 个数值中有 {int((~fine).sum())} 个不是有限的数，请检查它们的来源。",
        )
    return floats


def as_labels(name: str, values: Any) -> np.ndarray:
    """Give labels as int64, N: lists, small integers, bools and whole floats are made such."""
    array = as_array(name, values)
    if array.ndim != 1:
        raise CourseError(
            f"{name} is one row of labels; this has the shape {array.shape}. If it has one score per "
            "class, take argmax(axis=1) first; if it is a column, take reshape(-1).",
            f"{name} 应是一列标签，而这里的形状是 {array.shape}。如果是各类别的得分，请先取 "
            "argmax(axis=1)；如果是 N×1 的一列，请用 reshape(-1)。",
        )
    whole = np.nan_to_num(array, nan=-1, posinf=-1, neginf=-1).astype(np.int64)
    if not (whole == array).all():
        raise CourseError(
            f"{name} holds labels, whole numbers that count the classes from 0; there is "
            f"{array[whole != array][0]} among them.",
            f"{name} 应是标签，即从 0 数起的整数，而其中有 {array[whole != array][0]}。",
        )
    return whole


def as_array(name: str, values: Any) -> np.ndarray:
    """Give what an argument holds as an array of real numbers, in memory row by row.

    Raises:
        CourseError: For text, rows of different lengths, complex numbers, times, objects.
    """
    try:
        array = np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)
        if array.dtype.kind == "O" and array.ndim:
            array = np.asarray(array.tolist())  # numbers in a table's column, perhaps
    except Exception:  # whatever a framework's tensor says when it cannot be an array
        array = np.array("?")
    if array.dtype.kind in "US" and array.shape and array.size:
        found = repr(array.flat[0].item())
        raise CourseError(
            f"{name} holds text such as {found}, and a model computes with numbers. Number classes "
            "with np.unique(y, return_inverse=True).",
            f"{name} 里是 {found} 这样的文字，而模型只能计算数字。"
            "类别可以用 np.unique(y, return_inverse=True) 编号。",
        )
    if array.dtype.kind not in "biuf":
        raise CourseError(
            f"{name} should be an array of numbers; it was {_short(values)}.",
            f"{name} 应是由数字组成的数组，现在是 {_short(values)}。",
        )
    return np.require(array, requirements="C")


def _as_float(value: Any) -> float:
    """Give a number as a float; what is none is not a number."""
    try:
        return math.nan if isinstance(value, str) else float(value)
    except (TypeError, ValueError):
        return math.nan


def _short(value: Any) -> str:
    """Describe what was found in a few words."""
    shape = getattr(value, "shape", None)
    if shape is not None and not isinstance(value, type):
        return f"{type(value).__name__} {tuple(shape)}"
    words = " ".join(repr(value).split())
    return words if len(words) <= 60 else f"{words[:57]}…"
