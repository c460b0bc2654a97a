"""Tables of grades: nobody lost, nothing that a spreadsheet changes or runs, in both languages."""

from __future__ import annotations

import csv
from datetime import UTC, datetime

import pytest
from openpyxl import load_workbook

from course_lib import language
from course_lib.errors import CourseError
from course_lib.grading.export import spoilt_by_excel, write_table
from course_lib.grading.people.standing import Row
from course_lib.grading.people.times import find_zone

SHANGHAI = find_zone("Asia/Shanghai")
ROWS = [
    Row(
        "0070",
        "04",
        "graded",
        24.75,
        30,
        late=2.75,
        exercises={"04.2": 3, "04.10": 0, "04.1": 2},
        name="王芳",
        handed_in=datetime(2026, 10, 2, 1, 30, tzinfo=UTC),
        seconds_late=9000,
        codes={"04.1": "Correct", "04.10": "TimedOut", "04.2": "Incorrect/no_mean"},
    ),
    Row("=cmd()", "04", "failed", why="can't be read", name="＝1+1"),
    Row("0071", "04", "missing", name="@SUM(A1)"),
]
OPEN = Row(
    "0072",
    "04",
    "to be marked",
    2,
    30,
    exercises={"04.1": 2, "04.2": 0, "04.9": 0},
    open=frozenset({"04.2", "04.9"}),
    unmarked=frozenset({"04.9"}),
    codes=dict.fromkeys(("04.1", "04.2", "04.3"), "NotAttempted"),
)


def table_of(path, encoding="utf-8"):
    return list(csv.DictReader(path.read_text(encoding=encoding).splitlines()))


def test_the_table_has_every_student_and_exercise_in_order(tmp_path):
    write_table(ROWS, tmp_path / "grades.csv", zone=SHANGHAI)
    assert not (tmp_path / "grades.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    first, failed, missing = table_of(tmp_path / "grades.csv")
    assert list(first)[10:13] == ["04.1", "04.2", "04.10"]
    assert (first["student_id"], first["name"], first["04.10"]) == ("0070", "王芳", "0")
    assert (first["points"], first["late_penalty"], first["score"]) == ("27.5", "2.75", "24.75")
    assert first["handed_in"] == "2026-10-02 09:30 +08:00" and first["late_by"] == "2 h 30 min"
    assert first["note"] == "Out of time: 04.10; Not right yet: 04.2"
    # Not graded is not 0, and missing is said.
    assert failed["score"] == "" and failed["state"] == "failed" and failed["note"]
    assert missing["score"] == "" and missing["state"] == "missing"


def test_what_waits_for_a_person_is_blank_and_no_silent_zero(tmp_path):
    write_table([OPEN], tmp_path / "grades.csv")
    (line,) = table_of(tmp_path / "grades.csv")
    assert (line["04.1"], line["04.2"], line["04.9"]) == ("2", "0", "")
    assert line["state"] == "part to be marked by hand"
    assert line["note"] == "Not attempted: all that the machine grades"


def test_no_name_becomes_a_formula(tmp_path):
    write_table(ROWS, tmp_path / "grades.csv")
    _, failed, missing = table_of(tmp_path / "grades.csv")
    assert failed["student_id"] == "'=cmd()" and failed["name"] == "'＝1+1"
    assert missing["name"] == "'@SUM(A1)"
    write_table(ROWS, tmp_path / "grades.xlsx")
    sheet = load_workbook(tmp_path / "grades.xlsx").active
    cells = [cell for line in sheet.iter_rows() for cell in line]
    assert "=cmd()" in {cell.value for cell in cells}
    assert "f" not in {cell.data_type for cell in cells}
    assert all(cell.quotePrefix for cell in cells if str(cell.value)[:1] in "=@＝")


def test_an_excel_file_keeps_leading_zeros_and_gives_each_chapter_a_sheet(tmp_path):
    other = Row("0070", "05", "to be marked", 5, 10, name="王芳", exercises={"05.1": 5})
    write_table([*ROWS, other], tmp_path / "grades.xlsx")
    book = load_workbook(tmp_path / "grades.xlsx")
    assert book.sheetnames == ["all chapters", "04", "05"]
    lines = [[cell.value for cell in line] for line in book["all chapters"].iter_rows()]
    assert lines[0] == [
        *("student_id", "name", "04", "05", "sum", "chapters missing", "chapters open")
    ]
    assert lines[1] == ["0070", "王芳", 24.75, 5, 29.75, 0, 1]
    assert lines[3] == ["0071", "@SUM(A1)", None, None, 0, 1, 0]
    assert book["05"]["K2"].value == 5 and book["05"]["A2"].number_format == "@"


def test_in_chinese_the_headings_are_those_of_a_registry_and_excel_reads_them(tmp_path):
    language.use("zh")
    write_table(ROWS, tmp_path / "成绩.csv", zone=SHANGHAI)
    assert (tmp_path / "成绩.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    first, _, missing = table_of(tmp_path / "成绩.csv", "utf-8-sig")
    assert (first["学号"], first["姓名"], first["得分"]) == ("0070", "王芳", "24.75")
    assert first["说明"] == "超时：04.10；还不对：04.2" and missing["状态"] == "未交"
    write_table(ROWS, tmp_path / "成绩.csv", bom=False)
    assert (tmp_path / "成绩.csv").read_bytes().startswith("学号".encode())


def test_another_kind_of_file_is_refused(tmp_path):
    with pytest.raises(CourseError, match=r"\.csv or \.xlsx"):
        write_table(ROWS, tmp_path / "grades.ods")


def test_student_numbers_that_excel_would_spoil_are_known():
    assert spoilt_by_excel(ROWS)
    assert spoilt_by_excel([Row("202301010001", "04", "missing")])
    assert not spoilt_by_excel([Row("2023001", "04", "missing"), Row("ann", "04", "missing")])
