"""A submission that students or editors have changed becomes the released form again."""

from __future__ import annotations

from copy import deepcopy

import nbformat
import pytest
from nbformat import NotebookNode

from course_lib.grading.screening import grade_id, make_whole, not_to_run


def nbgrader(name: str, *, grade: bool = False, solution: bool = False) -> dict:
    known = {"grade": grade, "grade_id": name, "locked": not solution, "schema_version": 3}
    return {"nbgrader": {**known, "solution": solution, "task": False, "points": 2}}


@pytest.fixture
def released() -> NotebookNode:
    new = nbformat.v4.new_code_cell
    cells = [
        new("import course_lib", id="setup", metadata=nbgrader("setup")),
        new("def f(): ...", id="answer", metadata=nbgrader("a", solution=True)),
        new("check('1', f)", id="check", metadata=nbgrader("1", grade=True)),
        new("slow()", id="long", metadata={"tags": ["demo"]}),
        new("fast()", id="short"),
    ]
    return nbformat.v4.new_notebook(cells=cells)


def names(notebook: NotebookNode) -> list[str | None]:
    return [grade_id(cell) for cell in notebook.cells]


def test_an_untouched_submission_stays_as_it_is(released):
    submitted = deepcopy(released)
    assert make_whole(submitted, released) == []
    assert [c.source for c in submitted.cells] == [c.source for c in released.cells]


def test_locked_cells_get_their_own_text_back_and_answers_keep_theirs(released):
    submitted = deepcopy(released)
    for cell in submitted.cells:
        cell.source = "mine"
    notes = make_whole(submitted, released)
    assert notes == ["restored setup", "restored 1"]
    assert [c.source for c in submitted.cells[:3]] == ["import course_lib", "mine", "check('1', f)"]


def test_metadata_is_the_sources_whatever_the_submission_says(released):
    submitted = deepcopy(released)
    submitted.cells[2].metadata.nbgrader.update(points=100, solution=True, schema_version=1)
    submitted.cells[2].metadata.tags = ["skip-execution"]
    submitted.cells[2].cell_type = "markdown"
    make_whole(submitted, released)
    assert submitted.cells[2].cell_type == "code"
    assert submitted.cells[2].metadata.nbgrader == released.cells[2].metadata.nbgrader
    assert "tags" not in submitted.cells[2].metadata


def test_missing_cells_come_back_at_their_place(released):
    submitted = deepcopy(released)
    submitted.cells = [submitted.cells[1], submitted.cells[4]]
    make_whole(submitted, released)
    assert names(submitted) == ["setup", "a", "1", None]


def test_everything_missing_comes_back_in_order(released):
    submitted = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1")])
    make_whole(submitted, released)
    assert [name for name in names(submitted) if name] == ["setup", "a", "1"]


def test_of_two_copies_the_one_that_was_worked_in_counts(released):
    submitted = deepcopy(released)
    worked_in = deepcopy(submitted.cells[1])
    worked_in.source = "def f(): return 1"
    submitted.cells.insert(1, worked_in)  # the untouched copy comes after it
    notes = make_whole(submitted, released)
    assert "duplicate of a" in notes
    assert [c.source for c in submitted.cells if grade_id(c) == "a"] == ["def f(): return 1"]
    assert len({cell.id for cell in submitted.cells}) == len(submitted.cells)


@pytest.mark.parametrize("odd", [{"grade_id": 3}, [], "text", {"grade": True, "grade_id": "new"}])
def test_odd_metadata_is_taken_off(released, odd):
    submitted = deepcopy(released)
    submitted.cells[4].metadata.nbgrader = odd
    make_whole(submitted, released)
    assert "nbgrader" not in submitted.cells[4].metadata


def test_only_the_sources_demo_cells_are_left_out(released):
    submitted = deepcopy(released)
    submitted.cells[3].metadata.pop("tags")
    submitted.cells[4].metadata.tags = ["demo", "skip-execution"]
    submitted.cells[2].id = "long"  # a check cell that takes a demo's name
    submitted.cells[3].id = "x"
    assert not_to_run(submitted, released) == {3}  # known by its text


def test_a_changed_demo_is_known_by_its_id(released):
    submitted = deepcopy(released)
    submitted.cells[3].source = "slower()"
    assert not_to_run(submitted, released) == {3}
