"""Figures about losses and gradients: what they draw, in both languages, and in words."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

from course_lib import figures, plots

Z = np.linspace(-2, 2, 9)
BOWL = np.array([[2.0, 0.5], [0.5, 1.0]])
PATH = np.array([[2.0, 2.0], [1.0, 0.5], [0.25, 0.0]])

DRAWN = {
    "activations": lambda: plots.losses.plot_activations(Z, {"tanh": (np.tanh(Z), 1 - np.tanh(Z) ** 2)}),
    "differences": lambda: plots.losses.plot_difference_errors(
        np.array([1e-1, 1e-3, 1e-5]), {"central": np.array([1e-2, 0.0, 1e-8])}
    ),
    "descents": lambda: plots.losses.plot_descents(BOWL, np.zeros(2), {"η = 0.1": PATH}, marks={"0": np.zeros(2)}),
    "depth": lambda: plots.losses.plot_depth({"He": [1.0, 0.9, 1.1]}),
    "losses": lambda: plots.losses.plot_losses({"a": np.array([[2.0, 1.0], [4.0, 2.0]])}, lines={"floor": 0.5}),
}  # fmt: skip


@pytest.fixture(autouse=True)
def styled(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("COURSE_STRICT", "1")  # a glyph that the font lacks is an error
    with mpl.rc_context():
        figures.use_style()
        yield
    plt.close("all")


@pytest.fixture
def said(told: Any) -> list[Any]:
    return told(plots.losses)


@pytest.mark.parametrize("spoken", ["en", "zh"])
@pytest.mark.parametrize("name", DRAWN)
def test_each_is_drawn_and_told_in_both_languages(
    name: str, spoken: str, said: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_LANGUAGE", spoken)
    DRAWN[name]()
    ((figure, en, zh),) = said
    assert figure.axes and en.endswith(".") and zh.endswith("。")
    assert all(axis.get_legend_handles_labels()[1] for axis in figure.axes)


def test_the_sentence_has_the_numbers(said: list[Any]) -> None:
    DRAWN["losses"]()
    DRAWN["descents"]()
    DRAWN["differences"]()
    assert "a: 3.00, 1.500. floor: 0.500." in said[0][1]
    assert "η = 0.1 (0.25, 0)" in said[1][1]
    assert "central: 1e-08 at h = 1e-05" in said[2][1]  # an error of 0 is none to be drawn
