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


@pytest.mark.parametrize("spoken", ["en", "zh"])
def test_a_history_is_drawn_and_told(
    spoken: str, told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_LANGUAGE", spoken)
    measured = {"val_loss": 0.75, "val_accuracy": 0.5}
    said = told(plots.common)
    plots.plot_history(record(**measured))
    ((figure, en, zh),) = said
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


def test_without_validation_there_is_one_panel(told: Any) -> None:
    said = told(plots.common)
    plots.plot_history(record())
    figure = said[0][0]
    assert len(figure.axes) == 1 and len(figure.axes[0].lines) == 1


def test_an_empty_record_is_refused() -> None:
    with pytest.raises(CourseError, match="nothing to plot"):
        plots.plot_history(History())


@pytest.mark.parametrize("spoken", ["en", "zh"])
def test_planes_are_drawn_as_the_digits_they_show(spoken: str, told: Any) -> None:
    language.use(spoken)
    rng = np.random.default_rng(0)
    places = {"raw pixels": rng.normal(size=(20, 2)), "pre-trained features": np.zeros((20, 2))}
    beside = {"raw pixels": 0.5, "pre-trained features": 0.75}
    y = np.arange(20) % 10
    said = told(plots.common)
    plots.plot_planes(places, y, beside)
    ((_, en, zh),) = said
    assert "raw pixels: 0.50; pre-trained features: 0.75" in en
    assert "预训练特征：0.75" in zh


@pytest.mark.parametrize("spoken", ["en", "zh"])
def test_the_diagram_of_extraction_says_what_is_done_once(spoken: str, told: Any) -> None:
    language.use(spoken)
    said = told(diagrams)
    diagrams.draw_extraction()
    ((_, en, zh),) = said
    assert "once for each picture" in en and "每张图片只算一次" in zh


@pytest.mark.parametrize("spoken", ["en", "zh"])
def test_the_projects_diagram_lets_one_arrow_leave_the_locked_part(spoken: str, told: Any) -> None:
    language.use(spoken)
    said = told(diagrams)
    diagrams.draw_project()
    ((_, en, zh),) = said
    assert "opened once" in en and "只开一次" in zh
    assert [end for start, end in diagrams.PROJECT_ARROWS if start == "test"] == ["measure"]
    assert {name for pair in diagrams.PROJECT_ARROWS for name in pair} == set(diagrams.PROJECT)
