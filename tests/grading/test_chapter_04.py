"""Chapter 04, really graded: five submissions, four editions, two graders, pages that say why."""

from __future__ import annotations

import html
import re

import nbformat
import pytest
from nbgrader.api import Gradebook

from course_lib.grading.course import create
from course_lib.grading.export import read_grades
from course_lib.grading.give_back import give_back
from course_lib.grading.grade import grade
from course_lib.grading.release import release
from course_lib.grading.submissions import make_submissions
from course_lib.grading.walls import sandbox
from course_lib.paths import repository_root
from tests.conftest import require
from tests.grading.test_grading import nbgrader

CHAPTER = "04"


def hand_in(tmp_path, language, framework):
    """Release the chapter, hand in the five ready-made submissions: (course, submissions by name)."""
    require(sandbox.available(), "this machine has no bubblewrap sandbox")
    course = create(tmp_path / "course", language=language, framework=framework)
    release(course, CHAPTER)
    made = make_submissions(CHAPTER, language, framework, repository=repository_root())
    for name, submission in made.items():
        folder = course.folder / "submitted" / name / CHAPTER
        folder.mkdir(parents=True)
        nbformat.write(submission.notebook, folder / f"{course.notebook_name(CHAPTER)}.ipynb")
    return course, made


def assert_deserved(course, made):
    rows = {row.student: row for row in read_grades(course, CHAPTER)}
    for name, submission in made.items():
        by_machine = {e: rows[name].exercises[e] for e in submission.marks}
        assert by_machine == dict(submission.marks), name
        assert rows[name].score == submission.total, name


def assert_pages_say_why(course, made):
    pages = {each.student: each.page for each in give_back(course, CHAPTER)}
    from course_lib.exercises.cards import plainly
    from course_lib.grading.course import specification
    from course_lib.grading.judging.verdicts import title

    exercises = specification(course, course.notebook_name(CHAPTER))
    for name, submission in made.items():
        page = pages[name].read_text(encoding="utf-8")
        visible = html.unescape(re.sub(r"</?(code|em)\b[^>]*>", "", page))
        for number, code in submission.codes.items():
            assert exercises[number].title[course.language] in visible
            kind, _, pitfall = code.partition("/")
            if pitfall:
                known = {each.name: each.message for each in exercises[number].pitfalls}
                assert plainly(known[pitfall][course.language]) in visible, (name, number)
            elif kind != "Correct":
                assert title(kind, course.language) in visible, (name, number)


@pytest.mark.parametrize(
    ("language", "framework", "first"),
    [
        # Whichever command comes first executes the five submissions; both judge and record them.
        ("en", "pytorch", "course"),
        ("zh", "pytorch", "nbgrader"),
        ("en", "keras", "nbgrader"),
        ("zh", "keras", "course"),
    ],
)
def test_five_submissions_get_exactly_what_they_deserve_from_both_graders(
    tmp_path, language, framework, first
):
    course, made = hand_in(tmp_path, language, framework)
    graders = [by_the_course, by_nbgrader]
    for grader in graders if first == "course" else reversed(graders):
        with Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}") as gradebook:
            for name in read_grades_of(
                course
            ):  # so that nothing that the other command wrote is left
                gradebook.remove_submission(CHAPTER, name)
        grader(course, made)
        assert_deserved(course, made)
    assert_pages_say_why(course, made)  # in two editions after the one, in two after the other


def read_grades_of(course):
    return [row.student for row in read_grades(course, CHAPTER) if row.score is not None]


def by_the_course(course, made):
    outcomes = {each.student: each for each in grade(course, CHAPTER, jobs=2)}
    assert {name: each.score for name, each in outcomes.items()} == {
        name: each.total for name, each in made.items()
    }


def by_nbgrader(course, made):
    status, log = nbgrader(course, "autograde", CHAPTER, "--force")
    assert status == 0, log
    assert "SAWarning" not in log
