"""Figures of chapter 17: losses with the two lines that tell illnesses apart, the planes of a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt

from course_lib.figures import COLOURS, MARKERS, describe
from course_lib.language import both


def plot_loss_curves(curves: Mapping[str, Sequence[float]], lines: Mapping[str, float]) -> None:
    """Plot training losses over the steps, with named horizontal lines.

    Args:
        curves: By name, one loss for each step.
        lines: By name, a loss that means something.
    """
    figure, axis = plt.subplots(figsize=(5.4, 3.2))
    for number, (name, losses) in enumerate(curves.items()):
        axis.plot(losses, color=COLOURS[number], marker=MARKERS[number], markevery=12, label=name)
    for (name, height), style in zip(lines.items(), (":", "-."), strict=False):
        axis.axhline(height, color="0.35", linestyle=style, linewidth=1)
        axis.annotate(name, (1, height), xycoords=("axes fraction", "data"), xytext=(-4, 3),
                      textcoords="offset points", ha="right", fontsize=8)  # fmt: skip
    axis.set(xlabel=both("step", "步"), ylabel=both("training loss", "训练损失"), ylim=(0, None))
    axis.legend(ncols=2)
    ends = [f"{name} {losses[0]:.2f} → {losses[-1]:.2f}" for name, losses in curves.items()]
    heights = [f"{name} = {height:.2f}" for name, height in lines.items()]
    describe(
        figure,
        f"Training losses, first → last: {', '.join(ends)}. Lines: {', '.join(heights)}.",
        f"训练损失，首个 → 最后：{'，'.join(ends)}。横线：{'，'.join(heights)}。",
    )


def show_planes(pictures: Mapping[str, np.ndarray]) -> None:
    """Show the channels of pictures side by side, one row for each picture.

    Args:
        pictures: By name, a picture C×H×W of bytes.
    """
    planes = next(iter(pictures.values())).shape[0]
    figure, axes = plt.subplots(len(pictures), planes, figsize=(5.0, 1.9 * len(pictures)))
    for row, (name, picture) in zip(np.atleast_2d(axes), pictures.items(), strict=True):
        for number, (axis, plane) in enumerate(zip(row, picture, strict=True)):
            axis.imshow(plane, cmap="gray", vmin=0, vmax=255)
            axis.set(xticks=[], yticks=[], title=f"{name} [{number}]")
    steps = {
        name: int((np.abs(np.diff(p.astype(int), axis=2)) > 0).sum())
        for name, p in pictures.items()
    }
    said_en = ", ".join(f"{name} {count}" for name, count in steps.items())
    describe(
        figure,
        f"The planes of the same numbers in two layouts. Places where neighbours in a row differ: {said_en}.",
        f"同样的数按两种方式排成的各个平面。同一行里相邻两点不同的位置数：{said_en.replace(', ', '，')}。",
    )
