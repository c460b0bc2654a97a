"""Figures of results that were measured once and kept: means with intervals, row by row."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from course_lib.figures import COLOURS, MARKERS
from course_lib.judging import Interval
from course_lib.language import both


def draw_intervals(
    groups: Mapping[str, Mapping[str, Interval]], *, axis_label: str, line: float | None = None
) -> Figure:
    """Draw means with their intervals, a row for each, group under group.

    Args:
        groups: Name of a group → name of a row → interval, from top to bottom.
        axis_label: What is measured, with its unit.
        line: Where a vertical line stands, such as 0 for gains.
    """
    rows = [(name, one, g) for g, of in enumerate(groups.values()) for name, one in of.items()]
    figure, axis = plt.subplots(figsize=(5.4, 1.3 + 0.36 * len(rows)))
    if line is not None:
        axis.axvline(line, color="#555555", linewidth=1.2, linestyle="--")
    for place, (_, one, g) in enumerate(rows):
        error = [[one.mean - one.low], [one.high - one.mean]]
        look = g % len(COLOURS)
        axis.errorbar([one.mean], [place], xerr=error, color=COLOURS[look], marker=MARKERS[look], capsize=4,
                      markevery=1, linestyle="none")  # fmt: skip
    if len(groups) > 1:
        for g, name in enumerate(groups):
            look = g % len(COLOURS)
            axis.plot(
                [], [], color=COLOURS[look], marker=MARKERS[look], linestyle="none", label=name
            )
        figure.legend(fontsize=9, loc="outside lower center", ncols=min(2, len(groups)))
    axis.set(xlabel=axis_label)
    axis.set_yticks(range(len(rows)), [name for name, _, _ in rows])
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.grid(axis="y", visible=False)
    return figure


def in_words(groups: Mapping[str, Mapping[str, Interval]]) -> str:
    """Say every row with its interval, in the current language: the figure's alternative text."""
    colon, comma, semicolon = both(": |, |; ", "：|、|；").split("|")
    return semicolon.join(
        f"{group}{colon}" * (len(groups) > 1)
        + comma.join(f"{name} {one}" for name, one in of.items())
        for group, of in groups.items()
    )
