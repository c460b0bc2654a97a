"""The table of lessons: whole rows, each with a place that is there."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from course_lib.authoring.checks.lessons import TABLE, taught_lessons
from course_lib.authoring.checks.places import Places
from course_lib.authoring.sources import Source, read_source, source_paths
from tests.conftest import ROOT

ROW = {"id": "a", "family": "code", "in": "0", "en": "A.", "zh": "甲。", "taught": ["90.1"]}


@pytest.fixture(scope="module")
def sources(built_course: Path) -> dict[str, Source]:
    return {path.stem: read_source(path, built_course) for path in source_paths(built_course)}


def said(course: Path, sources: dict[str, Source], *rows: dict) -> list[str]:
    (course / TABLE).write_text(yaml.safe_dump(list(rows), allow_unicode=True), encoding="utf-8")
    return [problem.message for problem in taught_lessons(course, Places.of(sources, {"90.1"}))]


def test_a_course_without_a_table_has_no_lessons_to_check(course, sources):
    assert list(taught_lessons(course, Places.of(sources, set()))) == []


def test_a_lesson_may_be_an_exercise_a_cell_or_planned(course, sources):
    cell = f"90/{sources['90_small_course'].cells[0].id}"
    assert said(course, sources, ROW | {"taught": ["90.1", cell, "planned 91"]}) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"taught": []}, "has no place"),
        ({"taught": ["90.7"]}, "there is no '90.7'"),
        ({"taught": ["90/nowhere"]}, "there is no '90/nowhere'"),
        ({"taught": ["planned 90"]}, "chapter 90 is written"),
        ({"family": "poem"}, "the family is one of"),
        ({"more": 1}, "has the fields"),
    ],
)
def test_a_row_that_is_wrong_is_said(course, sources, change, words):
    (message,) = said(course, sources, ROW | change)
    assert words in message


def test_two_rows_with_one_name_are_said_at_the_second(course, sources):
    (course / TABLE).write_text(yaml.safe_dump([ROW, ROW], allow_unicode=True), encoding="utf-8")
    (problem,) = taught_lessons(course, Places.of(sources, {"90.1"}))
    assert "twice" in problem.message and problem.line > 1


def test_what_is_no_yaml_is_said(course, sources):
    (course / TABLE).write_text("- id: [", encoding="utf-8")
    (problem,) = taught_lessons(course, Places.of(sources, set()))
    assert "not readable" in problem.message


def test_the_courses_own_table_is_long():
    rows = yaml.safe_load((ROOT / TABLE).read_text(encoding="utf-8"))
    assert len(rows) >= 80 and {row["family"] for row in rows} == {
        "code",
        "formula",
        "claim",
        "forgotten",
    }
