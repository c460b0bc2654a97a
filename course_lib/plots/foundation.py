"""Figures of chapter 16: pictures in rows, what a representation is worth, captions against pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt

from course_lib.figures import COLOURS, MARKERS, describe
from course_lib.language import both


def show_rows(rows: Mapping[str, np.ndarray], *, count: int = 10) -> None:
    """Show rows of small grey pictures, each row with its name.

    Args:
        rows: name → pictures N×H×W, values from 0 (paper) to 1 (ink); the first ``count`` are shown.
    """
    figure, axes = plt.subplots(len(rows), count, figsize=(0.78 * count, 0.95 * len(rows)))
    for (name, pictures), line in zip(rows.items(), np.atleast_2d(axes), strict=True):
        for picture, axis in zip(pictures, line, strict=False):
            axis.imshow(1 - picture, cmap="gray", vmin=0, vmax=1)
            axis.set_axis_off()
        line[0].set_title(name, loc="left", fontsize=9)
    names = list(rows)
    describe(
        figure,
        f"{len(names)} rows of {count} pictures: {'; '.join(names)}.",
        f"{len(names)} 行图片，每行 {count} 张：{'；'.join(names)}。",
    )


def plot_worth(worth: Mapping[str, Sequence[float]], columns: Sequence[str]) -> None:
    """Show the accuracies of several representations side by side, a mark for each number of labels.

    Args:
        worth: name → one accuracy for each column.
        columns: what the accuracies are, such as "1 label per class".
    """
    names = sorted(worth, key=lambda name: worth[name][0])
    figure, axis = plt.subplots(figsize=(6.4, 0.42 * len(names) + 1.1))
    for i, column in enumerate(columns):
        values = [worth[name][i] for name in names]
        axis.scatter(
            values, range(len(names)), marker=MARKERS[i], color=COLOURS[i], label=column, zorder=3
        )
    axis.set_yticks(range(len(names)), names)
    axis.set_xlabel(both("accuracy", "准确率"))
    axis.grid(axis="x", alpha=0.3)
    axis.legend(loc="lower right")
    best, last = names[-1], names[0]
    first = columns[0]
    describe(
        figure,
        f"Best by “{first}”: {best} ({worth[best][0]:.2f}); last: {last} ({worth[last][0]:.2f}).",
        f"按“{first}”排，最好的是{best}（{worth[best][0]:.2f}），最差的是{last}（{worth[last][0]:.2f}）。",
    )


def plot_similarity(similarity: np.ndarray, pictures: np.ndarray, captions: Sequence[str]) -> None:
    """Show cosines of captions (rows) and pictures (columns); the diagonal holds the pairs.

    Args:
        similarity: captions × pictures, N×N.
        pictures: N×H×W, 0 (dark) to 1 (bright).
        captions: N.
    """
    n = len(captions)
    figure, axis = plt.subplots(figsize=(7.2, 4.6))
    axis.imshow(similarity, cmap="cividis", vmin=-1, vmax=1)
    axis.grid(visible=False)  # its lines would strike the numbers through
    for i in range(n):
        for j in range(n):
            dark = similarity[i, j] < 0.2
            axis.text(j, i, f"{similarity[i, j]:.1f}", ha="center", va="center", fontsize=8,
                      color="white" if dark else "black")  # fmt: skip
        inset = axis.inset_axes((i - 0.4, -1.5, 0.8, 0.8), transform=axis.transData)
        inset.imshow(
            pictures[i], cmap="gray", vmin=0, vmax=1
        )  # bright is what the captions call bright
        inset.set_axis_off()
    axis.set_yticks(range(n), captions, fontsize=9)
    axis.set_xticks([])
    right = int((similarity.argmax(axis=1) == np.arange(n)).sum())
    describe(
        figure,
        f"Cosines of {n} captions and {n} pictures; for {right} captions its own picture has the largest.",
        f"{n} 句说明与 {n} 张图片的余弦；有 {right} 句说明与自己的图片最相似。",
    )
