"""Course and book in one file."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

from course_lib.book.packing import pack
from course_lib.errors import CourseError


@pytest.fixture
def made(tmp_path: Path) -> Path:
    (tmp_path / "made/html/en").mkdir(parents=True)
    (tmp_path / "made/html/en/index.html").write_text("page")
    return tmp_path / "made"


def test_the_course_and_the_pages_are_in_it_and_nothing_of_ones_own(
    made: Path, tmp_path: Path
) -> None:
    root = tmp_path / "checkout"
    (root / "course_lib").mkdir(parents=True)
    (root / "course_lib/学习.py").write_text("x = 1")
    (root / "my_notes.txt").write_text("mine")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    subprocess.run(["git", "-C", str(root), "add", "course_lib"], check=True)
    for _ in range(2):  # the second time over the first
        packed = pack(root, made)
    with zipfile.ZipFile(packed) as archive:
        assert archive.namelist() == [
            "deep-transfer-learning/course_lib/学习.py",
            "deep-transfer-learning/pages/en/index.html",
        ]
    assert [path.name for path in made.iterdir() if path.is_file()] == [packed.name]


def test_without_git_it_is_said_in_a_sentence(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "bare").mkdir()
    with pytest.raises(CourseError, match="no git checkout"):
        pack(tmp_path / "bare", made)
