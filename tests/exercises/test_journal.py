"""Progress survives torn lines, kills and two writers, and is never in the way."""

from __future__ import annotations

import subprocess
import sys

import pytest

from course_lib import edition, language, paths
from course_lib.exercises import hint, journal, progress

WRITER = (
    "import sys\n"
    "from course_lib.exercises import journal\n"
    "while True:\n"
    "    assert journal.record('check', '99.1', state='correct', who=sys.argv[1], pad='x' * 500)\n"
    "    print('.', flush=True)\n"
)


def test_standing_counts_and_keeps_the_best(chapter):
    assert journal.standing("99.1") == journal.Standing()
    for state in ("incorrect", "correct", "not_attempted"):
        assert journal.record("check", "99.1", state=state)
    journal.record("hint", "99.1", number=1)
    assert journal.standing("99.1") == journal.Standing("correct", tries=2, hints=1)
    edition.set_current(edition.Edition("99", "zh", "keras"))
    assert journal.standing("99.1") == journal.Standing()


def test_torn_and_alien_lines_are_left_out(chapter):
    journal.record("check", "99.1", state="correct")
    with open(paths.progress_file(), "ab") as file:
        file.write(b'[1]\nnull\n\xff\xfe\n{"event": 1, "exercise": "99.1"}\n{"event": "che')
    journal.record("check", "99.2", state="incorrect")
    assert [event["exercise"] for event in journal.read()] == ["99.1", "99.2"]


def test_two_kernels_killed_while_writing_lose_nothing_that_was_written(chapter):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, name], stdout=subprocess.PIPE)
        for name in "ab"
    ]
    written = []
    for writer in writers:
        for _ in range(10):
            writer.stdout.readline()
    for writer in writers:
        writer.kill()
        written.append(10 + writer.stdout.read().count(b"."))
        writer.wait()
    events = journal.read()
    for name, count in zip("ab", written, strict=True):
        assert sum(event["who"] == name for event in events) in (count, count + 1)
    assert journal.record("check", "99.2", state="correct")
    assert journal.read()[-1]["exercise"] == "99.2"


def test_a_place_that_cannot_be_written_is_no_obstacle(chapter, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "file" / "below"))
    assert not journal.record("check", "99.1", state="correct")
    assert journal.read() == []
    assert "0 of 6 points" in repr(progress())


def test_progress_shows_every_exercise(chapter):
    journal.record("check", "99.1", state="correct")
    journal.record("check", "99.2", state="incorrect")
    hint("99.2")
    words = repr(progress())
    assert "2 of 6 points" in words
    assert "A further 2 points are marked by hand." in words
    page = progress()._repr_html_()
    for part in ("✓ correct", "✗ not right yet", "○ not attempted", "→ marked by hand", "1/2"):
        assert part in page
    language.use("zh")
    assert "自动检查的练习共 6 分，已得 2 分" in repr(progress("99"))
    assert "这里还没有练习" in repr(progress("98"))


@pytest.mark.parametrize("mode", ["COURSE_STRICT", "COURSE_GRADING"])
def test_hints_of_a_test_run_are_not_recorded(chapter, monkeypatch, mode):
    monkeypatch.setenv(mode, "1")
    hint("99.1")
    assert journal.read() == []
