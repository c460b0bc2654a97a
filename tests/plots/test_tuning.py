"""The figures of chapter 05 say in words what they draw."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import language, plots
from course_lib.judging import Interval


@pytest.fixture(autouse=True)
def _english() -> None:
    language.use("en")


def test_gains_say_what_is_decided(capsys: pytest.CaptureFixture[str]) -> None:
    gains = {
        "a": Interval(0.1, 0.05, 0.15),
        "b": Interval(-0.1, -0.2, -0.01),
        "c": Interval(0, -1, 1),
    }
    plots.tuning.plot_gains(gains, "gain")
    said = capsys.readouterr().out
    assert "a: +0.100 [+0.050, +0.150], above 0" in said
    assert "b: -0.100 [-0.200, -0.010], below 0" in said
    assert "c: +0.000 [-1.000, +1.000], not decided" in said


def test_an_interval_that_ends_at_0_decides_nothing() -> None:
    assert plots.tuning.verdict(Interval(0.1, 0.0, 0.2)) == "open"


def test_confusion_names_the_most_frequent_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    matrix = np.array([[5, 1, 0], [0, 4, 3], [0, 0, 6]])
    plots.tuning.plot_confusion(matrix, ("ant", "bee", "wasp"))
    said = capsys.readouterr().out
    assert "15 of 19 right" in said
    assert said.index("bee taken for wasp (3)") < said.index("ant taken for bee (1)")
    plots.tuning.plot_confusion(np.eye(2, dtype=int), ("ant", "bee"))
    assert "mistakes: none" in capsys.readouterr().out
