"""Filling a learning platform's own table with scores: Canvas's gradebook, Moodle's grading worksheet.

The platform exports a table that knows its students and its columns; we put scores into one column and
leave every other cell as it was, so that its import finds what it gave out.

Canvas (``lib/gradebook_exporter.rb`` and ``lib/gradebook_importer.rb`` of instructure/canvas-lms; "How do I
import grades in the Gradebook?", https://community.instructure.com): the columns Student, ID, SIS User
ID, SIS Login ID, …, Section, then one for each assignment, ``Name (id)``; below them a row "Points
Possible", which the import *sets*, and cells that it clears where they are blank.

Moodle (``mod/assign/feedback/offline/importgradeslib.php`` and ``mod/assign/gradingtable.php`` of
moodle/moodle; "Assignment offline grading worksheet", https://docs.moodle.org): UTF-8 with commas; the import
needs the columns Identifier (``Participant 1234``), Grade and Last modified (grade), in the site's language.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.grading.collect import origin
from course_lib.grading.course import Course
from course_lib.grading.people import roster
from course_lib.grading.people.roster import Student, join_name
from course_lib.grading.people.standing import STATES, Row, read_grades
from course_lib.language import both, pick

_LARGEST = 20 << 20  # bytes of one table
_MOST_ROWS = 20_000
_TOTALS = re.compile(r"(Current|Final|Override) (Score|Points|Grade|Status)|\(read only\)")
_POINTS = "Points Possible"
# What Moodle calls its columns: in English and Chinese (the two recent names for each).
_MOODLE = {
    "id": ("identifier", "识别码", "标识符"),
    "score": ("grade", "成绩"),
    "most": ("maximum grade", "最高成绩", "最高分"),
    "name": ("full name", "全名", "姓名"),
    "number": ("id number", "学号", "id号"),
    "email": ("email address", "email", "电子邮件", "邮箱地址", "电子邮箱"),
}
_MODIFIED = ("last modified (grade)", "最后修改（教师）", "最后修改(成绩)", "最后修改（成绩）")


@dataclass(frozen=True)
class Filled:
    """What became of a table.

    Attributes:
        platform: ``"Canvas"`` or ``"Moodle"``.
        column: The heading of the column that was filled.
        count: How many scores are in it now by our hand.
        left: Students whose cell stays as it was, with the reason.
    """

    platform: str
    column: str
    count: int
    left: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Table:
    """A table as it was read: what it takes to write it again in the same form."""

    rows: list[list[str]]
    delimiter: str
    bom: bool


@dataclass(frozen=True)
class _Form:
    """Where things are in a platform's table."""

    platform: str
    score: int
    keys: Mapping[
        str, int
    ]  # "origin" (the platform's own number), "number", "login", "email", "name"
    first: int  # the first line with a student
    most: Callable[[list[str]], str]  # the points that a line's column is out of, as text


def fill_in(
    course: Course, chapter: str, table: Path, target: Path, *, column: str | None = None
) -> Filled:
    """Put a chapter's scores into a table that a platform exported.

    Args:
        course: The course directory.
        chapter: The assignment.
        table: Canvas's gradebook or Moodle's grading worksheet, as exported.
        target: Where to write what the platform imports.
        column: Canvas: the assignment's heading; ``None``: the only one that names the chapter.

    Raises:
        CourseError: The table is neither, not UTF-8, too large, has a student twice, lacks a column,
            or counts other points than the chapter has.
    """
    read = _read(table)
    form, kept = _recognise(table, read, chapter, column)
    rows = read_grades(course, chapter)
    lines = _lines_by_key(table, read.rows[form.first :], form)
    listed = roster.load(course)
    filled, left = 0, []
    taken: dict[int, str] = {}
    for row in rows:
        if row.state != "graded" or row.score is None:
            if row.state != "missing":
                left.append((row.student, pick(STATES[row.state])))
            continue
        line = _line_of(row, origin(course, chapter, row.student), listed, lines, form)
        if line is None:
            left.append((row.student, both("not found in the table", "表中找不到")))
            continue
        if id(line) in taken:
            raise CourseError(
                f"{row.student} and {taken[id(line)]} are the same line of {table.name}.",
                f"{row.student} 和 {taken[id(line)]} 对应 {table.name} 中的同一行。",
            )
        taken[id(line)] = row.student
        _require_points(table, form, line, row)
        line[form.score] = f"{row.score:.10g}"
        filled += 1
    heading = read.rows[0][form.score].strip()
    write_atomically(target.expanduser(), _as_text(read, kept))
    return Filled(form.platform, heading, filled, tuple(left))


# Reading and writing.


def _read(path: Path) -> _Table:
    """Read a CSV within limits: UTF-8, with or without a mark, or UTF-16 with one."""
    path = path.expanduser()
    if not path.is_file():
        raise CourseError(f"{path} is not there.", f"{path} 不存在。")
    if path.stat().st_size > _LARGEST:
        raise _refusal(path, "it is larger than 20 MB", "超过 20 MB")
    raw = path.read_bytes()
    wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        words = raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise _refusal(
            path,
            "it is not in UTF-8: a spreadsheet has saved it anew, so export it from the platform again",
            "不是 UTF-8 编码：多半被电子表格软件另存过，请从平台重新导出",
        ) from None
    head = words.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(words, newline=""), delimiter=delimiter))
    except csv.Error:
        raise _refusal(path, "it is no CSV", "不是 CSV") from None
    if len(rows) > _MOST_ROWS:
        raise _refusal(path, f"it has more than {_MOST_ROWS} lines", f"超过 {_MOST_ROWS} 行")
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if len(rows) < 2 or any(len(row) > len(rows[0]) for row in rows):
        raise _refusal(
            path,
            "it has no students, or a line has more cells than there are headings",
            "没有学生，或某一行的格数多于列名",
        )
    for row in rows:  # Canvas leaves away what is empty at the end
        row += [""] * (len(rows[0]) - len(row))
    return _Table(rows, delimiter, raw.startswith(b"\xef\xbb\xbf"))


def _as_text(table: _Table, kept: Sequence[int]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=table.delimiter, lineterminator="\n")
    writer.writerows([row[place] for place in kept] for row in table.rows)
    return ("\ufeff" if table.bom else "") + text.getvalue()


def _refusal(path: Path, en: str, zh: str) -> CourseError:
    return CourseError(f"{path.name} can't be used: {en}.", f"{path.name} 无法使用：{zh}。")


# The two forms.


def _recognise(
    path: Path, table: _Table, chapter: str, column: str | None
) -> tuple[_Form, list[int]]:
    """Say whose table it is, by its headings, and which columns go back."""
    headings = [cell.strip() for cell in table.rows[0]]
    if headings[0] in ("Student", "LastName") and "ID" in headings:
        return _canvas(path, table, headings, chapter, column)
    lowered = [heading.lower() for heading in headings]
    if any(heading in _MOODLE["id"] for heading in lowered):
        return _moodle(path, lowered), list(range(len(headings)))
    raise _refusal(
        path,
        "it is neither Canvas's gradebook (Student, ID, …) nor Moodle's grading worksheet (Identifier, …, "
        "Grade): export it from the platform",
        "既不是 Canvas 的成绩册（Student, ID, …），也不是 Moodle 的评分表（识别码/Identifier、…、"
        "成绩/Grade）：请从平台导出",
    )


def _canvas(
    path: Path, table: _Table, headings: list[str], chapter: str, column: str | None
) -> tuple[_Form, list[int]]:
    if "Section" not in headings:
        raise _refusal(path, "the column Section is missing", "缺少 Section 列")
    section = headings.index("Section")
    places = [
        place for place in range(section + 1, len(headings)) if not _TOTALS.search(headings[place])
    ]
    points = next((row for row in table.rows[1:4] if row[0].strip() == _POINTS), None)
    if points is None:
        raise _refusal(path, f"the row “{_POINTS}” is missing", f"缺少“{_POINTS}”这一行")
    score = _canvas_column(path, headings, places, chapter, column)
    if _TOTALS.search(points[score]):
        raise _refusal(path, "that column is read only", "该列是只读的")
    known = {"SIS User ID": "number", "SIS Login ID": "login", "Student": "name"}
    keys = {known[name]: place for place, name in enumerate(headings[:section]) if name in known}
    keys["origin"] = headings.index("ID")
    first = table.rows.index(points) + 1
    most = points[score].strip()
    # Other assignments stay at home: the import would look at each of them, too.
    return _Form("Canvas", score, keys, first, lambda line: most), [*range(section + 1), score]


def _canvas_column(
    path: Path, headings: list[str], places: list[int], chapter: str, column: str | None
) -> int:
    if column is not None:
        bare = [re.sub(r"\s*\(\d+\)$", "", heading) for heading in headings]
        found = [place for place in places if column.strip() in (headings[place], bare[place])]
    else:
        number = re.compile(rf"(?<!\d){re.escape(chapter)}(?!\d)")
        found = [p for p in places if number.search(re.sub(r"\(\d+\)$", "", headings[p]))]
    if len(found) == 1:
        return found[0]
    there = ", ".join(headings[place] for place in places[:12]) or "-"
    raise CourseError(
        f"Which column of {path.name} is chapter {chapter}? Say it with --column (there are: {there}).",
        f"{path.name} 的哪一列是第 {chapter} 章？请用 --column 指定（现有：{there}）。",
    )


def _moodle(path: Path, headings: list[str]) -> _Form:
    places = {
        what: next((headings.index(word) for word in words if word in headings), None)
        for what, words in _MOODLE.items()
    }
    missing = [_MOODLE[what][0] for what in ("id", "score") if places[what] is None]
    if not any(word in headings for word in _MODIFIED):
        missing.append(_MODIFIED[0])
    if missing:
        names = ", ".join(missing)
        raise _refusal(
            path,
            f"Moodle needs the columns that are missing: {names} (switch on “Offline grading worksheet”)",
            f"缺少 Moodle 导入所需的列：{names}（请启用“离线评分表”）",
        )
    keys = {key: place for key in ("number", "email", "name") if (place := places[key]) is not None}
    keys["origin"] = places["id"] or 0
    most = places["most"]
    score = places["score"] or 0
    return _Form("Moodle", score, keys, 1, lambda line: "" if most is None else line[most].strip())


# Whose line is whose.


def _lines_by_key(
    path: Path, lines: list[list[str]], form: _Form
) -> dict[str, dict[str, list[str]]]:
    """Index the lines by each of their keys. A platform's own number must be there once, no more."""
    found: dict[str, dict[str, list[str]]] = {}
    for key, place in form.keys.items():
        values = [_key(key, line[place]) for line in lines]
        count = Counter(value for value in values if value)
        twice = [value for value, times in count.items() if times > 1]
        if twice and key in ("origin", "number"):
            raise _refusal(path, f"{twice[0]} is in it twice", f"其中 {twice[0]} 出现了两次")
        found[key] = {
            value: line
            for value, line in zip(values, lines, strict=True)
            if value and count[value] == 1
        }
    return found


def _line_of(
    row: Row,
    came_as: tuple[str, ...],
    listed: Mapping[str, Student],
    lines: Mapping[str, Mapping[str, list[str]]],
    form: _Form,
) -> list[str] | None:
    """Find a student's line: by the platform's number in the submission's name, else as the class list says."""
    given = _number_in(came_as, form.platform)
    if given and given in lines["origin"]:
        return lines["origin"][given]
    student = listed.get(row.student, Student(row.student, row.name))
    tries = (
        ("number", student.id),
        ("login", student.id),
        ("email", student.email),
        ("login", student.email),
        ("name", student.shown),
    )
    for key, value in tries:
        line = lines.get(key, {}).get(_key(key, value))
        if line is not None:
            return line
    return None


def _number_in(came_as: tuple[str, ...], platform: str) -> str:
    """Read the platform's own number of a student out of the name under which a submission came."""
    pattern = {
        "Canvas": r"^[^_]+(?:_LATE)?_(\d+)_\d+_.+$",
        "Moodle": r"^.+?_(\d+)_assignsubmission_\w+$",
    }[platform]
    found = next((m for part in came_as if (m := re.match(pattern, part))), None)
    return found[1] if found else ""


def _key(kind: str, value: str) -> str:
    value = value.strip()
    if kind == "origin":  # "Participant 1234", 参与者1234, or the bare number
        numbers = re.findall(r"\d+$", value)
        return numbers[0] if numbers else ""
    if kind == "name":  # "Lovelace, Ada" is Ada Lovelace
        last, _, first = value.partition(",")
        whole = join_name(first.strip(), last.strip()) if first else value
        return re.sub(r"\s+", "", whole).casefold()
    return value.casefold()


def _require_points(path: Path, form: _Form, line: list[str], row: Row) -> None:
    """Refuse a column that is out of other points than the chapter: 8 of 10 is not 8 of 100."""
    said = form.most(line).replace(",", ".")
    with suppress(ValueError):
        if said and row.most is not None and abs(float(said) - row.most) > 1e-6:
            raise CourseError(
                f"The column in {path.name} is out of {said} points, chapter {row.chapter} out of "
                f"{row.most:g}: change that in {form.platform}, then export the table again.",
                f"{path.name} 中该列满分为 {said}，第 {row.chapter} 章满分为 {row.most:g}："
                f"请先在 {form.platform} 中改好，再重新导出表格。",
            )
