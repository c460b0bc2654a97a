"""Figures about what a network has learned: its filters, its maps, its layers.

As in ``plots.common``, numbers come in as plain arrays, and each function says in a sentence what its
figure shows. Series come under the names that the legend shall show, in the edition's language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt

from course_lib import judging
from course_lib.figures import describe
from course_lib.language import both

Array = np.ndarray


def show_tiles(rows: Mapping[str, Array], *, columns: int = 12, signed: bool = False) -> None:
    """Show small pictures in rows: filters, or the maps that filters give.

    Args:
        rows: Name → tiles N×H×W, one row of the figure each.
        columns: How many tiles of each row are shown.
        signed: Whether 0 is grey and each tile has a scale of its own (filters), or 0 is black and
            all tiles of a row share one scale (maps).
    """
    figure, axes = plt.subplots(
        len(rows), columns, figsize=(0.56 * columns, 0.95 * len(rows)), squeeze=False
    )
    for line, (name, tiles) in zip(axes, rows.items(), strict=True):
        for axis, tile in zip(line, tiles, strict=False):
            top = max(float(np.abs(tile if signed else tiles[:columns]).max()), 1e-12)
            axis.imshow(tile, cmap="gray", vmin=-top if signed else 0, vmax=top)
        for i, axis in enumerate(line):
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set(visible=i < len(tiles), color="#999999")  # white on white shows
        line[0].set_title(" ", fontsize=11, pad=8)  # keeps the height of a name free
        # Longer than its tile: the layout must not make room for it there.
        row_name = line[0].text(0, 1.12, name, transform=line[0].transAxes, fontsize=11)
        row_name.set_in_layout(False)
    shown = "; ".join(f"{name} ({min(len(t), columns)})" for name, t in rows.items())
    shown_zh = "；".join(f"{name}（{min(len(t), columns)} 个）" for name, t in rows.items())
    describe(figure, f"Tiles, one row each: {shown}.", f"小图，每行一组：{shown_zh}。")


def plot_by_layer(layers: Sequence[str], curves: Mapping[str, Array]) -> None:
    """Plot accuracy by layer: mean over draws, with a 95 % interval for the mean.

    Args:
        layers: L names, from input to output.
        curves: Name → accuracies, draws×L.
    """
    figure, axis = plt.subplots(figsize=(5.2, 4.0))
    places = np.arange(len(layers))
    for name, accuracies in curves.items():
        intervals = [judging.interval(column) for column in accuracies.T]
        means = [one.mean for one in intervals]
        (line,) = axis.plot(places, means, label=name, markevery=1)
        low, high = [one.low for one in intervals], [one.high for one in intervals]
        axis.fill_between(places, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    axis.set(xticks=places, xticklabels=layers, ylabel=both("accuracy", "准确率"))
    axis.legend(fontsize=10)
    ends = {name: (a[:, 0].mean(), a[:, -1].mean()) for name, a in curves.items()}
    describe(
        figure,
        f"Mean accuracy by layer, {layers[0]} to {layers[-1]}, with 95 % intervals. "
        + "; ".join(f"{name}: {a:.2f} to {b:.2f}" for name, (a, b) in ends.items())
        + ".",
        f"各层（{layers[0]} 到 {layers[-1]}）的平均准确率与 95% 置信区间。"
        + "；".join(f"{name}：{a:.2f} 到 {b:.2f}" for name, (a, b) in ends.items())
        + "。",
    )


def plot_clouds(panels: Mapping[str, tuple[Array, Array]]) -> None:
    """Plot two classes of points with their means and the line halfway between the means.

    Args:
        panels: Title → (points N×2, labels N of 0 and 1), one panel each.
    """
    figure, axes = plt.subplots(len(panels), 1, figsize=(4.6, 2.9 * len(panels)), squeeze=False)
    said = []
    for axis, (name, (points, labels)) in zip(axes[:, 0], panels.items(), strict=True):
        means = np.stack([points[labels == k].mean(axis=0) for k in (0, 1)])
        for k, marker in ((0, "o"), (1, "^")):
            axis.plot(*points[labels == k].T, marker, markersize=4, alpha=0.5, markevery=1,
                      linestyle="none", label=both(f"class {k}", f"类别 {k}"))  # fmt: skip
        axis.plot(*means.T, "kX", markersize=10, linestyle="none", markevery=1,
                  label=both("class means", "类均值"))  # fmt: skip
        middle, across = means.mean(axis=0), (means[1] - means[0]) @ np.array([[0, 1], [-1, 0]])
        axis.axline(middle, middle + across, color="black", linewidth=1.2, linestyle="--")
        span = np.abs(points).max() * 1.05
        axis.set(title=name, aspect="equal", xlim=(-span, span), ylim=(-span * 0.75, span * 0.75))
        nearer = ((points[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
        said.append((name, float((nearer == labels).mean())))
    axes[-1, 0].legend(fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3)
    describe(
        figure,
        "Two classes, their means, and the line where the nearest mean changes. Right: "
        + "; ".join(f"{name} {share:.2f}" for name, share in said)
        + ".",
        "两个类别、类均值，以及最近均值的分界线。分对的比例："
        + "；".join(f"{name} {share:.2f}" for name, share in said)
        + "。",
    )
