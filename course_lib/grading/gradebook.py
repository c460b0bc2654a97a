"""A class's gradebook, nbgrader's own: a file in the course directory, or a PostgreSQL database by URL.

Where it is stands in nbgrader's configuration (``CourseDirectory.db_url``), and whoever needs it asks here:
so nbgrader's commands, the formgrader and ours use the same. ``teach init --gradebook`` and ``teach migrate``
keep the URL in ``.course/gradebook``, which only its owner can read, and point the configuration there.

Nothing here says or writes a password: what is shown of a URL is user, host and database.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

from nbgrader.api import Base, Gradebook
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Table,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import SQLAlchemyError

from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.grading.course import Course
from course_lib.grading.kernels.executors import MachineError, disk_is_full
from course_lib.grading.nbgrader_side import open_directory

# Seconds that grading waits for somebody else who is writing to the gradebook.
PATIENCE = float(os.environ.get("COURSE_GRADEBOOK_PATIENCE", "60"))
_NOTED = "gradebook"
NAMES = "course"  # nbgrader's table of courses: it fills itself wherever it is looked at
# A server that does not answer is noticed within a minute: what libpq offers for that.
_WAITING = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
_TURN = (
    0x6465_6570  # of writing, as PostgreSQL's advisory lock: one writer at a time, as with a file
)
_POINTER = """
# Where the gradebook is: a database, whose URL stands in .course/gradebook for its owner alone.
from course_lib.grading.gradebook import noted_url  # noqa: E402

c.CourseDirectory.db_url = noted_url(__file__)
"""
_FULL = (
    "No space left on device",
    "database or disk is full",
    "disk I/O error",
    "quota exceeded",
)

_OF_A_SERVER = re.compile(
    r"\bsqlalchemy\.exc\.(OperationalError|InterfaceError|PendingRollbackError)\b"
)


def url_of(course: Course) -> str:
    """Give the URL of a course's gradebook, as nbgrader's configuration has it."""
    return str(open_directory(course).db_url)


def is_file(url: str) -> bool:
    """Say whether a gradebook is a SQLite file."""
    return make_url(url).get_backend_name() == "sqlite"


def exists(course: Course) -> bool:
    """Say whether a course has a gradebook; a database on a server is there until it is asked."""
    url = url_of(course)
    return not is_file(url) or Path(make_url(url).database or "").is_file()


def shown(url: str | URL) -> str:
    """Give what may be seen of a URL: no password, no option."""
    parts = make_url(url)
    if parts.get_backend_name() == "sqlite":
        return str(parts.database)
    plain = URL.create(
        parts.drivername, parts.username, None, parts.host, parts.port, parts.database
    )
    return str(plain)


@contextmanager
def open_gradebook(course: Course, *, writes: bool = False) -> Iterator[Gradebook]:
    """Open a course's gradebook for the body of a ``with`` statement; made where there is none.

    Args:
        course: The course directory.
        writes: Wait until no other program of ours is writing to the database, and let none meanwhile.

    Raises:
        MachineError: The server cannot be reached, or somebody else is writing to it.
    """
    url = url_of(course)
    with problems_said(url), ExitStack() as stack:
        if writes:
            stack.enter_context(turn(url))
        if is_file(url) and not exists(course):
            make(course)
        yield stack.enter_context(Gradebook(url))


def make(course: Course) -> None:
    """Make the course's gradebook if it has none yet."""
    directory = open_directory(course)
    url = str(directory.db_url)
    with problems_said(url), turn(url):
        # nbgrader makes an entry for a course of this name wherever it is not told one.
        names = [directory.course_id] if is_file(url) else [directory.course_id, "default_course"]
        for name in names:
            Gradebook(url, name).close()


def require(course: Course) -> None:
    """Raise a MachineError unless the gradebook can be had now; a file can."""
    url = url_of(course)
    if not is_file(url):
        with problems_said(url), engine_for(url) as engine, engine.connect():
            pass


@contextmanager
def turn(url: str) -> Iterator[None]:
    """Be the only one of our programs that writes to a database; SQLite sees to that by itself."""
    if make_url(url).get_backend_name() != "postgresql":
        yield
        return
    with engine_for(url) as engine, engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _TURN})
        connection.commit()
        yield  # closing the connection gives the lock back


def take_turn(connection: Connection) -> None:
    """Do the same until the end of the transaction that a connection is in."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _TURN})


@contextmanager
def engine_for(url: str) -> Iterator[Engine]:
    """Give an engine that waits for others as long as it should, and is gone afterwards."""
    engine = make_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def make_engine(url: str) -> Engine:
    """Make an engine whose connections wait for other writers, but not for ever."""
    if is_file(url):
        return create_engine(url, future=True, connect_args={"timeout": PATIENCE})
    # Errors of the database never show the values, which are people's.
    engine = create_engine(url, future=True, pool_pre_ping=True, hide_parameters=True)
    if engine.dialect.name == "postgresql":

        @event.listens_for(engine, "connect")
        def _limit(connection: object, _: object) -> None:
            cursor = connection.cursor()  # type: ignore[attr-defined]
            cursor.execute(f"SET lock_timeout = {int(1000 * PATIENCE)}")
            cursor.close()
            connection.commit()  # type: ignore[attr-defined]

    return engine


@contextmanager
def problems_said(url: str) -> Iterator[None]:
    """Turn what a database says of itself (full, in use, not there) into one sentence."""
    try:
        yield
    except CourseError:
        raise
    except Exception as problem:
        kind = type(problem)
        raise_machine_problem(f"{kind.__module__}.{kind.__name__}: {problem}", url)
        if isinstance(problem, SQLAlchemyError) and not is_file(url):
            raise _unusable(url, str(problem)) from None
        raise


def raise_machine_problem(words: str, url: str) -> None:
    """Raise a MachineError where words, of a log or an error, tell of the database's own problem."""
    if "database is locked" in words or "due to lock timeout" in words:
        raise MachineError(
            f"Another program has been writing to the gradebook for {PATIENCE:.0f} s: close it and run "
            "the same command again; what is graded by now is kept.",
            f"另一个程序占用成绩册已超过 {PATIENCE:.0f} 秒：请关闭它，再运行同一命令；已评好的都会保留。",
        ) from None
    if any(each in words for each in _FULL):
        raise disk_is_full() from None
    if not is_file(url) and _OF_A_SERVER.search(words):
        raise _unusable(url, words) from None


def _unusable(url: str, words: str) -> MachineError:
    why = _reason(url, words)
    return MachineError(
        f"The gradebook at {shown(url)} cannot be used ({why}): see that the server runs and lets you in, then "
        "run the same command again; what is graded by now is kept.",
        f"无法使用 {shown(url)} 上的成绩册（{why}）：请确认数据库服务器正在运行且允许你登录，再运行同一命令；"
        "已评好的都会保留。",
    )


def _reason(url: str, words: str) -> str:
    """Give the database's own words on one line, without SQLAlchemy's frame and without any password."""
    found = re.search(r"\((?:\w+\.)+\w+\) ([^\n]+)", words)
    line = found[1] if found else words.strip().splitlines()[0] if words.strip() else "?"
    password = make_url(url).password
    return (line.replace(str(password), "***") if password else line)[:200]


def read_url(words: str) -> URL:
    """Read the URL of a database that can hold a gradebook.

    Raises:
        CourseError: It is none, another kind of database, or the driver is not installed.
    """
    try:
        url = make_url(words.strip())
        known = url.get_backend_name() == "postgresql" and bool(url.database)
    except (SQLAlchemyError, ValueError):
        known = False
    if not known:  # not repeated: it may hold a password
        raise CourseError(
            "That is no URL of a gradebook: it looks like  postgresql+psycopg://user@host:5432/class  (the "
            "password is best kept in ~/.pgpass).",
            "这不是成绩册的数据库地址：应形如  postgresql+psycopg://用户@主机:5432/数据库名"
            "（密码最好放在 ~/.pgpass 里）。",
        )
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    driver = url.get_driver_name()
    if find_spec(driver) is None:
        raise CourseError(
            f"A gradebook in PostgreSQL needs the optional part `postgresql` ({driver}): run "
            '`.venv/bin/python -m pip install "psycopg[binary]>=3.2"` in the course\'s folder.',
            f"PostgreSQL 成绩册需要可选部分 postgresql（{driver}）：请在课程目录中运行 "
            '`.venv/bin/python -m pip install "psycopg[binary]>=3.2"`。',
        )
    return url


def use(course: Course, url: URL) -> None:
    """Let a course's gradebook be at a URL, for nbgrader's commands and ours, from now on."""
    words = url.render_as_string(hide_password=False)
    write_atomically(course.private / _NOTED, words + "\n").chmod(0o600)
    if url_of(course) != noted_url(course.folder / "nbgrader_config.py"):
        file = course.folder / "nbgrader_config.py"
        write_atomically(file, file.read_text(encoding="utf-8") + _POINTER)


def noted_url(configuration: str | Path) -> str:
    """Give the URL that is kept for the course directory of an ``nbgrader_config.py``."""
    path = Path(configuration).resolve().parent / ".course" / _NOTED
    try:
        url = make_url(path.read_text(encoding="utf-8").strip())
    except (OSError, ValueError, SQLAlchemyError):
        raise CourseError(
            f"{path}, which says where the gradebook is, is missing or damaged: bring it back from a backup.",
            f"{path} 记录成绩册所在位置，现已缺失或损坏：请从备份恢复。",
        ) from None
    if url.get_driver_name() in ("psycopg", "psycopg2"):
        given = {name: value for name, value in _WAITING.items() if name not in url.query}
        url = url.update_query_dict(given)
    return url.render_as_string(hide_password=False)


def tables() -> list[Table]:
    """Give nbgrader's tables, each after those that it refers to."""
    return list(Base.metadata.sorted_tables)


def rows_in(connection: Connection) -> int:
    """Count what a database holds of a class; names of courses do not count."""
    there = set(inspect(connection).get_table_names())
    found = 0
    for table in tables():
        if table.name in there and table.name != NAMES:
            found += connection.execute(select(func.count()).select_from(table)).scalar_one()
    return found


def begin(course: Course, words: str) -> str:
    """Let a new class begin with a gradebook at a URL; give what may be shown of it.

    Raises:
        CourseError: The class has one already, or that database holds another class.
        MachineError: The server cannot be reached.
    """
    url = read_url(words)
    address = url.render_as_string(hide_password=False)
    if (course.private / _NOTED).is_file() and _same_place(url_of(course), url):
        use(course, url)  # the same, perhaps with another password
        make(course)
        return shown(url)
    if exists(course):
        raise CourseError(
            "This class has a gradebook already: take it along with  ./course teach migrate URL .",
            "本班已有成绩册：请用  ./course teach migrate 地址  迁移。",
        )
    with problems_said(address), engine_for(address) as engine, engine.connect() as connection:
        if rows_in(connection):
            raise taken(url)
    use(course, url)
    make(course)
    return shown(url)


def taken(url: URL) -> CourseError:
    """Give the sentence for a database that holds something."""
    return CourseError(
        f"{shown(url)} holds a class already: each class needs an empty database of its own.",
        f"{shown(url)} 中已有一个班的数据：每个班需要一个单独的空数据库。",
    )


def _same_place(one: str, other: URL) -> bool:
    first = make_url(one)
    return (first.host, first.port, first.database) == (other.host, other.port, other.database)
