"""Figures of chapter 14: which source, how sure, how calibrated, and where a network looked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt

from course_lib.calibration import Bin
from course_lib.figures import COLOURS, DASHES, MARKERS, describe
from course_lib.language import both


def plot_matrix(table: np.ndarray, rows: Sequence[str], columns: Sequence[str]) -> None:
    """Plot accuracies, targets by rows, sources and baselines by columns, every number written out.

    Args:
        table: R×C accuracies, 0 to 1. The best of each row is framed.
        rows, columns: names in the reader's language.
    """
    figure, axis = plt.subplots(figsize=(1.6 + 0.62 * len(columns), 1.6 + 0.42 * len(rows)))
    axis.imshow(table, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for i, j in np.ndindex(*table.shape):
        best = table[i, j] == table[i].max()
        axis.text(
            j, i, f"{table[i, j]:.2f}", ha="center", va="center", fontsize=10,
            color="white" if table[i, j] > 0.55 else "black",
            bbox={"fill": False, "edgecolor": COLOURS[1], "linewidth": 2} if best else None,
        )  # fmt: skip
    axis.set(xticks=range(len(columns)), yticks=range(len(rows)), yticklabels=rows)
    axis.set_xticklabels(columns, rotation=40, ha="right")
    axis.set(xlabel=both("source or baseline", "源或基线"), ylabel=both("target", "目标"))
    axis.grid(visible=False)
    best = [(rows[i], columns[int(table[i].argmax())], table[i].max()) for i in range(len(rows))]
    describe(
        figure,
        "Accuracy of a probe, targets by rows, sources and baselines by columns. Best: "
        + "; ".join(f"for {row} {column} ({a:.2f})" for row, column, a in best)
        + ".",
        "线性探针的准确率，行是目标，列是源与基线。最好的："
        + "；".join(f"{row}：{column}（{a:.2f}）" for row, column, a in best)
        + "。",
    )


def plot_scores(
    scores: Mapping[str, np.ndarray], truth: np.ndarray, targets: Sequence[str]
) -> None:
    """Plot what each score says against the accuracy measured, one panel for each score.

    Args:
        scores: Name → R×C values, targets by rows, sources by columns; NaN is left out.
        truth: R×C accuracies.
        targets: R names in the reader's language.
    """
    figure, axes = plt.subplots(1, len(scores), figsize=(3.1 * len(scores), 3.4), sharey=True)
    for axis, (name, values) in zip(np.atleast_1d(axes), scores.items(), strict=True):
        for k, target in enumerate(targets):
            axis.plot(
                values[k], truth[k], linestyle="none", marker=MARKERS[k], color=COLOURS[k],
                label=target, markevery=1,
            )  # fmt: skip
        axis.set(xlabel=name)
    np.atleast_1d(axes)[0].set(ylabel=both("accuracy measured", "实测准确率"))
    figure.legend(
        *np.atleast_1d(axes)[0].get_legend_handles_labels(),
        loc="outside upper center",
        ncols=3,
        fontsize=9,
    )
    drawn = np.where(np.isfinite(next(iter(scores.values()))), truth, np.nan)  # no home games
    high = [
        (target, np.ptp(row[~np.isnan(row)])) for target, row in zip(targets, drawn, strict=True)
    ]
    describe(
        figure,
        "Accuracy measured against each score, one mark for each source, one kind of mark for each target. "
        "Between best and worst source lie " + ", ".join(f"{s:.2f} ({t})" for t, s in high) + ".",
        "实测准确率与各个分数：每个点是一个源，每种记号是一个目标。最好与最差的源相差"
        + "、".join(f"{s:.2f}（{t}）" for t, s in high)
        + "。",
    )


def plot_coverage(
    coverage: Mapping[str, Sequence[float]], counts: Sequence[int], level: float
) -> None:
    """Plot how often intervals from few values really held the true mean.

    Args:
        coverage: Name → one share for each count.
        counts: How many values an interval was made of.
        level: The share that is promised.
    """
    figure, axis = plt.subplots()
    axis.axhline(level, color="#555555", linewidth=1)
    for k, (name, shares) in enumerate(coverage.items()):
        axis.plot(
            counts,
            shares,
            color=COLOURS[k],
            marker=MARKERS[k],
            linestyle=DASHES[k],
            label=name,
            markevery=1,
        )
    axis.set(
        xscale="log", xticks=counts, xticklabels=counts, ylim=(0.6, 1.0),
        xlabel=both("values in the interval (seeds)", "区间用了几个数值（种子数）"),
        ylabel=both("share that holds the truth", "包含真值的比例"),
    )  # fmt: skip
    axis.minorticks_off()
    axis.legend()
    said = [(name, shares[0], shares[-1]) for name, shares in coverage.items()]
    describe(
        figure,
        f"Coverage of intervals that promise {level:.0%}: "
        + "; ".join(
            f"{n} {a:.2f} with {counts[0]} values, {b:.2f} with {counts[-1]}" for n, a, b in said
        )
        + ".",
        f"声称 {level:.0%} 的区间，实际包含真值的比例："
        + "；".join(
            f"{n}：{counts[0]} 个数值时 {a:.2f}，{counts[-1]} 个时 {b:.2f}" for n, a, b in said
        )
        + "。",
    )


def plot_reliability(curves: Mapping[str, Sequence[Bin]]) -> None:
    """Plot accuracy against confidence, bin by bin: on the diagonal a network means what it says.

    Args:
        curves: Name → the bins that ``calibration_bins`` gives.
    """
    figure, axis = plt.subplots()
    axis.plot([0, 1], [0, 1], color="#555555", linewidth=1, linestyle="-", marker="")
    for k, (name, bins) in enumerate(curves.items()):
        axis.plot(
            [b.confidence for b in bins], [b.accuracy for b in bins], color=COLOURS[k],
            marker=MARKERS[k], linestyle=DASHES[k], label=name, markevery=1,
        )  # fmt: skip
    axis.set(
        xlim=(0, 1.02), ylim=(0, 1.02), xlabel=both("confidence", "置信度"), ylabel=both("accuracy", "准确率")
    )  # fmt: skip
    axis.legend()
    gaps = [
        (name, sum(b.n * (b.confidence - b.accuracy) for b in bins) / sum(b.n for b in bins))
        for name, bins in curves.items()
    ]
    describe(
        figure,
        "Reliability: accuracy against confidence. On average confidence exceeds accuracy by "
        + ", ".join(f"{gap:+.2f} ({name})" for name, gap in gaps)
        + ".",
        "可靠性图：准确率随置信度的变化。置信度平均超出准确率"
        + "、".join(f"{gap:+.2f}（{name}）" for name, gap in gaps)
        + "。",
    )


def show_maps(rows: Mapping[str, tuple[np.ndarray, np.ndarray]], *, columns: int = 6) -> None:
    """Show pictures with maps of evidence over them, one row for each network.

    Args:
        rows: Name → pictures N×H×W×1 and maps N×h×w.
        columns: Pictures per row.
    """
    figure, axes = plt.subplots(
        len(rows), columns, figsize=(0.95 * columns, 1.15 * len(rows)), squeeze=False
    )
    centres = []
    for row, (name, (x, maps)) in zip(axes, rows.items(), strict=True):
        for axis, picture, heat in zip(row, x, maps, strict=False):
            high, wide = picture.shape[:2]
            axis.imshow(255 - picture[..., 0], cmap="gray", vmin=0, vmax=255)
            large = np.kron(
                heat / max(heat.max(), 1e-9),
                np.ones((high // heat.shape[0], wide // heat.shape[1])),
            )
            axis.imshow(large, cmap="inferno", alpha=0.55, vmin=0, vmax=1)
            axis.axis("off")
        row[0].set_title(name, loc="left", fontsize=10)
        corner = maps[:, : maps.shape[1] // 2, : maps.shape[2] // 2].sum(axis=(1, 2))
        centres.append((name, float(corner.sum() / max(maps.sum(), 1e-9))))
    describe(
        figure,
        "Maps of evidence over pictures. Share of the heat in the upper left quarter: "
        + "; ".join(f"{name} {share:.2f}" for name, share in centres)
        + ".",
        "叠在图片上的证据热力图。落在左上四分之一的热量："
        + "；".join(f"{name} {share:.2f}" for name, share in centres)
        + "。",
    )
