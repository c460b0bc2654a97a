"""The syllabus: plans without gaps, and what they add up to."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from course_lib.authoring.checks.plans import whole_plans
from course_lib.authoring.sources import read_source, source_paths
from course_lib.authoring.syllabus import TABLE, minutes_of, read_plans
from tests.conftest import ROOT

WEEK = {"chapters": ["90"], "en": "All.", "zh": "全部。"}
PLAN = {"id": "one", "en": "A", "zh": "甲", "for_en": "B", "for_zh": "乙", "weeks": [WEEK]}


def said(course: Path, plan: dict, planned: tuple[str, ...] = ()) -> list[str]:
    sources = {path.stem: read_source(path, course) for path in source_paths(course)}
    table = {"planned": list(planned), "plans": [plan]}
    (course / TABLE).write_text(yaml.safe_dump(table, allow_unicode=True), encoding="utf-8")
    return [problem.message for problem in whole_plans(course, sources)]


def test_a_plan_may_name_what_is_written_and_what_is_planned(course):
    weeks = [WEEK, WEEK | {"chapters": ["95"]}]
    assert said(course, PLAN | {"weeks": weeks}, ("95",)) == []


@pytest.mark.parametrize(
    ("chapters", "planned", "words"),
    [
        ([["90", "91"]], (), "there is no chapter 91"),
        ([["90"], ["90"]], (), "chapter 90 2 times"),
        ([["90"], []], (), "without a chapter"),
        ([["90"]], ("90",), "is planned no more"),
    ],
)
def test_what_is_wrong_with_a_plan_is_said(course, chapters, planned, words):
    weeks = [WEEK | {"chapters": each} for each in chapters]
    assert any(words in message for message in said(course, PLAN | {"weeks": weeks}, planned))


def test_nothing_of_the_core_is_left_out(course):
    (source,) = (course / "solutions" / "source").glob("90_*.md")
    source.write_text(source.read_text(encoding="utf-8").replace("core: false", "core: true"))
    plan = PLAN | {"weeks": [WEEK | {"chapters": ["95"]}]}
    assert said(course, plan, ("95",)) == ["plan 'one' leaves out chapter 90 of the core"]


def test_the_courses_plans_last_four_eight_and_sixteen_weeks():
    assert [len(plan.weeks) for plan in read_plans(ROOT)] == [4, 8, 16]


def test_a_chapter_to_come_counts_three_hours():
    assert minutes_of(["00", "17"], {"00": 90}) == 270
