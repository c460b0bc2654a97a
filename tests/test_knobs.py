"""A picture with a slider where somebody listens, pictures one below the other where nobody does."""

from __future__ import annotations

import re
from typing import Any

import pytest

from course_lib import figures, knobs, language
from course_lib.knobs import knob

WIDGET = "application/vnd.jupyter.widget-view+json"


def draw(axis: Any, value: float) -> str:
    axis.plot([0, 1], [0, value])
    return f"the end is at {value:g}."


def test_without_a_kernel_the_values_shown_stand_side_by_side() -> None:
    made = knob(draw, [0, 1, 2], name="slope", shown=[0, 2])
    assert repr(made) == "slope = 0: the end is at 0. slope = 2: the end is at 2."
    bundle = made._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert 'alt="slope = 0: the end is at 0.' in bundle["text/html"]


def test_the_sentence_is_chinese_in_chinese() -> None:
    figures.use_style()  # with a Chinese font
    language.use("zh")
    assert repr(knob(draw, [0, 1], name="斜率", shown=[1])).startswith("斜率 = 1：")


def test_turning_it_draws_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knobs, "is_live", lambda: True)
    made = knob(draw, [0, 1, 2], name="slope", shown=[0, 1, 2])
    assert made._repr_mimebundle_()[WIDGET]["model_id"]
    slider, picture = made._box.children
    assert slider.value == 1 and "the end is at 1." in picture.value
    before = re.search('base64,([^"]+)', picture.value)
    slider.value = 2
    assert "the end is at 2." in picture.value
    assert re.search('base64,([^"]+)', picture.value)[1] != before[1]


def test_a_value_that_the_slider_does_not_offer_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"not among the values: \[3\]"):
        knob(draw, [0, 1], name="slope", shown=[3])


def test_grading_goes_on_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_GRADING", "1")
    assert knob(draw, [0, 1], name="slope", shown=[0]) is None
