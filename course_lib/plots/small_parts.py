"""Figures of chapter 08: what a low-rank change is, and what a small part costs and gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt

from course_lib.diagrams import arrow, box
from course_lib.figures import COLOURS, MARKERS, describe
from course_lib.judging import Interval
from course_lib.language import both


def draw_low_rank() -> None:
    """Draw a layer with a low-rank change beside it: what is frozen and what learns."""
    figure, axis = plt.subplots(figsize=(4.9, 2.2))
    axis.set(xlim=(-0.3, 4.4), ylim=(-1.5, 0.6))
    axis.axis("off")
    x = box(axis, 0, -0.5, both("$x$\n$D$ numbers", "$x$\n$D$ 个数"), "#555555")
    base = box(axis, 2.0, 0.2, both("$W$: $M×D$, frozen", "$W$：$M×D$，冻结"), COLOURS[0])
    down = box(axis, 1.45, -1.1, both("$A$: $r×D$\nlearns", "$A$：$r×D$\n学习"), COLOURS[1])
    up = box(axis, 2.75, -1.1, both("$B$: $M×r$\nlearns", "$B$：$M×r$\n学习"), COLOURS[1])
    y = box(axis, 4.05, -0.5, both("sum $y$\n$M$ numbers", "求和 $y$\n$M$ 个数"), "#555555")
    for start, end in ((x, base), (x, down), (down, up), (base, y), (up, y)):
        arrow(axis, start, (1, 0.5), end, (0, 0.5))
    axis.text(3.5, -1.02, r"$\times\,\alpha/r$", fontsize=9.5)
    describe(
        figure,
        "x goes two ways: through the frozen W, M×D, and through the learned A, r×D, then B, M×r, times "
        "α/r. Both results are added to y. B starts at zero, so at first y = Wx.",
        "x 走两条路：一条经过冻结的 W（M×D）；另一条先经过学习的 A（r×D），再经过 B（M×r），乘以 α/r。"
        "两个结果相加得 y。B 从零开始，所以起初 y = Wx。",
    )


def plot_energy(curves: Mapping[str, np.ndarray], ranks: Sequence[int]) -> None:
    """Plot how much of some matrices their first directions hold, against how many directions.

    Args:
        curves: Name → shares, one for each rank.
        ranks: From 1 upwards.
    """
    figure, axis = plt.subplots()
    for name, shares in curves.items():
        axis.plot(ranks, shares, label=name, markevery=1)
    axis.set(
        xscale="log",
        xticks=ranks,
        xticklabels=[str(r) for r in ranks],
        xlabel=both("rank $r$", "秩 $r$"),
        ylabel=both("share of the squares", "占平方和的比例"),
        ylim=(0, 1.03),
    )
    axis.minorticks_off()
    axis.legend(fontsize=10)
    rows = [(n, c[0], c[-1]) for n, c in curves.items()]
    describe(
        figure,
        f"Share of the squared change that the first r directions hold, r = {ranks[0]} and {ranks[-1]}. "
        + "; ".join(f"{n}: {a:.0%} and {b:.0%}" for n, a, b in rows) + ".",
        f"前 r 个方向占改变量平方和的比例，r = {ranks[0]} 与 {ranks[-1]} 时："
        + "；".join(f"{n}：{a:.0%} 与 {b:.0%}" for n, a, b in rows) + "。",
    )  # fmt: skip


def plot_trade_off(panels: Mapping[str, Mapping[str, tuple[int, Interval]]]) -> None:
    """Plot accuracy against the number of weights that learn, one panel for each task.

    Args:
        panels: Title → (method → how many weights learn, and the accuracy's interval).
    """
    figure, axes = plt.subplots(
        len(panels), 1, figsize=(5.2, 2.9 * len(panels)), squeeze=False, sharex=True, sharey=True
    )
    names = list(dict.fromkeys(name for points in panels.values() for name in points))
    drawn, rows_en, rows_zh = {}, [], []
    for axis, (title, points) in zip(axes[:, 0], panels.items(), strict=True):
        taken: set[float] = set()
        for name, (count, one) in points.items():
            place = count * 1.25 if count in taken else count  # two of one size stand side by side
            taken.add(count)
            error = [[one.mean - one.low], [one.high - one.mean]]
            i = names.index(name) % len(COLOURS)
            drawn[name] = axis.errorbar(
                [place], [one.mean], error, color=COLOURS[i], marker=MARKERS[i], linestyle="",
                capsize=4, markevery=1,
            )  # fmt: skip
        axis.set(title=title, xscale="log", ylabel=both("accuracy", "准确率"))
        said = [f"{name} {count:,}: {one.mean:.3f}" for name, (count, one) in points.items()]
        rows_en.append(f"{title}: " + "; ".join(said) + ".")
        rows_zh.append(f"{title}：" + "；".join(said) + "。")
    axes[-1, 0].set_xlabel(both("numbers that learn", "可训练的参数个数"))
    axes[-1, 0].legend(
        drawn.values(), drawn, fontsize=9, ncols=2, loc="upper center", bbox_to_anchor=(0.45, -0.28)
    )
    describe(
        figure,
        "Accuracy against how many numbers learn, with 95 % intervals. " + " ".join(rows_en),
        "准确率随可训练参数个数的变化，带 95% 置信区间。" + "".join(rows_zh),
    )


def plot_means(curves: Mapping[str, np.ndarray], x: Sequence[float], xlabel: str) -> None:
    """Plot the mean accuracy over draws against something that is varied, one line for each name.

    Args:
        curves: Name → accuracies, draws×X.
        x: X values.
        xlabel: What is varied.
    """
    figure, axis = plt.subplots()
    for name, values in curves.items():
        axis.plot(x, values.mean(axis=0), label=name, markevery=1)
    axis.set(xlabel=xlabel, ylabel=both("accuracy", "准确率"), xticks=x)
    axis.set_xticklabels([f"{v:g}" for v in x])
    axis.legend(fontsize=10)
    rows = [
        (name, ", ".join(f"{v:g}: {m:.2f}" for v, m in zip(x, values.mean(axis=0), strict=True)))
        for name, values in curves.items()
    ]
    describe(
        figure,
        f"Mean accuracy by {xlabel}. " + "; ".join(f"{n}, {r}" for n, r in rows) + ".",
        f"平均准确率随{xlabel}变化：" + "；".join(f"{n}，{r}" for n, r in rows) + "。",
    )
