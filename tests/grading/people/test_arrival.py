"""When work was handed in: what platforms' exports say of it, and what is not believed."""

from __future__ import annotations

import json
import os
import struct
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from nbgrader.utils import parse_utc

from course_lib.errors import CourseError
from course_lib.grading import audit
from course_lib.grading.collect import collect
from course_lib.grading.course import create
from course_lib.grading.people.lateness import read_timestamp
from course_lib.grading.people.policy import change_policy
from course_lib.grading.people.roster import Student, save
from tests.conftest import require

EVENING = (2026, 10, 1, 20, 30, 0)
NIGHT = (2026, 10, 2, 1, 0, 0)


def notebook(text=""):
    cells = [{"cell_type": "markdown", "metadata": {}, "source": text}]
    metadata = {"course": {"chapter": "90", "framework": "pytorch"}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def course(tmp_path):
    made = create(tmp_path / "course", language="zh", framework="pytorch", repository=tmp_path)
    change_policy(made, timezone="Asia/Shanghai")
    for side in ("source", "release"):
        (made.folder / side / "90").mkdir(parents=True)
        (made.folder / side / "90" / "90_tiny.ipynb").write_text(notebook())
    return made


def zipped(path, entries, *, gbk=False):
    """Write a zip as a platform does: (name, time, content, extra)."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, time, content, *extra in entries:
            # Of the same length in bytes, so that the name can be put in afterwards.
            shown = "X" * len(name.encode("gb18030")) if gbk else name
            info = zipfile.ZipInfo(shown, time)
            info.extra = extra[0] if extra else b""
            archive.writestr(info, content)
    if gbk:
        words = path.read_bytes()
        for name, *_ in sorted(entries, key=lambda each: -len(each[0].encode("gb18030"))):
            raw = name.encode("gb18030")
            words = words.replace(b"X" * len(raw), raw)
        path.write_bytes(words)
    return path


def times(course):
    found = {name: read_timestamp(course, "90", name) for name in course.submissions("90")}
    return {name: f"{time:%m-%d %H:%M}" if time else None for name, time in found.items()}


def test_a_zips_times_are_those_of_the_courses_zone_and_nbgrader_reads_them(course, tmp_path):
    entries = [
        ("李雷/90_tiny.ipynb", EVENING, notebook("a")),
        ("王芳/90_tiny.ipynb", NIGHT, notebook("b")),
    ]
    said = []
    collect(course, zipped(tmp_path / "x.zip", entries), say=said.append)
    assert times(course) == {"李雷": "10-01 12:30", "王芳": "10-01 17:00"}
    stamp = (course.submissions("90")["王芳"] / "timestamp.txt").read_text()
    assert parse_utc(stamp) == datetime(2026, 10, 1, 17, 0)
    assert "zip" in said[0]
    lines = [line for line in audit.read(course) if line["event"] == "collected"]
    assert {line["time_from"] for line in lines} == {"zip"}


def test_an_entry_that_says_utc_is_believed_before_one_that_does_not(course, tmp_path):
    seconds = int(datetime(2026, 10, 1, 15, 0, tzinfo=UTC).timestamp())
    extra = struct.pack("<HHBi", 0x5455, 5, 1, seconds)
    entries = [
        ("李雷/a.ipynb", NIGHT, notebook("a"), extra),
        ("王芳/a.ipynb", NIGHT, notebook("b")),
    ]
    collect(course, zipped(tmp_path / "x.zip", entries))
    assert times(course) == {"李雷": "10-01 15:00", "王芳": "10-01 17:00"}


def test_the_time_of_a_zips_making_says_nothing_unless_it_is_told_to(course, tmp_path):
    near = (2026, 10, 2, 1, 0, 30)
    entries = [("李雷/a.ipynb", NIGHT, notebook("a")), ("王芳/a.ipynb", near, notebook("b"))]
    path, said = zipped(tmp_path / "x.zip", entries), []
    collect(course, path, say=said.append)
    assert times(course) == {"李雷": None, "王芳": None} and "--times zip" in said[0]
    collect(course, path, times="zip")
    assert times(course) == {"李雷": "10-01 17:00", "王芳": "10-01 17:00"}


def test_a_student_cannot_hand_in_yesterday(course, tmp_path):
    inner = zipped(tmp_path / "i.zip", [("a.ipynb", (2026, 9, 1, 8, 0, 0), notebook("a"))])
    stamp = "2026-09-01 08:00:00 UTC"
    entries = [
        ("李雷.zip", NIGHT, inner.read_bytes()),
        ("王芳/90_tiny.ipynb", EVENING, notebook("b")),
        ("eve/90_tiny.ipynb", NIGHT, notebook("c")),
        ("eve/timestamp.txt", EVENING, stamp),
        ("mallory/x_mallory_attempt_2026-09-01-08-00-00_90_tiny.ipynb", NIGHT, notebook("d")),
    ]
    collect(course, zipped(tmp_path / "x.zip", entries))
    assert times(course) == {
        **dict.fromkeys(("eve", "mallory", "李雷"), "10-01 17:00"),
        "王芳": "10-01 12:30",
    }


def test_nbgraders_own_layout_keeps_its_times(course, tmp_path):
    for student, stamp in {
        "ann": "2026-10-01 12:00:00.5 UTC",
        "bob": "2026-10-01 20:00:00 CST",
    }.items():
        folder = tmp_path / "in" / student / "90"
        folder.mkdir(parents=True)
        (folder / "90_tiny.ipynb").write_text(notebook(student))
        (folder / "timestamp.txt").write_text(stamp if student == "ann" else "nonsense")
    collect(course, tmp_path / "in")
    assert times(course) == {"ann": "10-01 12:00", "bob": None}


def test_blackboards_names_say_when(course, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for student, day in {"ada01": 1, "bob02": 2}.items():
        name = f"Lab_{student}_attempt_2026-10-0{day}-20-00-00_90_tiny.ipynb"
        (folder / name).write_text(notebook(student))
    collect(course, folder)
    assert times(course) == {"ada01": "10-01 12:00", "bob02": "10-02 12:00"}


def test_one_student_cannot_take_everybodys_time_away(course, tmp_path):
    for student in ("ann", "eve"):
        folder = tmp_path / "in" / student / "90"
        folder.mkdir(parents=True)
        (folder / "90_tiny.ipynb").write_text(notebook(student))
        (folder / "timestamp.txt").write_text("2026-10-01 12:00:00 UTC")
    (tmp_path / "in" / "eve" / "90" / "more").mkdir()
    (tmp_path / "in" / "eve" / "90" / "more" / "x.ipynb").write_text(notebook("more"))
    (tmp_path / "in" / "eve" / "90" / "link.ipynb").symlink_to("/etc/passwd")
    collect(course, tmp_path / "in")
    assert times(course) == {"ann": "10-01 12:00", "eve": "10-01 12:00"}


def test_files_in_a_folder_say_nothing_but_the_instructor_may(course, tmp_path):
    folder = tmp_path / "in" / "ann"
    folder.mkdir(parents=True)
    (folder / "90_tiny.ipynb").write_text(notebook("a"))
    collect(course, tmp_path / "in")
    assert times(course) == {"ann": None}
    told = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
    collect(course, tmp_path / "in", received=told)
    assert times(course) == {"ann": "10-01 12:00"}
    # Collected again without change, the first time stands; a new version has a time of its own.
    collect(course, tmp_path / "in", received=datetime(2026, 10, 5, tzinfo=UTC))
    assert times(course) == {"ann": "10-01 12:00"}
    (folder / "90_tiny.ipynb").write_text(notebook("new"))
    collect(course, tmp_path / "in")
    assert times(course) == {"ann": None}


def test_the_future_and_1980_are_no_times(course, tmp_path):
    entries = [
        ("李雷/a.ipynb", (1980, 1, 1, 0, 0, 0), notebook("a")),
        ("王芳/a.ipynb", (2099, 1, 1, 0, 0, 0), notebook("b")),
        ("ann/a.ipynb", NIGHT, notebook("c")),
        ("bob/a.ipynb", EVENING, notebook("d")),
    ]
    collect(course, zipped(tmp_path / "x.zip", entries))
    assert times(course) == {"李雷": None, "王芳": None, "ann": "10-01 17:00", "bob": "10-01 12:30"}


def test_with_a_class_list_platforms_names_become_student_numbers(course, tmp_path):
    students = ("20230101", "李雷"), ("0070", "王芳"), ("20230103", "王伟"), ("20230104", "王伟")
    save(course, [Student(number, name) for number, name in students])
    entries = [
        ("20230101-李雷-第四章/笔记 本（最终版）.ipynb", EVENING, notebook("a")),
        ("王芳_1234_assignsubmission_file_/作业.ipynb", NIGHT, notebook("b")),
        ("王伟/20230104.ipynb", NIGHT, notebook("c")),
        ("王伟_1235_assignsubmission_file_/x.ipynb", NIGHT, notebook("d")),
        ("路人甲/x.ipynb", NIGHT, notebook("e")),
    ]
    outcomes = collect(course, zipped(tmp_path / "学习通.zip", entries, gbk=True))
    assert set(times(course)) == {"20230101", "0070", "20230104", "路人甲"}
    why = {each.name: each.why for each in outcomes if each.why}
    assert "20230103, 20230104" in why["王伟_1235_assignsubmission_file_/x.ipynb"]
    assert "路人甲" in why["路人甲/x.ipynb"] and len(why) == 2


def test_a_list_that_cannot_be_read_stops_collecting_with_a_sentence(course, tmp_path):
    (course.folder / "roster.json").write_text("{")
    with pytest.raises(CourseError, match="teach roster"):
        collect(course, zipped(tmp_path / "x.zip", [("a/a.ipynb", NIGHT, notebook())]))


def test_a_name_that_is_no_text_stops_nobody(course, tmp_path):
    (tmp_path / "in" / "ann").mkdir(parents=True)
    (tmp_path / "in" / "ann" / "90_tiny.ipynb").write_text(notebook("a"))
    odd = os.fsencode(tmp_path / "in") + b"/\xff\xfe"
    try:
        os.mkdir(odd)
    except OSError:
        require(False, "this file system takes only names that are text")
    (Path(os.fsdecode(odd)) / "90_tiny.ipynb").write_text(notebook("b"))
    outcomes = collect(course, tmp_path / "in")
    assert {each.student: each.state for each in outcomes}["ann"] == "new"
    assert len(outcomes) == 2 and audit.verify(course).whole
