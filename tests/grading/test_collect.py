"""Folders and zips as learning platforms export them, and what hides in some."""

from __future__ import annotations

import json
import stat
import zipfile
from pathlib import Path

import pytest

from course_lib.errors import CourseError
from course_lib.grading.collect import collect, student_name
from course_lib.grading.course import create


def notebook(text: str = "", **said: str) -> str:
    metadata = {"course": {"chapter": "90", "framework": "pytorch", **said}}
    cells = [{"cell_type": "markdown", "metadata": {}, "source": text}]
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def course(tmp_path: Path):
    made = create(tmp_path / "course", language="en", framework="pytorch", repository=tmp_path)
    for side in ("source", "release"):
        folder = made.folder / side / "90"
        folder.mkdir(parents=True)
        (folder / "90_tiny.ipynb").write_text(notebook())
    return made


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def zipped(path: Path, files: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def students(course) -> list[str]:
    return sorted(course.submissions("90"))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"ann/90_tiny.ipynb": "", "王芳/90_tiny.ipynb": ""}, ["ann", "王芳"]),
        ({"all/ann/90_tiny.ipynb": "", "all/bob/my.ipynb": ""}, ["ann", "bob"]),
        ({"ann.ipynb": "", "2023001_李雷_90_tiny.ipynb": ""}, ["2023001_李雷", "ann"]),
        ({"export/ann.ipynb": "", "export/bob.ipynb": ""}, ["ann", "bob"]),
        ({"all/ann/90_tiny.ipynb": ""}, ["ann"]),
        (
            {
                "Ada Love_1234_assignsubmission_file_/x.ipynb": "",
                "B_9_assignsubmission_file/x.ipynb": "",
            },
            ["Ada Love", "B"],
        ),
        (
            {"lovelaceada_77_1234_90_tiny.ipynb": "", "bob_78_1235_x.ipynb": ""},
            ["bob_78", "lovelaceada_77"],
        ),
        ({"Lab_ada01_attempt_2026-01-02-10-00-00_90_tiny.ipynb": ""}, ["ada01"]),
        ({"ann/.ipynb_checkpoints/90_tiny.ipynb": "", "ann/work.ipynb": ""}, ["ann"]),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_names_come_from_folders_or_files(course, tmp_path, files, expected, packed):
    files = {name: notebook(name) for name in files}
    path = zipped(tmp_path / "x.zip", files) if packed else write(tmp_path / "x", files)
    outcomes = collect(course, path)
    assert students(course) == sorted(expected)
    assert {each.student for each in outcomes if each.state == "new"} == set(expected)


def test_again_changes_nothing_and_a_newer_version_replaces(course, tmp_path):
    folder = write(tmp_path / "in", {"ann/90_tiny.ipynb": notebook("one")})
    assert [each.state for each in collect(course, folder)] == ["new"]
    assert [each.state for each in collect(course, folder)] == ["unchanged"]
    write(folder, {"ann/90_tiny.ipynb": notebook("two")})
    assert [each.state for each in collect(course, folder)] == ["changed"]
    assert "two" in (course.submissions("90")["ann"] / "90_tiny.ipynb").read_text()


def test_zip_slip_links_and_bombs_lead_nowhere(course, tmp_path):
    link = zipfile.ZipInfo("eve/90_tiny.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../../outside.ipynb", notebook())
        archive.writestr("/absolute/90_tiny.ipynb", notebook())
        archive.writestr(link, "/etc/passwd")
        archive.writestr("bomb/90_tiny.ipynb", b"0" * (60 << 20))
    outcomes = {each.name: each for each in collect(course, tmp_path / "x.zip")}
    assert outcomes["bomb/90_tiny.ipynb"].state == "refused"
    assert "50 MB" in outcomes["bomb/90_tiny.ipynb"].why
    eve = outcomes["eve/90_tiny.ipynb"]
    assert (eve.student, eve.state) == ("eve", "refused") and "link" in eve.why
    assert not (tmp_path.parent / "outside.ipynb").exists() and not Path("/absolute").exists()
    inside = course.folder / "submitted"
    assert all(path.resolve().is_relative_to(inside) for path in inside.rglob("*"))


def test_one_zip_per_student_and_names_in_gbk(course, tmp_path):
    inner = zipped(tmp_path / "inner.zip", {"work/90_tiny.ipynb": notebook()}).read_bytes()
    assert collect(course, zipped(tmp_path / "a.zip", {"ann.zip": inner, "bob.zip": b"broken"}))
    assert students(course) == ["ann"]
    plain = zipped(tmp_path / "b.zip", {"XXXX/90_tiny.ipynb": notebook()})
    # Chinese Windows writes names in GBK and does not say so.
    plain.write_bytes(plain.read_bytes().replace(b"XXXX/", "王芳/".encode("gbk")))
    collect(course, plain)
    assert students(course) == ["ann", "王芳"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("not json", "not a Jupyter notebook"),
        ("[]", "not a Jupyter notebook"),
        ("", "empty"),
        ('{"cells": [], "nbformat": 3}', "format 3, not a Jupyter notebook"),
        ('{"cells": [], "metadata": {}, "nbformat": 5}', "format 5"),
        ('{"cells": [{}], "metadata": {}, "nbformat": 4}', "not a Jupyter notebook"),
        (
            notebook().replace('"metadata": {}', '"metadata": {"a": ' + "[" * 90 + "]" * 90 + "}"),
            "deep",
        ),
        (notebook(offering="0a1b2c3d"), "another class"),
        (notebook(chapter="17"), "has not been released"),
        (notebook(framework="keras"), "keras edition"),
    ],
)
def test_what_is_not_taken_says_why(course, tmp_path, text, why):
    folder = write(tmp_path / "in", {"ann/90_tiny.ipynb": text, "bob/90_tiny.ipynb": notebook()})
    outcomes = {each.student: each for each in collect(course, folder)}
    assert outcomes["ann"].state == "refused" and why in outcomes["ann"].why
    assert outcomes["bob"].state == "new"


def test_of_two_notebooks_the_one_with_the_name_is_taken(course, tmp_path):
    files = {"ann/a_copy.ipynb": notebook("draft"), "ann/90_tiny.ipynb": notebook("final")}
    outcomes = collect(course, write(tmp_path / "in", files))
    assert [(each.name, each.state) for each in outcomes] == [
        ("ann/90_tiny.ipynb", "new"),
        ("ann/a_copy.ipynb", "refused"),
    ]


def test_nothing_there_is_said_in_one_sentence(course, tmp_path):
    (tmp_path / "text.txt").write_text("hello")
    for path in (tmp_path / "nowhere", tmp_path / "text.txt"):
        with pytest.raises(CourseError, match="neither a folder nor a zip"):
            collect(course, path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc", "etc"),
        ("a/b\\c", "a_b_c"),
        ("[x]*?{y}!", "x_y"),
        ("..", ""),
        ("  王  芳 ", "王 芳"),
        ("e\u0301va", "\u00e9va"),
        ("汉" * 100, "汉" * 50),
    ],
)
def test_a_students_name_is_a_safe_folder_name(name, expected):
    assert student_name(name, set()) == expected


def test_a_link_in_a_folder_is_said_and_not_followed(course, tmp_path):
    folder = write(tmp_path / "in", {"ann/90_tiny.ipynb": notebook(), "bob/x.txt": ""})
    (folder / "bob" / "90_tiny.ipynb").symlink_to(folder / "ann" / "90_tiny.ipynb")
    outcomes = {each.name: each for each in collect(course, folder)}
    assert outcomes["bob/90_tiny.ipynb"].state == "refused"
    assert "link" in outcomes["bob/90_tiny.ipynb"].why and students(course) == ["ann"]


def test_what_is_not_taken_is_known_to_status_and_audit_until_something_is(course, tmp_path):
    from course_lib.grading import audit
    from course_lib.grading.marks import failed_in, failure_of
    from course_lib.grading.people import roster

    listed = write(tmp_path, {"class.csv": "学号,姓名\nanna,安娜\nben,本\ncleo,克\ndora,朵\n"})
    roster.save(course, roster.read_file(listed / "class.csv"))
    handed_in = {
        "anna/90_tiny.ipynb": notebook(),
        "anna/figure.pdf": "%PDF",
        "ben/90_tiny.ipynb": "no notebook",
        "cleo/essay.pdf": "%PDF",
        "readme.txt": "nobody's",
    }
    collect(course, write(tmp_path / "in", handed_in))
    assert failed_in(course, "90") == {"ben", "cleo"}
    assert "not taken (cleo/essay.pdf): not a notebook" in failure_of(course, "90", "cleo")
    refused = [each for each in audit.read(course) if each["event"] == "refused"]
    assert {each["student"] for each in refused} == {"ben", "cleo"}
    collect(course, write(tmp_path / "in", {"ben/90_tiny.ipynb": notebook()}))
    assert failed_in(course, "90") == {"cleo"}
    collect(course, write(tmp_path / "in", {"ben/90_tiny.ipynb": "broken again"}))
    assert failed_in(course, "90") == {"cleo"}  # what was taken before still counts


def test_names_say_nothing_to_a_terminal(course, tmp_path):
    from course_lib.grading.collect import printable

    evil = "\x1b]0;title\x07\n✓ bob\u202e\u200b\x9b31m/90_tiny.ipynb"
    assert printable(evil).isprintable() and "✓ bob" in printable(evil)
    assert printable("名/é 😀.ipynb") == "名/é 😀.ipynb"
    assert student_name(evil.partition("/")[0], set()).isprintable()
    assert student_name("李\u3000雷 2", set()) == "李 雷 2"


GRADESCOPE = """---
submission_1001:
  :submitters:
  - :name: Ada Lovelace
    :sid: '0070'
    :email: ada@example.org
  :created_at: 2026-10-01 18:00:00.000000000 Z
  :score: 3.0
submission_1002:
  :submitters:
  - :name: Grace Hopper
    :sid: '0071'
  :created_at: 2026-10-02 09:30:00.000000000 Z
"""


@pytest.mark.parametrize("packed", [False, True])
def test_gradescope_says_beside_the_files_whose_they_are_and_when(course, tmp_path, packed):
    files = {
        "assignment_9_export/submission_metadata.yml": GRADESCOPE,
        "assignment_9_export/submission_1001/90_tiny.ipynb": notebook("one"),
        "assignment_9_export/submission_1002/my.ipynb": notebook("two"),
        # A student's own does not count, and leads nowhere.
        "assignment_9_export/submission_1002/submission_metadata.yml": GRADESCOPE.replace(
            "0071", "9"
        ),
    }
    path = zipped(tmp_path / "x.zip", files) if packed else write(tmp_path / "x", files)
    said = []
    outcomes = collect(course, path, say=said.append)
    assert students(course) == ["0070", "0071"] and "as the platform says" in said[0]
    times = {each.student: each.arrived for each in outcomes if each.student}
    assert times["0070"].isoformat() == "2026-10-01T18:00:00+00:00"


@pytest.mark.parametrize("text", ["[", "- 1", "a: &x [1]\nb: *x", "submission_1001: 3", "\x00", ""])
def test_bad_metadata_is_as_none(course, tmp_path, text):
    files = {"submission_metadata.yml": text, "submission_1001/90_tiny.ipynb": notebook()}
    files["submission_1002/90_tiny.ipynb"] = notebook("b")
    collect(course, write(tmp_path / "x", files))
    assert students(course) == ["submission_1001", "submission_1002"]
