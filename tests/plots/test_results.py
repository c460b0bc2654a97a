"""Kept results are drawn row by row, and said in words."""

from __future__ import annotations

import pytest
from matplotlib import pyplot as plt

from course_lib import language
from course_lib.judging import Interval
from course_lib.plots.results import draw_intervals, in_words

GROUPS = {
    "few labels": {"pixels": Interval(0.6, 0.5, 0.7), "borrowed": Interval(0.9, 0.85, 0.95)},
    "all labels": {"pixels": Interval(0.8, 0.75, 0.85)},
}


def test_each_row_has_its_point_its_bar_and_its_name() -> None:
    figure = draw_intervals(GROUPS, axis_label="accuracy", line=0.5)
    (axis,) = figure.axes
    assert [label.get_text() for label in axis.get_yticklabels()] == [
        "pixels",
        "borrowed",
        "pixels",
    ]
    means = [float(bar.lines[0].get_xdata()[0]) for bar in axis.containers]
    ends = [bar.lines[2][0].get_segments()[0][:, 0].tolist() for bar in axis.containers]
    assert means == [0.6, 0.9, 0.8] and ends[0] == pytest.approx([0.5, 0.7])
    assert axis.get_ylim()[0] > axis.get_ylim()[1]  # the first row is on top
    plt.close(figure)


def test_words_name_groups_only_where_there_are_several() -> None:
    assert in_words(GROUPS).startswith("few labels: pixels 0.600 [0.500, 0.700], borrowed")
    assert in_words({"one": GROUPS["all labels"]}) == "pixels 0.800 [0.750, 0.850]"
    language.use("zh")
    assert in_words(GROUPS).startswith("few labels：pixels 0.600 [0.500, 0.700]、borrowed")
