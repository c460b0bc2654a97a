"""``teach export``: the gradebook as a table that spreadsheets and learning platforms read."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.plugins import ExportPlugin

from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.grading.course import open_course
from course_lib.grading.nbgrader_side import folder_of
from course_lib.grading.people.policy import read_policy
from course_lib.grading.people.standing import STATES, Row, natural, read_grades
from course_lib.grading.people.times import find_zone, show_duration, show_time
from course_lib.language import both, current, pick

_BOM = "\ufeff"
# A cell that begins so is a formula to a spreadsheet; some read the full-width signs so, too.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class GradesTable(ExportPlugin):
    """The same table for ``nbgrader export``: what is missing is missing there, and not a silent 0."""

    def export(self, gradebook: Gradebook) -> None:
        """Write the table to ``--to`` (``grades.csv``), for ``--assignment`` and ``--student``."""
        course = open_course(folder_of(self))
        rows = [
            row
            for row in read_grades(course)
            if (not self.student or row.student in map(str, self.student))
            and (not self.assignment or row.chapter in map(str, self.assignment))
        ]
        write_table(rows, Path(self.to or "grades.csv"), zone=read_policy(course.folder).zone)


def write_table(
    rows: Sequence[Row], path: Path, *, bom: bool | None = None, zone: tzinfo | None = None
) -> None:
    """Write standings as a table: a line for each student and chapter, a column for each exercise.

    Args:
        rows: The standings.
        path: ``….csv`` or ``….xlsx``; an Excel file has a sheet for each chapter, and one for the sums.
        bom: Whether a CSV says that it is UTF-8, for Excel; ``None``: where the headings are Chinese.
        zone: The zone in which times are shown; ``None``: this machine's.
    """
    path, zone = path.expanduser(), zone or find_zone(None)
    suffix = path.suffix.lower()
    if suffix == ".csv":
        with_bom = current() == "zh" if bom is None else bom
        write_atomically(path, (_BOM if with_bom else "") + _as_csv(rows, zone))
    elif suffix == ".xlsx":
        write_atomically(path, _as_workbook(rows, zone))
    else:
        raise CourseError(
            f"{path}: choose a name that ends in .csv or .xlsx.",
            f"{path}：请用以 .csv 或 .xlsx 结尾的文件名。",
        )


def spoilt_by_excel(rows: Sequence[Row]) -> bool:
    """Say whether Excel would change student numbers in a CSV: leading zeros, or many digits."""
    return any(re.fullmatch(r"0\d+|\d{12,}", row.student) for row in rows)


def _table(rows: Sequence[Row], zone: tzinfo) -> list[list[Any]]:
    exercises = sorted({name for row in rows for name in row.exercises}, key=natural)
    table: list[list[Any]] = [[*_headings(), *exercises, both("note", "说明")]]
    for row in rows:
        late = show_duration(row.seconds_late) if row.seconds_late else ""
        start = [row.student, row.name, row.chapter, pick(STATES[row.state])]
        marks = [row.earned, row.late or None, row.score, row.most]
        given = {name: each for name, each in row.exercises.items() if name not in row.unmarked}
        points = [given.get(name) for name in exercises]
        time = show_time(row.handed_in, zone)
        table.append([*start, time, late, *marks, *points, row.explanation])
    return table


def _headings() -> list[str]:
    return [
        both("student_id", "学号"),
        both("name", "姓名"),
        both("chapter", "章"),
        both("state", "状态"),
        both("handed_in", "提交时间"),
        both("late_by", "迟交"),
        both("points", "原始得分"),
        both("late_penalty", "迟交扣分"),
        both("score", "得分"),
        both("max_score", "满分"),
    ]


def _as_csv(rows: Sequence[Row], zone: tzinfo) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for line in _table(rows, zone):
        writer.writerow([_safe(each) if isinstance(each, str) else _number(each) for each in line])
    return text.getvalue()


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def _safe(text: str) -> str:
    """Keep a spreadsheet from reading a name as a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _as_workbook(rows: Sequence[Row], zone: tzinfo) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    del book[book.sheetnames[0]]  # the empty one that it begins with
    chapters = sorted({row.chapter for row in rows})
    if len(chapters) > 1:
        _fill(book.create_sheet(both("all chapters", "各章汇总")), _sums(rows, chapters))
    for chapter in chapters:
        of_chapter = [row for row in rows if row.chapter == chapter]
        _fill(book.create_sheet(_sheet_name(chapter)), _table(of_chapter, zone))
    if not chapters:
        _fill(book.create_sheet(both("grades", "成绩")), _table([], zone))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _sums(rows: Sequence[Row], chapters: Sequence[str]) -> list[list[Any]]:
    """One line for each student: the score of each chapter, blank where there is none, and the sum."""
    by_student: dict[str, dict[str, Row]] = {}
    for row in rows:
        by_student.setdefault(row.student, {})[row.chapter] = row
    ends = [
        both("sum", "合计"),
        both("chapters missing", "缺交章数"),
        both("chapters open", "未评完章数"),
    ]
    table: list[list[Any]] = [[*_headings()[:2], *chapters, *ends]]
    for student, own in by_student.items():
        scores = [own[each].score if each in own else None for each in chapters]
        states = [row.state for row in own.values()]
        total = sum(score for score in scores if score is not None)
        open_ones = sum(state not in ("graded", "missing") for state in states)
        name = next(iter(own.values())).name
        table.append([student, name, *scores, total, states.count("missing"), open_ones])
    return table


def _fill(sheet: Any, table: list[list[Any]]) -> None:
    from openpyxl.styles import Alignment, Font

    for number, line in enumerate(table, start=1):
        for column, value in enumerate(line, start=1):
            cell = sheet.cell(number, column)
            if isinstance(value, str):
                # Written as text, whatever it looks like: no formula, and 007 stays 007.
                cell.value = _CONTROL.sub("", value)
                cell.data_type, cell.number_format = "s", "@"
                cell.quotePrefix = value.lstrip(" ").startswith(_FORMULA)
            else:
                cell.value = value
            if number == 1:
                cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True)
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = sheet.dimensions
    for column, cells in enumerate(sheet.iter_cols(max_row=50), start=1):
        widest = max((_width(cell.value) for cell in cells), default=0)
        letter = cells[0].column_letter if cells else str(column)
        sheet.column_dimensions[letter].width = min(max(widest + 2, 7), 60)


def _width(value: Any) -> int:
    return sum(2 if ord(sign) > 0x2E80 else 1 for sign in str("" if value is None else value))


def _sheet_name(chapter: str) -> str:
    return re.sub(r"[\\/*?:\[\]]", "_", chapter)[:31] or "-"
