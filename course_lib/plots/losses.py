"""Figures about losses, gradients and signals: chapter 02 draws them, others may.

As in ``plots.common``, numbers come in as plain arrays, and each function says in a sentence what its
figure shows. Series come under the names that the legend shall show, in the edition's language:
``both("He", "He 初始化")``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from course_lib.figures import describe
from course_lib.language import both

Array = np.ndarray


def plot_activations(z: Array, curves: Mapping[str, tuple[Array, Array]]) -> None:
    """Plot activation functions and, below, their derivatives.

    Args:
        z: Where they are evaluated, n numbers in ascending order.
        curves: Name → (values, derivatives), n each.
    """
    figure, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(5.2, 5.4))
    for name, (values, derivatives) in curves.items():
        above.plot(z, values, label=name)
        below.plot(z, derivatives, label=name)
    above.set(ylabel=both("activation φ(z)", "激活值 φ(z)"), ylim=(-1.2, 3))
    below.set(ylabel=both("derivative φ′(z)", "导数 φ′(z)"), ylim=(-0.05, 1.1), xlabel="z")
    above.legend(fontsize=10)
    ends = {name: (d.max(), d[-1]) for name, (_, d) in curves.items()}
    describe(
        figure,
        "Activations above, derivatives below. Largest derivative and derivative at z = "
        f"{z[-1]:g}: "
        + "; ".join(f"{name} {top:.2f}, {last:.3f}" for name, (top, last) in ends.items())
        + ".",
        f"上图为激活函数，下图为导数。导数的最大值，以及在 z = {z[-1]:g} 处的值："
        + "；".join(f"{name} {top:.2f}，{last:.3f}" for name, (top, last) in ends.items())
        + "。",
    )


def plot_difference_errors(steps: Array, errors: Mapping[str, Array]) -> None:
    """Plot the error of difference quotients against the step, both on logarithmic axes.

    Args:
        steps: Step sizes.
        errors: Name → absolute errors; an error of exactly 0 is not drawn.
    """
    figure, axis = plt.subplots()
    best = {}
    for name, values in errors.items():
        drawn = np.where(values > 0, values, np.nan)
        axis.plot(steps, drawn, label=name, markevery=2)
        i = int(np.nanargmin(drawn))
        best[name] = (steps[i], values[i])
    axis.set(xscale="log", yscale="log", xlabel=both("step h", "步长 h"))
    axis.set_ylabel(both("error of the derivative", "导数的误差"))
    axis.legend(fontsize=10)
    describe(
        figure,
        "Error of difference quotients: it falls with the step, then rises again. Smallest "
        + "; ".join(f"{name}: {e:.0e} at h = {h:.0e}" for name, (h, e) in best.items())
        + ".",
        "差商的误差：先随步长减小而下降，然后又上升。最小误差："
        + "；".join(f"{name} {e:.0e}（h = {h:.0e}）" for name, (h, e) in best.items())
        + "。",
    )


def plot_descents(
    hessian: Array,
    lowest: Array,
    paths: Mapping[str, Array],
    *,
    marks: Mapping[str, Array] | None = None,
) -> None:
    """Plot paths of gradient descent over the level lines of a quadratic loss in two weights.

    Args:
        hessian: A, 2×2, of the loss ½(θ − θ*)ᵀA(θ − θ*).
        lowest: θ*, where it is 0.
        paths: Name → the weights before and after each step, (steps + 1)×2.
        marks: Name → further points to show, 2 numbers each.
    """
    figure, axis = plt.subplots(figsize=(5.2, 4.6))
    points = np.concatenate(
        [lowest[None], *paths.values(), *[p[None] for p in (marks or {}).values()]]
    )
    low, high = points.min(axis=0), points.max(axis=0)
    room = 0.12 * (high - low).max()
    _draw_level_lines(axis, hessian, lowest, low - room, high + room)
    for name, path in paths.items():
        axis.plot(path[:, 0], path[:, 1], label=name, markevery=1, markersize=4, linewidth=1.3)
    for name, point in (marks or {}).items():
        x, y = np.concatenate(list(paths.values())).mean(axis=0) - point  # where the paths are
        side = (8 if x < 0 else -20, 6 if y < 0 else -16)  # the other side is free
        axis.annotate(name, point, xytext=side, textcoords="offset points", fontsize=11)
        axis.plot(*point, "k+", markersize=11, linestyle="none", markevery=1)
    axis.set(xlabel="θ₁", ylabel="θ₂", aspect="equal")
    axis.grid(visible=False)
    axis.legend(fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=1)
    starts = [_point(path[0]) for path in paths.values()]
    ends = {name: path[-1] for name, path in paths.items()}
    describe(
        figure,
        f"Level lines of a quadratic loss, lowest at {_point(lowest)}. "
        f"Paths start at {', '.join(dict.fromkeys(starts))} and end at: "
        + "; ".join(f"{name} {_point(end)}" for name, end in ends.items())
        + ".",
        f"二次损失的等高线，最低点在 {_point(lowest)}。"
        f"各条路径从 {'、'.join(dict.fromkeys(starts))} 出发，终点为："
        + "；".join(f"{name} {_point(end)}" for name, end in ends.items())
        + "。",
    )


def _draw_level_lines(axis: Axes, hessian: Array, lowest: Array, low: Array, high: Array) -> None:
    grid = np.stack(np.meshgrid(*(np.linspace(low[i], high[i], 120) for i in (0, 1))), axis=-1)
    away = grid - lowest
    loss = np.einsum("...i,ij,...j->...", away, hessian, away) / 2
    levels = loss.max() * np.linspace(0.02, 0.95, 9) ** 2
    axis.contour(grid[..., 0], grid[..., 1], loss, levels=levels, colors="#BBBBBB", linewidths=1)


def _point(values: Array) -> str:
    numbers = ", ".join(f"{value:.2g}" if abs(value) < 1e4 else f"{value:.0e}" for value in values)
    return f"({numbers})"


def plot_depth(deviations: Mapping[str, Sequence[float]]) -> None:
    """Plot the size of the signal in each layer, on a logarithmic axis.

    Args:
        deviations: Name → the root mean square of the layer's outputs, from the first layer on.
    """
    figure, axis = plt.subplots(figsize=(5.2, 4.2))
    for name, values in deviations.items():
        axis.plot(range(1, len(values) + 1), values, label=name, markevery=3)
    axis.set(yscale="log", xlabel=both("layer", "层"))
    axis.set_ylabel(both("size of the activations", "激活值的大小"))
    axis.legend(fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    last = {name: (values[0], values[-1], len(values)) for name, values in deviations.items()}
    describe(
        figure,
        "Size of the activations by layer. "
        + "; ".join(
            f"{name}: {first:.2g} in layer 1, {end:.1g} in layer {n}"
            for name, (first, end, n) in last.items()
        )
        + ".",
        "各层激活值的大小。"
        + "；".join(
            f"{name}：第 1 层 {first:.2g}，第 {n} 层 {end:.1g}"
            for name, (first, end, n) in last.items()
        )
        + "。",
    )


def plot_losses(curves: Mapping[str, Array], *, lines: Mapping[str, float] | None = None) -> None:
    """Plot losses by step: the mean over runs, and all runs as a band.

    Args:
        curves: Name → losses, runs×steps.
        lines: Name → a level to mark with a horizontal line.
    """
    figure, axis = plt.subplots(figsize=(5.2, 3.9))
    for name, losses in curves.items():
        steps = np.arange(losses.shape[1])
        (line,) = axis.plot(steps, losses.mean(axis=0), label=name)
        low, high = losses.min(axis=0), losses.max(axis=0)
        axis.fill_between(steps, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    for name, level in (lines or {}).items():
        axis.axhline(level, color="black", linewidth=1, linestyle=(0, (2, 2)), marker="none")
        axis.annotate(name, (1, level), xycoords=("axes fraction", "data"), xytext=(0, -4),
                      textcoords="offset points", ha="right", va="top", fontsize=10)  # fmt: skip
    axis.set(xlabel=both("step", "步"), ylabel=both("loss", "损失"), ylim=(0, None))
    axis.legend(fontsize=10)
    means = {name: (losses[:, 0].mean(), losses[:, -1].mean()) for name, losses in curves.items()}
    levels = "".join(f" {name}: {level:.3f}." for name, level in (lines or {}).items())
    levels_zh = "".join(f"{name}：{level:.3f}。" for name, level in (lines or {}).items())
    describe(
        figure,
        "Mean loss in the first and the last step. "
        + "; ".join(f"{name}: {first:.2f}, {last:.3f}" for name, (first, last) in means.items())
        + "."
        + levels,
        "第一步与最后一步的平均损失。"
        + "；".join(f"{name}：{first:.2f}，{last:.3f}" for name, (first, last) in means.items())
        + "。"
        + levels_zh,
    )
