"""Figures of chapter 12: pages with boxes, masks, patients with heat maps, curves, land seen from above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle

from course_lib.figures import COLOURS, DASHES, MARKERS, describe
from course_lib.language import both
from course_lib.vision import Found, Pages, Phantoms, box_iou


def show_pages(
    pages: Pages, found: Found | None = None, *, count: int = 6, least: float = 0.4
) -> None:
    """Show pages with their true boxes (solid) and a detector's (dashed).

    Args:
        pages: the first ``count`` of them are shown.
        found: what a detector says; only scores from ``least`` on.
    """
    figure, axes = plt.subplots(1, count, figsize=(1.75 * count, 2.2))
    hits = drawn = 0
    for page, axis in enumerate(axes):
        _grey(axis, 255 - pages.x[page, ..., 0])
        here = pages.truth.page == page
        for box, label in zip(pages.truth.boxes[here], pages.truth.labels[here], strict=True):
            _frame(axis, box, COLOURS[0], "-", str(label), above=True)
        if found is not None:
            for i in np.flatnonzero((found.page == page) & (found.scores >= least)):
                _frame(axis, found.boxes[i], COLOURS[1], "--", str(found.labels[i]), above=False)
                same = here & (pages.truth.labels == found.labels[i])
                drawn += 1
                hits += int((box_iou(found.boxes[i], pages.truth.boxes[same]) >= 0.5).any())
    objects = int((pages.truth.page < count).sum())
    said = (
        f" Dashed: {drawn} detections, of which {hits} have the right class and overlap a digit by at least one half.",
        f"虚线为 {drawn} 个检测框，其中 {hits} 个类别正确且与数字的交并比不低于一半。",
    )
    describe(
        figure,
        f"{count} pages with {objects} digits in solid boxes, lines and scribbles around them."
        + (said[0] if found is not None else ""),
        f"{count} 页，实线框里共 {objects} 个数字，周围有横线和涂划。"
        + (said[1] if found is not None else ""),
    )


def plot_curves(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]],
    xlabel: str,
    ylabel: str,
    *,
    points: Mapping[str, tuple[float, float]] | None = None,
    diagonal: bool = False,
) -> None:
    """Plot curves in the unit square, one for each name; and perhaps a marked point on each.

    Args:
        curves: name → (x, y). points: name → (x, y). diagonal: draw what chance does.
    """
    figure, axis = plt.subplots(figsize=(4.8, 3.8))
    for i, (name, (x, y)) in enumerate(curves.items()):
        style = {"color": COLOURS[i], "linestyle": DASHES[i]}
        axis.plot(x, y, label=name, marker="", **style)
        if points and name in points:
            axis.plot(
                *points[name], color=COLOURS[i], marker=MARKERS[i], markersize=9, linestyle="none"
            )
    if diagonal:
        axis.plot([0, 1], [0, 1], color="#999999", linewidth=0.8, linestyle=":", marker="")
    axis.set(xlabel=xlabel, ylabel=ylabel, xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axis.legend(fontsize=10)
    at_half = {name: float(np.interp(0.5, x, y)) for name, (x, y) in curves.items()}
    describe(
        figure,
        f"{ylabel} against {xlabel}. At 0.5: " + "; ".join(f"{n} {v:.2f}" for n, v in at_half.items()) + ".",
        f"{ylabel}随{xlabel}的变化。横轴 0.5 处：" + "；".join(f"{n} {v:.2f}" for n, v in at_half.items()) + "。",
    )  # fmt: skip


def show_masks(pages: np.ndarray, rows: Mapping[str, np.ndarray]) -> None:
    """Show pictures and, below, masks in rows: the truth and what somebody says.

    Args:
        pages: N×H×W×1, uint8. rows: name → N×h×w truth values.
    """
    count = len(pages)
    figure, axes = plt.subplots(
        1 + len(rows), count, figsize=(1.5 * count + 0.6, 1.6 * (1 + len(rows)))
    )
    for i in range(count):
        _grey(axes[0, i], 255 - pages[i, ..., 0])
        for r, mask in enumerate(rows.values(), start=1):
            _grey(axes[r, i], 255 - 255 * mask[i].astype(int))
    for axis, name in zip(axes[:, 0], [both("page", "页面"), *rows], strict=True):
        axis.set_ylabel(name, fontsize=10)
    ink = {name: float(np.mean(mask)) for name, mask in rows.items()}
    describe(
        figure,
        "Pages and masks of ink. Share of ink: " + "; ".join(f"{n} {v:.1%}" for n, v in ink.items()) + ".",
        "页面与墨迹掩码。墨迹所占比例：" + "；".join(f"{n} {v:.1%}" for n, v in ink.items()) + "。",
    )  # fmt: skip


def show_patients(
    phantoms: Phantoms, heat: np.ndarray | None = None, *, names: Sequence[str]
) -> None:
    """Show pictures of patients, a circle around each lesion, and maps of evidence below.

    Args:
        phantoms: what to show, N pictures. names: a title for each.
        heat: N×h×w; its largest place is marked by a cross.
    """
    count, rows = len(phantoms), 1 if heat is None else 2
    figure, axes = plt.subplots(rows, count, figsize=(1.6 * count, 1.9 * rows), squeeze=False)
    inside = 0
    for i in range(count):
        _grey(axes[0, i], phantoms.x[i, ..., 0])
        axes[0, i].set_title(names[i], fontsize=10)
        if phantoms.masks[i].any():
            row, column = np.argwhere(phantoms.masks[i]).mean(axis=0)
            axes[0, i].plot(
                column, row, marker="o", markersize=16, markerfacecolor="none", color=COLOURS[1]
            )
        if heat is not None:
            axes[1, i].imshow(heat[i], cmap="magma")
            axes[1, i].set(xticks=[], yticks=[])
            axes[1, i].grid(visible=False)
            row, column = np.unravel_index(heat[i].argmax(), heat[i].shape)
            axes[1, i].plot(column, row, marker="x", markersize=9, color="white")
            step = phantoms.x.shape[1] // heat.shape[1]
            there = np.s_[row * step : (row + 1) * step, column * step : (column + 1) * step]
            inside += int(phantoms.masks[i][there].any())
    ill = int(phantoms.y.sum())
    words = ("", "") if heat is None else (
        f" Below: evidence by place; its strongest cell touches the lesion in {inside} of {ill}.",
        f"下方为各处的证据，最强的一格碰到病灶的有 {inside}/{ill}。",
    )  # fmt: skip
    describe(
        figure,
        f"{count} phantom pictures, {ill} with a lesion (circled)." + words[0],
        f"{count} 张仿体图片，其中 {ill} 张有病灶（圆圈）。" + words[1],
    )


def show_land(
    pictures: Sequence[np.ndarray], names: Sequence[str], maps: Mapping[str, np.ndarray] | None = None,
    classes: Sequence[str] = (),
) -> None:  # fmt: skip
    """Show grey pictures of land and, perhaps, maps of kinds, two letters in each square.

    Args:
        pictures: H×W×1 each. names: their titles.
        maps: title → h×w whole numbers, the place of each square's kind in ``classes``; the first is the truth.
        classes: the kinds' names; a map shows their first two letters.
    """
    maps = maps or {}
    count = len(pictures) + len(maps)
    figure, axes = plt.subplots(
        1, count, figsize=((2.9 if maps else 1.9) * count, 3.2 if maps else 2.3)
    )
    for axis, picture, name in zip(axes, pictures, names, strict=False):
        _grey(axis, picture[..., 0])
        axis.set_title(name, fontsize=10)
    said: list[Any] = list(maps.values())
    for axis, (name, kinds) in zip(axes[len(pictures) :], maps.items(), strict=True):
        axis.imshow(kinds, cmap="Greys", vmin=-2, vmax=len(classes) + 3)
        axis.set(xticks=[], yticks=[], title=name)
        axis.grid(visible=False)
        wrong = {"color": COLOURS[1], "bbox": {"fill": False, "edgecolor": COLOURS[1], "pad": 1.5}}
        for row, column in np.ndindex(kinds.shape):
            axis.text(column, row, classes[int(kinds[row, column])][:2], ha="center", va="center", fontsize=9,
                      **({"color": "black"} if kinds[row, column] == said[0][row, column] else wrong))  # fmt: skip
    if maps:
        right = float(np.mean(said[0] == said[-1]))
        describe(
            figure,
            f"Land from above and its maps. {right:.0%} of the squares agree with the truth; the others are boxed.",
            f"从上方看的土地及其地图。{right:.0%} 的方格与真值一致，其余加框标出。",
        )
        return
    describe(
        figure,
        "Tiles of land from above: " + ", ".join(names) + ".",
        "从上方看的土地图块：" + "、".join(names) + "。",
    )


def _grey(axis: Any, picture: np.ndarray) -> None:
    """Draw a grey picture without ticks."""
    axis.imshow(picture, cmap="gray", vmin=0, vmax=255)
    axis.set(xticks=[], yticks=[])
    axis.grid(visible=False)


def _frame(axis: Any, box: np.ndarray, colour: str, line: str, label: str, *, above: bool) -> None:
    """Draw a box with its class at a corner."""
    low, size = box[:2] - 0.5, box[2:] - box[:2]
    axis.add_patch(
        Rectangle(tuple(low), *size, fill=False, color=colour, linestyle=line, linewidth=1.5)
    )
    x, y = (low[0], low[1]) if above else (low[0] + size[0], low[1] + size[1])
    axis.text(x, y, label, color=colour, fontsize=9, clip_on=True,
              ha="left" if above else "right", va="bottom" if above else "top")  # fmt: skip
