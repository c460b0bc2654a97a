"""What the functions of this room ask of features, labels and outputs."""

from __future__ import annotations

import numpy as np

from course_lib.arguments import as_labels, as_numbers, require_count
from course_lib.errors import CourseError


def require_two_features(
    f_source: np.ndarray, f_target: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Make sure that two domains have the same features, N×D and M×D, at least two rows of each."""
    f_s, f_t = as_numbers("f_source", f_source), as_numbers("f_target", f_target)
    if (
        not (f_s.ndim == f_t.ndim == 2 and f_s.shape[1] == f_t.shape[1])
        or min(len(f_s), len(f_t)) < 2
    ):
        raise CourseError(
            f"Two domains are compared by features n×D and m×D, at least two rows of each; these have "
            f"shapes {f_s.shape} and {f_t.shape}.",
            f"比较两个域需要 n×D 与 m×D 的特征，各至少两行；这里的形状是 {f_s.shape} 与 {f_t.shape}。",
        )
    return f_s, f_t


def require_examples(what: str, f: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Make sure that features N×D come with one label each."""
    f, y = as_numbers(f"the features of the {what}", f), as_labels(f"the labels of the {what}", y)
    if f.ndim != 2 or len(f) != len(y) or not len(f):
        raise CourseError(
            f"The {what} needs features N×D and a label for each; found {f.shape} and {y.shape}.",
            f"{what} 需要 N×D 的特征和 N 个标签；现在的形状是 {f.shape} 与 {y.shape}。",
        )
    return f, y


def require_outputs(outputs: np.ndarray) -> np.ndarray:
    """Make sure that outputs are logits N×K of at least two classes."""
    z = as_numbers("outputs", outputs, endless=True)
    if z.ndim != 2 or z.shape[1] < 2 or not len(z):
        raise CourseError(
            f"Outputs are logits N×K, as predict gives them; these have the shape {z.shape}.",
            f"outputs 应是 predict 给出的 N×K 的 logits；这里的形状是 {z.shape}。",
        )
    return z


def require_labels_below(name: str, y: np.ndarray, classes: int) -> np.ndarray:
    """Make sure that labels lie in 0 … K-1."""
    y, classes = as_labels(name, y), require_count("classes", classes, 2)
    if len(y) == 0 or y.min() < 0 or y.max() >= classes:
        raise CourseError(
            f"{name} holds labels 0 … {classes - 1}, at least one; found {len(y)} of them"
            + (f", from {y.min()} to {y.max()}." if len(y) else "."),
            f"{name} 应是 0 到 {classes - 1} 的标签，至少一个；现在有 {len(y)} 个"
            + (f"，从 {y.min()} 到 {y.max()}。" if len(y) else "。"),
        )
    return y
