"""Figures of chapter 09: what is forgotten while something else is learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt

from course_lib.figures import COLOURS, DASHES, MARKERS, describe
from course_lib.language import both


def plot_forgetting(steps: Sequence[int], curves: Mapping[str, np.ndarray]) -> None:
    """Plot accuracies against training steps on the new task, each draw thin and their mean thick.

    Args:
        steps: S numbers of steps.
        curves: Name in the reader's language → accuracies, draws×S.
    """
    figure, axis = plt.subplots()
    for k, (name, values) in enumerate(curves.items()):
        for one in values:
            axis.plot(
                steps, one, color=COLOURS[k], linewidth=0.7, alpha=0.6, linestyle="-", marker=""
            )
        axis.plot(
            steps, values.mean(axis=0), color=COLOURS[k], marker=MARKERS[k], linestyle=DASHES[k], label=name
        )  # fmt: skip
    axis.set(
        xlabel=both("steps on the new task", "在新任务上的步数"), ylabel=both("accuracy", "准确率")
    )
    axis.set_ylim(0, 1)
    axis.legend()
    rows = [
        f"{name}{both(': ', '：')}{values.mean(axis=0)[0]:.2f} → {values.mean(axis=0)[-1]:.2f}"
        for name, values in curves.items()
    ]
    describe(
        figure,
        f"Accuracy before the first and after {steps[-1]} steps, mean of the draws. {'; '.join(rows)}.",
        f"第一步之前与 {steps[-1]} 步之后的准确率（各次抽样的均值）。{'；'.join(rows)}。",
    )


def plot_trade(points: Mapping[str, Sequence[tuple[str, float, float]]], start: float) -> None:
    """Plot what is kept of the old task against what is learnt of the new one.

    Args:
        points: Method → its settings: a word, accuracy on the new task, accuracy on the old one.
        start: Accuracy on the old task before.
    """
    figure, axis = plt.subplots(figsize=(5.4, 4.4))
    axis.axhline(start, color="#555555", linewidth=1, linestyle=":")
    for k, (name, settings) in enumerate(points.items()):
        style = {
            "color": COLOURS[k % 7],
            "marker": MARKERS[k % 7],
            "linestyle": DASHES[k % 7],
            "markevery": 1,
        }
        axis.plot([p[1] for p in settings], [p[2] for p in settings], label=name, **style)  # type: ignore[arg-type]
        for word, new, old in settings:
            axis.annotate(word, (new, old), textcoords="offset points", xytext=(5, 4), fontsize=9)
    axis.set(
        xlabel=both("new task learnt (accuracy)", "新任务学会多少（准确率）"),
        ylabel=both("old task kept (accuracy)", "旧任务保住多少（准确率）"),
    )
    news = [new for settings in points.values() for _, new, _ in settings]
    axis.set_xlim(min(news) - 0.05, max(news) + 0.05)  # small differences should look small
    axis.margins(y=0.15)
    axis.legend(fontsize=10)
    rows = [
        f"{name}{' ' + word if word else ''}{both(': ', '：')}{new:.2f}{both(' and ', ' 与 ')}{old:.2f}"
        for name, settings in points.items()
        for word, new, old in settings
    ]
    describe(
        figure,
        f"New task learnt and old task kept (before: {start:.2f}). {'; '.join(rows)}.",
        f"新任务学会多少、旧任务保住多少（之前为 {start:.2f}）。{'；'.join(rows)}。",
    )


def plot_matrices(matrices: Mapping[str, np.ndarray]) -> None:
    """Plot accuracy matrices side by side, every number written out.

    Args:
        matrices: Name → R, T×T: the accuracy on task j (columns) after task i (rows).
    """
    figure, axes = plt.subplots(1, len(matrices), figsize=(3.1 * len(matrices), 3.3), squeeze=False)
    for axis, (name, R) in zip(axes[0], matrices.items(), strict=True):
        axis.imshow(R, cmap="Blues", vmin=0, vmax=1)
        for i, j in np.ndindex(*R.shape):
            colour = "white" if R[i, j] > 0.5 else "black"
            axis.text(j, i, f"{R[i, j]:.2f}".lstrip("0") if R[i, j] < 0.995 else "1", ha="center",
                      va="center", fontsize=9, color=colour)  # fmt: skip
        places = range(len(R))
        axis.set(title=name, xticks=places, yticks=places)
        axis.set_xticklabels([str(j + 1) for j in places])
        axis.set_yticklabels([str(i + 1) for i in places])
        axis.set(xlabel=both("measured on task", "在哪个任务上测"))
        axis.grid(visible=False)
    axes[0][0].set_ylabel(both("after learning task", "学完哪个任务之后"))
    rows = [
        f"{name}{both(': last row ', '：最后一行 ')}{', '.join(f'{v:.2f}' for v in R[-1])}"
        f"{both('; diagonal ', '；对角线 ')}{', '.join(f'{v:.2f}' for v in np.diag(R))}"
        for name, R in matrices.items()
    ]
    describe(
        figure,
        f"Accuracy on each task after each task. {'. '.join(rows)}.",
        f"学完每个任务之后在各任务上的准确率。{'。'.join(rows)}。",
    )


def plot_two_ways(scores: Mapping[str, tuple[float | None, float]]) -> None:
    """Plot, for each method, the accuracy in the end with the task told and without.

    Args:
        scores: Method → (told, not told); None for told: not measured.
    """
    figure, axis = plt.subplots(figsize=(5.4, 0.9 + 0.42 * len(scores)))
    places = np.arange(len(scores))
    told, untold = (np.array([pair[k] for pair in scores.values()], dtype=float) for k in (0, 1))
    axis.hlines(places, untold, told, color="#BBBBBB", linewidth=2)
    for k, (values, name) in enumerate(
        ((told, both("task told", "告知任务")), (untold, both("not told", "不告知")))
    ):
        axis.plot(
            values,
            places,
            color=COLOURS[k],
            marker=MARKERS[k],
            linestyle="none",
            markevery=1,
            label=name,
        )
    axis.set(
        xlabel=both("accuracy in the end", "最终准确率"), yticks=places, yticklabels=list(scores)
    )
    axis.set_xlim(0, 1.02)
    axis.set_ylim(len(scores) - 0.5, -0.5)
    axis.legend(fontsize=10)
    rows = [
        f"{name}{both(': ', '：')}{both('not measured', '未测') if a is None else f'{a:.2f}'}"
        f"{both(' and ', ' 与 ')}{b:.2f}"
        for name, (a, b) in scores.items()
    ]
    describe(
        figure,
        f"Accuracy in the end, task told and not told. {'; '.join(rows)}.",
        f"最终准确率：告知任务与不告知任务。{'；'.join(rows)}。",
    )
