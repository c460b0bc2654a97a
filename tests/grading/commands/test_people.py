"""An instructor's round with a class of people: list, due date, extension, zip in, status, zip out."""

from __future__ import annotations

import shutil
import zipfile

import nbformat
import pytest

from course_lib import language
from course_lib.errors import CourseError
from course_lib.grading.commands.options import find
from course_lib.grading.course import open_course
from course_lib.grading.walls import sandbox
from tests.conftest import require
from tests.grading.commands.test_teach import run
from tests.grading.test_grading import nbgrader
from tests.grading.tiny_course import RIGHT, answered

pytestmark = [
    pytest.mark.usefixtures("course_home"),
]

CLASS = "学号,姓名\n0070,王芳\n20230101,李雷\n20230102,王伟\n20230103,王伟\n20230104,赵六\n"
WRONG = {**RIGHT, "90.1": "def column_means(x):\n    return x.sum(axis=0)"}


@pytest.fixture(scope="module")
def _prepared(fresh_course, tmp_path_factory):
    """The class list is in, work is due on the first of October, and one student has a day more."""
    folder = tmp_path_factory.mktemp("class")
    shutil.copytree(fresh_course, folder / "course")
    (folder / "名单.csv").write_bytes(CLASS.encode("gb18030"))
    at = ("--dir", folder / "course")
    assert "5 students" in run("roster", folder / "名单.csv", *at)
    run(
        "late",
        "--percent",
        "10",
        "--limit",
        "50",
        "--grace",
        "5",
        "--timezone",
        "Asia/Shanghai",
        *at,
    )
    assert "2026-10-01 23:59 +08:00" in run("due", "90", "2026-10-01 23:59", *at)
    assert "2026-10-02 23:59 +08:00" in run(
        "extend", "90", "--student", "20230102", "--days", "1", *at
    )
    return folder / "course"


@pytest.fixture
def course(_prepared, tmp_path):
    shutil.copytree(_prepared, tmp_path / "course")
    return open_course(tmp_path / "course")


@pytest.fixture
def at(course):
    return ("--dir", course.folder)


@pytest.fixture
def zip_file(course, tmp_path):
    entries = {
        "第90章/0070_王芳_tiny/90_tiny.ipynb": ((2026, 10, 1, 20, 0, 0), RIGHT),
        "第90章/李雷_17_assignsubmission_file_/作业 （终稿）.ipynb": (
            (2026, 10, 2, 1, 0, 0),
            RIGHT,
        ),
        "第90章/20230102王伟/90_tiny.ipynb": ((2026, 10, 2, 12, 0, 0), WRONG),
        "第90章/20230103王伟/90_tiny.ipynb": ((2026, 10, 1, 9, 0, 0), None),
    }
    with zipfile.ZipFile(tmp_path / "提交.zip", "w") as archive:
        for name, (time, answers) in entries.items():
            content = "{" if answers is None else nbformat.writes(answered(course, answers))
            archive.writestr(zipfile.ZipInfo(name, time), content)
    return tmp_path / "提交.zip"


def test_the_whole_round(at, zip_file, course, tmp_path, monkeypatch):
    require(sandbox.available(), "this machine has no bubblewrap sandbox")
    monkeypatch.setenv("COLUMNS", "200")
    said = run("collect", zip_file, *at)
    assert "✓ 20230101  (new)  2026-10-02 01:00 +08:00" in said
    assert "3 taken, 1 not taken" in said and "not a Jupyter notebook" in said
    assert "4 of 5 handed in, 1 late, 1 missing; 0 graded, 1 failed" in run("status", *at)
    said = run("grade", "90", *at)
    assert "✓ 20230101 李雷: 5 / 7, late −0.5" in said and "✓ 20230102 王伟: 3 / 7" in said
    said = run("status", *at)
    assert "Not right yet: 90.1" in said and "4.5 / 7 (late −0.5)" in said
    assert "Audit log:" in said and "whole" in said
    assert "赵六" in run("status", "--only", "missing", *at)
    only = run("status", "--only", "late", *at)
    assert "李雷" in only and "王芳" not in only
    assert "not graded" not in run("status", "--student", "0070", *at)

    run("feedback", "90", "--to", tmp_path / "反馈.zip", *at)
    with zipfile.ZipFile(tmp_path / "反馈.zip") as archive:
        assert sorted(archive.namelist()) == [
            "第90章/0070_王芳_tiny/90_tiny.html",
            "第90章/20230102王伟/90_tiny.html",
            "第90章/李雷_17_assignsubmission_file_/作业 （终稿）.html",
        ]
        page = archive.read("第90章/0070_王芳_tiny/90_tiny.html").decode()
    assert "0070 王芳" in page and "2026-10-01 20:00 +08:00" in page
    run("feedback", "90", "--student", "0070", "--to", tmp_path / "pages", *at)
    assert (tmp_path / "pages" / "第90章" / "0070_王芳_tiny" / "90_tiny.html").is_file()

    assert "1 graded" in run(
        "grade", "90", "--student", "0070", "--exercise", "90.2", "--again", *at
    )
    said = run("export", tmp_path / "grades.csv", *at)
    assert "5 rows" in said and "leading zeros" in said
    lines = run("audit", *at).splitlines()
    assert any("regraded  90  0070  90-2=Correct" in line for line in lines)
    assert "whole" in lines[-1]
    log = course.private / "audit.jsonl"
    log.write_bytes(log.read_bytes().replace(b"20230101", b"20230109"))
    assert "NOT whole" in run("audit", "--verify", *at, status=1)
    assert "NOT whole" in run("status", *at)


def test_everything_is_said_in_chinese_too(at, zip_file, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    language.use("zh")
    said = run("collect", zip_file, *at)
    assert "收取 3 份，未收取 1 份" in said and "（新交）" in said.replace("(", "（").replace(
        ")", "）"
    )
    said = run("status", *at)
    assert "5 人中 4 人已交，其中迟交 1 人，未交 1 人" in said and "迟 1 小时 1 分钟" in said
    assert "无截止时间" in run("due", "90", "none", *at)
    assert "不足一天按一天计" in run("late", *at)


def test_why_it_failed_is_read_in_either_language(at, course, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    folder = course.folder / "submitted" / "0070" / "90"
    folder.mkdir(parents=True)
    (folder / "90_tiny.ipynb").write_text("{")
    require(sandbox.available(), "this machine has no bubblewrap sandbox")
    run("grade", "90", *at, status=1)
    assert "can't be read as a notebook" in run("status", *at)
    language.use("zh")
    assert "无法作为笔记本读取" in run("status", "--only", "failed", *at)


def test_who_left_the_class_is_missed_no_more_but_no_work_is_lost(
    at, course, tmp_path, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "200")
    (course.folder / "submitted" / "20230101" / "90").mkdir(parents=True)
    (tmp_path / "new.csv").write_text("学号,姓名\n0070,王芳\n")
    run("roster", tmp_path / "new.csv", *at)
    said = run("status", *at)
    assert "0070 王芳" in said and "20230104" not in said
    assert "20230101" in said and "not on the class list" in said


def test_nbgraders_own_export_lists_the_missing_as_missing(at, course, tmp_path):
    status, log = nbgrader(course, "export", "--to", str(tmp_path / "g.csv"))
    assert status == 0, log
    table = (tmp_path / "g.csv").read_text(encoding="utf-8-sig")
    assert table.count(",missing,") == 5
    assert "0070,王芳" in table


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("due", "90", "soon"), "is not a time"),
        (("due", "17", "2026-10-01"), "has not been released"),
        (("late", "--percent", "200"), "between 0 and 100"),
        (("late", "--timezone", "Mars/Phobos"), "no time zone"),
        (("extend", "90", "--student", "nobody", "--days", "1"), "There is no nobody"),
        (("extend", "90", "--student", "0070"), "Say how long"),
        (("extend", "90", "--student", "0070", "--until", "2026-09-01"), "after the due date"),
        (("status", "--only", "lazy"), "--only takes one of"),
        (("status", "--chapter", "17"), "has not been released"),
        (("export", "grades.pdf"), r"\.csv or \.xlsx"),
        (("roster", "nowhere.xlsx"), "is not there"),
        (("collect", "x.zip", "--times", "maybe"), "auto, zip or none"),
    ],
)
def test_misuse_is_answered_by_one_sentence(at, arguments, sentence):
    with pytest.raises(CourseError, match=sentence):
        run(*arguments, *at)


def test_the_course_directory_is_said_where_it_was_not_named(course, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_TEACH_DIR", str(course.folder))
    assert find(None) == course
    assert str(course.folder) in capsys.readouterr().out
