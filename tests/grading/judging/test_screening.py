"""A submission that students or editors have changed becomes the released form again."""

from __future__ import annotations

import time
from copy import deepcopy

import nbformat
import pytest
from nbformat import NotebookNode

from course_lib.grading.judging.screening import grade_id, make_whole, not_to_run


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
    sources = [c.source for c in submitted.cells[:5]]
    assert sources == ["import course_lib", "mine", "mine", "mine", "check('1', f)"]
    assert [grade_id(c) for c in submitted.cells[:5]] == ["setup", None, "a", None, "1"]


def test_what_was_added_to_a_locked_cell_or_a_demo_is_run_beside_it(released):
    submitted = deepcopy(released)
    by_id = {cell.id: cell for cell in submitted.cells}
    by_id["setup"].source += "\nimport math"
    by_id["check"].source = "# nothing of my own\n" + by_id["check"].source
    by_id["long"].source = "def helper():\n    return 1"
    make_whole(submitted, released)
    assert [c.source for c in submitted.cells].count("import course_lib\nimport math") == 1
    assert len(submitted.cells) == len(released.cells) + 1
    assert not any(submitted.cells[i].id == "long" for i in not_to_run(submitted, released))


def test_code_without_end_and_thousands_of_cells_take_no_time(released):
    submitted = deepcopy(released)
    chain = nbformat.v4.new_code_cell("def f():\n    return a" + ".b" * 900_000)
    cells = [nbformat.v4.new_code_cell(f"def g{n}(): pass") for n in range(4_000)]
    submitted.cells = [*cells, chain]
    started = time.process_time()
    notes = make_whole(submitted, released)
    assert time.process_time() - started < 5
    assert {"matched a by its function", "missing setup", "missing 1"} <= set(notes)


def test_nothing_but_a_name_is_kept_of_what_a_notebook_says_of_its_language(released):
    submitted = deepcopy(released)
    submitted.metadata = {
        "language_info": {"name": ["x"], "pygments_lexer": 5},
        "kernelspec": {"a": 1},
    }
    make_whole(submitted, released)
    assert submitted.metadata == {"language_info": {"name": "python"}}


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


def named(notebook: NotebookNode) -> list[str]:
    return [name for name in names(notebook) if name]


def test_locked_cells_go_back_to_their_place_and_answers_stay(released):
    submitted = deepcopy(released)
    submitted.cells.reverse()  # short, long, 1, a, setup
    notes = make_whole(submitted, released)
    assert named(submitted) == ["setup", "a", "1"]
    assert {"moved setup", "moved 1"} <= set(notes)
    assert make_whole(submitted, released) == []


def test_nothing_but_text_and_names_is_kept(released):
    submitted = deepcopy(released)
    submitted["extra"] = 1
    submitted.metadata.widgets = {"x": 1}
    for cell in submitted.cells:
        cell.metadata.tags = ["skip-execution"]
        cell.metadata.editable = False
        cell["unknown"] = 1
    make_whole(submitted, released)
    assert set(submitted) == {"cells", "metadata", "nbformat", "nbformat_minor"}
    assert "widgets" not in submitted.metadata
    for cell in submitted.cells:
        assert set(cell.metadata) <= {"nbgrader", "course"} and "unknown" not in cell


@pytest.mark.parametrize(
    ("source", "how"),
    [
        ("def f(x): return x", "function"),
        ("import math\nf = math.sqrt", "function"),
        ("def f(x)\n    return x", "function"),  # a slip of the pen makes it no less the answer
    ],
)
def test_a_cell_of_ones_own_is_known_by_what_it_defines(released, source, how):
    submitted = deepcopy(released)
    submitted.cells[1] = nbformat.v4.new_code_cell(source)
    notes = make_whole(submitted, released)
    assert notes == [f"matched a by its {how}"]
    assert [c.source for c in submitted.cells if grade_id(c) == "a"] == [source]


def test_a_missing_check_comes_back_behind_the_code_that_was_added(released):
    submitted = deepcopy(released)
    submitted.cells[2:3] = [
        nbformat.v4.new_code_cell("helper = 1"),
        nbformat.v4.new_code_cell("f = 2"),
    ]
    make_whole(submitted, released)
    assert names(submitted)[:5] == ["setup", "a", None, None, "1"]


def test_an_untouched_copy_does_not_undo_the_answer(released):
    submitted = deepcopy(released)
    submitted.cells.insert(2, deepcopy(submitted.cells[1]))
    submitted.cells[1].source = "def f(): return 1"
    make_whole(submitted, released)
    assert [c.source for c in submitted.cells].count("def f(): ...") == 0
