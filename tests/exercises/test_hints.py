"""One step further each time, remembered, until there are no more."""

from __future__ import annotations

import pytest

from course_lib import language
from course_lib.errors import CourseError
from course_lib.exercises import check, hint


def test_hints_come_one_by_one(chapter):
    first, second, third = (repr(hint("99.1")) for _ in range(3))
    assert first == "→ 99.1, hint 1 of 2\nUse a mask."
    assert second == "→ 99.1, hint 2 of 2\nAverage over axis 0.\nThat was the last hint."
    assert "no more hints" in third
    assert repr(hint("99.1", 1)) == first
    language.use("zh")
    assert "没有更多提示了" in repr(hint("99.1"))


def test_check_offers_hints_while_there_are_some(chapter):
    def offers():
        return 'hint("99.1")' in repr(check("99.1", lambda features, labels: 1))

    assert offers()
    hint("99.1")
    assert offers()
    hint("99.1")
    assert not offers()


def test_what_is_not_there_is_said(chapter):
    with pytest.raises(CourseError, match="hints 1 to 2"):
        hint("99.1", 3)
    with pytest.raises(CourseError, match="no hints"):
        hint("99.4")
