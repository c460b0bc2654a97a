"""The chart of methods leads somewhere from every answer."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from course_lib.authoring.checks.choices import shown_choices
from course_lib.authoring.checks.places import Places
from course_lib.authoring.choosing import TABLE, read_questions
from tests.conftest import ROOT

PLACES = Places(frozenset({"90"}), frozenset({"90.1"}))
DO = {"en": "None", "zh": "没有", "do_en": "A.", "do_zh": "甲。", "shown": ["90.1"]}
GO_ON = {"en": "Some", "zh": "有"}


def said(folder: Path, *questions: list[dict]) -> list[str]:
    (folder / TABLE).parent.mkdir(parents=True)
    rows = [{"en": "Labels?", "zh": "标签？", "answers": each} for each in questions]
    (folder / TABLE).write_text(yaml.safe_dump(rows, allow_unicode=True), encoding="utf-8")
    return [problem.message for problem in shown_choices(folder, PLACES)]


def test_answers_end_in_a_method_or_lead_on(tmp_path):
    assert said(tmp_path, [DO, GO_ON], [DO]) == []


@pytest.mark.parametrize(
    ("questions", "words"),
    [
        ([[DO, GO_ON]], "leads nowhere"),
        ([[GO_ON, DO], [DO]], "leads nowhere"),
        ([[DO | {"shown": []}]], "has no place"),
        ([[DO | {"shown": ["90.9"]}]], "there is no '90.9'"),
    ],
)
def test_what_leads_nowhere_is_said(tmp_path, questions, words):
    (message,) = said(tmp_path, *questions)
    assert words in message


def test_the_courses_chart_is_all_words():
    for question in read_questions(ROOT):
        words = [question.words, *(each.words for each in question.answers)]
        words += [each.begin for each in question.answers if each.begin is not None]
        assert all(isinstance(each[language], str) for each in words for language in ("en", "zh"))
