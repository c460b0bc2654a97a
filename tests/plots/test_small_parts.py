"""The figures of chapter 08 say in words what they draw."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import language, plots
from course_lib.judging import Interval


@pytest.fixture(autouse=True)
def _english() -> None:
    language.use("en")


def test_the_diagram_says_where_the_change_starts(capsys: pytest.CaptureFixture[str]) -> None:
    plots.small_parts.draw_low_rank()
    assert "B starts at zero, so at first y = Wx" in capsys.readouterr().out


def test_energy_names_both_ends(capsys: pytest.CaptureFixture[str]) -> None:
    plots.small_parts.plot_energy({"change": np.array([0.4, 0.75, 0.9])}, [1, 2, 4])
    assert "r = 1 and 4. change: 40% and 90%." in capsys.readouterr().out


def test_the_trade_off_gives_every_point(capsys: pytest.CaptureFixture[str]) -> None:
    points = {"LoRA": (1200, Interval(0.9, 0.88, 0.92)), "all": (30000, Interval(0.95, 0.9, 1.0))}
    plots.small_parts.plot_trade_off({"near": points, "far": points})
    said = capsys.readouterr().out
    assert "near: LoRA 1,200: 0.900; all 30,000: 0.950." in said and "far: LoRA" in said


def test_means_are_over_the_draws(capsys: pytest.CaptureFixture[str]) -> None:
    plots.small_parts.plot_means({"a": np.array([[0.2, 0.5], [0.4, 0.7]])}, [0, 0.5], "strength")
    assert "a, 0: 0.30, 0.5: 0.60." in capsys.readouterr().out
