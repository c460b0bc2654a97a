"""Cards: values stand side by side where there is room, and one above the other where there is not."""

from __future__ import annotations

import re

import pytest

from course_lib.exercises.cards import Card, Table

HEADER = ("result", "expected", "yours")


def html_of(expected: str, yours: str) -> str:
    table = Table(HEADER, [("values", expected, yours)], of_values=True)
    return Card("bad", "04.1", table=table)._repr_html_()


def test_short_values_stand_side_by_side() -> None:
    page = html_of("0.25", "0.5")
    assert "<thead>" in page and page.count("<tr>") == 2


@pytest.mark.parametrize("long", ["[" + "1.27561, " * 8 + "…]", "[1, 2]\n" + "0.123456, " * 8])
def test_what_a_notebook_would_cut_off_stands_one_above_the_other(long: str) -> None:
    page = html_of(long, "<b>[2]")
    rows = re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
    assert [re.sub(r"<.*?>", "|", row).strip("|") for row in rows] == [
        "values", f"expected||{long}", "yours||&lt;b&gt;[2]",
    ]  # fmt: skip


def test_everything_is_escaped() -> None:
    assert "<script" not in html_of("<script>" * 20, "<script>")
