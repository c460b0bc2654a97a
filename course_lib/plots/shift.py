"""Figures of chapter 06: worlds that moved, weights, sweeps, and what is said of each class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt

from course_lib.figures import COLOURS, DASHES, MARKERS, describe
from course_lib.language import both

Array = np.ndarray
Line = tuple[Array, float]


def plot_worlds(worlds: Mapping[str, tuple[Array, Array]], line: Line) -> None:
    """Plot points of two classes, a panel for each world, with one classifier's border in all of them.

    Args:
        worlds: Name → points N×2 and labels N (0 or 1); names in the reader's language.
        line: The border w·x + b = 0, as (w, b).
    """
    columns = 2
    rows = -(-len(worlds) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(5.6, 2.7 * rows), sharex=True, sharey=True)
    said = []
    for number, (axis, (name, (x, y))) in enumerate(zip(axes.flat, worlds.items(), strict=False)):
        for label in (0, 1):
            of_class = x[y == label]
            axis.scatter(*of_class.T, s=12, marker=MARKERS[label], color=COLOURS[label], alpha=0.6,
                         label=both(f"class {label}", f"类别 {label}"))  # fmt: skip
        _draw_line(axis, line, "black", "-")
        right = float(np.mean((x @ line[0] + line[1] > 0) == (y == 1)))
        axis.set_title(name, fontsize=12)
        axis.set(xlim=(-4, 4), ylim=(-3.5, 3.5))
        axis.set_xlabel("$x_1$" if number >= len(worlds) - columns else "")
        axis.set_ylabel("" if number % columns else "$x_2$")
        if number == 0:
            axis.legend(fontsize=9, loc="lower left", handletextpad=0.1)
        middle = "(" + ", ".join(f"{v:+.1f}" for v in x.mean(axis=0)) + ")"
        share = float(np.mean(y == 1))
        said.append((name, middle, share, right))
    describe(
        figure,
        "Points of two classes and the source's border: "
        + "; ".join(f"{n}: centre {m}, {s:.0%} of class 1, {r:.0%} right" for n, m, s, r in said)
        + ".",
        "两类点与源域上学到的分界线："
        + "；".join(f"{n}：中心 {m}，类别 1 占 {s:.0%}，分对 {r:.0%}" for n, m, s, r in said)
        + "。",
    )


def plot_weights(x: Array, weights: Array, target: Array, lines: Mapping[str, Line]) -> None:
    """Plot source points as large as their weights, the target's points, and borders learnt on both.

    Args:
        x: The source's points N×2.
        weights: N, mean 1.
        target: Points M×2.
        lines: Name → border (w, b); names in the reader's language.
    """
    figure, axis = plt.subplots(figsize=(5.4, 4.2))
    axis.scatter(*target.T, s=8, marker="+", color="#999999", label=both("target", "目标域"))
    axis.scatter(*x.T, s=6 + 12 * weights, color=COLOURS[0], alpha=0.45,
                 label=both("source, by weight", "源域，大小为权重"))  # fmt: skip
    for place, (name, line) in enumerate(lines.items()):
        _draw_line(axis, line, COLOURS[1 + place], DASHES[place], name)
    axis.set(xlim=(-4, 4), ylim=(-3.5, 3.5), xlabel="$x_1$", ylabel="$x_2$")
    axis.legend(fontsize=9, loc="lower left")
    top = np.sort(weights)[::-1]
    tenth = max(1, len(top) // 10)
    share = float(top[:tenth].sum() / top.sum())
    describe(
        figure,
        f"Source points drawn as large as their weights: the heaviest tenth has {share:.0%} of all weight. "
        f"Borders: {', '.join(lines)}.",
        f"源域的点按权重画大小：最重的十分之一占了全部权重的 {share:.0%}。分界线：{'、'.join(lines)}。",
    )


def _draw_line(
    axis: plt.Axes, line: Line, colour: str, dash: object, name: str | None = None
) -> None:
    w, b = line
    along = np.array([-w[1], w[0]]) / np.linalg.norm(w)
    foot = -b * w / (w @ w)
    ends = np.stack([foot - 20 * along, foot + 20 * along])
    axis.plot(*ends.T, color=colour, linestyle=dash, marker="", label=name)


def plot_sweep(
    x: Sequence[float], curves: Mapping[str, Array], xlabel: str, *, ylabel: str | None = None
) -> None:
    """Plot means over draws, with the range from lowest to highest draw as a band.

    Args:
        x: C settings, drawn at equal distances.
        curves: Name → values, D draws×C; names in the reader's language.
        xlabel, ylabel: The axes; accuracy unless said otherwise.
    """
    figure, axis = plt.subplots(figsize=(5.4, 3.8))
    ylabel, places = ylabel or both("accuracy", "准确率"), np.arange(len(x))
    for number, (name, values) in enumerate(curves.items()):
        look = {"color": COLOURS[number], "marker": MARKERS[number], "linestyle": DASHES[number]}
        axis.plot(places, values.mean(axis=0), label=name, **look)
        axis.fill_between(
            places, values.min(axis=0), values.max(axis=0), color=COLOURS[number], alpha=0.15
        )
    axis.set(xlabel=xlabel, ylabel=ylabel, xticks=places, xticklabels=[f"{v:g}" for v in x])
    axis.legend(fontsize=10)

    def row(name: str, values: Array) -> str:
        mean = values.mean(axis=0)
        points = both(", ", "，").join(f"{m:.2f} ({v:g})" for v, m in zip(x, mean, strict=True))
        return f"{name}{both(': ', '：')}{points}"

    rows = [row(name, values) for name, values in curves.items()]
    describe(
        figure,
        f"{ylabel} against {xlabel} (in brackets), mean of the draws. " + "; ".join(rows) + ".",
        f"{ylabel}随 {xlabel}（括号内）的变化，各次抽样的均值。" + "；".join(rows) + "。",
    )


def plot_price(distances: Array, measured: Mapping[str, Array]) -> None:
    """Plot the effective share of the sample against the squared distance, on a logarithmic axis.

    Args:
        distances: C squared distances.
        measured: Name → effective shares C; names in the reader's language.
    """
    figure, axis = plt.subplots(figsize=(5.4, 3.6))
    for number, (name, values) in enumerate(measured.items()):
        axis.plot(distances, values, color=COLOURS[number], marker=MARKERS[number],
                  linestyle=DASHES[number], label=name)  # fmt: skip
    axis.set(
        xlabel=both("squared distance $D$ of the centres", "中心的平方距离 $D$"),
        ylabel=both("effective share $n_{eff}/n$", "有效比例 $n_{eff}/n$"),
        yscale="log",
    )
    ticks = [1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01]
    axis.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.minorticks_off()
    lowest = min(float(np.min(values)) for values in measured.values())
    axis.set_ylim(lowest / 1.3, 1.0)
    axis.legend(fontsize=10)
    ends = "; ".join(f"{name} {v[0]:.2f} → {v[-1]:.4f}" for name, v in measured.items())
    describe(
        figure,
        "Effective share of the sample, falling with the squared distance from "
        f"{distances[0]:g} to {distances[-1]:g}: {ends}.",
        f"有效比例随平方距离（{distances[0]:g} 到 {distances[-1]:g}）下降：{ends.replace('; ', '；')}。",
    )


def show_facts(table: Array, classes: Sequence[str], facts: Sequence[str]) -> None:
    """Plot which fact holds of which class, a dot where it does.

    Args:
        table: K×A, 1 where the fact holds.
        classes: K names.
        facts: A names, in the reader's language.
    """
    figure, axis = plt.subplots(figsize=(1.9 + 0.26 * len(classes), 0.8 + 0.27 * len(facts)))
    across, down = np.nonzero(table)
    axis.scatter(across, down, s=42, color=COLOURS[0])
    axis.set(
        xticks=range(len(classes)), xticklabels=classes, yticks=range(len(facts)), yticklabels=facts
    )
    axis.set_xlim(-0.6, len(classes) - 0.4)
    axis.set_ylim(len(facts) - 0.4, -0.6)
    axis.tick_params(labelsize=10)
    each_en = "; ".join(
        f"{c}: {', '.join(f for f, has in zip(facts, row, strict=True) if has)}"
        for c, row in zip(classes, table, strict=True)
    )
    each_zh = "；".join(
        f"{c}：{'、'.join(f for f, has in zip(facts, row, strict=True) if has)}"
        for c, row in zip(classes, table, strict=True)
    )
    describe(figure, f"What is said of each class. {each_en}.", f"关于每个类别的事实。{each_zh}。")
