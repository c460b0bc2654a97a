"""Which classes are recognised and which are taken for one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sklearn import metrics

from course_lib.arguments import as_labels
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
    y, predicted = _as_labels(y, predicted, classes)
    return metrics.confusion_matrix(y, predicted, labels=np.arange(len(classes)))


def report_classes(
    y: np.ndarray, predicted: np.ndarray, classes: Sequence[str]
) -> tuple[ClassRow, ...]:
    """Give precision, recall and F1 of each class, and their mean over the classes.

    Accuracy hides a class that is rare and never found; this does not.

    Args:
        y, predicted, classes: As for :func:`confusion_matrix`.
    """
    y, predicted = _as_labels(y, predicted, classes)
    table = metrics.precision_recall_fscore_support(
        y, predicted, labels=np.arange(len(classes)), zero_division=0.0
    )
    rows = [
        ClassRow(name, float(p), float(r), float(f1), int(n))
        for name, p, r, f1, n in zip(classes, *table, strict=True)
    ]
    p, r, f1 = (float(np.mean(column)) for column in table[:3])
    return (*rows, ClassRow("mean", p, r, f1, len(y)))


def _as_labels(
    y: np.ndarray, predicted: np.ndarray, classes: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Give both rows as labels that the classes' names cover, when they are such."""
    y, predicted = as_labels("y", y), as_labels("predicted", predicted)
    if isinstance(classes, (str, int)):
        raise CourseError(
            f"classes is a row of names, such as ('ant', 'bee'); it was {classes!r}.",
            f"classes 应是一组类别名，例如 ('ant', 'bee')，现在是 {classes!r}。",
        )
    if y.shape != predicted.shape or not len(y):
        raise CourseError(
            f"A report needs two rows of labels of one length; these have shapes {y.shape} and "
            f"{predicted.shape}.",
            f"分类报告需要两列等长的标签，而这里的形状是 {y.shape} 和 {predicted.shape}。",
        )
    seen = np.concatenate([y, predicted])
    if seen.min() < 0 or seen.max() >= len(classes):
        raise CourseError(
            f"There are {len(classes)} class names, so labels run from 0 to {len(classes) - 1}; "
            f"these run from {seen.min()} to {seen.max()}.",
            f"类别名有 {len(classes)} 个，标签应在 0 到 {len(classes) - 1} 之间，"
            f"而这里是 {seen.min()} 到 {seen.max()}。",
        )
    return y, predicted
