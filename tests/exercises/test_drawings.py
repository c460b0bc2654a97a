"""The figure in a check's card: for a student only, with words for whoever can't see it, and never in the way."""

from __future__ import annotations

import logging
import re
from dataclasses import replace

import numpy as np
import pytest

from course_lib import figures
from course_lib.exercises import check, checking, drawings, public
from course_lib.exercises.comparators import close, equal, same_set, up_to_sign
from course_lib.exercises.drawings import Drawing, fault_of, sketch
from course_lib.exercises.values import text
from course_lib.language import use
from tests.exercises.test_checking import class_means, sums

ALL = [
    each
    for chapter in public.chapters()
    for each in public.load_chapter(chapter)
    if each.drawing is not None
]


def shown(drawing: Drawing, expected: object, found: object, **inputs: object) -> drawings.Sketch:
    made = sketch(drawing, close(), inputs, expected, found, 1, right=False)
    assert made is not None
    return made


def test_every_chapter_has_one() -> None:
    assert {each.id[:2] for each in ALL} == {f"{number:02}" for number in range(19)}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_can_be_drawn_right_and_wrong(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    """Strictly: a character that the course's typeface lacks is an error."""
    monkeypatch.setenv("COURSE_STRICT", "1")
    caught = logging.getLogger("course_lib.exercises.drawings")
    monkeypatch.setattr(caught, "info", lambda *_, **__: pytest.fail("a drawing failed"))
    use(language)
    figures.use_style()
    drawn = 0
    for exercise in ALL:
        draw = exercise.draws[0]
        assert exercise.comparator is not None
        for found in (draw.expected, *list(draw.mistaken.values())[:1]):
            part = exercise.drawing.part if exercise.drawing else ""
            if isinstance(found, dict) and part not in found:
                continue  # a mistake that is known by another part
            made = sketch(
                exercise.drawing, exercise.comparator, draw.inputs, draw.expected, found, 1
            )
            page = made.html() if made else ""
            assert page.count("<img") == 1, exercise.id
            alt = re.search(r'alt="([^"]+)"', page)
            assert alt and len(alt[1]) > 20, exercise.id
            drawn += 1
    assert drawn > len(ALL)


@pytest.fixture
def drawing(chapter: object, monkeypatch: pytest.MonkeyPatch) -> Drawing:
    """Exercise 99.1 with a figure of its matrix."""
    made = drawings.matrix(across=text("feature", "特征"))
    load = checking.load_public
    monkeypatch.setattr(checking, "load_public", lambda name: replace(load(name), drawing=made))
    return made


def test_a_wrong_answer_is_drawn_beside_what_it_should_be(drawing: Drawing) -> None:
    result = check("99.1", sums)
    assert result is not None
    page, words = result._repr_html_(), repr(result)
    said = re.search(
        r"Example 1: a matrix .*, as expected and yours; \d+ of \d+ numbers differ.*", words
    )
    assert said and 'alt="Example 1: a matrix' in page and page.count("<img") == 1
    assert "data:image/png;base64," in page and 'src="http' not in page


def test_a_right_answer_is_drawn_once(drawing: Drawing) -> None:
    assert "yours is as it should be" in repr(check("99.1", class_means))


@pytest.mark.parametrize("name", ["COURSE_STRICT", "COURSE_GRADING"])
def test_neither_a_test_nor_grading_draws(
    drawing: Drawing, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "1")
    monkeypatch.setattr(drawings.Sketch, "html", lambda _: pytest.fail("it was drawn"))
    monkeypatch.setattr(drawings.Sketch, "words", lambda _: pytest.fail("it was drawn"))
    result = check("99.1", class_means)
    assert result is None or "<img" not in result._repr_html_()


def test_a_drawing_that_fails_leaves_the_card_and_is_logged(
    drawing: Drawing, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from course_lib.plots import answers

    monkeypatch.setattr(answers, "draw", lambda *_: 1 / 0)
    result = check("99.1", sums)
    assert result is not None
    with caplog.at_level(logging.INFO, "course_lib.exercises.drawings"):
        page = result._repr_html_()
    assert "not right yet" in page and "<img" not in page
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(
    "found", [None, "words", [], ["a"], [[1, 2], [3]], np.full((3, 3), np.nan), np.full((3, 3), np.inf),
              np.zeros((70, 70)), np.zeros(3), np.zeros((2, 2, 2, 2, 2)), 1e308 * np.ones((2, 2)), True]
)  # fmt: skip
@pytest.mark.parametrize("kind", sorted(drawings.KINDS))
def test_whatever_a_student_returns_the_card_is_shown(kind: str, found: object) -> None:
    for expected in (np.ones((2, 2)), np.ones(3)):
        made = shown(Drawing(kind), expected, found)
        assert made.html().count("<img") <= 1
        assert isinstance(made.words(), str)


def test_what_is_right_is_not_drawn_where_something_else_is_wrong() -> None:
    made = shown(drawings.bars("0"), (np.ones(3), 1), (np.ones(3), 2))
    assert made.html() == made.words() == ""


def test_columns_without_a_sign_are_turned() -> None:
    rows = np.array([[1.0, 2.0], [3.0, -1.0]])
    made = sketch(drawings.points(), up_to_sign(), {}, rows, rows * [1, -1], 1)
    assert made is not None and "as it should be" in made.words()


def test_the_summary_counts_what_differs() -> None:
    expected = np.arange(6.0).reshape(2, 3)
    found = expected.copy()
    found[1, 2] = 9
    assert shown(drawings.matrix(), expected, found).words() == (
        "Example 1: a matrix (2 × 3), as expected and yours; 1 of 6 numbers differ, most of all at "
        "[1, 2]: 5.0 expected, yours is 9.0."
    )


def test_a_drawing_is_data_and_what_does_not_fit_is_refused() -> None:
    made = drawings.curve("1", x="t", down=text("loss", "损失"))
    assert Drawing.from_data(made.to_data()) == made
    assert Drawing.from_data({"kind": "of a newer course"}) is None
    inputs, value = {"t": np.arange(3)}, (1, np.ones(3))
    assert fault_of(made, inputs, value, close()) == ""
    assert "no input" in fault_of(drawings.curve("1", x="u"), inputs, value, close())
    assert "can't be drawn" in fault_of(drawings.curve("2"), inputs, value, close())
    assert "no order" in fault_of(drawings.curve("1"), inputs, value, same_set())
    assert "can't be drawn" in fault_of(drawings.pictures("1"), inputs, value, equal())
