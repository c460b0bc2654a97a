"""The figures of chapter 09 say in words what they draw."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import language, plots


@pytest.fixture(autouse=True)
def _english() -> None:
    language.use("en")


def test_forgetting_says_first_and_last(capsys: pytest.CaptureFixture[str]) -> None:
    curves = {"old": np.array([[0.9, 0.6], [0.7, 0.2]]), "new": np.array([[0.1, 0.9], [0.1, 0.7]])}
    plots.continual.plot_forgetting([0, 8], curves)
    said = capsys.readouterr().out
    assert "after 8 steps" in said and "old: 0.80 → 0.40; new: 0.10 → 0.80" in said


def test_trade_names_each_setting(capsys: pytest.CaptureFixture[str]) -> None:
    plots.continual.plot_trade({"naive": [("", 0.9, 0.7)], "EWC": [("100", 0.8, 0.85)]}, 0.87)
    said = capsys.readouterr().out
    assert "(before: 0.87)" in said and "naive: 0.90 and 0.70; EWC 100: 0.80 and 0.85" in said


def test_matrices_say_last_row_and_diagonal(capsys: pytest.CaptureFixture[str]) -> None:
    plots.continual.plot_matrices({"naive": np.array([[1.0, 0.0], [0.25, 0.5]])})
    said = capsys.readouterr().out
    assert "naive: last row 0.25, 0.50; diagonal 1.00, 0.50" in said


def test_two_ways_say_both_scores(capsys: pytest.CaptureFixture[str]) -> None:
    plots.continual.plot_two_ways({"naive": (0.98, 0.21), "LwF": (None, 0.3)})
    assert "naive: 0.98 and 0.21; LwF: not measured and 0.30" in capsys.readouterr().out
