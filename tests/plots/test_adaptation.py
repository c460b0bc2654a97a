"""The figures of chapter 07 say in words what they draw."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import language, plots
from course_lib.judging import Interval


@pytest.fixture(autouse=True)
def _english() -> None:
    language.use("en")


def test_domains_say_how_many_points_lie_near_their_own_class(
    capsys: pytest.CaptureFixture[str],
) -> None:
    f, y = np.array([[0.0, 0], [0, 1], [9, 0], [9, 1]]), np.array([0, 0, 1, 1])
    panels = {"alike": (f, y, f, y), "swapped": (f, y, f, 1 - y)}
    plots.adaptation.plot_domains(panels)
    said = capsys.readouterr().out
    assert "alike 1.00" in said and "swapped 0.00" in said


def test_estimates_say_where_they_begin_and_end(capsys: pytest.CaptureFixture[str]) -> None:
    plots.adaptation.plot_estimates([5, 50], {"biased": np.array([[0.2, 0.4], [0.1, 0.1]])})
    assert "biased: 0.3000 to 0.1000" in capsys.readouterr().out


def test_accuracies_say_every_row_and_line(capsys: pytest.CaptureFixture[str]) -> None:
    groups = {
        "simple": {"mean": Interval(0.8, 0.7, 0.9)},
        "trained": {"DANN": Interval(0.6, 0.5, 0.7)},
    }
    plots.adaptation.plot_accuracies(groups, {"ceiling": 0.99})
    said = capsys.readouterr().out
    assert (
        "mean: 0.800 [0.700, 0.900]" in said and "DANN: 0.600" in said and "ceiling 0.990" in said
    )


def test_blind_scores_say_what_they_pick(capsys: pytest.CaptureFixture[str]) -> None:
    accuracies = np.array([[0.5, 0.6], [0.9, 0.8]])
    scores = {"right": accuracies, "wrong": -accuracies}
    plots.adaptation.plot_blind(scores, accuracies, ["a", "b"])
    said = capsys.readouterr().out
    assert "right 0.850" in said and "wrong 0.550" in said and "best model: 0.850" in said
