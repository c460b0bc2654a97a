"""The course's figures. Each function draws one figure and says in a sentence what it shows.

Numbers come in as plain arrays; nothing is computed here but means, intervals and the sentence.
Words exist in both languages; series are named in English in the code and labelled through
:func:`label`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib import judging
from course_lib.data import Domain
from course_lib.errors import CourseError
from course_lib.figures import describe
from course_lib.language import both
from course_lib.training.history import History

# The names that chapters give to methods and domains, in Chinese.
CHINESE = {
    "examples": "例子",
    "to recognise": "待识别",
    "to learn from": "用来学习",
    "held out": "留出",
    "new": "新图片",
    "letters": "字母",
    "fractals": "分形",
    "shapes": "几何图形",
    "rendered_digits": "印刷体数字",
    "digits": "手写数字",
    "inverted digits": "反色的数字",
    "dead leaves": "重叠图形的纹理",
    "pre-trained features": "预训练特征",
    "random features": "随机特征",
    "raw pixels": "原始像素",
    "from scratch": "从零训练",
    "loss": "训练损失",
    "val_loss": "验证损失",
    "val_accuracy": "验证准确率",
}
# What a history's columns are called in English.
ENGLISH = {
    "loss": "training loss",
    "val_loss": "validation loss",
    "val_accuracy": "validation accuracy",
    "rendered_digits": "rendered digits",
}


def label(name: str) -> str:
    """Give a method's or a domain's name in the current language."""
    return both(ENGLISH.get(name, name), CHINESE.get(name, name))


def show_images(domains: Mapping[str, Domain], *, columns: int = 12) -> None:
    """Show the first pictures of each domain, one row each, with their classes above.

    Args:
        domains: Name → domain, in the order of the rows.
        columns: Pictures per row.
    """
    figure, axes = plt.subplots(
        len(domains), columns, figsize=(0.62 * columns, 0.95 * len(domains)), squeeze=False
    )
    longest = max(len(each) for domain in domains.values() for each in domain.classes)
    for row, (name, domain) in zip(axes, domains.items(), strict=True):
        for axis, x, y in zip(row, domain.x, domain.y, strict=False):
            axis.imshow(x.squeeze(), cmap="gray", vmin=0, vmax=255)
            if domain.classes[y] != name:  # a row that is named after its class says it once
                axis.set_title(domain.classes[y], fontsize=9 if longest < 8 else 6.5, pad=2)
        for axis in row:
            axis.axis("off")
        row[0].text(-0.15, 0.5, label(name), transform=row[0].transAxes, ha="right", va="center")
    told = [
        _row_in_words(name, [domain.classes[y] for y in domain.y[:columns]])
        for name, domain in domains.items()
    ]
    describe(
        figure,
        "Pictures, row by row. " + "; ".join(told) + ".",
        "逐行的图片。" + "；".join(told) + "。",
    )


def _row_in_words(name: str, classes: Sequence[str]) -> str:
    """Name a row and its classes; a row of one class says it once."""
    if set(classes) == {name}:
        return f"{len(classes)} × {name}"
    if len(classes) > 1 and len(set(classes)) == 1:
        listed = f"{len(classes)} × {classes[0]}"
    else:
        apart = both(", ", "、") if any(" " in each for each in classes) else " "
        listed = apart.join(classes)
    return f"{label(name)}{both(': ', '：')}{listed}"


def plot_confusion(counts: np.ndarray, classes: Sequence[str]) -> None:
    """Draw a table of confusions: what each class was taken for.

    Args:
        counts: K×K: row = true class, column = predicted class (``reports.confusion_matrix``).
        classes: K names.
    """
    side = 1.6 + 0.8 * len(classes)
    figure, axis = plt.subplots(figsize=(side, side))
    axis.imshow(counts, cmap="Blues", vmin=0)
    axis.grid(False)
    for row, column in np.ndindex(*counts.shape):
        dark = counts[row, column] > counts.max() / 2
        colour = "white" if dark else "black"
        axis.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour)
    places = range(len(classes))
    axis.set(xticks=places, xticklabels=classes, yticks=places, yticklabels=classes)
    axis.tick_params(axis="x", rotation=30)
    axis.set(xlabel=both("was taken for", "被认作"), ylabel=both("is", "实际是"))
    right, total = int(np.trace(counts)), int(counts.sum())
    wrong = [
        (classes[row], classes[column], int(counts[row, column]))
        for row, column in np.argwhere(counts > 0)
        if row != column
    ]
    describe(
        figure,
        f"Of {total} pictures {right} are right"
        + "".join(f"; {a} taken for {b}: {n}" for a, b, n in wrong)
        + ".",
        f"{total} 张图片中认对 {right} 张"
        + "".join(f"；{a}被认作{b}：{n} 张" for a, b, n in wrong)
        + "。",
    )


def plot_planes(
    planes: Mapping[str, np.ndarray], y: np.ndarray, beside: Mapping[str, float]
) -> None:
    """Draw pictures as points of a plane, each as the digit that it shows; one panel for each plane.

    Args:
        planes: Representation → places, N×2.
        y: The digits, N.
        beside: For each representation, the share of pictures whose nearest one shows the same digit.
    """
    figure, axes = plt.subplots(len(planes), 1, figsize=(5.2, 3.3 * len(planes)), squeeze=False)
    for axis, (name, places) in zip(axes[:, 0], planes.items(), strict=True):
        for digit in np.unique(y):
            of_digit = places[y == digit]
            axis.scatter(*of_digit.T, marker=f"${digit}$", s=38, linewidths=0.3)
        axis.set(title=label(name), xticks=[], yticks=[])
    said = [(name, f"{share:.2f}") for name, share in beside.items()]
    describe(
        figure,
        "Pictures in the plane in which they vary most. Share whose nearest other picture shows the same "
        "digit: " + "; ".join(f"{name}: {share}" for name, share in said) + ".",
        "图片在变化最大的平面上的位置。最近的另一张图片写着同一个数字的比例："
        + "；".join(f"{CHINESE.get(name, name)}：{share}" for name, share in said)
        + "。",
    )


def plot_l2_path(
    strengths: Sequence[float],
    accuracy: Mapping[str, Sequence[float]],
    surprise: Mapping[str, Sequence[float]],
) -> None:
    """Plot accuracy and mean surprise along a path of penalty strengths λ.

    Args:
        strengths: L strengths of the penalty.
        accuracy: For each kind of features, the accuracy at each strength, between 0 and 1.
        surprise: For each, the mean of −log p(right class) at each strength.
    """
    figure, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(5.2, 5.0))
    for name in accuracy:
        above.plot(strengths, accuracy[name], label=label(name), markevery=4)
        below.plot(strengths, surprise[name], label=label(name), markevery=4)
    lowest = min(min(values) for values in accuracy.values())
    above.set(ylabel=both("accuracy", "准确率"), ylim=(min(lowest, 0.75) - 0.02, 1))
    below.set(ylabel=both("mean surprise", "平均惊奇度"), ylim=(0, None))
    below.set(xscale="log", xlabel=both("strength of the penalty λ", "惩罚强度 λ"))
    above.legend(fontsize=10)
    found = [_path_in_words(strengths, accuracy[name], surprise[name]) for name in accuracy]
    describe(
        figure,
        "Along the L2 path. "
        + "; ".join(f"{name}: {en}" for name, (en, _) in zip(accuracy, found, strict=True))
        + ".",
        "沿 L2 路径的变化。"
        + "；".join(
            f"{CHINESE.get(name, name)}：{zh}"
            for name, (_, zh) in zip(accuracy, found, strict=True)
        )
        + "。",
    )


def _path_in_words(
    strengths: Sequence[float], accuracy: Sequence[float], surprise: Sequence[float]
) -> tuple[str, str]:
    """Say within which bounds the accuracy stays and where the surprise is lowest."""
    low, high, best = min(accuracy), max(accuracy), int(np.argmin(surprise))
    strongest, weakest = int(np.argmax(strengths)), int(np.argmin(strengths))
    at, least = strengths[best], surprise[best]
    return (
        f"accuracy between {low:.3f} and {high:.3f}; surprise {surprise[strongest]:.2f} at the strongest "
        f"penalty, lowest {least:.2f} at λ = {at:.2g}, {surprise[weakest]:.2f} at the weakest",
        f"准确率在 {low:.3f} 到 {high:.3f} 之间；惊奇度在惩罚最强时为 {surprise[strongest]:.2f}，"
        f"λ = {at:.2g} 时最低，为 {least:.2f}，惩罚最弱时为 {surprise[weakest]:.2f}",
    )


def plot_label_curves(
    label_counts: Sequence[int],
    curves: Mapping[str, np.ndarray],
    *,
    points: Mapping[str, tuple[int, np.ndarray]] | None = None,
) -> None:
    """Plot accuracy against labels per class: mean over draws, with a 95 % interval for the mean.

    Args:
        label_counts: C label counts per class.
        curves: Method → accuracies, draws×C.
        points: Method → (label count, accuracies of its draws), for what was run at one count only.
    """
    figure, axis, sentences = _plot_curves(label_counts, curves)
    for name, (count, accuracies) in (points or {}).items():
        one = judging.interval(accuracies)
        error = [[one.mean - one.low], [one.high - one.mean]]
        axis.errorbar(
            [count], [one.mean], error, fmt="kX", capsize=4, markevery=1, label=label(name)
        )
        sentences.append((name, [(count, one.mean)]))
    axis.set_xlabel(both("labels per class", "每类标签数"))
    axis.legend(fontsize=10)
    describe(
        figure,
        _in_words(
            sentences,
            "Mean accuracy with 95 % intervals. ",
            "{y:.2f} with {x:g} per class",
            "en",
        ),
        _in_words(sentences, "准确率的均值与 95% 置信区间。", "每类 {x:g} 个标签时 {y:.2f}", "zh"),
    )


def plot_history(history: History) -> None:
    """Plot a training: the loss of every epoch and, where it was measured, what validation gave.

    Args:
        history: What ``fit`` gives.

    Raises:
        CourseError: If no epoch has ended yet.
    """
    if not history.epochs:
        raise CourseError(
            "There is nothing to plot: no epoch of this training has ended.",
            "没有可画的内容：这次训练一轮都还没有结束。",
        )
    wanted = (["loss", "val_loss"], ["val_accuracy"])
    measured = ([name for name in names if name in history.epochs[0]] for names in wanted)
    panels = [names for names in measured if names]
    figure, axes = plt.subplots(1, len(panels), figsize=(4.2 * len(panels), 3.2), squeeze=False)
    epochs = range(1, len(history.epochs) + 1)
    sentences: Sentences = []
    for axis, names in zip(axes[0], panels, strict=True):
        for name in names:
            values = history.column(name)
            axis.plot(epochs, values, label=label(name), markevery=max(1, len(epochs) // 10))
            sentences.append((name, list(zip(epochs, values, strict=True))))
        axis.set_xlabel(both("epoch", "轮次"))
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.legend(fontsize=10)
    describe(
        figure,
        _in_words(sentences, "A training by epochs. ", "{y:.3g} in epoch {x:g}", "en"),
        _in_words(sentences, "逐轮训练记录。", "第 {x:g} 轮 {y:.3g}", "zh"),
    )


# For each curve: its name and its points (x, mean).
Sentences = list[tuple[str, list[tuple[float, float]]]]


def _plot_curves(
    x: Sequence[float], curves: Mapping[str, np.ndarray]
) -> tuple[Figure, Axes, Sentences]:
    """Draw the mean of each column with its interval, over a logarithmic axis."""
    figure, axis = plt.subplots()
    sentences: Sentences = []
    for name, accuracies in curves.items():
        intervals = [judging.interval(column) for column in accuracies.T]
        _plot_with_band(axis, x, intervals, label(name))
        sentences.append((name, [(at, one.mean) for at, one in zip(x, intervals, strict=True)]))
    axis.set(xscale="log", xticks=list(x), xticklabels=[f"{at:g}" for at in x])
    axis.set_ylabel(both("accuracy", "准确率"))
    axis.minorticks_off()
    return figure, axis, sentences


def _plot_with_band(
    axis: Axes, x: Sequence[float], intervals: Sequence[judging.Interval], name: str
) -> None:
    (line,) = axis.plot(x, [one.mean for one in intervals], label=name, markevery=1)
    low, high = [one.low for one in intervals], [one.high for one in intervals]
    axis.fill_between(x, low, high, color=line.get_color(), alpha=0.2, linewidth=0)


def _in_words(sentences: Sentences, opening: str, point: str, language: str) -> str:
    """Say each point of a short curve, and where a longer one begins and ends."""
    comma, colon, semicolon, stop = (
        ("，", "：", "；", "。") if language == "zh" else (", ", ": ", "; ", ".")
    )
    names = CHINESE if language == "zh" else ENGLISH
    parts = []
    for name, points in sentences:
        ends = points if len(points) <= 3 else [points[0], points[-1]]
        shown = comma.join(point.format(x=x, y=y) for x, y in ends)
        parts.append(f"{names.get(name, name)}{colon}{shown}")
    return opening + semicolon.join(parts) + stop
