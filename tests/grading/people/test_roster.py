"""Class lists as registries give them, and whose a submission is by the names that platforms give."""

from __future__ import annotations

import pytest
from nbgrader.api import Gradebook
from openpyxl import Workbook

from course_lib.errors import CourseError
from course_lib.grading.course import create
from course_lib.grading.people.roster import Matcher, Student, load, read_file, save

CLASS = "学号,姓名,邮箱\n0070,王芳,wang@example.edu\n20230101,李雷,\n20230102,欧阳娜娜,\n"


def write(path, words, encoding="utf-8"):
    path.write_bytes(words.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_list_is_read_in_the_encodings_that_excel_writes(tmp_path, encoding):
    students = read_file(write(tmp_path / "名单.csv", CLASS, encoding))
    assert [(each.id, each.shown) for each in students] == [
        *(("0070", "王芳"), ("20230101", "李雷"), ("20230102", "欧阳娜娜"))
    ]


@pytest.mark.parametrize(
    "words",
    [
        "课程名单 2026 秋\n\n序号;学 号;姓名\n1;0070;王芳\n2;;\n",
        "Student ID\tFull name\n0070\t王芳\n",
        "姓,名,id\n王,芳,0070\n",
        "学号，,姓名\n００７０,王芳\n",
    ],
)
def test_titles_other_names_and_full_width_signs_are_understood(tmp_path, words):
    (student,) = read_file(write(tmp_path / "list.csv", words))
    assert (student.id, student.shown) == ("0070", "王芳")


def test_an_excel_file_keeps_zeros_that_are_text_and_numbers_without_point(tmp_path):
    book = Workbook()
    for line in (
        ["某某大学"],
        ["学号", "姓名"],
        ["0070", "王芳"],
        [20230101.0, "李雷"],
        [None, None],
    ):
        book.active.append(line)
    book.save(tmp_path / "名单.xlsx")
    assert [each.id for each in read_file(tmp_path / "名单.xlsx")] == ["0070", "20230101"]


@pytest.mark.parametrize(
    ("name", "words", "sentence"),
    [
        ("a.csv", "a,b\n1,2\n", "no line that names its columns"),
        ("a.csv", "学号\n1\n", "no line that names its columns"),
        ("a.csv", "学号,姓名\n", "nobody on"),
        ("a.csv", "学号,姓名\n1,王芳\n1,李雷\n", "has 1 twice"),
        ("a.csv", "学号,姓名\n../x,王芳\n", "can't be a student's number"),
        ("a.xlsx", "学号,姓名\n1,王芳\n", "can't be read"),
    ],
)
def test_what_is_no_class_list_is_said_in_one_sentence(tmp_path, name, words, sentence):
    with pytest.raises(CourseError, match=sentence):
        read_file(write(tmp_path / name, words))


def test_a_list_that_is_not_there_is_said(tmp_path):
    with pytest.raises(CourseError, match="is not there"):
        read_file(tmp_path / "nowhere.csv")


def test_names_stand_in_nbgraders_gradebook_too(tmp_path):
    course = create(tmp_path / "c", language="zh", framework="pytorch", repository=tmp_path)
    save(course, read_file(write(tmp_path / "list.csv", CLASS)))
    assert load(course)["0070"] == Student("0070", "王芳", email="wang@example.edu")
    with Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}") as gradebook:
        student = gradebook.find_student("0070")
        assert (student.last_name, student.email) == ("王芳", "wang@example.edu")


ROSTER = {
    each.id: each
    for each in (
        Student("20230101", "李雷"),
        Student("20230102", "王伟"),
        Student("20230103", "王伟"),
        Student("0070", "欧阳娜娜"),
        Student("al01", first="Ada", last="Lovelace"),
        Student("gh02", "Grace Hopper"),
        Student("7", "赵七"),
    )
}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["20230101"], {"20230101"}),
        (["２０２３０１０１ 李雷"], {"20230101"}),
        (["20230101_李雷_第四章作业"], {"20230101"}),
        (["李雷20230101"], {"20230101"}),
        (["软件1班-20230102-王伟-04"], {"20230102"}),
        (["王伟"], {"20230102", "20230103"}),
        (["王伟", "王伟", "20230103作业"], {"20230103"}),
        (["王伟", "20230101"], {"20230102", "20230103"}),
        (["欧阳娜娜（第2次提交）"], {"0070"}),
        (["lovelaceada_77"], {"al01"}),
        (["Ada Lovelace"], {"al01"}),
        (["hoppergrace_12"], {"gh02"}),
        (["Hopper, Grace"], {"gh02"}),
        (["al01"], {"al01"}),
        (["7"], {"7"}),
        (["homework 7"], set()),
        (["陌生人", "unknown", "04"], set()),
        (["unknown", "x", "20230103"], {"20230103"}),
    ],
)
def test_whose_a_submission_is(names, expected):
    assert Matcher(ROSTER).find(*names) == expected
