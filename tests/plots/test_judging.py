"""The figures of chapter 14 say in words what they show."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import plots
from course_lib.calibration import calibration_bins


def test_each_figure_says_what_it_shows(capsys: pytest.CaptureFixture[str]) -> None:
    table = np.array([[0.2, 0.9], [0.7, 0.1]])
    plots.judging.plot_matrix(table, ["a", "b"], ["s", "t"])
    plots.judging.plot_scores({"LEEP": -table}, table, ["a", "b"])
    plots.judging.plot_coverage({"t": [0.94, 0.95]}, (3, 5), 0.95)
    p = np.array([[0.9, 0.1], [0.8, 0.2]])
    plots.judging.plot_reliability({"one": calibration_bins(p, np.array([0, 1]), bins=5)})
    maps = np.zeros((6, 4, 4))
    maps[:, 0, 0] = 1
    plots.judging.show_maps({"net": (np.zeros((6, 32, 32, 1), np.uint8), maps)})
    said = capsys.readouterr().out
    for words in ("for a t (0.90)", "0.70 (a)", "t 0.94 with 3", "+0.35 (one)", "net 1.00"):
        assert words in said
