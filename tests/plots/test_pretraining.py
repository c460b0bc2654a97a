"""Figures about what a network has learned: what they draw, in both languages, and in words."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

from course_lib import figures, language, plots

TILES = np.random.default_rng(0).normal(size=(5, 4, 4))
POINTS = np.array([[-1.0, 0.0], [-1.0, 1.0], [1.0, 0.0], [1.0, 1.0]])

DRAWN = {
    "filters": lambda: plots.pretraining.show_tiles({"random": TILES}, columns=8, signed=True),
    "maps": lambda: plots.pretraining.show_tiles({"a": np.abs(TILES), "b": 0 * TILES}, columns=3),
    "layers": lambda: plots.pretraining.plot_by_layer(
        ("stem", "block1"), {"letters": np.array([[0.4, 0.7], [0.5, 0.9]])}
    ),
    "clouds": lambda: plots.pretraining.plot_clouds({"round": (POINTS, np.array([0, 0, 1, 1]))}),
}
SAID = {
    "filters": ("random (5)", "random（5 个）"),
    "maps": ("a (3); b (3)", "a（3 个）；b（3 个）"),
    "layers": ("letters: 0.45 to 0.80", "letters：0.45 到 0.80"),
    "clouds": ("round 1.00", "round 1.00"),
}


@pytest.fixture(autouse=True)
def styled(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("COURSE_STRICT", "1")  # a glyph that the font lacks is an error
    with mpl.rc_context():
        figures.use_style()
        yield
    plt.close("all")


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("spoken", ["en", "zh"])
def test_each_figure_is_drawn_and_says_what_it_shows(
    name: str, spoken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = language.current()
    language.use(spoken)
    try:
        DRAWN[name]()
    finally:
        language.use(before)
    assert SAID[name][spoken == "zh"] in capsys.readouterr().out
    figures.image_bytes(plt.gcf())


def test_a_row_shows_no_more_tiles_than_there_are_and_signed_tiles_have_grey_for_0() -> None:
    DRAWN["filters"]()
    shown = [axis.get_images() for axis in plt.gcf().axes]
    assert [len(images) for images in shown] == [1] * 5 + [0] * 3
    low, high = shown[0][0].get_clim()
    assert low == -high and high == pytest.approx(np.abs(TILES[0]).max())
