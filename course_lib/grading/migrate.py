"""``teach migrate URL``: a class's gradebook from its file into an empty PostgreSQL database.

All of it in one transaction over there, and compared row for row before it counts; then the class's
configuration points there, and the file is put aside under another name. A kill at any moment leaves the
class with one whole gradebook: the same command again goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from nbgrader.api import Base
from sqlalchemy import Connection, Table, func, inspect, make_url, select, text
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from course_lib.errors import CourseError
from course_lib.files import locked
from course_lib.grading.course import Course
from course_lib.grading.gradebook import (
    engine_for,
    exists,
    is_file,
    make,
    problems_said,
    read_url,
    shown,
    taken,
    turn,
    url_of,
    use,
)
from course_lib.grading.nbgrader_side import newest_version

_AT_ONCE = 1000  # rows in one message
_NAMES = "course"  # nbgrader's table of courses: it fills itself wherever it is looked at


@dataclass(frozen=True)
class Moved:
    """What has been moved.

    Attributes:
        place: Where the gradebook is now, without a password.
        rows: How many rows it has.
        kept: The file that was the gradebook.
    """

    place: str
    rows: int
    kept: Path


def migrate(course: Course, words: str) -> Moved:
    """Move a class's gradebook into an empty database.

    Args:
        course: The course directory.
        words: The database's URL.

    Raises:
        CourseError: No URL, no file to move, another class in the database, or a row that does not fit.
        MachineError: The server cannot be reached, or somebody is writing to the gradebook.
    """
    url = read_url(words)
    address, source = url.render_as_string(hide_password=False), url_of(course)
    if not is_file(source) or not exists(course):
        raise CourseError(
            f"There is no file to move: this class's gradebook is {shown(source)}.",
            f"没有可迁移的文件：本班的成绩册是 {shown(source)}。",
        )
    with locked(course.private / "grading.lock", timeout=1.0):
        with problems_said(source), engine_for(source) as before, before.connect() as old:
            old.exec_driver_sql("BEGIN IMMEDIATE")  # nobody writes to it any more
            rows = _read_all(old)
            with (
                problems_said(address),
                turn(address),
                engine_for(address) as after,
                after.connect() as new,
            ):
                _copy(new, rows, taken(url))
            use(course, url)
        kept = _put_aside(Path(make_url(source).database or ""))
    make(course)
    return Moved(shown(url), sum(map(len, rows.values())), kept)


def tables() -> list[Table]:
    """Give nbgrader's tables, each after those that it refers to."""
    return list(Base.metadata.sorted_tables)


def rows_in(connection: Connection) -> int:
    """Count what a database holds of a class; names of courses do not count."""
    there = set(inspect(connection).get_table_names())
    found = 0
    for table in tables():
        if table.name in there and table.name != _NAMES:
            found += connection.execute(select(func.count()).select_from(table)).scalar_one()
    return found


def _read_all(connection: Connection) -> dict[str, list[Mapping[str, Any]]]:
    """Read every table, in the order of its keys."""
    there = set(inspect(connection).get_table_names())
    if not {table.name for table in tables()} <= there or newest_version() != _version(connection):
        raise CourseError(
            "The gradebook is of an older nbgrader: run  nbgrader db upgrade  in the course directory first.",
            "成绩册是旧版 nbgrader 的格式：请先在课程目录中运行  nbgrader db upgrade  。",
        )
    found: dict[str, list[Mapping[str, Any]]] = {}
    for table in tables():
        keys = [column.name for column in table.primary_key]
        rows: list[Mapping[str, Any]] = [
            dict(row._mapping) for row in connection.execute(select(table))
        ]
        # Not by the database: each has its own order of letters.
        found[table.name] = sorted(rows, key=lambda row: [row[key] for key in keys])
    return found


def _version(connection: Connection) -> str | None:
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _copy(
    new: Connection, rows: Mapping[str, list[Mapping[str, Any]]], refusal: CourseError
) -> None:
    """Fill an empty database and compare; one that holds just this already is left as it is."""
    if rows_in(new):
        if _same(new, rows):  # a run before this one was stopped in between
            return
        raise refusal
    Base.metadata.create_all(new)
    if "alembic_version" not in inspect(new).get_table_names():
        new.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        words = text("INSERT INTO alembic_version (version_num) VALUES (:version)")
        new.execute(words, {"version": newest_version()})
    new.execute(Base.metadata.tables[_NAMES].delete())
    for table in tables():
        for start in range(0, len(rows[table.name]), _AT_ONCE):
            try:
                new.execute(table.insert(), rows[table.name][start : start + _AT_ONCE])
            except (DataError, IntegrityError) as problem:
                raise _does_not_fit(table.name, problem) from None
    if not _same(new, rows):
        raise CourseError(
            "What was read back differs from the gradebook; nothing has been changed.",
            "读回的数据与原成绩册不一致；未做任何更改。",
        )
    new.commit()


def _same(connection: Connection, rows: Mapping[str, list[Mapping[str, Any]]]) -> bool:
    """Say whether a database holds these rows and no others; numbers to the last digit."""
    try:
        there = _read_all(connection)
    except (CourseError, SQLAlchemyError):
        return False
    return all(
        [*map(repr, there[name])] == [*map(repr, expected)] for name, expected in rows.items()
    )


def _does_not_fit(table: str, problem: DataError | IntegrityError) -> CourseError:
    why = str(problem.orig).splitlines()[0][:200]
    return CourseError(
        f"A row of the table {table} does not fit into PostgreSQL ({why}); nothing has been changed.",
        f"表 {table} 中有一行无法写入 PostgreSQL（{why}）；未做任何更改。",
    )


def _put_aside(path: Path) -> Path:
    """Give the old file a name under which nobody looks for a gradebook."""
    names = (path.with_name(f"{path.name}.moved{number or ''}") for number in count())
    kept = next(name for name in names if not name.exists())
    path.rename(kept)
    return kept
