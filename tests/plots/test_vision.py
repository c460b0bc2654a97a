"""The figures of chapter 12 say in words what they draw."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import data, language, plots, vision


@pytest.fixture(autouse=True)
def _english() -> None:
    language.use("en")


def test_pages_count_digits_and_hits(capsys: pytest.CaptureFixture[str]) -> None:
    pages = vision.draw_pages(data.load("digits", n=100), n=6, seed=0)
    plots.vision.show_pages(pages, pages.truth)
    n = len(pages.truth.boxes)
    assert f"{n} detections, of which {n} have the right class" in capsys.readouterr().out


def test_curves_say_their_height_in_the_middle(capsys: pytest.CaptureFixture[str]) -> None:
    line = np.array([0.0, 1.0])
    plots.vision.plot_curves(
        {"one": (line, line)}, "x", "y", points={"one": (0.5, 0.5)}, diagonal=True
    )
    assert "At 0.5: one 0.50" in capsys.readouterr().out


def test_masks_say_how_much_ink(capsys: pytest.CaptureFixture[str]) -> None:
    half = np.zeros((2, 4, 4), bool)
    half[:, :2] = True
    plots.vision.show_masks(np.zeros((2, 8, 8, 1), np.uint8), {"truth": half})
    assert "truth 50.0%" in capsys.readouterr().out


def test_patients_say_whether_the_evidence_touches(capsys: pytest.CaptureFixture[str]) -> None:
    ill = vision.draw_phantoms(patients=3, pictures=1, ill=1.0, seed=0)
    heat = ill.masks.reshape(3, 4, 8, 4, 8).mean(axis=(2, 4))
    plots.vision.show_patients(ill, heat, names=["a", "b", "c"])
    assert "touches the lesion in 3 of 3" in capsys.readouterr().out


def test_land_says_how_many_squares_agree(capsys: pytest.CaptureFixture[str]) -> None:
    picture, kinds = np.zeros((8, 8, 1), np.uint8), np.array([[0, 1], [1, 0]])
    names = {"truth": kinds, "network": np.zeros((2, 2), int)}
    plots.vision.show_land([picture], ["scene"], names, ("water", "forest"))
    assert "50% of the squares agree" in capsys.readouterr().out
    plots.vision.show_land([picture, picture], ["water", "forest"])
    assert "water, forest" in capsys.readouterr().out
