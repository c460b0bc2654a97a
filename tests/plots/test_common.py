"""Figures of a training: what they show, in both languages, and in words."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

from course_lib import diagrams, figures, language, plots
from course_lib.errors import CourseError
from course_lib.training import History


@pytest.fixture(autouse=True)
def styled(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("COURSE_STRICT", "1")  # a glyph that the font lacks is an error
    with mpl.rc_context():
        figures.use_style()
        yield
    plt.close("all")


def record(**measured: float) -> History:
    rows = [{"epoch": i, "loss": 1 / (i + 1)} | measured for i in range(4)]
    return History([0.5] * 8, rows, 1.0)


def words_of(history: History, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], Any]:
    said: list[str] = []
    drawn: list[Any] = []

    def describe(figure: Any, en: str, zh: str) -> None:
        said.extend([en, zh])
        drawn.append(figure)
        figures.image_bytes(figure)

    monkeypatch.setattr(plots.common, "describe", describe)
    plots.plot_history(history)
    return said, drawn[0]


@pytest.mark.parametrize("spoken", ["en", "zh"])
def test_a_history_is_drawn_and_told(spoken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_LANGUAGE", spoken)
    measured = {"val_loss": 0.75, "val_accuracy": 0.5}
    (en, zh), figure = words_of(record(**measured), monkeypatch)
    assert en == (
        "A training by epochs. training loss: 1 in epoch 1, 0.25 in epoch 4; "
        "validation loss: 0.75 in epoch 1, 0.75 in epoch 4; "
        "validation accuracy: 0.5 in epoch 1, 0.5 in epoch 4."
    )
    assert "训练损失：第 1 轮 1，第 4 轮 0.25；" in zh
    left, right = figure.axes
    assert list(left.lines[0].get_ydata()) == [1, 1 / 2, 1 / 3, 1 / 4]
    assert [line.get_label() for line in left.lines + right.lines] == [
        plots.label(name) for name in ("loss", "val_loss", "val_accuracy")
    ]


def test_without_validation_there_is_one_panel(monkeypatch: pytest.MonkeyPatch) -> None:
    _, figure = words_of(record(), monkeypatch)
    assert len(figure.axes) == 1 and len(figure.axes[0].lines) == 1


def test_an_empty_record_is_refused() -> None:
    with pytest.raises(CourseError, match="nothing to plot"):
        plots.plot_history(History())


def told(draw: Any, module: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Draw a figure and give what it says in both languages."""
    said: list[str] = []

    def describe(figure: Any, en: str, zh: str) -> None:
        said.extend([en, zh])
        figures.image_bytes(figure)  # a glyph that the fonts lack raises here

    monkeypatch.setattr(module, "describe", describe)
    draw()
    return said[0], said[1]


@pytest.mark.parametrize("spoken", ["en", "zh"])
def test_planes_are_drawn_as_the_digits_they_show(
    spoken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    language.use(spoken)
    rng = np.random.default_rng(0)
    places = {"raw pixels": rng.normal(size=(20, 2)), "pre-trained features": np.zeros((20, 2))}
    beside = {"raw pixels": 0.5, "pre-trained features": 0.75}
    y = np.arange(20) % 10
    en, zh = told(lambda: plots.plot_planes(places, y, beside), plots.common, monkeypatch)
    assert "raw pixels: 0.50; pre-trained features: 0.75" in en
    assert "预训练特征：0.75" in zh


@pytest.mark.parametrize("spoken", ["en", "zh"])
def test_the_diagram_of_extraction_says_what_is_done_once(
    spoken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    language.use(spoken)
    en, zh = told(diagrams.draw_extraction, diagrams, monkeypatch)
    assert "once for each picture" in en and "每张图片只算一次" in zh


@pytest.mark.parametrize("spoken", ["en", "zh"])
def test_the_projects_diagram_lets_one_arrow_leave_the_locked_part(
    spoken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    language.use(spoken)
    en, zh = told(diagrams.draw_project, diagrams, monkeypatch)
    assert "opened once" in en and "只开一次" in zh
    assert [end for start, end in diagrams.PROJECT_ARROWS if start == "test"] == ["measure"]
    assert {name for pair in diagrams.PROJECT_ARROWS for name in pair} == set(diagrams.PROJECT)
