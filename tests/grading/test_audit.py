"""The audit log: every act a line, an edit is noticed, a kill in the middle of a line is none."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from course_lib.grading import audit
from course_lib.grading.course import create


@pytest.fixture
def course(tmp_path):
    made = create(tmp_path / "course", language="en", framework="pytorch", repository=tmp_path)
    for number in range(5):
        audit.record(made, {"event": "graded", "student": f"学生{number}"})
    return made


@pytest.fixture
def log(course):
    return course.private / "audit.jsonl"


def test_lines_say_who_and_when_and_hang_together(course):
    lines = list(audit.read(course))
    assert [line["line"] for line in lines] == [1, 2, 3, 4, 5]
    assert all(line["time"] and line["by"] and line["environment"] for line in lines)
    found = audit.verify(course)
    assert found.whole and found.lines == 5 and len(found.last) == 64


def test_an_edit_an_insertion_and_a_removal_are_noticed(course, log):
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([*lines[:1], lines[1].replace("学生1".encode(), b"eve"), *lines[2:]]))
    assert audit.verify(course).broken == (3,)
    log.write_bytes(b"".join([*lines[:2], *lines[3:]]))
    found = audit.verify(course)
    assert found.broken == (3,) and found.missing == 1
    log.write_bytes(b"".join([*lines[:3], lines[1], *lines[3:]]))
    assert not audit.verify(course).whole
    log.write_bytes(b"".join(lines))
    assert audit.verify(course).whole


def test_an_end_that_was_cut_off_or_written_anew_is_noticed(course, log):
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:3]))
    assert audit.verify(course).missing == 2
    last = json.loads(lines[4])
    log.write_bytes(b"".join(lines[:4]) + json.dumps({**last, "student": "eve"}).encode() + b"\n")
    assert audit.verify(course).broken == (5,)
    (course.private / "audit.head").unlink()
    assert audit.verify(course).headless and not audit.verify(course).whole


def test_a_hash_noted_earlier_is_found_again_unless_all_was_written_anew(course, log):
    noted = audit.verify(course).last[:16]
    audit.record(course, {"event": "graded"})
    assert audit.verify(course, noted).known is True
    log.unlink()
    (course.private / "audit.head").unlink()
    audit.record(course, {"event": "graded"})
    assert audit.verify(course).whole  # nothing here can know
    assert audit.verify(course, noted).known is False


@pytest.mark.parametrize("left", [0, 1, 40])
def test_a_line_cut_short_by_a_kill_is_no_edit_and_the_log_goes_on(course, log, left):
    words = log.read_bytes()
    start = words.rstrip(b"\n").rindex(b"\n") + 1
    log.write_bytes(words[: start + left])
    (course.private / "audit.head").write_text(
        json.dumps({"lines": 4, "last": audit._hash(words[:start].splitlines()[-1])})
    )
    assert audit.verify(course).whole
    audit.record(course, {"event": "graded", "student": "after"})
    audit.record(course, {"event": "graded", "student": "later"})
    found = audit.verify(course)
    assert found.whole and found.cut_short == ((5,) if left else ())
    assert [line["student"] for line in audit.read(course)][-2:] == ["after", "later"]


def test_killed_between_the_line_and_its_count_nothing_is_wrong(course, log, monkeypatch):
    def killed(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(audit, "write_atomically", killed)
        with pytest.raises(KeyboardInterrupt):
            audit.record(course, {"event": "graded"})
    assert audit.verify(course).whole
    audit.record(course, {"event": "graded"})
    assert audit.verify(course).whole and audit.verify(course).lines == 7


WRITER = """
import sys
from pathlib import Path
from course_lib.grading import audit
from course_lib.grading.course import open_course
course = open_course(Path(sys.argv[1]))
for number in range(int(sys.argv[2])):
    audit.record(course, {"event": "graded", "student": f"学生{number}", "much": "x" * 70000})
"""


def test_several_processes_write_at_once_and_some_are_killed(course):
    def start(count):
        return subprocess.Popen([sys.executable, "-c", WRITER, str(course.folder), str(count)])

    steady, doomed = [start(30), start(30)], [start(10_000), start(10_000)]
    for number, process in enumerate(doomed):
        while audit.verify(course).lines < 15 * (number + 1):
            time.sleep(0.01)
        process.kill()
        process.wait()
    assert [process.wait() for process in steady] == [0, 0]
    found = audit.verify(course)
    assert found.whole and found.lines >= 65
    lines = [line["line"] for line in audit.read(course)]
    assert lines == sorted(set(lines))
