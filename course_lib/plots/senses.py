"""Figures of chapter 11: where vowels lie, what sounds look like, and how a search goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt

from course_lib import judging, sound
from course_lib.figures import COLOURS, DASHES, MARKERS, describe
from course_lib.language import both


def plot_vowels(speakers: Mapping[str, str]) -> None:
    """Plot the average vowels of groups of speakers: first formant against second, logarithmic.

    Args:
        speakers: A name for the legend → the group in ``sound.formants_of``.
    """
    figure, axis = plt.subplots(figsize=(5.2, 4.2))
    for i, (name, group) in enumerate(speakers.items()):
        first, second, _ = sound.formants_of(group).T
        style = {"color": COLOURS[i], "marker": MARKERS[i], "linestyle": "none"}
        axis.plot(second, first, label=name, markevery=1, **style)
    lowest, highest = (sound.formants_of(list(speakers.values())[i]) for i in (0, -1))
    for a, b in zip(lowest, highest, strict=True):
        axis.plot(
            [a[1], b[1]], [a[0], b[0]], color="#999999", linewidth=0.8, linestyle="-", marker=""
        )
    for vowel, (first, second, _) in zip(sound.VOWELS, lowest, strict=True):
        axis.annotate(
            vowel,
            (second, first),
            xytext=(-4, -13),
            textcoords="offset points",
            fontsize=12,
            font="DejaVu Sans",
        )
    axis.set(xscale="log", yscale="log", xlim=(700, 3600), ylim=(225, 1200))
    for set_ticks, ticks in (
        (axis.set_xticks, (1000, 2000, 3000)),
        (axis.set_yticks, (300, 500, 1000)),
    ):
        set_ticks(ticks, [f"{tick}" for tick in ticks])
    axis.minorticks_off()
    axis.set(
        xlabel=both("second formant, Hz", "第二共振峰，Hz"),
        ylabel=both("first formant, Hz", "第一共振峰，Hz"),
    )
    axis.legend(fontsize=10)
    ratio = np.exp(np.log(highest / lowest).mean())
    names = list(speakers)
    describe(
        figure,
        f"Average vowels, first against second formant, both logarithmic. From {names[0]} to {names[-1]} every "
        f"vowel moves up and to the right, on average by a factor of {ratio:.2f}.",
        f"各元音平均值：第一共振峰对第二共振峰，两轴都取对数。从{names[0]}到{names[-1]}，每个元音都向右上方移动，"
        f"平均为 {ratio:.2f} 倍。",
    )


def show_spectrograms(images: Sequence[np.ndarray], names: Sequence[str], *, rows: int = 1) -> None:
    """Show spectrograms bands×frames, low frequencies at the bottom, quiet is dark.

    Args:
        images: Values 0 … 1 each.
        names: One for each.
        rows: Into how many rows they are laid.
    """
    columns = -(-len(images) // rows)
    figure, axes = plt.subplots(
        rows, columns, figsize=(1.5 * columns + 0.7, 2.3 * rows), squeeze=False
    )
    for axis, image, name in zip(axes.flat, images, names, strict=False):
        axis.imshow(image, origin="lower", aspect="auto", cmap="magma", vmin=0, vmax=1)
        axis.set_title(name, fontsize=11)
        axis.set(xticks=[], yticks=[])
        axis.grid(visible=False)
    for axis in axes[:, 0]:
        axis.set_ylabel(both("mel band", "mel 频带"), fontsize=10)
    for axis in axes[-1]:
        axis.set_xlabel(both("time", "时间"), fontsize=10)
    loud = [int(np.argmax(image.mean(axis=1))) for image in images]
    describe(
        figure,
        "Log-mel spectrograms. On average the loudest band of each, counted from below: "
        + "; ".join(f"{name} {band}" for name, band in zip(names, loud, strict=True)) + ".",
        "log-mel 语谱图。各图平均最响的频带（从下往上数）："
        + "；".join(f"{name} {band}" for name, band in zip(names, loud, strict=True)) + "。",
    )  # fmt: skip


def plot_progress(curves: Mapping[str, np.ndarray], xlabel: str, ylabel: str) -> None:
    """Plot how something grows from round to round: the mean of several runs and each run thinly.

    Args:
        curves: Name → runs×(rounds+1), the first column before any round.
        xlabel, ylabel: In the reader's language.
    """
    figure, axis = plt.subplots(figsize=(5.2, 3.6))
    for i, (name, runs) in enumerate(curves.items()):
        rounds, style = np.arange(runs.shape[1]), {"color": COLOURS[i], "linestyle": DASHES[i]}
        axis.plot(rounds, runs.mean(axis=0), label=name, marker=MARKERS[i], **style)
        axis.plot(rounds, runs.T, linewidth=0.6, alpha=0.5, marker="", **style)
    axis.set(xlabel=xlabel, ylabel=ylabel)
    axis.set_ylim(bottom=0)
    axis.legend(fontsize=10)
    ends = {name: judging.interval(runs[:, -1]).mean for name, runs in curves.items()}
    begins = {name: float(runs[:, 0].mean()) for name, runs in curves.items()}
    describe(
        figure,
        f"{ylabel} by {xlabel}, means of several runs. "
        + "; ".join(f"{name}: from {begins[name]:.0f} to {ends[name]:.0f}" for name in curves) + ".",
        f"{ylabel}随{xlabel}的变化，多次运行的均值。"
        + "；".join(f"{name}：从 {begins[name]:.0f} 到 {ends[name]:.0f}" for name in curves) + "。",
    )  # fmt: skip
