"""Figures of chapter 10: where each token of a text looks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt

from course_lib.figures import describe
from course_lib.language import both


def plot_attention(weights: np.ndarray, tokens: Sequence[str]) -> None:
    """Plot who looks at whom; the largest weight of each row is written out.

    Args:
        weights: T×T, rows look at columns; each row adds up to 1.
        tokens: T tokens, in order.
    """
    T = len(tokens)
    figure, axis = plt.subplots(figsize=(1.6 + 0.32 * T, 1.2 + 0.32 * T))
    axis.imshow(weights, cmap="Blues", vmin=0, vmax=1)
    for i, row in enumerate(weights):
        j = int(row.argmax())
        colour = "white" if row[j] > 0.5 else "black"
        axis.text(j, i, f"{row[j]:.1f}", ha="center", va="center", fontsize=7, color=colour)
    axis.set(xticks=range(T), yticks=range(T), xticklabels=tokens, yticklabels=tokens)
    axis.tick_params(axis="x", rotation=90)
    axis.set(xlabel=both("looked at", "被看的词元"), ylabel=both("looks", "在看的词元"))
    axis.grid(visible=False)
    most = [
        f"{tokens[i]} → {tokens[int(row.argmax())]} ({row.max():.2f})"
        for i, row in enumerate(weights)
    ]
    describe(
        figure,
        "Where each token looks most: " + "; ".join(most) + ".",
        "每个词元最关注谁：" + "；".join(most) + "。",
    )
