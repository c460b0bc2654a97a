"""Figures of chapter 00 and of the bridges: drawn in both languages, with the numbers in words."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

from course_lib import figures, plots

POINTS = np.array([[-1.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
GRID = np.linspace(-2, 2, 5)

DRAWN = {
    "confusion": lambda: plots.plot_confusion(np.array([[3, 1], [0, 2]]), ("对", "错")),
    "responses": lambda: plots.bridges.show_responses(
        np.eye(4), {"edge": np.array([[0.0, 1.0], [-2.0, 0.5]])}
    ),
    "batches": lambda: plots.bridges.show_batches(
        {"training": [np.arange(3.0), np.arange(3.0) + 4]}, ["first", "second"]
    ),
    "regions": lambda: plots.bridges.show_regions(
        POINTS, np.array([0, 1, 1]), GRID, {"by side": np.tile(GRID > 0, (5, 1)).astype(int)}
    ),
    "weights": lambda: plots.bridges.plot_weights(
        np.array([0.0, 90.0]), np.array([[0.9, 0.1], [0.3, 0.7]]), ["a", "b"]
    ),
}


@pytest.fixture(autouse=True)
def styled(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("COURSE_STRICT", "1")  # a glyph that the font lacks is an error
    with mpl.rc_context():
        figures.use_style()
        yield
    plt.close("all")


@pytest.fixture
def said(told: Any) -> list[Any]:
    return told(plots.common, plots.bridges)


@pytest.mark.parametrize("spoken", ["en", "zh"])
@pytest.mark.parametrize("name", DRAWN)
def test_each_is_drawn_and_told_in_both_languages(
    name: str, spoken: str, said: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_LANGUAGE", spoken)
    DRAWN[name]()
    ((figure, en, zh),) = said
    assert figure.axes and en.endswith(".") and zh.endswith(("。", "）。"))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("confusion", "Of 6 pictures 5 are right; 对 taken for 错: 1."),
        ("responses", "edge in row 0, column 1"),
        ("batches", "training, first: 1.0; training, second: 5.0"),
        ("regions", "by side 100%"),
        ("weights", "a at 0°; b at 90°"),
    ],
)
def test_the_sentence_has_the_numbers(name: str, sentence: str, said: list[Any]) -> None:
    DRAWN[name]()
    assert sentence in said[0][1]
