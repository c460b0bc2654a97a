"""Cutting: nothing that belongs together is torn apart, and what is torn is counted."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.projects import cut_parts, describe_parts, fingerprints
from course_lib.projects.cutting import PARTS, read_split, report_split, split_as_text

GROUPS = np.repeat(np.arange(20), 6)


def test_whole_groups_go_to_one_part_in_about_the_shares_asked_for() -> None:
    part = cut_parts(120, by="group", groups=GROUPS, seed=3)
    assert all(len(set(part[g == GROUPS])) == 1 for g in range(20))
    assert np.bincount(part).tolist() == [72, 24, 24]
    assert (part == cut_parts(120, by="group", groups=GROUPS, seed=3)).all()
    assert (part != cut_parts(120, by="group", groups=GROUPS, seed=4)).any()


def test_by_time_the_newest_are_tested_and_equal_times_stay_together() -> None:
    times = np.random.default_rng(0).permutation(np.repeat(np.arange(40), 3))
    part = cut_parts(120, by="time", times=times)
    assert [times[part == i].max() < times[part == i + 1].min() for i in (0, 1)] == [True, True]
    counts = describe_parts(part, np.arange(120).astype(str), times=times)
    assert counts["earlier"] == 0


def test_what_a_cut_tears_apart_is_counted() -> None:
    part = np.array([0, 0, 1, 1, 2, 2])
    prints = np.array(list("abcdba"))
    counts = describe_parts(
        part, prints, groups=np.array([1, 2, 2, 3, 3, 4]), times=np.array([1, 5, 3, 6, 6, 9])
    )
    assert counts == {"train": 2, "validation": 2, "test": 2, "twins": 4, "shared_groups": 2, "earlier": 2}  # fmt: skip


def test_fingerprints_know_copies() -> None:
    pictures = np.zeros((3, 4, 4, 1), np.uint8)
    pictures[2] = 1
    one, two, three = fingerprints(pictures)
    assert one == two != three and len(one) == 12
    same = fingerprints(np.array(["A good  book", "a good book ", "a bad book"]))
    assert same[0] == same[1] != same[2]


def test_a_split_survives_being_pasted() -> None:
    part = cut_parts(120, by="group", groups=GROUPS)
    text = split_as_text(part, fingerprints(np.arange(120).astype(str)), GROUPS)
    split = read_split(f"\n{text}\n")
    assert [len(split[name]["examples"]) for name in PARTS] == [72, 24, 24]
    assert report_split(split) == dict.fromkeys(report_split(split), True)
    torn = read_split(text.replace("test groups ", f"test groups {split['train']['groups'][0]}"))
    assert not report_split(torn)["no_shared_groups"] and report_split(torn)["no_twins"]
    lines = text.split("\n")
    shortened = "\n".join(f"{line[:70]}{'…' * (len(line) > 70)}" for line in lines)
    broken = "\n".join(line[i : i + 80] for line in lines for i in range(0, len(line), 80))
    without_groups = "\n".join(lines[1::2])
    for nonsense in (
        read_split(shortened),
        read_split(broken),
        read_split(without_groups),
        {"train": 3},
    ):
        assert not any(report_split(nonsense).values())
    assert not any(report_split(np.zeros(3)).values())


@pytest.mark.parametrize(
    "how", [{"by": "hand"}, {"by": "group"}, {"shares": (0.5, 0.5, 0.5)}, {"by": "group", "groups": np.zeros(9)}]
)  # fmt: skip
def test_what_cannot_be_cut_is_said(how) -> None:
    with pytest.raises(CourseError):
        cut_parts(9, **how)
