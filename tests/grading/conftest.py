"""The tiny course, built once and copied for each test that changes something."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.grading import tiny_course


@pytest.fixture(scope="session")
def tiny_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_course.build_repository(tmp_path_factory.mktemp("repository"))


@pytest.fixture(scope="session")
def fresh_course(tmp_path_factory: pytest.TempPathFactory, tiny_repository: Path) -> Path:
    """A course with the tiny chapter released: only to be copied, so no test finds another's traces."""
    return tiny_course.make_course(tmp_path_factory.mktemp("fresh"), tiny_repository).folder


@pytest.fixture(scope="session")
def released_course(tmp_path_factory: pytest.TempPathFactory, fresh_course: Path):
    """The same for all tests that change nothing which others look at; an audit line is no harm."""
    from course_lib.grading.course import open_course

    folder = tmp_path_factory.mktemp("released") / "course"
    shutil.copytree(fresh_course, folder)
    return open_course(folder)


@pytest.fixture
def course(tmp_path: Path, fresh_course: Path):
    """The same, the test's own."""
    from course_lib.grading.course import open_course

    shutil.copytree(fresh_course, tmp_path / "course")
    return open_course(tmp_path / "course")


@pytest.fixture
def deserved(course, tiny_repository: Path) -> dict[str, float]:
    """Six students' work, handed in in the course; what each deserves."""
    return tiny_course.hand_in_class(course, tiny_repository, 6)
