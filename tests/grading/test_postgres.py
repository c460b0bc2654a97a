"""A gradebook in PostgreSQL says what one in a file says, whoever writes and whatever stops meanwhile."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest
from nbgrader.api import Gradebook
from sqlalchemy import create_engine, select, text
from typer.testing import CliRunner

from course_lib.errors import CourseError
from course_lib.grading import audit, feedback, gradebook
from course_lib.grading.commands.teach import teach as teach_commands
from course_lib.grading.course import open_course
from course_lib.grading.give_back import give_back
from course_lib.grading.grade import grade
from course_lib.grading.kernels.executors import MachineError
from course_lib.grading.migrate import migrate, tables
from course_lib.grading.people import lateness, roster
from course_lib.grading.people.standing import read_grades
from course_lib.grading.people.times import read_time
from course_lib.grading.regrade import regrade
from course_lib.grading.walls import sandbox
from tests.conftest import require
from tests.grading import postgres
from tests.grading.tiny_course import CHAPTER, RIGHT, answered, hand_in, scores


@pytest.fixture(scope="module")
def server():
    require(sandbox.available(), "this machine has no bubblewrap sandbox")
    require(postgres.binaries(), "PostgreSQL is not installed")
    started = postgres.Server()
    try:
        yield started
    finally:
        started.close()


def content(url):
    """Give every row of nbgrader's tables."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return {
                table.name: sorted(repr(tuple(row)) for row in connection.execute(select(table)))
                for table in tables()
            }
    finally:
        engine.dispose()


def run(*arguments):
    """Run one of the instructor's commands; give its status and all that it said, the last sentence too."""
    done = CliRunner().invoke(teach_commands, [*map(str, arguments)])
    return done.exit_code, f"{done.output}\n{done.exception or ''}"


def file_of(course):
    return f"sqlite:///{course.folder / 'gradebook.db'}"


def test_a_class_moves_and_goes_on_as_it_was(course, deserved, server):
    roster.save(course, [roster.Student("student00", name="李雷")])
    lateness.set_due(course, CHAPTER, read_time("2026-10-01 23:59", None))
    assert {each.state for each in grade(course, CHAPTER, jobs=2)} == {"graded"}
    lateness.extend(course, CHAPTER, "student01", 90)
    with Gradebook(file_of(course)) as book:
        essay = book.find_grade("90-3", course.notebook_name(CHAPTER), CHAPTER, "student02")
        essay.manual_score, essay.needs_manual_grade = 0.1, False
        book.db.commit()
    before, standing = content(file_of(course)), scores(course)
    url = server.make_database()
    moved = migrate(course, url)
    assert content(url) == before == content(f"sqlite:///{moved.kept}")
    assert (
        moved.rows == sum(map(len, before.values()))
        and not (course.folder / "gradebook.db").exists()
    )
    # Everybody finds it there: our commands, nbgrader's, and a grading that has nothing to do.
    assert scores(course) == standing and gradebook.shown(url) == moved.place
    assert {each.state for each in grade(course, CHAPTER)} == {"unchanged"}
    # What comes after is written there, and only there.
    hand_in(course, "new", answered(course, RIGHT))
    assert [each.score for each in grade(course, CHAPTER, students=["new"])] == [5.0]
    assert [each.score for each in regrade(course, CHAPTER, "90.1", students=["new"])] == [5.0]
    (page,) = give_back(course, CHAPTER, students=["new"])
    assert page.page is not None
    assert feedback.read_page(course, CHAPTER, "new")["rows"]
    lateness.extend(course, CHAPTER, "new", 30)
    with Gradebook(url) as book:
        assert book.find_submission(CHAPTER, "new").score == 5.0
        assert book.find_submission(CHAPTER, "new").extension.total_seconds() == 1800
    assert not (course.folder / "gradebook.db").exists()
    with pytest.raises(CourseError, match="no file to move"):
        migrate(course, server.make_database())


def test_an_interrupted_move_goes_on_and_another_class_is_never_overwritten(
    course, server, tmp_path, monkeypatch
):
    hand_in(course, "ann", answered(course, RIGHT))
    list(grade(course, CHAPTER))
    shutil.copytree(course.folder, tmp_path / "other")
    other, url = open_course(tmp_path / "other"), server.make_database()
    with monkeypatch.context() as patch:  # killed between the copy and the switch
        patch.setattr(
            "course_lib.grading.migrate.use", lambda *_: (_ for _ in ()).throw(SystemExit)
        )
        with pytest.raises(SystemExit):
            migrate(course, url)
    assert gradebook.is_file(gradebook.url_of(course)) and scores(course) == {"ann": 5.0}
    before = content(url)
    migrate(course, url)
    assert content(url) == before and scores(course) == {"ann": 5.0}
    hand_in(other, "bob", answered(other, RIGHT))
    list(grade(other, CHAPTER))
    with pytest.raises(CourseError, match="holds a class already"):
        migrate(other, url)
    assert content(url) == before and scores(other) == {"ann": 5.0, "bob": 5.0}
    # A row that does not fit leaves both sides as they were.
    with Gradebook(file_of(other)) as book:
        book.update_or_create_student("x" * 200)
    empty = server.make_database()
    with pytest.raises(CourseError, match="table student does not fit"):
        migrate(other, empty)
    engine = create_engine(empty)
    with engine.connect() as connection:
        words = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
        assert connection.execute(text(words)).scalar() == 0
    engine.dispose()
    assert gradebook.is_file(gradebook.url_of(other))


def graded(course):
    """Give the names of those who were graded, in order, from a course's own log."""
    return [line["student"] for line in audit.read(course) if line["event"] == "graded"]


def test_graders_side_by_side_lose_nothing_and_write_nothing_twice(
    course, deserved, server, tmp_path
):
    """Two graders on copies of the course directory, and a person who marks by hand meanwhile."""
    url = server.make_database()
    students = list(deserved)
    assert {e.state for e in grade(course, CHAPTER, students=students[:1])} == {"graded"}
    migrate(course, url)
    shutil.copytree(course.folder, tmp_path / "copy")
    both = [course, open_course(tmp_path / "copy")]
    halves = (students[:4], students[2:])  # two in the middle are graded by both
    outcomes, stop = [[], []], threading.Event()

    def work(number):
        outcomes[number] += grade(
            both[number], CHAPTER, students=halves[number], force=True, jobs=1
        )

    def mark():
        with Gradebook(url) as book:
            place = ("90-3", course.notebook_name(CHAPTER), CHAPTER, students[0])
            while not stop.is_set():
                essay = book.find_grade(*place)
                essay.manual_score, essay.needs_manual_grade = 1.0, False
                book.db.commit()
                stop.wait(0.05)

    by_hand = threading.Thread(target=mark)
    by_hand.start()
    # In this process nbgrader's steps find one open gradebook: two graders are two processes.
    second = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "course_lib.cli",
            "teach",
            "grade",
            CHAPTER,
            "--force",
            "--jobs",
            "1",
        ]
        + [word for name in halves[1] for word in ("--student", name)]
        + ["--dir", str(both[1].folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 120
    while len(graded(both[1])) == len(students[:1]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert second.poll() is None, "it has begun and goes on while the first one grades"
    work(0)
    said = second.communicate(timeout=300)[0]
    stop.set()
    by_hand.join()
    assert second.returncode == 0, said
    assert {each.state for each in outcomes[0]} == {"graded"}
    with Gradebook(url) as book:
        found = Counter(each.student.id for each in book.assignment_submissions(CHAPTER))
        assert found == dict.fromkeys(students, 1)
        essay = book.find_grade("90-3", course.notebook_name(CHAPTER), CHAPTER, students[0])
        assert essay.manual_score == 1.0
        points = {
            each.student.id: sum(g.auto_score or 0 for n in each.notebooks for g in n.grades)
            for each in book.assignment_submissions(CHAPTER)
        }
    assert points == deserved


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_a_server_that_stops_is_said_and_the_next_run_goes_on(course, deserved, server, how):
    url = server.make_database()
    migrate(course, url)
    outcomes = []
    with pytest.raises(MachineError, match=r"cannot be used .* graded by now is kept") as said:
        for outcome in grade(course, CHAPTER, jobs=2):
            outcomes.append(outcome)
            if len(outcomes) == 2:
                server.stop(how)
    try:
        assert server.password not in str(said.value) and "127.0.0.1" in str(said.value)
        status, words = run("status", "--dir", course.folder)
        assert status == 1 and "cannot be used" in words
    finally:
        server.start()
    states = Counter(each.state for each in grade(course, CHAPTER, jobs=2))
    assert states["unchanged"] == len(outcomes) and states.total() == len(deserved)
    assert scores(course) == deserved
    assert len(list((course.private / "results").glob("*.json"))) == len(deserved)
    # One student was under way, and may have been judged twice; nobody is there twice.
    lines = Counter(graded(course))
    assert lines.keys() == deserved.keys() and lines.total() <= len(deserved) + 1
    with Gradebook(url) as book:
        assert len(book.assignment_submissions(CHAPTER)) == len(deserved)


def test_a_new_class_begins_there_and_no_password_is_seen(server, tmp_path, tiny_repository):
    url = server.make_database()
    folder = tmp_path / "class"
    said = []

    def teach(*arguments):
        status, words = run(*arguments, "--dir", folder)
        said.append(words)
        return status

    status, words = run("init", folder, "--lang", "en", "--gradebook", url)
    said.append(words)
    assert status == 0, words
    settings = folder / "course.json"
    settings.write_text(
        settings.read_text().replace(str(open_course(folder).repository), str(tiny_repository))
    )
    course = open_course(folder)
    assert teach("release", CHAPTER) == 0
    hand_in(course, "ann", answered(course, RIGHT))
    people = tmp_path / "people.csv"
    people.write_text("id,name\nann,Ann A\n", encoding="utf-8")
    for arguments in (
        ("roster", people),
        ("due", CHAPTER, "2030-10-01 23:59"),
        ("grade", CHAPTER),
        ("extend", CHAPTER, "--student", "ann", "--days", "1"),
        ("status",),
        ("feedback", CHAPTER),
        ("export", tmp_path / "grades.csv"),
        ("audit",),
    ):
        assert teach(*arguments) == 0, said[-1]
    assert "ann,Ann A" in (tmp_path / "grades.csv").read_text(encoding="utf-8-sig")
    (before,) = read_grades(course, CHAPTER)
    for words in (
        ("autograde", CHAPTER, "--force"),
        ("export", "--to", str(tmp_path / "theirs.csv")),
    ):
        theirs = subprocess.run(
            [sys.executable, "-m", "nbgrader", *words],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        said.append(theirs.stdout)
        assert theirs.returncode == 0, theirs.stdout
    assert "ann" in (tmp_path / "theirs.csv").read_text()
    (after,) = read_grades(course, CHAPTER)
    assert after.score == before.score and after.score
    assert not (folder / "gradebook.db").exists()
    # Another class cannot have it, and whoever has a wrong password hears so.
    status, words = run("init", tmp_path / "other", "--gradebook", url)
    said.append(words)
    assert status == 1 and "holds a class already" in words
    name = url.rpartition("/")[2]
    status, words = run(
        "init", tmp_path / "third", "--gradebook", server.url(name, password="Pw-no")
    )
    assert status == 1 and "password authentication failed" in words and "Pw-no" not in words
    assert server.password not in "".join(said) and f"/{name}" in "".join(said)
    note = course.private / "gradebook"
    assert stat.S_IMODE(note.stat().st_mode) == 0o600 and server.password in note.read_text()
    for path in folder.rglob("*"):
        if path.is_file() and path != note:
            assert server.password.encode() not in path.read_bytes(), path


def test_an_address_is_read_with_care(monkeypatch):
    for words in ("", "sqlite:///x.db", "postgresql://host", "postgresql://u:Pw-1@h:Pw-2/x", "x"):
        with pytest.raises(CourseError) as said:
            gradebook.read_url(words)
        assert "Pw-" not in str(said.value) and "no URL" in str(said.value)
    url = gradebook.read_url("postgresql://u:Pw-1@h/x?password=Pw-2&sslpassword=Pw-3")
    assert (
        url.drivername == "postgresql+psycopg"
        and gradebook.shown(url) == "postgresql+psycopg://u@h/x"
    )
    monkeypatch.setattr(gradebook, "find_spec", lambda name: None)
    with pytest.raises(CourseError, match="optional part `postgresql`"):
        gradebook.read_url("postgresql://h/x")
