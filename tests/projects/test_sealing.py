"""The seal: one choice under one plan; another look is refused, or counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from course_lib.data import Domain
from course_lib.errors import CourseError
from course_lib.projects import seal

TEST = Domain(
    "t", np.arange(40, dtype=np.uint8).reshape(10, 2, 2, 1), np.arange(10) % 2, ("a", "b"), "", ""
)
PLAN = {"methods": ["probe", "scratch"], "rule": "the best"}


def test_the_same_choice_may_be_opened_again_and_counts_once(tmp_path: Path) -> None:
    for _ in range(2):  # the notebook is run again from the top
        sealed = seal(TEST, PLAN, ledger=tmp_path / "ledger.json")
        assert len(sealed.open("probe", PLAN)) == 10
    assert sealed.looks == 1


def test_another_choice_is_refused_unless_it_is_owned_up_to(tmp_path: Path) -> None:
    sealed = seal(TEST, PLAN, ledger=tmp_path / "ledger.json")
    sealed.open("probe", PLAN)
    with pytest.raises(CourseError, match="second look"):
        sealed.open("scratch", PLAN)
    assert sealed.looks == 1
    sealed.open("scratch", PLAN, anyway="a mistake in the labels was found")
    assert sealed.looks == 2
    assert "mistake in the labels" in (tmp_path / "ledger.json").read_text(encoding="utf-8")


def test_another_plan_is_another_look(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.json"
    sealed = seal(TEST, PLAN, ledger=ledger)
    changed = PLAN | {"rule": "the cheapest"}
    with pytest.raises(CourseError, match="not the one that was sealed"):
        sealed.open("probe", changed)
    sealed.open("probe", PLAN)
    with pytest.raises(CourseError, match="another plan"):
        seal(TEST, changed, ledger=ledger).open("probe", changed)


def test_another_test_part_has_its_own_count(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.json"
    seal(TEST, PLAN, ledger=ledger).open("probe", PLAN)
    other = seal(TEST.take(range(5)), PLAN, ledger=ledger)
    assert other.looks == 0
    other.open("scratch", PLAN)
    assert other.looks == 1


def test_a_spoilt_ledger_is_no_new_beginning(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.json"
    ledger.write_text("[", encoding="utf-8")
    with pytest.raises(CourseError, match="cannot be read"):
        seal(TEST, PLAN, ledger=ledger).open("probe", PLAN)
    with pytest.raises(CourseError, match="not among"):
        seal(TEST, PLAN, ledger=tmp_path / "new.json").open("forest", PLAN)
