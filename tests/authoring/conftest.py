"""A course of one small chapter, in a folder of its own, that a test may spoil."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from course_lib.authoring import build

FIXTURE = Path(__file__).with_name("fixture_course")
SOURCE = Path("solutions/source/90_small_course.md")


@pytest.fixture(scope="session")
def built_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small course as committed: sources and everything made from them. Not to be changed."""
    root = tmp_path_factory.mktemp("course") / "course"
    shutil.copytree(FIXTURE, root)
    build(root)
    return root


@pytest.fixture
def course(built_course: Path, tmp_path: Path) -> Path:
    """A copy of the small course that the test may change."""
    return Path(shutil.copytree(built_course, tmp_path / "course"))


@pytest.fixture
def edit(course: Path) -> Callable[..., Path]:
    """Replace a text in the small course's source (or another file) by another."""

    def edit_file(old: str, new: str, path: Path = SOURCE) -> Path:
        text = (course / path).read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {path}"
        (course / path).write_text(text.replace(old, new, 1), encoding="utf-8")
        return course

    return edit_file
