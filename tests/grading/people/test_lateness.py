"""Due dates, extensions and penalties: nbgrader's gradebook, its commands and ours show the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import nbformat
import pytest
from nbgrader.api import Gradebook

from course_lib import language
from course_lib.errors import CourseError
from course_lib.grading import feedback
from course_lib.grading.give_back import give_back
from course_lib.grading.grade import grade
from course_lib.grading.people import lateness
from course_lib.grading.people.policy import Policy, change_policy, read_policy
from course_lib.grading.people.standing import read_grades
from course_lib.grading.people.times import find_zone, read_time, show_duration, show_time
from course_lib.grading.walls import sandbox
from tests.conftest import require
from tests.grading.test_grading import nbgrader
from tests.grading.tiny_course import RIGHT, answered

SHANGHAI = find_zone("Asia/Shanghai")
DUE = datetime(2026, 10, 1, 15, 59, tzinfo=UTC)


@pytest.fixture
def _walls():
    require(sandbox.available(), "this machine has no bubblewrap sandbox")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("2026-10-01 23:59", "2026-10-01 15:59:00"),
        ("2026/10/1 23:59:30", "2026-10-01 15:59:30"),
        ("２０２６年１０月１日　２３：５９", "2026-10-01 15:59:00"),
        ("2026-10-01 24:00", "2026-10-01 16:00:00"),
        ("2026-10-01", "2026-10-01 15:59:59"),
        ("2026-10-01T23:59:00+02:00", "2026-10-01 21:59:00"),
        ("2026-10-01 23:59 Z", "2026-10-01 23:59:00"),
    ],
)
def test_times_are_read_as_people_write_them(words, expected):
    assert f"{read_time(words, SHANGHAI):%Y-%m-%d %H:%M:%S}" == expected


@pytest.mark.parametrize("words", ["tomorrow", "2026-13-01", "2026-10-01 25:00", "", "24:00"])
def test_what_is_no_time_is_said(words):
    with pytest.raises(CourseError, match="is not a time"):
        read_time(words, SHANGHAI)


def test_times_and_durations_are_shown_in_the_courses_zone():
    assert show_time(DUE, SHANGHAI) == "2026-10-01 23:59 +08:00"
    berlin = find_zone("Europe/Berlin")  # summer time ends on 25 October
    assert show_time(read_time("2026-10-25 12:00", berlin), berlin) == "2026-10-25 12:00 +01:00"
    assert show_duration(60) == "1 min" and show_duration(90061) == "1 d 1 h"
    language.use("zh")
    assert show_duration(9000) == "2 小时 30 分钟"
    with pytest.raises(CourseError, match="时区"):
        find_zone("Asia/Nowhere")


@pytest.mark.parametrize(
    ("seconds", "percent"),
    [(0, 0), (600, 0), (601, 10), (86400, 10), (86401, 20), (86400 * 30, 50)],
)
def test_each_day_begun_costs_up_to_the_limit_and_grace_costs_nothing(seconds, percent):
    policy = Policy(percent_per_day=10, most_percent=50, grace_minutes=10)
    assert policy.percent_for(seconds) == percent
    assert policy.penalty(27.5, seconds) == pytest.approx(27.5 * percent / 100)


def test_a_policy_that_makes_no_sense_is_refused(course):
    for changes in ({"percent_per_day": 120}, {"most_percent": -1}, {"grace_minutes": 1e9}):
        with pytest.raises(CourseError):
            change_policy(course, **changes)
    assert read_policy(course.folder) == Policy()
    (course.folder / "policy.json").write_text("{")
    with pytest.raises(CourseError, match=r"policy\.json can't be read"):
        read_policy(course.folder)


def gradebook_says(course, student):
    with Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}") as gradebook:
        submission = gradebook.find_submission("90", student)
        return submission.total_seconds_late, submission.late_submission_penalty


def rows(course):
    return {row.student: row for row in read_grades(course, "90")}


@pytest.mark.usefixtures("_walls")
def test_both_graders_take_the_same_off_and_everything_later_follows(course):
    change_policy(course, percent_per_day=10, most_percent=50, grace_minutes=10)
    lateness.set_due(course, "90", DUE)
    lateness.extend(course, "90", "王芳", 2 * 24 * 60)  # before anything was handed in
    for student, hours in {"ann": 0.1, "bob": 25, "王芳": 25}.items():
        folder = course.folder / "submitted" / student / "90"
        folder.mkdir(parents=True)
        nbformat.write(answered(course, RIGHT), folder / "90_tiny.ipynb")
        time = DUE + timedelta(hours=hours)
        (folder / "timestamp.txt").write_text(f"{time:%Y-%m-%d %H:%M:%S} UTC")
    status, log = nbgrader(course, "autograde", "90")
    assert status == 0, log
    by_nbgrader = {each: gradebook_says(course, each) for each in ("ann", "bob", "王芳")}
    assert by_nbgrader == {"ann": (360, 0), "bob": (90000, 1), "王芳": (0, 0)}
    assert {each.state for each in grade(course, "90", jobs=2)} == {"graded"}
    assert {each: gradebook_says(course, each) for each in by_nbgrader} == by_nbgrader
    late = rows(course)["bob"]
    assert (late.earned, late.late, late.score) == (5, 1, 4)
    assert late.handed_in == DUE + timedelta(hours=25) and late.seconds_late == 90000

    # Points given by hand later are late, too: the part is a part of all of them.
    with Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}") as gradebook:
        essay = gradebook.find_grade("90-3", "90_tiny", "90", "bob")
        essay.manual_score, essay.needs_manual_grade = 2, False
        gradebook.db.commit()
    assert (rows(course)["bob"].late, rows(course)["bob"].score) == (1.4, 5.6)
    list(give_back(course, "90", students=["bob"]))
    page = feedback.read_page(course, "90", "bob")
    assert "5.6" in page["total"] and "1.4" in page["late"]

    # An extension, a new due date, no due date: at once, and without running anything again.
    lateness.extend(course, "90", "bob", 60)
    assert gradebook_says(course, "bob") == (86400, 0.7)
    lateness.set_due(course, "90", DUE + timedelta(days=2))
    assert gradebook_says(course, "bob") == (0, 0)
    lateness.extend(course, "90", "bob", None)
    lateness.set_due(course, "90", DUE - timedelta(days=9))
    assert gradebook_says(course, "bob")[1] == 3.5  # the limit: 50 %
    lateness.set_due(course, "90", None)
    assert gradebook_says(course, "bob") == (0, 0) and gradebook_says(course, "王芳") == (0, 0)


@pytest.mark.usefixtures("_walls")
def test_nbgraders_own_way_of_taking_all_off_goes_first(course):
    with open(course.folder / "nbgrader_config.py", "a") as file:
        file.write("\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    lateness.set_due(course, "90", DUE)
    folder = course.folder / "submitted" / "ann" / "90"
    folder.mkdir(parents=True)
    nbformat.write(answered(course, RIGHT), folder / "90_tiny.ipynb")
    (folder / "timestamp.txt").write_text("2026-10-02 00:00:00 UTC")
    (graded,) = grade(course, "90")
    assert graded.late == 5


def test_an_extension_of_nothing_or_of_no_time_is_refused(course):
    with pytest.raises(CourseError, match="no due date"):
        lateness.extend(course, "90", "ann", 60)
    lateness.set_due(course, "90", DUE)
    with pytest.raises(CourseError, match="ends after the due date"):
        lateness.extend(course, "90", "ann", -60)
    with pytest.raises(CourseError, match="has not been released"):
        lateness.set_due(course, "91", DUE)
