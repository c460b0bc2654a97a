"""Which classes are recognised and which are taken for one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sklearn import metrics

from course_lib.errors import CourseError


class ClassRow(NamedTuple):
    """One class in a report.

    Attributes:
        name: The class, or ``"mean"`` in the last row (each class counts the same: "macro").
        precision: Of what was called this class, the part that is. 0 where nothing was.
        recall: Of what is this class, the part that was found. 0 where there is nothing of it.
        f1: Their harmonic mean, ``2 · precision · recall / (precision + recall)``.
        support: How many examples of the class there are.
    """

    name: str
    precision: float
    recall: float
    f1: float
    support: int

    def __str__(self) -> str:
        return (
            f"{self.name:>12}  precision {self.precision:.3f}  recall {self.recall:.3f}  "
            f"F1 {self.f1:.3f}  n {self.support}"
        )


def confusion_matrix(y: np.ndarray, predicted: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Count what each class was taken for.

    Args:
        y: True labels, N.
        predicted: Predicted labels, N.
        classes: K names; label ``k`` means ``classes[k]``.

    Returns:
        K×K counts: row = true class, column = predicted class.
    """
    _require_labels(y, predicted, classes)
    return metrics.confusion_matrix(y, predicted, labels=np.arange(len(classes)))


def report_classes(
    y: np.ndarray, predicted: np.ndarray, classes: Sequence[str]
) -> tuple[ClassRow, ...]:
    """Give precision, recall and F1 of each class, and their mean over the classes.

    Accuracy hides a class that is rare and never found; this does not.

    Args:
        y, predicted, classes: As for :func:`confusion_matrix`.
    """
    _require_labels(y, predicted, classes)
    table = metrics.precision_recall_fscore_support(
        y, predicted, labels=np.arange(len(classes)), zero_division=0.0
    )
    rows = [
        ClassRow(name, float(p), float(r), float(f1), int(n))
        for name, p, r, f1, n in zip(classes, *table, strict=True)
    ]
    p, r, f1 = (float(np.mean(column)) for column in table[:3])
    return (*rows, ClassRow("mean", p, r, f1, len(y)))


def _require_labels(y: np.ndarray, predicted: np.ndarray, classes: Sequence[str]) -> None:
    y, predicted = np.asarray(y), np.asarray(predicted)
    if y.ndim != 1 or y.shape != predicted.shape or not len(y):
        raise CourseError(
            f"A report needs two rows of labels of one length; these have shapes {y.shape} and "
            f"{predicted.shape}. If you have one score per class, take argmax(axis=1) first.",
            f"分类报告需要两列等长的标签，而这里的形状是 {y.shape} 和 {predicted.shape}。"
            "如果手里是各类别的得分，请先取 argmax(axis=1)。",
        )
    seen = np.concatenate([y, predicted])
    if seen.min() < 0 or seen.max() >= len(classes):
        raise CourseError(
            f"There are {len(classes)} class names, so labels run from 0 to {len(classes) - 1}; "
            f"these run from {seen.min()} to {seen.max()}.",
            f"类别名有 {len(classes)} 个，标签应在 0 到 {len(classes) - 1} 之间，"
            f"而这里是 {seen.min()} 到 {seen.max()}。",
        )
