"""Figures of chapter 13: a ranker's parts, curves over history or labels, a watch over many days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt

from course_lib.diagrams import arrow, box
from course_lib.figures import COLOURS, MARKERS, describe
from course_lib.language import both

_STYLES = ("-", "--", "-.", ":")


def draw_ranker() -> None:
    """Draw what a ranker is made of, and which part of it is borrowed."""
    figure, axis = plt.subplots(figsize=(5.4, 2.7))
    axis.set(xlim=(0, 10), ylim=(-2.7, 2.5))
    axis.axis("off")
    text_box = box(axis, 1.5, 1.9, both("article's words", "文章的词"), COLOURS[0])
    past_box = box(
        axis, 1.5, 0.2, both("words of what\nwas clicked", "点击过的\n文章的词"), COLOURS[0]
    )
    other = box(
        axis,
        1.9,
        -1.9,
        both("popularity, price,\nusual price", "热度、价格、\n惯常价位"),
        COLOURS[2],
    )
    table = box(axis, 4.7, 1.05, both("word vectors\n(borrowed)", "词向量\n（借来的）"), COLOURS[1])
    match = box(axis, 7.3, 0.4, both("match", "匹配度"), COLOURS[0])
    score = box(axis, 8.9, -1.0, both("score", "得分"), COLOURS[0])
    for first, second in ((text_box, table), (past_box, table), (table, match)):
        arrow(axis, first, (1, 0.5), second, (0, 0.5))
    arrow(axis, match, (0.6, 0), score, (0.3, 1))
    arrow(axis, other, (1, 0.5), score, (0, 0.3))
    describe(
        figure,
        "The words of an article and the words of what the reader clicked go through one table of word vectors, "
        "which is borrowed; their match and the other features, popularity and prices, give the score.",
        "文章的词与读者点击过的文章的词，经过同一张借来的词向量表，得到匹配度；匹配度与热度、价格等其他特征合成得分。",
    )


def plot_curves(
    ticks: Sequence[str],
    curves: Mapping[str, np.ndarray],
    *,
    xlabel: str,
    ylabel: str,
    level: tuple[str, float] | None = None,
) -> None:
    """Plot means over draws, a curve for each way; thin bars show the least and the largest draw.

    Args:
        ticks: X names along the axis.
        curves: Name → draws × X.
        xlabel, ylabel: In the reader's language.
        level: A name and a height to compare with.
    """
    figure, axis = plt.subplots(figsize=(5.4, 3.2))
    places = np.arange(len(ticks))
    said = []
    for i, (name, values) in enumerate(curves.items()):
        mean = np.nanmean(values, axis=0)
        spread = [mean - np.nanmin(values, axis=0), np.nanmax(values, axis=0) - mean]
        axis.errorbar(
            places + 0.05 * (i - len(curves) / 2), mean, yerr=spread, label=name, marker=MARKERS[i % len(MARKERS)],
            color=COLOURS[i % len(COLOURS)], linestyle=_STYLES[i % 4], elinewidth=0.7, capsize=2,
        )  # fmt: skip
        said.append((name, ", ".join(f"{value:.2f}" for value in mean)))
    if level is not None:
        axis.axhline(level[1], color="#555555", linewidth=1, linestyle=":", label=level[0])
        said.append((level[0], f"{level[1]:.2f}"))
    axis.set(xlabel=xlabel, ylabel=ylabel, xticks=places, xticklabels=ticks)
    axis.legend(fontsize=8)
    describe(
        figure,
        f"{ylabel} by {xlabel} ({', '.join(ticks)}). "
        + "; ".join(f"{n}: {v}" for n, v in said)
        + ".",
        f"{ylabel}随{xlabel}（{'、'.join(ticks)}）的变化。"
        + "；".join(f"{n}：{v}" for n, v in said)
        + "。",
    )


def plot_watch(
    sums: Mapping[str, Mapping[str, np.ndarray]], thresholds: Mapping[str, float], change: int
) -> None:
    """Plot what several monitors summed up in several stories, a panel for each monitor.

    Args:
        sums: Monitor → story → one sum a day; names in the reader's language.
        thresholds: Of each monitor.
        change: The day on which the stories part.
    """
    figure, axes = plt.subplots(
        len(sums),
        1,
        figsize=(5.4, 2.1 * len(sums)),
        sharex=True,
        squeeze=False,
        layout="constrained",
    )
    said = []
    for axis, (monitor, stories) in zip(axes[:, 0], sums.items(), strict=True):
        for i, (story, values) in enumerate(stories.items()):
            # Far above the threshold nothing is to be seen any more.
            shown = np.minimum(values, 3 * thresholds[monitor])
            axis.plot(
                shown, _STYLES[i % 4], color=COLOURS[i], marker=MARKERS[i], markevery=7, markersize=4, label=story
            )  # fmt: skip
            rings = np.flatnonzero(values > thresholds[monitor])
            said.append((monitor, story, int(rings[0]) if len(rings) else None))
        axis.axhline(thresholds[monitor], color="#555555", linewidth=1)
        axis.axvline(change - 0.5, color="#555555", linewidth=1, linestyle=":")
        axis.set(ylabel=both("sum", "累积和"), title=monitor)
    axes[0, 0].legend(fontsize=8)
    axes[-1, 0].set(xlabel=both("day", "天"))
    never = both("no alarm", "不报警")
    days = [
        (m, s, never if d is None else both(f"alarm on day {d}", f"第 {d} 天报警"))
        for m, s, d in said
    ]
    describe(
        figure,
        f"Sums by day; the stories part on day {change}. "
        + "; ".join(f"{m}, {s}: {d}" for m, s, d in days)
        + ".",
        f"每日的累积和，第 {change} 天起情形不同。"
        + "；".join(f"{m}，{s}：{d}" for m, s, d in days)
        + "。",
    )
