"""The clinic's index: a cause without a test, a word or a place is found."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from course_lib.authoring.checks.places import Places
from course_lib.authoring.checks.symptoms import treated_symptoms
from course_lib.authoring.symptoms import BUILT, TABLE, make_symptoms
from tests.conftest import ROOT

PLACES = Places(frozenset({"90"}), frozenset({"90.1"}))
CAUSE = {"en": "A.", "zh": "甲。", "test_en": "T.", "test_zh": "试。", "shown": ["90.1"]}


def said(folder: Path, **row: object) -> list[str]:
    (folder / TABLE).parent.mkdir(parents=True)
    rows = [{"en": "S", "zh": "症", "causes": [CAUSE]} | row]
    (folder / TABLE).write_text(yaml.safe_dump(rows, allow_unicode=True), encoding="utf-8")
    return [problem.message for problem in treated_symptoms(folder, PLACES)]


def test_a_whole_row_is_accepted(tmp_path):
    assert said(tmp_path) == []


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"zh": ""}, "both languages"),
        ({"causes": []}, "no cause"),
        ({"causes": [CAUSE | {"test_zh": ""}]}, "lacks test_zh"),
        ({"causes": [CAUSE | {"shown": []}]}, "has no place"),
        ({"causes": [CAUSE | {"shown": ["90.9"]}]}, "there is no '90.9'"),
    ],
)
def test_what_is_missing_is_said(tmp_path, row, words):
    (message,) = said(tmp_path, **row)
    assert words in message


def test_the_package_holds_what_the_table_says():
    assert (ROOT / BUILT).read_text(encoding="utf-8") == make_symptoms(ROOT)
