"""Training data of two domains in one batch: a labelled source, and a target with or without labels.

``fit`` takes a mapping of arrays; what the name has after the underscore is the domain (see
``batches.py``). So adaptation needs no data set of its own: each batch has as many target rows as source
rows, the target is walked through again and again, newly shuffled each time, and NumPy decides the order
in both halves.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from course_lib.arguments import as_array
from course_lib.errors import CourseError
from course_lib.training.batches import Arrays, as_arrays, count_classes, require_arrays


def unlabelled_target(source: Any, target: Any) -> Arrays:
    """Give a labelled source and the target's inputs alone: ``{"x": …, "y": …, "x_t": …}``.

    The target's labels are not in what this gives: no objective, callback or mistake can reach them.

    Args:
        source: A ``Domain`` or a pair ``(x, y)``.
        target: A ``Domain``, a pair, or inputs alone; labels, if it has any, are left out.
    """
    own = as_arrays(source)
    require_arrays(own, "x", "y")
    pair = isinstance(target, tuple) and len(target) == 2
    x = target.x if hasattr(target, "x") else target[0] if pair else target
    x = as_arrays({"x": x})["x"]
    _require_alike(own["x"], x)
    return {"x": own["x"], "y": own["y"], "x_t": x}


def labelled_target(source: Any, target: Any) -> Arrays:
    """Give a labelled source and a few labelled target examples: ``{"x", "y", "x_t", "y_t"}``.

    Args:
        source: A ``Domain`` or a pair ``(x, y)``.
        target: The same, with labels of the same classes.

    Raises:
        CourseError: When the target has labels that the source does not know.
    """
    few = as_arrays(target)
    require_arrays(few, "x", "y")
    if count_classes(few) > count_classes(source):
        raise CourseError(
            f"The target has a label {count_classes(few) - 1}, the source knows {count_classes(source)} "
            "classes (from 0): both domains must have the same ones.",
            f"目标域中有标签 {count_classes(few) - 1}，而源域只有 {count_classes(source)} 个类别（从 0 数起）："
            "两个域的类别必须相同。",
        )
    return unlabelled_target(source, few["x"]) | {"y_t": few["y"]}


def require_no_target_labels(arrays: Arrays) -> None:
    """Make sure that unsupervised adaptation is what it says: there are no labels of the target."""
    require_arrays(arrays, "x", "y", "x_t")
    if "y_t" in arrays:
        raise CourseError(
            "Adaptation without target labels was given labels of the target, 'y_t': leave them out "
            "(unlabelled_target does), or learn from them with SourceAndTarget.",
            "无监督领域自适应不应得到目标域的标签，而数据里有 'y_t'：请去掉它（用 unlabelled_target），"
            "或改用 SourceAndTarget，从这些标签中学习。",
        )


def require_weights(arrays: Arrays) -> None:
    """Make sure that each example has a weight, none negative and not all 0."""
    require_arrays(arrays, "x", "y", "weight")
    weight = as_array("weight", arrays["weight"])
    if weight.ndim != 1 or not (weight >= 0).all() or not weight.sum() > 0:
        raise CourseError(
            f"'weight' is one number for each example, none negative and not all 0; here it has the "
            f"shape {weight.shape} and goes from {weight.min():g} to {weight.max():g}.",
            f"'weight' 应为每个样本给出一个非负的数，且不全为 0；这里的形状是 {weight.shape}，"
            f"取值从 {weight.min():g} 到 {weight.max():g}。",
        )


def _require_alike(source: np.ndarray, target: np.ndarray) -> None:
    if source.shape[1:] != target.shape[1:] or source.dtype != target.dtype:
        one, other = (f"{x.dtype} {tuple(x.shape[1:])}" for x in (source, target))
        raise CourseError(
            f"Source and target go through one network, so each example has one shape and one type in both; "
            f"these are {one} and {other}. (Bytes from 0 to 255 beside floats from 0 to 1 would be a shift made "
            "by hand.)",
            f"源域与目标域经过同一个网络，每个样本的形状和类型必须相同；而这里分别是 {one} 和 {other}。"
            "（一边是 0–255 的字节，一边是 0–1 的小数，等于人为制造了偏移。）",
        )
