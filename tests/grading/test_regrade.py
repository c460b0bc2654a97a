"""Grading again: one student, one exercise; what people gave by hand stays, and so does all else."""

from __future__ import annotations

import json
import shutil

import nbformat
import pytest
from nbgrader.api import Gradebook

from course_lib.errors import CourseError
from course_lib.grading import audit, feedback, results
from course_lib.grading.course import Course, open_course
from course_lib.grading.give_back import give_back
from course_lib.grading.grade import grade
from course_lib.grading.people.standing import read_grades
from course_lib.grading.regrade import regrade
from course_lib.grading.walls import sandbox
from tests.conftest import require
from tests.grading.test_grading import nbgrader
from tests.grading.tiny_course import RIGHT, answered, hand_in

SUMS = "def column_means(x):\n    return x.sum(axis=0)"


@pytest.fixture(autouse=True, scope="module")
def _walls():
    require(sandbox.available(), "this machine has no bubblewrap sandbox")


def with_essay(course, answers, essay):
    notebook = answered(course, answers)
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and "nbgrader" in cell.metadata:
            cell.source = essay
    return notebook


def mark(course, student, cell, points, comment=None):
    """Give points and a comment as the formgrader does."""
    with Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}") as gradebook:
        place = (cell, "90_tiny", "90", student)
        grade = gradebook.find_grade(*place)
        grade.manual_score, grade.needs_manual_grade = points, False
        if comment is not None:
            gradebook.find_comment(*place).manual_comment = comment
        gradebook.db.commit()


def row(course, student):
    return next(each for each in read_grades(course, "90") if each.student == student)


@pytest.fixture(scope="session")
def _marked_once(fresh_course, tmp_path_factory):
    """Ann's essay and Bob's are marked by hand, and Bob's mistake was forgiven in part."""
    folder = tmp_path_factory.mktemp("marked") / "course"
    shutil.copytree(fresh_course, folder)
    course = open_course(folder)
    hand_in(course, "ann", with_essay(course, RIGHT, "Outliers."))
    hand_in(course, "bob", with_essay(course, {**RIGHT, "90.1": SUMS}, "Outliers, too."))
    list(grade(course, "90", jobs=2))
    mark(course, "ann", "90-3", 1.5, "Say **what to do**.")
    mark(course, "bob", "90-3", 2, "好")
    mark(course, "bob", "90-1", 1)
    return course


@pytest.fixture
def marked(_marked_once, tmp_path):
    shutil.copytree(_marked_once.folder, tmp_path / "course")
    return open_course(tmp_path / "course")


def test_points_and_comments_given_by_hand_stay_settled_by_every_way_of_grading(marked):
    for again in ({"force": True}, {"again": True}):
        outcomes = {each.student: each for each in grade(marked, "90", jobs=2, **again)}
        assert (outcomes["ann"].score, outcomes["bob"].score) == (6.5, 6)
        assert not outcomes["ann"].waiting and not outcomes["bob"].waiting
    status, log = nbgrader(marked, "autograde", "90", "--force")
    assert status == 0, log
    assert (row(marked, "ann").score, row(marked, "ann").state) == (6.5, "graded")
    assert (row(marked, "bob").score, row(marked, "bob").state) == (6, "graded")
    list(give_back(marked, "90"))
    pages = {each: feedback.read_page(marked, "90", each) for each in ("ann", "bob")}
    assert "what to do" in str(pages["ann"]["rows"]) and "好" in str(pages["bob"]["rows"])
    # 1.5 of 2 points is a mark, not a mark that is still to come.
    essay = next(each for each in pages["ann"]["rows"] if each["name"] == "90-3")
    assert (essay["kind"], essay["points"]) == ("part", "1.5 / 2")
    assert pages["ann"]["pending"] == "" == pages["bob"]["pending"]


def test_a_new_answer_keeps_its_points_and_asks_for_another_look(marked):
    hand_in(marked, "ann", with_essay(marked, RIGHT, "Outliers, and take the median."))
    assert row(marked, "ann").state == "changed"
    graded = {each.student: each for each in grade(marked, "90")}["ann"]
    assert graded.score == 6.5 and graded.waiting
    assert row(marked, "ann").open == {"90.3"}
    # Looked at again and settled, it stays settled.
    mark(marked, "ann", "90-3", 2)
    graded = {each.student: each for each in grade(marked, "90", force=True)}["ann"]
    assert graded.score == 7 and not graded.waiting


def test_a_forgiven_mistake_is_looked_at_again_when_the_answer_changes(marked):
    hand_in(marked, "bob", with_essay(marked, RIGHT, "Outliers, too."))
    outcomes = {each.student: each for each in grade(marked, "90")}
    assert outcomes["bob"].waiting and outcomes["ann"].state == "unchanged"
    assert row(marked, "bob").exercises["90.1"] == 1  # until a person takes it off


def corrected(marked: Course, tmp_path) -> Course:
    """The same course after the specification was changed: now the sums are right."""
    repository = tmp_path / "corrected"
    shutil.copytree(marked.repository, repository)
    path = repository / "solutions" / "source" / "90_tiny.py"
    words = path.read_text()
    right = "reference=lambda x: x.mean(axis=0)"
    right = right if right in words else right.replace("x:", "x, constants:")
    assert right in words
    path.write_text(words.replace(right, right.replace("mean", "sum")))
    settings = json.loads((marked.folder / "course.json").read_text())
    settings["repository"] = str(repository)
    (marked.folder / "course.json").write_text(json.dumps(settings))
    return open_course(marked.folder)


def test_one_exercise_is_judged_anew_and_nothing_else_moves(marked, tmp_path):
    hand_in(
        marked, "eve", with_essay(marked, {**RIGHT, "90.1": SUMS, "90.2": "longest_row = 1"}, "?")
    )
    list(grade(marked, "90", students=["eve"]))
    assert row(marked, "eve").exercises == {"90.1": 0, "90.2": 0, "90.3": 0}
    course = corrected(marked, tmp_path)
    outcomes = {each.student: each for each in regrade(course, "90", "90.1", jobs=2)}
    assert {each.state for each in outcomes.values()} == {"graded"}
    assert row(course, "ann").exercises == {"90.1": 0, "90.2": 3, "90.3": 1.5}
    assert row(course, "eve").exercises == {"90.1": 2, "90.2": 0, "90.3": 0}
    # Bob's own mark was given by a person: it stands, and a person is asked to look again.
    assert row(course, "bob").exercises["90.1"] == 1 and row(course, "bob").open == {"90.1"}
    assert row(course, "ann").codes == {"90.1": "Incorrect", "90.2": "Correct"}
    assert {each.state for each in grade(course, "90")} == {"unchanged"}
    last = [line for line in audit.read(course) if line["event"] == "regraded"]
    assert {(line["student"], line["before"]) for line in last} >= {("ann", "Correct")}
    list(give_back(course, "90"))
    assert "✗ 90.1" in feedback.as_text(feedback.read_page(course, "90", "ann"))


def test_one_student_and_again_runs_again(marked, monkeypatch):
    dropped = []
    forget = results.forget
    monkeypatch.setattr(results, "forget", lambda *a: (dropped.append(a), forget(*a)))
    (outcome,) = regrade(marked, "90", "90.2", students=["ann"], again=True)
    assert outcome.score == 6.5 and len(dropped) == 1
    (outcome,) = grade(marked, "90", students=["ann"], again=True)
    assert outcome.state == "graded" and outcome.score == 6.5 and len(dropped) == 2


def test_killed_while_regrading_the_next_grading_makes_it_whole(marked, tmp_path, monkeypatch):
    course = corrected(marked, tmp_path)
    from course_lib.grading import regrade as module

    def killed(*arguments, **named):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "SaveGrades", killed)
        with pytest.raises(KeyboardInterrupt):
            list(regrade(course, "90", "90.1", students=["ann"]))
    assert row(course, "ann").exercises["90.1"] == 2  # the gradebook was not reached
    outcomes = {each.student: each.state for each in grade(course, "90", students=["ann"])}
    assert outcomes == {"ann": "graded"} and row(course, "ann").exercises["90.1"] == 0


@pytest.mark.parametrize(
    ("exercise", "sentence"),
    [("90.3", "marked by hand"), ("90.9", r"no exercise 90\.9; there are 90\.1")],
)
def test_what_cannot_be_judged_anew_is_said(marked, exercise, sentence):
    with pytest.raises(CourseError, match=sentence):
        list(regrade(marked, "90", exercise))


def test_a_newer_version_is_not_taken_for_graded(marked):
    hand_in(marked, "ann", with_essay(marked, {}, "Nothing any more."))
    outcomes = {each.student: each for each in regrade(marked, "90", "90.2")}
    assert outcomes["ann"].state == "failed" and "newer version" in outcomes["ann"].why
    assert outcomes["bob"].state == "graded" and row(marked, "ann").state == "changed"
    assert {each.student: each.state for each in grade(marked, "90")}["ann"] == "graded"
    assert row(marked, "ann").exercises["90.2"] == 0


def test_who_was_never_graded_is_said_and_stops_nobody(marked):
    hand_in(marked, "zoe", nbformat.v4.new_notebook())
    outcomes = {each.student: each for each in regrade(marked, "90", "90.2")}
    assert outcomes["zoe"].state == "failed" and "grade 90" in outcomes["zoe"].why
    assert outcomes["ann"].state == "graded"
