"""A quiz asks, and answers every option; with or without a front end."""

from __future__ import annotations

import pytest

from course_lib import language
from course_lib.errors import CourseError
from course_lib.exercises import quiz, quizzes


def test_the_question_stands_alone(chapter):
    words = repr(quiz("99.q1"))
    assert words.splitlines()[:3] == ["→ What moves?", "a)  nothing", "b)  the head"]
    assert "Only the head" not in words
    assert 'quiz("99.q1", answer="a")' in words


def test_every_option_has_its_feedback(chapter):
    assert repr(quiz("99.q1", "a")) == "✗ No: a) nothing\nThe head moves."
    assert repr(quiz("99.q1", answer=" B ")) == "✓ Yes: b) the head\nOnly the head."
    language.use("zh")
    assert repr(quiz("99.q1", "b")) == "✓ 对：b) 分类头\n只有分类头。"


@pytest.mark.parametrize("answer", ["c", "", "ab", 1])
def test_an_answer_that_is_none_is_said(chapter, answer):
    with pytest.raises(CourseError, match="options a, b"):
        quiz("99.q1", answer)


def test_buttons_in_a_live_notebook(chapter, monkeypatch):
    monkeypatch.setattr(quizzes, "is_live", lambda: True)
    question = quiz("99.q1")
    bundle = question._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"]
    assert "What moves?" in bundle["text/plain"]
    heading, first, second, feedback = question._box.children
    first.children[0].click()
    assert "The head moves." in feedback.value
    second.children[0].click()
    assert "Only the head." in feedback.value
    assert "What moves?" in heading.value


def test_no_buttons_where_nobody_listens(chapter):
    assert set(quiz("99.q1")._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_grading_goes_on_without_the_question(chapter, monkeypatch):
    monkeypatch.setenv("COURSE_GRADING", "1")
    monkeypatch.setattr("course_lib.exercises.public.FOLDER", None)
    assert quiz("99.q1") is None
