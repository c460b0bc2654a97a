"""The figures of chapter 06 say in words what they draw."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import language, plots


@pytest.fixture(autouse=True)
def _english() -> None:
    language.use("en")


def test_worlds_say_how_much_the_border_gets_right(capsys: pytest.CaptureFixture[str]) -> None:
    x = np.array([[-1.0, 0.0], [1.0, 0.0], [2.0, 0.0], [3.0, 0.0]])
    worlds = {"here": (x, np.array([0, 1, 1, 1])), "there": (x, np.array([1, 0, 1, 1]))}
    plots.shift.plot_worlds(worlds, (np.array([1.0, 0.0]), 0.0))
    said = capsys.readouterr().out
    assert "here: centre (+1.2, +0.0), 75% of class 1, 100% right" in said
    assert "there" in said and "50% right" in said


def test_weights_say_how_much_the_heaviest_hold(capsys: pytest.CaptureFixture[str]) -> None:
    x = np.random.default_rng(0).normal(size=(20, 2))
    weights = np.r_[np.full(2, 9.0), np.full(18, 1 / 9)]
    plots.shift.plot_weights(x, weights, x + 1, {"weighted": (np.array([1.0, 1.0]), 0.5)})
    assert "the heaviest tenth has 90% of all weight. Borders: weighted" in capsys.readouterr().out


def test_a_sweep_gives_the_mean_at_each_setting(capsys: pytest.CaptureFixture[str]) -> None:
    curves = {"few": np.array([[0.1, 0.5], [0.3, 0.7]])}
    plots.shift.plot_sweep([0, 1], curves, "λ")
    assert "accuracy against λ (in brackets), mean of the draws. few: 0.20 (0), 0.60 (1)" in (
        capsys.readouterr().out
    )


def test_the_price_gives_both_ends(capsys: pytest.CaptureFixture[str]) -> None:
    plots.shift.plot_price(np.array([1.0, 4.0]), {"plane": np.array([0.37, 0.018])})
    assert "from 1 to 4: plane 0.37 → 0.0180" in capsys.readouterr().out


def test_facts_are_listed_by_class(capsys: pytest.CaptureFixture[str]) -> None:
    plots.shift.show_facts(np.array([[1, 0], [1, 1]]), ["0", "9"], ["loop", "bar"])
    assert "0: loop; 9: loop, bar" in capsys.readouterr().out
