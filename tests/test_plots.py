"""Figures of a training: what they show, in both languages, and in words."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt

from course_lib import figures, plots
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

    monkeypatch.setattr(plots, "describe", describe)
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
