"""Damaged and alien files: each ends in a stated outcome for that student and stops nobody else."""

from __future__ import annotations

import json
import os

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from course_lib.grading import audit
from course_lib.grading.export import read_grades
from course_lib.grading.grade import grade
from course_lib.grading.walls import sandbox
from tests.conftest import require
from tests.grading.test_grading import nbgrader
from tests.grading.tiny_course import RIGHT, answered, hand_in


@pytest.fixture(autouse=True)
def _walls():
    require(sandbox.available(), "this machine has no bubblewrap sandbox")


def _without_metadata(notebook):
    for cell in notebook.cells:
        cell.metadata = nbformat.NotebookNode()


def _renamed(notebook):
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.grade_id += "-mine"


def _twisted(notebook):
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader = ["not", "a", "dictionary"]


def _retyped(notebook):
    for index, cell in enumerate(notebook.cells):
        if cell.get("metadata", {}).get("nbgrader", {}).get("grade"):
            notebook.cells[index] = new_markdown_cell(cell.source, metadata=cell.metadata)


def _points(notebook):
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.points = 1000
            cell.metadata.nbgrader.schema_version = -7


def _same_ids(notebook):
    for cell in notebook.cells:
        cell.id = "x"


def _many_cells(notebook):
    notebook.cells += [new_code_cell("1") for _ in range(300)]


def _empty(notebook):
    notebook.cells.clear()


def _reversed(notebook):
    notebook.cells.reverse()


def _huge_outputs(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("stream", text="x" * 10**6)]


def _lost_in(kept):
    """As an editor leaves a notebook that knows nothing of nbgrader: metadata gone, ids gone or kept."""

    def change(notebook):
        for index, cell in enumerate(notebook.cells):
            cell.metadata = nbformat.NotebookNode({"id": f"Xy{index}", "outputId": "a-b", **kept})
            cell.pop("id", None)
        notebook.nbformat_minor = 0
        notebook.metadata = nbformat.NotebookNode({"colab": {"provenance": []}})

    return change


def _pasted(notebook):
    """Everything copied into a new notebook, the written answer too."""
    notebook.cells = [
        (new_code_cell if cell.cell_type == "code" else new_markdown_cell)(cell.source)
        for cell in notebook.cells
    ]
    notebook.cells[-1].source = "Because of outliers, I think."


def _check_first(notebook):
    checks = [c for c in notebook.cells if c.source.startswith("check(")]
    for cell in checks:
        notebook.cells.remove(cell)
    notebook.cells[:0] = checks


def _setup_last(notebook):
    setup = next(c for c in notebook.cells if c.source.startswith("import numpy"))
    notebook.cells.remove(setup)
    notebook.cells.append(setup)


def _answer_of(notebook, exercise):
    return next(
        (i, cell)
        for i, cell in enumerate(notebook.cells)
        if cell.metadata.get("course", {}).get("exercise") == exercise
        and cell.metadata.nbgrader.solution
    )


def _own_cell(notebook):
    """The answer cell deleted, the function written in a new cell in its place."""
    index, cell = _answer_of(notebook, "90.1")
    notebook.cells[index] = new_code_cell("# mine\n" + cell.source)


def _own_cell_below(notebook):
    """The answer cell deleted, the function written at the very end."""
    index, cell = _answer_of(notebook, "90.1")
    del notebook.cells[index]
    notebook.cells.append(new_code_cell(cell.source))


def _own_cell_after_stub(notebook):
    """The stub left as it was, the function in a new cell after it."""
    index, cell = _answer_of(notebook, "90.1")
    stub = "def column_means(x):\n    raise NotImplementedError('not done yet')"
    notebook.cells.insert(index + 1, new_code_cell(cell.source))
    cell.source = stub


def _checked_elsewhere(notebook):
    """The stub left, the function far below, and checked there again."""
    _, cell = _answer_of(notebook, "90.1")
    notebook.cells.append(new_code_cell(cell.source))
    notebook.cells.append(new_code_cell('check("90.1", column_means)'))
    cell.source = "def column_means(x):\n    raise NotImplementedError('not done yet')"


def _tried_out_later(notebook):
    """After the check cell, something else is tried and checked: the check cell's answer counts."""
    notebook.cells.append(
        new_code_cell("def column_means(x):\n    return 0\ncheck('90.1', column_means)")
    )


def _split(notebook):
    """The answer in two cells, the check cell deleted."""
    index, cell = _answer_of(notebook, "90.1")
    notebook.cells[index + 1 : index + 2] = [
        new_code_cell("def column_means(x):\n    return total(x) / len(x)")
    ]
    cell.source = "def total(x):\n    return x.sum(axis=0)"


def _copy_worked_in(notebook):
    """A copy of the answer cell was worked in; the untouched one stands after it."""
    index, cell = _answer_of(notebook, "90.1")
    untouched = nbformat.from_dict(cell)
    untouched.id, untouched.source = "another", _STUB
    notebook.cells.insert(index + 1, untouched)


_STUB = (
    "def column_means(x):\n    # Your code goes here, in place of the next line.\n"
    '    raise NotImplementedError("not done yet")'
)


def _widgets(notebook):
    notebook.metadata["widgets"] = {"application/x": {"state": "x" * 10_000}}
    notebook["extra"] = {"a": 1}
    for cell in notebook.cells:
        cell["unknown"] = True
        cell.metadata.tags = ["skip-execution", "raises-exception", "remove_cell"]


def _odd_types(notebook):
    notebook.cells.insert(
        1, nbformat.from_dict({"cell_type": "sql", "metadata": {}, "source": "x"})
    )
    notebook.cells.insert(
        1, nbformat.from_dict({"cell_type": "code", "metadata": {}, "source": ["a = 1\n", "a"]})
    )


# name: (what is done to a right notebook, the points that must come out; None: any, but stated).
CHANGED = {
    "metadata lost": (_without_metadata, 5),
    "saved by Colab": (_lost_in({}), 5),
    "saved by VS Code": (_lost_in({"vscode": {"languageId": "python"}}), 5),
    "pasted into a new notebook": (_pasted, 5),
    "cells renamed": (_renamed, 5),
    "metadata of another kind": (_twisted, 5),
    "check cells turned into prose": (_retyped, 5),
    "more points, please": (_points, 5),
    "all cells share one id": (_same_ids, 5),
    "hundreds of cells": (_many_cells, 5),
    "no cells": (_empty, 0),
    "reversed": (_reversed, 5),
    "check cells first": (_check_first, 5),
    "setup last": (_setup_last, 5),
    "answer in a cell of one's own": (_own_cell, 5),
    "answer at the very end": (_own_cell_below, 5),
    "answer after the stub": (_own_cell_after_stub, 5),
    "answer checked elsewhere": (_checked_elsewhere, 5),
    "something else tried out later": (_tried_out_later, 5),
    "answer split over cells": (_split, 5),
    "answer in a copy of the cell": (_copy_worked_in, 5),
    "widgets, tags and unknown keys": (_widgets, 5),
    "cells of unknown kinds": (_odd_types, 5),
    "huge outputs handed in": (_huge_outputs, 5),
}
ALIEN = {
    "empty file": b"",
    "not json": b"hello",
    "cut in the middle": b'{"cells": [{"cell_type": "code", "sou',
    "another json": b"[1, 2, 3]",
    "null": b"null",
    "version 3": b'{"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": []}]}',
    "version 5": b'{"nbformat": 5, "nbformat_minor": 0, "metadata": {}, "cells": []}',
    "version 2": b'{"nbformat": 2, "nbformat_minor": 0, "metadata": {}, "worksheets": []}',
    "version 9": b'{"nbformat": 9, "nbformat_minor": 0, "metadata": {}, "cells": []}',
    "utf-16": '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'.encode("utf-16"),
    "gb18030": '{"cells": [], "metadata": {"a": "中"}, "nbformat": 4, "nbformat_minor": 5}'.encode(
        "gb18030"
    ),
    "zeros": b"\0" * 4096,
    "deep": b'{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {"a": '
    + b"[" * 200_000
    + b"]" * 200_000
    + b"}}",
    "cells without metadata": b'{"cells": [{"cell_type": "code", "source": ""}], "metadata": {}, '
    b'"nbformat": 4, "nbformat_minor": 5}',
    "cells of another kind": b'{"cells": [1, "a", null], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    "too many cells": json.dumps(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": {},
         "cells": [{"cell_type": "raw", "metadata": {}, "source": ""}] * 6000}
    ).encode(),
    "another chapter": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {"course": {"chapter": "17"}}, '
    b'"cells": []}',
    "another framework": b'{"nbformat": 4, "nbformat_minor": 5, "cells": [], '
    b'"metadata": {"course": {"chapter": "90", "framework": "keras"}}}',
    "another class": b'{"nbformat": 4, "nbformat_minor": 5, "cells": [], '
    b'"metadata": {"course": {"chapter": "90", "offering": "0a1b2c3d"}}}',
    "nested a little too deep": b'{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {"a": '
    + b"[" * 200
    + b"]" * 200
    + b"}}",
    "huge numbers": b'{"cells": [], "metadata": {"a": ' + b"9" * 10_000 + b'}, "nbformat": 4, '
    b'"nbformat_minor": 5}',
    "a surrogate in the text": json.dumps(
        {
            "cells": [
                {"cell_type": "code", "id": "a", "metadata": {}, "source": "x = '\ud800'",
                 "outputs": [], "execution_count": None}
            ],
            "metadata": {}, "nbformat": 4, "nbformat_minor": 5,
        }
    ).encode(),
}  # fmt: skip


# What stands at the place of a notebook and is none: made in the student's folder, or instead of it.
def _a_link_to_the_solution(course, path):
    path.symlink_to(course.folder / "source" / "90" / "90_tiny.ipynb")


def _a_link_to_a_neighbour(course, path):
    path.symlink_to(course.folder / "submitted" / "zz honest" / "90" / "90_tiny.ipynb")


def _a_link_for_a_folder(course, path):
    path.parent.rmdir()
    path.parent.symlink_to(course.folder / "submitted" / "zz honest" / "90")


def _a_pipe(course, path):
    os.mkfifo(path)


def _a_folder(course, path):
    path.mkdir()


def _nothing(course, path):
    (path.parent / "notes.txt").write_text("I forgot the notebook.")


def _two_unknown(course, path):
    for name in ("one.ipynb", "two.ipynb"):
        (path.parent / name).write_text(nbformat.writes(answered(course, RIGHT)))


def _a_gigabyte(course, path):
    with open(path, "wb") as file:
        file.truncate(1 << 30)


INSTEAD = {
    "link to the solution": _a_link_to_the_solution,
    "link to a neighbour": _a_link_to_a_neighbour,
    "link for a folder": _a_link_for_a_folder,
    "pipe": _a_pipe,
    "folder": _a_folder,
    "nothing": _nothing,
    "two notebooks, neither with the name": _two_unknown,
    "a gigabyte": _a_gigabyte,
}


def hand_all_in(course, chosen):
    """Hand in, by hand and past ``teach collect``, everything above that is chosen."""
    hand_in(course, "zz honest", answered(course, RIGHT))
    for name, (change, _) in CHANGED.items():
        if name not in chosen:
            continue
        notebook = answered(course, RIGHT)
        change(notebook)
        hand_in(course, f"changed {name}", json.dumps(notebook))
    for name, content in ALIEN.items():
        if name in chosen:
            hand_in(course, f"alien {name}", "").write_bytes(content)
    for name, make in INSTEAD.items():
        if name not in chosen:
            continue
        path = hand_in(course, f"instead {name}", "")
        path.unlink()
        make(course, path)
    renamed = hand_in(course, "renamed", answered(course, RIGHT))
    renamed.rename(renamed.with_name("my homework.ipynb"))
    extra = hand_in(course, "with links beside", answered(course, RIGHT)).parent
    (extra / "data.txt").symlink_to(course.private / "secret")
    (extra / "figures").symlink_to(course.folder / "source")
    two = hand_in(course, "two notebooks", answered(course, RIGHT)).parent
    (two / "draft.ipynb").write_text("not even json")


def test_damaged_and_alien_files_are_stated_and_stop_nobody_by_either_door(course):
    hand_all_in(course, {*CHANGED, *ALIEN, *INSTEAD})
    status, log = nbgrader(course, "autograde", "90")  # what nbgrader's own command leaves …
    assert status == 1 and "zz honest" not in log.split("There was an error processing")[-1]
    _assert_stated(course, {})
    by_nbgrader = _marks(course)
    outcomes = {each.student: each for each in grade(course, "90", jobs=2)}  # … ours leaves as well
    _assert_stated(course, outcomes)
    by_nbgrader["instead nothing"] = ("failed", None)  # which nbgrader passes by
    assert _marks(course) == by_nbgrader
    # Nothing of the instructor's has been copied to where students look.
    for place in ("autograded", "feedback"):
        for path in (course.folder / place).rglob("*"):
            assert not path.is_symlink() and path.name not in ("data.txt", "figures")
    # Guesses are flagged, and the same again changes nothing.
    flagged = {
        entry["student"] for entry in audit.read(course)
        if any(note.startswith("matched") for note in entry.get("screening", ()))
    }  # fmt: skip
    assert "changed saved by Colab" in flagged and "zz honest" not in flagged
    assert "changed more points, please" not in flagged
    again = {each.student: each.state for each in grade(course, "90", jobs=2)}
    assert set(again.values()) == {"unchanged", "failed"}


def _marks(course):
    return {row.student: (row.state, row.score) for row in read_grades(course, "90")}


def _assert_stated(course, outcomes):
    rows = {row.student: row for row in read_grades(course, "90")}
    deserved = {f"changed {name}": points for name, (_, points) in CHANGED.items()}
    deserved |= {"zz honest": 5, "with links beside": 5, "two notebooks": 5, "renamed": 5}
    for student, row in rows.items():
        kind, _, name = student.partition(" ")
        if student in deserved:
            assert row.score == deserved[student], (student, row)
        elif kind == "alien":  # a failure with its reason, or a notebook without any answer
            failed = row.state == "failed" and row.score is None and row.why
            assert failed or row.score == 0, (student, row)
        else:  # nbgrader passes by a folder without any notebook; ours says so
            assert row.score is None and (row.why or (name == "nothing" and not outcomes)), row


def test_what_colab_and_others_leave_is_matched_and_its_written_answer_too(course):
    from course_lib.grading.judging.assignment import open_assignment

    assignment = open_assignment(course, "90")
    notebook = answered(course, RIGHT)
    _pasted(notebook)
    notes = assignment.make_whole(notebook)
    by_name = {c.metadata.nbgrader.grade_id: c for c in notebook.cells if "nbgrader" in c.metadata}
    assert set(by_name) == {"setup", "90-1", "90-1-answer", "90-2", "90-2-answer", "90-3"}
    assert by_name["90-3"].source == "Because of outliers, I think."
    assert "matched 90-3 by its place" in notes and "matched 90-1-answer by its function" in notes
