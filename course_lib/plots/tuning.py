"""Figures of chapter 05: gains with their intervals, and which class was taken for which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt

from course_lib.figures import COLOURS, MARKERS, describe
from course_lib.judging import Interval
from course_lib.language import both


def plot_gains(gains: Mapping[str, Interval], xlabel: str) -> None:
    """Plot gains as points with intervals; those that leave out 0 differ in colour and marker.

    Args:
        gains: Name → interval, from top to bottom; names in the reader's language.
        xlabel: What is gained.
    """
    figure, axis = plt.subplots(figsize=(5.4, 0.9 + 0.42 * len(gains)))
    axis.axvline(0, color="#555555", linewidth=1)
    styles = {
        "above": (COLOURS[0], MARKERS[0]), "below": (COLOURS[1], MARKERS[1]), "open": ("#777777", MARKERS[3])
    }  # fmt: skip
    for place, one in enumerate(gains.values()):
        colour, marker = styles[verdict(one)]
        error = [[one.mean - one.low], [one.high - one.mean]]
        axis.errorbar(
            [one.mean], [place], xerr=error, color=colour, marker=marker, capsize=4, markevery=1
        )
    axis.set(xlabel=xlabel, yticks=range(len(gains)), yticklabels=gains)
    axis.set_ylim(len(gains) - 0.5, -0.5)  # the first on top
    axis.grid(axis="y", visible=False)
    words = {
        "above": both("above 0", "大于 0"), "below": both("below 0", "小于 0"), "open": both("not decided", "分不出")
    }  # fmt: skip
    rows = [
        f"{name}{both(': ', '：')}{one.mean:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"
        f"{both(', ', '，')}{words[verdict(one)]}"
        for name, one in gains.items()
    ]
    describe(
        figure,
        f"{xlabel}, mean and 95 % interval. " + "; ".join(rows) + ".",
        f"{xlabel}：均值与 95% 置信区间。" + "；".join(rows) + "。",
    )


def verdict(one: Interval) -> str:
    """Say on which side of 0 an interval lies: ``"above"``, ``"below"`` or ``"open"``."""
    return "above" if one.low > 0 else "below" if one.high < 0 else "open"


def plot_confusion(matrix: np.ndarray, classes: Sequence[str]) -> None:
    """Plot which class was taken for which, every count written out.

    Args:
        matrix: K×K counts, true class by rows, predicted class by columns.
        classes: K names.
    """
    n_classes = len(classes)
    figure, axis = plt.subplots(figsize=(1.4 + 0.4 * n_classes, 1.0 + 0.4 * n_classes))
    axis.imshow(matrix, cmap="Blues", vmin=0)
    for i, j in np.ndindex(n_classes, n_classes):
        if matrix[i, j]:
            colour = "white" if matrix[i, j] > matrix.max() / 2 else "black"
            axis.text(j, i, str(matrix[i, j]), ha="center", va="center", fontsize=9, color=colour)
    axis.set(
        xticks=range(n_classes), yticks=range(n_classes), xticklabels=classes, yticklabels=classes
    )
    axis.set(xlabel=both("predicted", "预测"), ylabel=both("true", "真实"))
    axis.grid(visible=False)
    wrong = [
        (matrix[i, j], i, j) for i, j in np.ndindex(n_classes, n_classes) if i != j and matrix[i, j]
    ]
    most = sorted(wrong, reverse=True)[:3]
    right, total = int(np.trace(matrix)), int(matrix.sum())
    said_en = ", ".join(f"{classes[i]} taken for {classes[j]} ({n})" for n, i, j in most) or "none"
    said_zh = "、".join(f"{classes[i]} 认成 {classes[j]}（{n} 次）" for n, i, j in most) or "没有"
    describe(
        figure,
        f"Confusion matrix: {right} of {total} right. Most frequent mistakes: {said_en}.",
        f"混淆矩阵：{total} 个中对了 {right} 个。最常见的错误：{said_zh}。",
    )
