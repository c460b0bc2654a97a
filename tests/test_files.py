"""Files are whole or not there; a lock has one holder; paths follow COURSE_HOME."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from course_lib import paths
from course_lib.errors import CourseError
from course_lib.files import locked, sha256_of, write_atomically
from tests.conftest import ROOT


def test_text_and_bytes_arrive_as_given(tmp_path: Path) -> None:
    path = write_atomically(tmp_path / "new" / "folder" / "file.txt", "一行\nzwei\n")
    assert path.read_bytes() == "一行\nzwei\n".encode()
    write_atomically(path, b"\x00\r\n")
    assert path.read_bytes() == b"\x00\r\n"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.txt"]


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_atomically(tmp_path / "file", "old")

    def fail(*_: object) -> None:
        raise OSError("no")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="no"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.name != "posix", reason="permissions are Unix's")
def test_permissions_are_those_of_an_ordinary_file(tmp_path: Path) -> None:
    (tmp_path / "ordinary").write_text("")
    path = write_atomically(tmp_path / "atomic", "")
    assert path.stat().st_mode == (tmp_path / "ordinary").stat().st_mode
    path.chmod(0o750)
    assert write_atomically(path, "again").stat().st_mode & 0o777 == 0o750


def test_sha256(tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    path = write_atomically(tmp_path / "file", data)
    assert sha256_of(path) == hashlib.sha256(data).hexdigest()


HOLDER = """
import sys, time
from course_lib.files import locked
with locked(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lock_has_one_holder_and_is_free_once_that_one_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, cwd=ROOT
    )
    try:
        assert holder.stdout and holder.stdout.readline().strip() == b"held"
        with pytest.raises(CourseError, match="Another process"), locked(path, timeout=0.2):
            pass
    finally:
        holder.kill()
        holder.communicate()
    began = time.monotonic()
    with locked(path, timeout=5):
        assert time.monotonic() - began < 2


def test_everything_stands_below_course_home(course_home: Path) -> None:
    for path in (paths.cache_dir(), paths.data_dir(), paths.progress_file()):
        assert path.is_relative_to(course_home)
    assert not course_home.exists()  # naming a folder does not make it


def test_without_course_home_the_platform_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COURSE_HOME")
    assert paths.cache_dir() != paths.data_dir()
    for path in (paths.cache_dir(), paths.data_dir(), paths.progress_file()):
        assert path.is_absolute()
        assert "deep-transfer-learning-course" in path.parts


def test_the_repository_is_found() -> None:
    assert paths.repository_root() == ROOT
