"""Figures of the bridges, the one-page recapitulations. As in ``plots.common``, numbers come in as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt

from course_lib.figures import COLOURS, MARKERS, describe
from course_lib.language import both

Array = np.ndarray


def show_responses(picture: Array, responses: Mapping[str, Array]) -> None:
    """Show a picture and, beside it, what filters answer at each place.

    Args:
        picture: H×W.
        responses: Name → H'×W', shown from −largest (dark) over 0 (grey) to largest (light).
    """
    figure, axes = plt.subplots(
        1, 1 + len(responses), figsize=(1.9 * (1 + len(responses)), 2.2), squeeze=False
    )
    axes[0, 0].imshow(picture, cmap="gray", vmin=0)
    axes[0, 0].set_title(both("picture", "图片"), fontsize=11)
    for axis, (name, response) in zip(axes[0, 1:], responses.items(), strict=True):
        most = np.abs(response).max()
        axis.imshow(response, cmap="gray", vmin=-most, vmax=most)
        axis.set_title(name, fontsize=11)
    for axis in axes[0]:
        axis.axis("off")
    found = [(name, *np.unravel_index(int(np.argmax(r)), r.shape)) for name, r in responses.items()]
    size = "×".join(str(n) for n in next(iter(responses.values())).shape)
    describe(
        figure,
        f"A picture of {'×'.join(map(str, picture.shape))} and its responses of {size}. Strongest answer: "
        + "; ".join(f"{name} in row {row}, column {column}" for name, row, column in found)
        + " (counted from 0).",
        f"一张 {'×'.join(map(str, picture.shape))} 的图片，以及 {size} 的响应图。响应最强处："
        + "；".join(f"{name}在第 {row} 行第 {column} 列" for name, row, column in found)
        + "（从 0 数起）。",
    )


def show_batches(modes: Mapping[str, Sequence[Array]], names: Sequence[str]) -> None:
    """Show the values of batches as dots on a line, one panel for each way of treating them.

    Args:
        modes: Panel's name → the values of each batch.
        names: What the batches are called.
    """
    figure, axes = plt.subplots(
        len(modes), 1, figsize=(5.2, 1.5 * len(modes)), sharex=True, squeeze=False
    )
    said = []
    for axis, (mode, batches) in zip(axes[:, 0], modes.items(), strict=True):
        for row, (values, name) in enumerate(zip(batches, names, strict=True)):
            axis.plot(
                values, np.full(len(values), -row), MARKERS[row], color=COLOURS[row], markevery=1
            )
            said.append((mode, name, round(float(np.mean(values)), 1) + 0.0))  # no −0.0
        axis.set(yticks=[-row for row in range(len(names))], yticklabels=names)
        axis.set_ylim(-len(names) + 0.4, 0.6)
        axis.set_title(mode, fontsize=11)
    axes[-1, 0].set_xlabel(both("value in the channel", "通道里的数值"))
    describe(
        figure,
        "Each dot is one example. Means: "
        + "; ".join(f"{mode}, {name}: {mean:.1f}" for mode, name, mean in said)
        + ".",
        "每个点是一个样本。均值："
        + "；".join(f"{mode}，{name}：{mean:.1f}" for mode, name, mean in said)
        + "。",
    )


def show_regions(x: Array, y: Array, grid: Array, guesses: Mapping[str, Array]) -> None:
    """Show points of two classes and, for each rule, which class it gives to each place.

    Args:
        x: N×2 points.
        y: Their classes, 0 or 1.
        grid: G places along each axis.
        guesses: Rule → G×G classes; row = second coordinate.
    """
    figure, axes = plt.subplots(
        1, len(guesses), figsize=(2.9 * len(guesses), 3.1), sharey=True, squeeze=False
    )
    for axis, (name, guess) in zip(axes[0], guesses.items(), strict=True):
        axis.contourf(grid, grid, guess, levels=[-0.5, 0.5, 1.5], colors=["#DDDDDD", "#FFFFFF"])
        for k in (0, 1):
            points = x[y == k]
            axis.plot(*points.T, MARKERS[k], color=COLOURS[k], markersize=4, markevery=1)
        axis.set_title(name, fontsize=11)
        axis.set_aspect("equal")
        axis.grid(False)
    cell = np.abs(x[:, None, :] - grid[None, :, None]).argmin(axis=1)
    shares = {
        name: float(np.mean(guess[cell[:, 1], cell[:, 0]] == y)) for name, guess in guesses.items()
    }
    describe(
        figure,
        "Two classes of points, circles (first) and squares; grey is where a rule says the first class. "
        "Points on their own side: "
        + "; ".join(f"{name} {share:.0%}" for name, share in shares.items())
        + ".",
        "两类点，圆点是第一类，方块是第二类；灰色是规则判为第一类的区域。落在自己一侧的点："
        + "；".join(f"{name} {share:.0%}" for name, share in shares.items())
        + "。",
    )


def plot_weights(angles: Array, weights: Array, names: Sequence[str]) -> None:
    """Plot the weight that a turning query gives to each key.

    Args:
        angles: Directions of the query in degrees, Q.
        weights: Q×M, each row adds up to 1.
        names: What the M keys are called.
    """
    figure, axis = plt.subplots(figsize=(5.2, 3.0))
    for column, name in zip(weights.T, names, strict=True):
        axis.plot(angles, column, label=name)
    axis.set(xlabel=both("direction of the query (degrees)", "查询的方向（度）"), ylim=(0, 1))
    axis.set_ylabel(both("weight", "权重"))
    axis.legend(fontsize=9, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    peaks = [angles[i] for i in weights.argmax(axis=0)]
    describe(
        figure,
        "The weight of each key as the query turns. Largest: "
        + "; ".join(f"{name} at {peak:g}°" for name, peak in zip(names, peaks, strict=True))
        + f". The weights add up to {weights.sum(axis=1).mean():.2f} everywhere.",
        "查询转动时各个键的权重。最大处："
        + "；".join(f"{name}在 {peak:g}°" for name, peak in zip(names, peaks, strict=True))
        + f"。处处加起来等于 {weights.sum(axis=1).mean():.2f}。",
    )
