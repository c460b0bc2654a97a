"""The glossary: whole rows, met where they say."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from course_lib.authoring.checks.glossary import terms_met
from course_lib.authoring.glossary import TABLE, read_glossary
from course_lib.authoring.problems import SourceError
from course_lib.authoring.sources import Source, read_source, source_paths
from tests.conftest import ROOT

ROW = {
    "en": "unit length",
    "zh": "单位长度",
    "also": ["norm one"],
    "means": {"en": "Length 1.", "zh": "长度为 1。"},
    "chapter": "91",
}


@pytest.fixture(scope="module")
def sources(built_course: Path) -> dict[str, Source]:
    return {path.stem: read_source(path, built_course) for path in source_paths(built_course)}


def said(course: Path, sources: dict[str, Source], *rows: dict) -> list[str]:
    (course / TABLE).write_text(yaml.safe_dump(list(rows), allow_unicode=True), encoding="utf-8")
    return [problem.message for problem in terms_met(course, sources)]


def test_a_course_without_a_glossary_has_nothing_to_check(course, sources):
    assert list(terms_met(course, sources)) == []


def test_a_chapter_that_is_not_written_is_not_looked_into(course, sources):
    assert said(course, sources, ROW) == []


def test_a_term_is_met_in_its_chapter_in_both_languages(course, sources):
    assert said(
        course, sources, ROW | {"chapter": "90", "en": "snowman", "zh": "雪人", "also": []}
    ) == [
        "term 'snowman' is not met in chapter 90 (en)",
        "term 'snowman' is not met in chapter 90 (zh)",
    ]


def test_a_term_stands_once(course, sources):
    assert said(course, sources, ROW, ROW | {"en": "Unit  length"}) == [
        "term 'Unit  length' stands here twice"
    ]


def test_a_name_belongs_to_one_term(course, sources):
    twin = ROW | {"en": "feature", "zh": "特征", "also": ["Unit length"], "chapter": "99"}
    assert said(course, sources, ROW, twin) == [
        "term 'feature': 'unit length' is also a name of 'unit length'"
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"more": 1}, "has the fields"),
        ({"means": {"en": "Only one."}}, "a sentence for en and one for zh"),
        ({"chapter": "four"}, 'is like "04"'),
    ],
)
def test_a_row_that_is_wrong_is_said(course, sources, change, words):
    (message,) = said(course, sources, ROW | change)
    assert words in message


def test_a_broken_file_is_one_problem(course):
    (course / TABLE).write_text("- {", encoding="utf-8")
    with pytest.raises(SourceError, match="not readable"):
        read_glossary(course)


def test_other_names_belong_to_their_language(course, sources):
    said(course, sources, ROW | {"also": ["norm one", "归一"]})
    (term,) = read_glossary(course)
    assert term.names == {
        "en": ("unit length", "norm one"),
        "zh": ("单位长度", "归一", "norm one"),
    }


def test_the_courses_glossary_is_large_and_whole():
    assert len(read_glossary(ROOT)) >= 120
