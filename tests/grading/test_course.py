"""The course directory: made once, completed when run again, its secret kept to itself."""

from __future__ import annotations

import json
import stat
import sys

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.grading.course import create, find_course, open_course, remember


def make(folder, **other):
    return create(folder, language=other.get("language", "zh"), framework="keras")


def test_the_secret_is_32_bytes_for_its_owner_alone(tmp_path):
    course = make(tmp_path / "course")
    assert len(course.secret) == 32
    if sys.platform != "win32":
        assert stat.S_IMODE((course.private / "secret").stat().st_mode) == 0o600
        assert stat.S_IMODE(course.private.stat().st_mode) == 0o700
    assert make(tmp_path / "other").secret != course.secret


def test_making_it_again_keeps_secret_and_configuration(tmp_path):
    course = make(tmp_path / "course")
    secret = course.secret
    (course.folder / "nbgrader_config.py").write_text("# mine\n")
    assert make(tmp_path / "course").secret == secret
    assert (course.folder / "nbgrader_config.py").read_text() == "# mine\n"


def test_another_edition_or_a_folder_in_use_is_refused(tmp_path):
    make(tmp_path / "course")
    with pytest.raises(CourseError, match="already"):
        make(tmp_path / "course", language="en")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("…")
    with pytest.raises(CourseError, match="not empty"):
        make(tmp_path / "mine")
    with pytest.raises(CourseError, match="no edition"):
        create(tmp_path / "new", language="fr", framework="keras")
    assert not (tmp_path / "new").exists()


def test_a_damaged_secret_is_said_and_not_replaced(tmp_path):
    course = make(tmp_path / "course")
    (course.private / "secret").write_bytes(b"short")
    with pytest.raises(CourseError, match="damaged"):
        course.draws_for("04.1")


def test_draws_differ_between_exercises_and_courses_and_not_between_runs(tmp_path):
    one, other = make(tmp_path / "one"), make(tmp_path / "other")

    def draw(course, name):
        return course.draws_for(name).normal(size=4)

    assert np.array_equal(draw(one, "04.1"), draw(open_course(one.folder), "04.1"))
    assert not np.array_equal(draw(one, "04.1"), draw(one, "04.2"))
    assert not np.array_equal(draw(one, "04.1"), draw(other, "04.1"))


def test_the_course_that_is_meant_is_found(tmp_path, monkeypatch, course_home):
    one, other = make(tmp_path / "one"), make(tmp_path / "other")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CourseError, match="not a course directory"):
        find_course(None)
    remember(other)
    assert find_course(None).folder == other.folder
    assert find_course(one.folder).folder == one.folder
    monkeypatch.chdir(one.folder / "source")
    assert find_course(None).folder == one.folder
    monkeypatch.setenv("COURSE_TEACH_DIR", str(other.folder))
    assert find_course(None).folder == other.folder


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"language": "zh"})])
def test_damaged_settings_are_said_in_one_sentence(tmp_path, text):
    (tmp_path / "course.json").write_text(text)
    with pytest.raises(CourseError, match="not a course directory"):
        open_course(tmp_path)


def test_completing_a_course_keeps_what_else_stands_in_its_settings(tmp_path):
    course = create(tmp_path / "c", language="en", framework="pytorch", repository=tmp_path)
    settings = json.loads((course.folder / "course.json").read_text())
    (course.folder / "course.json").write_text(json.dumps({**settings, "limits": {"processes": 9}}))
    create(course.folder, language="en", framework="pytorch", repository=tmp_path)
    assert json.loads((course.folder / "course.json").read_text())["limits"] == {"processes": 9}
