"""The map of the documents' sections: whole rows, in order, each with a place that is there."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from course_lib.authoring.checks.places import Places
from course_lib.authoring.checks.sections import TABLE, treated_sections
from tests.conftest import ROOT

PLACES = Places(frozenset({"90"}), frozenset({"90.1", "90/why"}))
ROW = {"doc": 0, "section": "2.1", "en": "A.", "zh": "甲。", "treated": ["90.1", "90/why"]}


def said(folder: Path, *rows: dict) -> list[str]:
    (folder / TABLE).parent.mkdir(parents=True)
    (folder / TABLE).write_text(yaml.safe_dump(list(rows), allow_unicode=True), encoding="utf-8")
    return [problem.message for problem in treated_sections(folder, PLACES)]


def test_rows_in_order_with_places_are_fine(tmp_path):
    later = [{"section": "2.10"}, {"section": "3"}, {"doc": 1, "section": "1"}]
    assert said(tmp_path, ROW, *(ROW | change for change in later)) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"section": "2.1"}, "twice, or out of order"),
        ({"section": "1.9"}, "twice, or out of order"),
        ({"section": "3", "treated": []}, "has no place"),
        ({"section": "3", "treated": ["90/nowhere"]}, "there is no '90/nowhere'"),
        ({"section": "3", "treated": ["planned 90"]}, "chapter 90 is written"),
        ({"section": "3", "more": 1}, "has the fields"),
    ],
)
def test_a_row_that_is_wrong_is_said(tmp_path, change, words):
    (message,) = said(tmp_path, ROW, ROW | change)
    assert words in message


def test_all_five_documents_are_there():
    rows = yaml.safe_load((ROOT / TABLE).read_text(encoding="utf-8"))
    assert {row["doc"] for row in rows} == set(range(5)) and len(rows) >= 60
