"""The figures of chapter 16 say in words what they show."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import plots


def test_pictures_stand_in_rows(capsys: pytest.CaptureFixture[str]) -> None:
    pictures = np.random.default_rng(0).random((12, 8, 8))
    plots.foundation.show_rows({"plain": pictures, "shifted": pictures}, count=4)
    assert "2 rows of 4 pictures: plain; shifted" in capsys.readouterr().out


def test_the_best_and_the_last_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    plots.foundation.plot_worth({"a": (0.5, 0.9), "b": (0.7, 0.8)}, ("1 label", "5 labels"))
    assert "Best by “1 label”: b (0.70); last: a (0.50)" in capsys.readouterr().out


def test_pairs_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    similarity = np.array([[0.9, 0.1, 0.0], [0.8, 0.2, 0.1], [-0.5, 0.0, 0.4]])
    plots.foundation.plot_similarity(similarity, np.zeros((3, 4, 4)), ["a", "b", "c"])
    assert "for 2 captions" in capsys.readouterr().out
