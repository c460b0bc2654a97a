"""The class list: who is in the course, by student number; read from CSV or Excel as registries give it.

It decides who is *missing*, puts names beside numbers, and finds out whose a submission is: learning
platforms put number, name or both into the names of folders and files.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.grading.course import Course
from course_lib.grading.gradebook import open_gradebook

# What registries and platforms call the columns; compared without case, spaces and punctuation.
_COLUMNS = {
    "id": (
        "学号",
        "学生学号",
        "学工号",
        "工号",
        "id",
        "studentid",
        "studentnumber",
        "idnumber",
        "sisuserid",
    ),
    "name": ("姓名", "学生姓名", "名字", "name", "fullname", "student", "studentname"),
    "first": ("名", "first", "firstname", "givenname"),
    "last": ("姓", "last", "lastname", "surname", "familyname"),
    "email": ("邮箱", "电子邮箱", "电子邮件", "email", "emailaddress"),
}
_LONGEST_RUN = 5
_SHORTEST_ID = 4
_MOST_ROWS = 20_000
# What a file system or nbgrader's patterns give a meaning to.
_NOT_IN_AN_ID = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\[\]{}!,]|^\.|\s{2,}')


@dataclass(frozen=True)
class Student:
    """One person on the list. ``id`` is text: leading zeros count."""

    id: str
    name: str = ""
    first: str = ""
    last: str = ""
    email: str = ""

    @property
    def shown(self) -> str:
        """The name as a table shows it: 李雷, Ada Lovelace."""
        return self.name or join_name(self.first, self.last)


def join_name(first: str | None, last: str | None) -> str:
    """Put a name together: family name first and no space where it is written in Chinese characters."""
    first, last = first or "", last or ""
    if re.search(r"[\u3400-\u9fff]", last):
        return last + first
    return f"{first} {last}".strip()


def read_file(path: Path) -> list[Student]:
    """Read a class list.

    Args:
        path: CSV (UTF-8 or GBK; comma, semicolon or tab) or Excel. Its first lines may hold a title;
            the line with 学号 or ``id`` names the columns.

    Raises:
        CourseError: It can't be read, has no such line, nobody on it, or somebody twice.
    """
    path = path.expanduser()
    if not path.is_file():
        raise CourseError(f"{path} is not there.", f"{path} 不存在。")
    rows = _rows_of_sheet(path) if path.suffix.lower() in (".xlsx", ".xlsm") else _rows_of_csv(path)
    columns, rows = _find_columns(path, rows)
    students: dict[str, Student] = {}
    for row in rows:
        values = {
            what: _clean(row[place]) if place < len(row) else "" for what, place in columns.items()
        }
        if not values["id"]:
            continue
        student = Student(**values)
        _check(path, student, students)
        students[student.id] = student
    if not students:
        raise CourseError(f"There is nobody on {path}.", f"{path} 中没有任何学生。")
    return list(students.values())


def save(course: Course, students: Sequence[Student]) -> None:
    """Keep the list in the course directory, and put the names into nbgrader's gradebook."""
    with open_gradebook(course, writes=True) as gradebook:
        for student in students:
            # The formgrader shows "last, first", and a name only where it has both.
            names = {"first_name": student.first, "last_name": student.last or student.name}
            gradebook.update_or_create_student(student.id, email=student.email or None, **names)
    words = json.dumps([asdict(each) for each in students], ensure_ascii=False, indent=1) + "\n"
    write_atomically(course.folder / "roster.json", words)


def load(course: Course) -> dict[str, Student]:
    """Give the list by student number; empty where there is none."""
    path = course.folder / "roster.json"
    if not path.is_file():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return {each["id"]: Student(**each) for each in data}
    except (OSError, ValueError, TypeError, KeyError):
        raise CourseError(
            f"{path} can't be read: import the class list again with  ./course teach roster FILE",
            f"{path} 无法读取：请用  ./course teach roster 文件  重新导入名单。",
        ) from None


class Matcher:
    """Finds whose a submission is, by the name of its folder or file."""

    def __init__(self, roster: Mapping[str, Student]) -> None:
        self._ids = {_squeezed(student.id): student.id for student in roster.values()}
        self._names: dict[str, set[str]] = {}
        for student in roster.values():
            spellings = {student.name, student.first + student.last, student.last + student.first}
            for words in spellings | {_turned(student.name)}:
                if len(_squeezed(words)) > 1:
                    self._names.setdefault(_squeezed(words), set()).add(student.id)

    def knows(self, student: str) -> bool:
        """Say whether this is the number of somebody on the list."""
        return self._ids.get(_squeezed(student)) == student

    def find(self, *names: str) -> set[str]:
        """Give whose it may be: one number if all is well, none, or several who share a name.

        A number counts more than a name; the first of the given names that says anything decides, and
        those after it only between several whom it may mean.
        """
        found: set[str] = set()
        for name in names:
            said = self._said_by(name)
            found = found & said or found or said
            if len(found) == 1:
                break
        return found

    def _said_by(self, name: str) -> set[str]:
        runs = _runs(name)
        # A short number may stand in a name for many reasons: it has to be all of the name.
        by_number = {
            self._ids[run]
            for run in runs
            if run in self._ids and (len(run) >= _SHORTEST_ID or run == _squeezed(name))
        }
        by_name = set().union(*(self._names.get(run, set()) for run in runs))
        return by_number & by_name or by_number or by_name


def _runs(name: str) -> set[str]:
    """List a name's parts, and neighbouring parts together: 20230101_Li Lei → …, "lilei", …"""
    parts = [part for part in re.split(r"[\W_]+", unicodedata.normalize("NFKC", name)) if part]
    # 学习通 and others write name and number without anything between them.
    parts += [
        part for mixed in parts for part in re.findall(r"[\u3400-\u9fff·]+|[0-9A-Za-z]+", mixed)
    ]
    places = combinations(range(len(parts) + 1), 2)
    return {_squeezed("".join(parts[a:b])) for a, b in places if b - a <= _LONGEST_RUN}


def _squeezed(words: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", words)).casefold()


def _turned(name: str) -> str:
    """Give "Lovelace Ada" for "Ada Lovelace": Canvas puts the family name first."""
    parts = name.replace(",", " ").split()
    return " ".join([parts[-1], *parts[:-1]]) if len(parts) > 1 else name


def _rows_of_csv(path: Path) -> list[list[Any]]:
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "gb18030"):
        try:
            words = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise _unreadable(path)
    head = words[:2000]
    delimiter = max(",;\t", key=head.count)
    try:
        return list(csv.reader(io.StringIO(words), delimiter=delimiter))[:_MOST_ROWS]
    except csv.Error:
        raise _unreadable(path) from None


def _rows_of_sheet(path: Path) -> list[list[Any]]:
    from openpyxl import load_workbook

    try:
        book = load_workbook(path, read_only=True, data_only=True)
        sheet = book.worksheets[0]
        return [list(row) for row in sheet.iter_rows(values_only=True, max_row=_MOST_ROWS)]
    except (OSError, ValueError, KeyError, IndexError, TypeError, zipfile.BadZipFile):
        raise _unreadable(path) from None


def _unreadable(path: Path) -> CourseError:
    return CourseError(
        f"{path} can't be read: save the class list as CSV (UTF-8) or Excel (.xlsx).",
        f"{path} 无法读取：请把名单另存为 CSV（UTF-8）或 Excel（.xlsx）。",
    )


def _find_columns(path: Path, rows: Iterable[list[Any]]) -> tuple[dict[str, int], list[list[Any]]]:
    """Find the line that names the columns; give their places and the lines after it."""
    rows = list(rows)
    for number, row in enumerate(rows[:20]):
        names = [_squeezed(_clean(value)) for value in row]
        places = {
            what: names.index(word)
            for what, words in _COLUMNS.items()
            for word in words[::-1]
            if word in names
        }
        if "id" in places and len(places) > 1:
            return places, rows[number + 1 :]
    raise CourseError(
        f"{path} has no line that names its columns: 学号 and 姓名, or id and name (or first, last).",
        f"{path} 中没有列名那一行：需要“学号”和“姓名”，或 id 和 name（或 first、last）。",
    )


def _clean(value: Any) -> str:
    """Give a cell as text; a number that Excel made out of a student number is written out again."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", str(value))).strip().lstrip("'")


def _check(path: Path, student: Student, others: Mapping[str, Student]) -> None:
    if student.id in others:
        raise CourseError(
            f"{path} has {student.id} twice ({others[student.id].shown}, {student.shown}).",
            f"{path} 中 {student.id} 出现了两次（{others[student.id].shown}、{student.shown}）。",
        )
    if _NOT_IN_AN_ID.search(student.id) or len(student.id.encode()) > 100:
        raise CourseError(
            f"{path}: {student.id!r} can't be a student's number, since a folder will be named by it.",
            f"{path}：{student.id!r} 不能用作学号，因为要用它命名文件夹。",
        )
