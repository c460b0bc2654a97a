"""The concept test: sound questions, sheets without answers in them, and gains that a made-up class has."""

from __future__ import annotations

import json
import string
import zipfile
from dataclasses import replace

import nbformat
import numpy as np
import pytest

from course_lib import language
from course_lib.errors import CourseError
from course_lib.grading.insight import concept
from course_lib.grading.insight.concept import (
    gains,
    hake,
    order_of,
    read_questions,
    take,
    write_sheet,
)
from course_lib.grading.people import roster
from course_lib.grading.people.roster import Student
from tests.conftest import ROOT
from tests.grading.commands.test_teach import run

pytestmark = [pytest.mark.usefixtures("course_home")]
QUESTIONS = read_questions(ROOT)
CORE = {"00", "01", "02", "03", "04", "05", "07", "14", "17"}


@pytest.fixture
def course(course):
    return replace(course, repository=ROOT)


def letters(course, moment, places):
    """Give the letters for options by place (0 is the right one), ``None`` for no answer."""
    return {
        q.id: ""
        if place is None
        else string.ascii_lowercase[order_of(course, moment, q).index(place)]
        for q, place in zip(QUESTIONS, places, strict=True)
    }


def fill(course, moment, folder, places) -> str:
    sheet = nbformat.read(write_sheet(course, moment, folder), as_version=4)
    sheet.cells[-1].source = f"concept_answers = {letters(course, moment, places)}"
    return nbformat.writes(sheet)


def test_every_question_has_one_right_option_and_three_misconceptions_in_both_languages():
    assert len(QUESTIONS) >= 12 and {q.chapter for q in QUESTIONS} == CORE
    assert len({q.id for q in QUESTIONS}) == len(QUESTIONS)
    for question in QUESTIONS:
        right = [choice for choice in question.choices if choice.misconception is None]
        assert len(question.choices) == 4 and right == [question.choices[0]]
        texts = [question.words, *(c.words for c in question.choices)]
        texts += [c.misconception for c in question.choices[1:]]
        assert all(each["en"].strip() and each["zh"].strip() for each in texts)
        assert len({c.words["en"] for c in question.choices}) == 4
    for lang in ("en", "zh"):  # whoever always takes the longest option is not rewarded
        longest = [
            max(range(4), key=lambda place, q=q: len(q.choices[place].words[lang]))
            for q in QUESTIONS
        ]
        assert longest.count(0) <= len(QUESTIONS) // 3


def test_a_sheet_holds_no_answer_and_orders_options_anew_each_time(course, tmp_path):
    texts = [write_sheet(course, moment, tmp_path).read_text() for moment in concept.MOMENTS]
    for text in texts:
        assert "misconception" not in text and '"right' not in text
        for question in QUESTIONS:
            assert all(json.dumps(c.words["en"])[1:-1] in text for c in question.choices)
    orders = [[order_of(course, m, q) for q in QUESTIONS] for m in concept.MOMENTS]
    assert orders[0] != orders[1]
    places = [order.index(0) for order in orders[0]]
    assert max(places.count(place) for place in range(4)) < len(QUESTIONS)  # not always "b"
    chinese = write_sheet(replace(course, language="zh"), "before", tmp_path / "zh").read_text()
    assert "概念题" in chinese and QUESTIONS[0].words["zh"] in chinese
    with pytest.raises(CourseError, match="before or after"):
        write_sheet(course, "meanwhile", tmp_path)


def test_a_class_that_learns_half_of_what_it_missed_has_a_gain_of_a_half(
    course, tmp_path, monkeypatch
):
    rng = np.random.default_rng(1)
    header = ["student", *(q.id for q in QUESTIONS)]
    for moment in concept.MOMENTS:
        (tmp_path / f"{moment}.csv").write_text(",".join(header) + "\n")
    for number in range(60):
        known = rng.random(len(QUESTIONS)) < 0.4
        learned = known | (rng.random(len(QUESTIONS)) < 0.5)
        for moment, right in (("before", known), ("after", learned)):
            places = [0 if each else 2 for each in right]
            row = [f"s{number}", *letters(course, moment, places).values()]
            with open(tmp_path / f"{moment}.csv", "a") as file:
                file.write(",".join(row) + "\n")
    at = ("--dir", course.folder)
    monkeypatch.setattr(concept, "read_questions", lambda _: QUESTIONS)
    for moment in concept.MOMENTS:
        assert "60 students taken, 0" in run(
            "concept", "take", moment, tmp_path / f"{moment}.csv", *at
        )
    count, (whole, *each) = gains(course)
    assert count == 60 and len(each) == len(QUESTIONS)
    assert whole.low < 0.5 < whole.high and whole.high - whole.low < 0.15
    assert whole.gain == pytest.approx(hake(whole.before, whole.after))
    assert np.mean([one.gain for one in each]) == pytest.approx(0.5, abs=0.08)
    assert each[0].wrong[0] == QUESTIONS[0].choices[2]
    monkeypatch.setenv("COLUMNS", "220")
    said = run("concept", "gain", *at)
    assert "60 students took both" in said and "C16 (17)" in said and "the class" in said
    language.use("zh")
    assert "全班" in run("concept", "gain", *at)
    # Nothing of it is where grades are.
    assert not list(course.folder.glob("submitted/*")) and "60" not in run(
        "export", tmp_path / "g.csv", *at
    )
    kept = course.private / "concept" / "after.json"
    assert kept.stat().st_mode & 0o077 == 0


def test_sheets_come_from_a_zip_and_what_cannot_be_read_is_named(course, tmp_path):
    roster.save(course, [Student("0070", "Ada Lovelace"), Student("0071", "Grace Hopper")])
    right, empty = [0] * len(QUESTIONS), [None] * len(QUESTIONS)
    files = {
        "0070_Ada/concept_before.ipynb": fill(course, "before", tmp_path, right),
        "0071_Grace/concept_before.ipynb": fill(course, "before", tmp_path, empty),
        "0072_late/concept_after.ipynb": fill(course, "after", tmp_path, right),
        "0073_code/concept_before.ipynb": fill(course, "before", tmp_path, right).replace(
            "concept_answers = {", "concept_answers = __import__('os').system('touch /tmp/x') or {"
        ),
        "0074_no/concept_before.ipynb": "{",
    }
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    outcomes = {each.name[:4]: each for each in take(course, "before", tmp_path / "in.zip")}
    assert (outcomes["0070"].student, outcomes["0070"].count) == ("0070", len(QUESTIONS))
    assert "no answers" in outcomes["0071"].why and "not the sheet" in outcomes["0072"].why
    assert "can't be read" in outcomes["0073"].why and "notebook" in outcomes["0074"].why
    with pytest.raises(CourseError, match=r"Too few: 0 students"):
        gains(course)


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "", "student,C01\nann,b\n ann,c\n"])
def test_a_bad_table_is_one_sentence(course, tmp_path, text):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(CourseError, match=r"can't be used|twice"):
        take(course, "before", tmp_path / "x.csv")


def test_the_commands_lead_from_the_sheet_to_the_gain(course, tmp_path, monkeypatch):
    monkeypatch.setattr(concept, "read_questions", lambda _: QUESTIONS)
    at = ("--dir", course.folder)
    assert "concept take before PATH" in run("concept", "give", "before", tmp_path, *at)
    table = tmp_path / "answers.csv"  # a line without a name is nobody's
    table.write_text("student,C01\n ,b\nann,b\n,\n")
    assert "1 students taken, 0" in run("concept", "take", "after", table, *at)
    assert list(json.loads((course.private / "concept" / "after.json").read_text())) == ["ann"]
    assert "concept gain" in run("concept", "take", "after", table, *at)


def test_the_gain_is_hakes():
    assert hake(0.4, 0.7) == pytest.approx(0.5) and hake(0.5, 0.25) == pytest.approx(-0.5)
    assert hake(1.0, 1.0) is None
    with pytest.raises(CourseError, match="concept give before"):
        run("concept", "give")
