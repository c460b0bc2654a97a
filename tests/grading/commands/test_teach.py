"""The instructors' command line: one sentence for each misuse, a proper exit status, both languages."""

from __future__ import annotations

import csv

import nbformat
import pytest
from typer.testing import CliRunner

from course_lib import language
from course_lib.errors import CourseError
from course_lib.grading.commands.teach import teach
from course_lib.grading.walls import sandbox
from tests.conftest import require
from tests.grading.tiny_course import RIGHT, answered

pytestmark = [
    pytest.mark.usefixtures("course_home"),
]


def run(*arguments, status=0):
    result = CliRunner().invoke(teach, [str(each) for each in arguments])
    if isinstance(result.exception, CourseError):
        raise result.exception
    assert result.exit_code == status, result.output
    return result.output


def test_from_a_zip_to_a_table(course, tmp_path):
    require(sandbox.available(), "this machine has no bubblewrap sandbox")
    handed_in = tmp_path / "in" / "王芳"
    handed_in.mkdir(parents=True)
    nbformat.write(answered(course, RIGHT), handed_in / "homework.ipynb")
    (tmp_path / "in" / "readme.txt").write_text("hello")
    at = ("--dir", course.folder)
    said = run("collect", tmp_path / "in", *at)
    assert "✓ 王芳" in said and "✗ readme.txt: not a notebook" in said
    assert "1 taken, 1 not taken." in said
    assert "王芳" in run("status", *at) and "not graded" in run("status", *at)
    said = run("grade", "90", *at)
    assert "✓ 王芳: 5 / 7" in said and "1 graded, 0 failed" in said
    assert "unchanged" in run("grade", "90")  # the course used last is remembered
    assert ".html" in run("feedback", "90")
    run("export", tmp_path / "grades.csv", "--bom")
    with open(tmp_path / "grades.csv", encoding="utf-8-sig") as file:
        (row,) = csv.DictReader(file)
    assert (row["student_id"], row["score"], row["90.1"]) == ("王芳", "5", "2")
    language.use("zh")
    assert "王芳" in run("grade", "90") and "已评 1 份" in run("grade", "90")


def test_a_failed_student_gives_a_failed_status(course):
    require(sandbox.available(), "this machine has no bubblewrap sandbox")
    folder = course.folder / "submitted" / "ann" / "90"
    folder.mkdir(parents=True)
    (folder / f"{course.notebook_name('90')}.ipynb").write_text("{")
    assert "✗ ann" in run("grade", "90", "--dir", course.folder, status=1)
    # The table may break the sentence where the terminal ends.
    assert "failed" in run("status", "--dir", course.folder)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("grade", "90"), "Nobody has handed in"),
        (("grade", "17"), "release 17"),
        (("grade", "90", "--student", "eve"), "eve"),
        (("feedback", "90"), "grade 90"),
        (("collect", "nowhere"), "nowhere is not there"),
        (("release", "98"), "no solved edition"),
    ],
)
def test_misuse_is_answered_by_one_sentence(released_course, arguments, sentence):
    with pytest.raises(CourseError, match=sentence):
        run(*arguments, "--dir", released_course.folder)


def test_a_folder_that_is_no_course_is_said(tmp_path):
    with pytest.raises(CourseError, match="not a course directory"):
        run("status", "--dir", tmp_path)


def test_every_command_has_help():
    commands = ("init", "release", "collect", "grade", "feedback", "export", "status", "kit")
    commands += ("roster", "due", "late", "extend", "audit")
    for command in commands:
        assert "--help" in run(command, "--help")
