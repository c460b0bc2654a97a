"""Records: one that adds up passes; each way of not adding up is found, and named."""

from __future__ import annotations

from typing import Any

import pytest

from course_lib.errors import CourseError
from course_lib.projects import choose_by_rule, faults_of_record, make_record
from course_lib.projects.records import (
    QUESTIONS,
    read_record,
    record_as_text,
    report_record,
    summary_of,
)

VALIDATION = {
    "majority": [0.1] * 3,
    "pixels": [0.8, 0.82, 0.84],
    "probe": [0.9, 0.93, 0.93],
    "tuned": [0.91, 0.94, 0.93],
}
TEST = {"majority": [0.1] * 3, "pixels": [0.79, 0.8, 0.825], "probe": [0.9, 0.91, 0.92]}
COUNTS = {
    "train": 300,
    "validation": 100,
    "test": 200,
    "twins": 0,
    "shared_groups": 0,
    "earlier": 0,
}
KINDS = {"majority": "trivial", "pixels": "scratch", "probe": "transfer", "tuned": "transfer"}


def record(**change: Any) -> dict[str, Any]:
    return make_record(
        data="d", licence="l", cut="group", counts=COUNTS, kinds=KINDS, seeds=[0, 1, 2], validation=VALIDATION,
        chosen="probe", looks=1, test=TEST, against="pixels", seconds={"probe": 1.23},
    ) | change  # fmt: skip


def test_a_record_that_adds_up_survives_being_pasted() -> None:
    assert faults_of_record(record()) == []
    assert read_record(record_as_text(record())) == record()
    assert read_record("{'no': json}") is None
    assert "probe *" in summary_of(record())


@pytest.mark.parametrize(
    ("question", "change"),
    [
        ("parts_apart", {"counts": COUNTS | {"twins": 1}}),
        ("baselines", {"kinds": KINDS | {"majority": "scratch"}}),
        ("baselines", {"kinds": KINDS | {"tuned": "scratch"}}),
        ("seeds", {"seeds": [0, 1, 1]}),
        ("possible", {"validation": VALIDATION | {"majority": [0.1, 0.1, 0.104]}}),
        ("chosen_by_rule", {"chosen": "tuned", "test": TEST | {"tuned": TEST["probe"]}}),
        ("test_once", {"looks": 2}),
        ("test_once", {"test": TEST | {"tuned": TEST["probe"]}}),
        ("gain_follows", {"gain": [0.2, 0.1, 0.3]}),
    ],
)
def test_what_does_not_add_up_is_found(question: str, change: dict[str, Any]) -> None:
    assert not report_record(record(**change))[question]


@pytest.mark.parametrize("nonsense", [None, 3, {}, {"data": "d"}, {"kinds": 1}])
def test_what_is_no_record_fails_every_question(nonsense: Any) -> None:
    assert report_record(nonsense) == dict.fromkeys(QUESTIONS, False)


def test_the_rule_takes_the_first_within_a_standard_error_of_the_best() -> None:
    assert choose_by_rule(VALIDATION) == "probe"
    assert choose_by_rule({"a": [0.5, 0.5], "b": [0.9, 0.7], "c": [0.71, 0.69]}) == "b"
    assert choose_by_rule({"c": [0.71, 0.69], "b": [0.9, 0.7]}) == "c"
    with pytest.raises(CourseError):
        choose_by_rule({"a": [0.5], "b": [0.6]})
