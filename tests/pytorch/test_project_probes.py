"""The probes of chapter 18 look at a split and a record that the student hands in."""

from __future__ import annotations

from course_lib.projects.cutting import report_split
from course_lib.projects.records import QUESTIONS
from course_lib.pytorch import probes


def test_a_split_may_come_as_text_or_as_a_dictionary() -> None:
    parts = {"train": range(30), "validation": range(30, 50), "test": range(50, 70)}
    as_text = "\n".join(
        f"{n} groups \n{n} examples {''.join(f'{i:09x}' for i in rows)}"
        for n, rows in parts.items()
    )
    as_data = {
        n: {"examples": [f"{i:09x}" for i in rows], "groups": []} for n, rows in parts.items()
    }
    for split in (as_text, as_data):
        assert all(probes.own_split(lambda split=split: split).values())
    as_data["test"]["examples"] = 20 * as_data["test"]["examples"][:1]
    assert not probes.own_split(lambda: as_data)["enough"]
    assert probes.own_split(lambda: 3) == dict.fromkeys(report_split({}), False)


def test_what_is_no_record_fails_every_question() -> None:
    for nonsense in ("{", None, {"data": "d"}):
        answers = probes.own_record(lambda nonsense=nonsense: nonsense)
        assert answers == dict.fromkeys(QUESTIONS, False)
