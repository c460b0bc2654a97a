"""The figures of chapter 11 say in words what they draw."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import language, plots


@pytest.fixture(autouse=True)
def _english() -> None:
    language.use("en")


def test_the_vowel_chart_says_how_far_children_are_from_men(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plots.senses.plot_vowels({"men": "men", "women": "women", "children": "children"})
    assert "by a factor of 1.35" in capsys.readouterr().out


def test_spectrograms_name_their_loudest_band(capsys: pytest.CaptureFixture[str]) -> None:
    image = np.zeros((8, 3))
    image[5] = 1
    plots.senses.show_spectrograms([image, np.roll(image, 1, axis=0)], ["a", "b"])
    assert "a 5; b 6" in capsys.readouterr().out


def test_progress_says_where_it_began_and_ended(capsys: pytest.CaptureFixture[str]) -> None:
    runs = np.array([[0.0, 10, 20], [10, 20, 40]])
    plots.senses.plot_progress({"one": runs, "two": runs + 5}, "rounds", "steps")
    said = capsys.readouterr().out
    assert "one: from 5 to 30" in said and "two: from 10 to 35" in said
