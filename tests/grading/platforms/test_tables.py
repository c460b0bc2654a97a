"""Tables of Canvas and Moodle: the scores go where they belong, everything else stays, nothing is guessed."""

from __future__ import annotations

import csv
import io
import zipfile

import nbformat
import pytest
from nbgrader.api import Gradebook

from course_lib.errors import CourseError
from course_lib.grading.collect import collect
from course_lib.grading.people import roster
from course_lib.grading.people.roster import Student
from course_lib.grading.people.standing import Row, read_grades
from course_lib.grading.platforms import tables
from course_lib.grading.platforms.tables import fill_in
from course_lib.grading.walls import sandbox
from tests.conftest import require
from tests.grading.commands.test_teach import run
from tests.grading.tiny_course import RIGHT, answered

pytestmark = [pytest.mark.usefixtures("course_home")]

# As the two platforms write them (the names are invented).
CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Lab 89 (5001),Tiny chapter 90 (5002),Labs Current Score
,,,,,,Manual Posting,
    Points Possible,,,,,10,7,(read only)
"Lovelace, Ada",77,0070,ada01,"Group A, Monday",9,,90
"Hopper, Grace",78,0071,grace01,Group B,8,2,80
"芳, 王",79,0072,wangfang,Group B,8,6,80
"Student, Test",80,,,Group B,,,
"""
MOODLE = (
    "Identifier,Full name,ID number,Email address,Status,Grade,Maximum grade,"
    "Grade can be changed,Last modified (submission),Last modified (grade),Feedback comments\n"
    'Participant 1234,Ada Lovelace,0070,ada@example.org,Submitted,,7.00,Yes,"Thursday, 1 October, 20:00",-,\n'
    "Participant 1235,Grace Hopper,0071,grace@example.org,Submitted,2.00,7.00,Yes,-,-,well done\n"
    "Participant 1236,王芳,0072,,No submission,,7.00,Yes,-,-,\n"
)
ROWS = [
    Row("0070", "90", "graded", 6.5, 7, name="Ada Lovelace"),
    Row("0071", "90", "to be marked", 5, 7, name="Grace Hopper"),
    Row("0072", "90", "missing", name="王芳"),
]


@pytest.fixture
def fill(course, tmp_path, monkeypatch):
    """Fill in a table for made-up standings; give what became of it and the lines of the new table."""

    def run_it(text, rows=ROWS, encoding="utf-8", **options):
        monkeypatch.setattr(tables, "read_grades", lambda *_: list(rows))
        (tmp_path / "in.csv").write_bytes(
            text if isinstance(text, bytes) else text.encode(encoding)
        )
        done = fill_in(course, "90", tmp_path / "in.csv", tmp_path / "out.csv", **options)
        raw = (tmp_path / "out.csv").read_bytes()
        return done, list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))

    return run_it


def test_canvas_gets_its_columns_back_and_only_what_is_graded(fill):
    done, lines = fill(CANVAS)
    assert (done.platform, done.column, done.count) == ("Canvas", "Tiny chapter 90 (5002)", 1)
    assert lines[0] == [*CANVAS.split("\n")[0].split(",")[:5], "Tiny chapter 90 (5002)"]
    assert lines[2] == ["    Points Possible", "", "", "", "", "7"]
    by_name = {line[0]: line for line in lines[3:]}
    assert by_name["Lovelace, Ada"] == [
        "Lovelace, Ada",
        "77",
        "0070",
        "ada01",
        "Group A, Monday",
        "6.5",
    ]
    # Canvas clears what is blank: whoever has no final score keeps what was there.
    assert by_name["Hopper, Grace"][-1] == "2" and by_name["芳, 王"][-1] == "6"
    assert done.left == (("0071", "part to be marked by hand"),)


def test_moodle_gets_the_whole_worksheet_back(fill):
    done, lines = fill(MOODLE)
    assert (done.platform, done.column, done.count) == ("Moodle", "Grade", 1)
    before = list(csv.reader(io.StringIO(MOODLE)))
    before[1][5] = "6.5"
    assert lines == before
    chinese = MOODLE.replace("Identifier", "识别码").replace("Participant ", "参与者")
    chinese = chinese.replace("Last modified (grade)", "最后修改（教师）").replace(
        ",Grade,", ",成绩,"
    )
    done, lines = fill("\ufeff" + chinese)
    assert done.count == 1 and lines[1][5] == "6.5"


def test_a_mark_semicolons_and_utf_16_are_read_and_a_mark_stays(fill, tmp_path):
    assert fill("\ufeff" + CANVAS)[0].count == 1
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert fill(CANVAS, encoding="utf-16")[0].count == 1
    lines = list(csv.reader(io.StringIO(CANVAS)))
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(lines)
    fill(text.getvalue())
    assert ";6.5" in (tmp_path / "out.csv").read_text()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (CANVAS.encode("gb18030"), "not in UTF-8"),
        (CANVAS.replace("Grace", "Grâce").encode("latin-1", "replace"), "not in UTF-8"),
        (CANVAS.replace(",Section", ",Group"), "the column Section is missing"),
        (CANVAS.replace("Points Possible", "Points"), "the row “Points Possible” is missing"),
        (CANVAS.replace("10,7,", "10,100,"), "out of 100 points, chapter 90 out of 7"),
        (CANVAS.replace(",78,", ",77,"), "77 is in it twice"),
        (
            CANVAS.replace("chapter 90", "chapter"),
            "Say it with --column (there are: Lab 89 (5001), ",
        ),
        (CANVAS.replace("Lab 89", "Lab 90"), "Say it with --column"),
        (MOODLE.replace("1235", "1234"), "1234 is in it twice"),
        (MOODLE.replace(",Grade,", ",Points,"), "missing: grade"),
        (MOODLE.replace("Last modified (grade)", "Changed"), "missing: last modified (grade)"),
        (MOODLE.replace("7.00", "100.00"), "out of 100.00 points"),
        ("a,b\n1,2\n", "neither Canvas's gradebook"),
        (CANVAS.split("\n")[0], "no students"),
        (CANVAS + "a,b,c,d,e,f,g,h,i\n", "more cells than there are headings"),
        ("", "no students"),
        ('Student,ID\n"' + "x" * 200_000, "it is no CSV"),
    ],
)
def test_a_bad_table_ends_in_one_sentence(fill, text, why, tmp_path):
    with pytest.raises(CourseError) as caught:
        fill(text)
    assert why in caught.value.en and caught.value.zh and "\n" not in str(caught.value)
    assert not (tmp_path / "out.csv").exists()


def test_names_that_two_share_and_two_students_on_one_line_are_not_guessed(fill):
    twins = CANVAS.replace("Hopper, Grace", "Lovelace, Ada").replace("0070", "").replace("0071", "")
    done, _ = fill(twins)
    assert ("0070", "not found in the table") in done.left
    both = [ROWS[0], Row("ada01", "90", "graded", 3, 7)]
    with pytest.raises(CourseError, match="same line"):
        fill(CANVAS, rows=both)


def test_the_column_can_be_named(fill):
    text = CANVAS.replace("chapter 90", "chapter").replace("10,7", "7,7")
    assert fill(text, column="Tiny chapter")[0].column == "Tiny chapter (5002)"
    assert fill(text, column="Lab 89 (5001)")[0].column == "Lab 89 (5001)"


@pytest.mark.parametrize("platform", ["Canvas", "Moodle"])
def test_collect_grade_export_gives_the_same_scores(course, tmp_path, platform):
    """The whole round: the platform's zip, graded, and its own table with what the gradebook says."""
    require(sandbox.available(), "this machine has no bubblewrap sandbox")
    names = {
        "Canvas": ("lovelaceada_77_9001_90_tiny.ipynb", "hoppergrace_LATE_78_9002_90_tiny-1.ipynb"),
        "Moodle": (
            "Ada Lovelace_1234_assignsubmission_file_/90_tiny.ipynb",
            "Grace Hopper_1235_assignsubmission_file_/my work.ipynb",
        ),
    }[platform]
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        for name, answers in zip(names, (RIGHT, {"90.1": RIGHT["90.1"]}), strict=True):
            archive.writestr(name, nbformat.writes(answered(course, answers)))
    if platform == "Moodle":  # Canvas without a class list: the platform's own numbers are enough
        roster.save(course, [Student("0070", "Ada Lovelace"), Student("0071", "Grace Hopper")])
    assert {each.state for each in collect(course, tmp_path / "in.zip")} == {"new"}
    at = ("--dir", course.folder)
    run("grade", "90", *at)
    with Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}") as gradebook:
        for row, points in zip(read_grades(course, "90"), (1.5, 0), strict=True):
            essay = gradebook.find_grade("90-3", "90_tiny", "90", row.student)
            essay.manual_score, essay.needs_manual_grade = points, False
        gradebook.db.commit()
    (tmp_path / "table.csv").write_text({"Canvas": CANVAS, "Moodle": MOODLE}[platform])
    out = tmp_path / "out.csv"
    said = run("export", out, "--chapter", "90", "--into", tmp_path / "table.csv", *at)
    assert f"{platform}, “" in said and "2 scores" in said
    place = {"Canvas": 5, "Moodle": 5}[platform]
    lines = list(csv.reader(io.StringIO(out.read_text())))
    shown = sorted(
        float(line[place]) for line in lines if line[1] in ("77", "78") or "ace" in line[1]
    )
    assert shown == sorted(row.score for row in read_grades(course, "90")) and max(shown) >= 5
    # What comes out may go in again, as after a second export: the same scores stand where they stood.
    run("export", tmp_path / "again.csv", "--chapter", "90", "--into", out, *at)
    assert list(csv.reader(io.StringIO((tmp_path / "again.csv").read_text()))) == lines
    run("feedback", "90", "--to", tmp_path / "back.zip", *at)
    with zipfile.ZipFile(tmp_path / "back.zip") as archive:
        assert sorted(archive.namelist()) == sorted(
            name.replace(".ipynb", ".html") for name in names
        )


def test_the_command_wants_a_chapter(course, tmp_path):
    with pytest.raises(CourseError, match="--chapter"):
        run("export", tmp_path / "o.csv", "--into", tmp_path / "i.csv", "--dir", course.folder)
