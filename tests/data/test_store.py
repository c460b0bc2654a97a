"""The cache: made once, whole or not there, never wrong."""

from __future__ import annotations

import errno
import subprocess
import sys

import numpy as np
import pytest

from course_lib.data import store
from tests.conftest import ROOT

KEY = {"name": "test", "n": 3}


@pytest.fixture
def made(course_home):
    """A maker that counts how often it was asked."""

    def make():
        make.times += 1
        return {"x": np.arange(make.times, make.times + 3)}

    make.times = 0
    return make


def test_it_is_made_once(made):
    first, second = store.cached(KEY, made), store.cached(KEY, made)
    assert made.times == 1
    assert first["x"].tolist() == second["x"].tolist() == [1, 2, 3]


def test_another_key_is_another_entry(made):
    store.cached(KEY, made)
    store.cached(KEY | {"n": 4}, made)
    assert made.times == 2


@pytest.mark.parametrize("damage", [b"", b"not a zip file"])
def test_a_damaged_entry_is_made_anew(made, damage):
    store.cached(KEY, made)
    store.entry_path(KEY).write_bytes(damage)
    assert store.cached(KEY, made)["x"].tolist() == [2, 3, 4]
    assert store.cached(KEY, made)["x"].tolist() == [2, 3, 4]


def test_a_flipped_or_cut_entry_is_made_anew(made):
    store.cached(KEY, made)
    whole = store.entry_path(KEY).read_bytes()
    flipped = bytearray(whole)
    flipped[whole.index(b"\x01\x00\x00\x00\x00\x00\x00\x00\x02")] ^= 255
    for damaged in (bytes(flipped), whole[: len(whole) // 2]):
        store.entry_path(KEY).write_bytes(damaged)
        before = made.times
        store.cached(KEY, made)
        assert made.times == before + 1


def test_without_cache_the_disk_is_left_alone(made, course_home):
    store.cached(KEY, made, cache=False)
    assert not course_home.exists()


def test_two_processes_make_one_entry(course_home):
    code = (
        "import numpy as np, os, time\n"
        "from course_lib.data import store\n"
        "def make():\n"
        "    time.sleep(0.5)\n"
        "    return {'x': np.array([os.getpid()])}\n"
        "print(store.cached({'name': 'race'}, make)['x'][0])\n"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=60)[0].strip() for process in both]
    assert all(process.returncode == 0 for process in both)
    assert answers[0] == answers[1] != ""


def test_changed_code_is_another_fingerprint(tmp_path):
    file = tmp_path / "code.py"
    file.write_text("a = 1\n")
    before = store.code_of(str(file))
    file.write_text("a = 2\n")
    assert store.code_of(str(file)) != before


def test_where_nothing_can_be_written_it_is_made_in_memory_and_said_once(made, capsys):
    folder = store.entry_path(KEY).parent
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file where the folder should be", encoding="utf-8")
    store._tell.cache_clear()
    assert store.cached(KEY, made)["x"].tolist() == [1, 2, 3]
    assert store.cached(KEY, made)["x"].tolist() == [2, 3, 4]
    said = capsys.readouterr().out
    assert said.count("made in memory") == 1 and said.count("\n") == 1 and "COURSE_HOME" in said


def test_a_full_disk_does_not_stop_the_lesson(made, monkeypatch, capsys):
    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store, "write_atomically", full)
    store._tell.cache_clear()
    assert store.cached(KEY, made)["x"].tolist() == [1, 2, 3]
    assert "No space left" in capsys.readouterr().out


def test_what_goes_wrong_while_making_is_not_taken_for_a_full_disk(course_home):
    def broken():
        raise OSError("the maker's own trouble")

    with pytest.raises(OSError, match="the maker's own"):
        store.cached(KEY, broken)
