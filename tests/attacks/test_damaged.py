"""Damaged and alien files: each ends in a stated outcome for that student and stops nobody else."""

from __future__ import annotations

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from course_lib.grading import sandbox
from course_lib.grading.export import read_grades
from course_lib.grading.grade import grade
from tests.conftest import require
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


# name: (what is done to a right notebook, the points that must come out; None: any, but stated).
CHANGED = {
    "metadata lost": (_without_metadata, None),
    "cells renamed": (_renamed, None),
    "metadata of another kind": (_twisted, None),
    "check cells turned into prose": (_retyped, 5),
    "more points, please": (_points, 5),
    "all cells share one id": (_same_ids, 5),
    "hundreds of cells": (_many_cells, 5),
    "no cells": (_empty, 0),
    "reversed": (_reversed, None),
    "huge outputs handed in": (_huge_outputs, 5),
}
ALIEN = {
    "empty file": b"",
    "not json": b"hello",
    "cut in the middle": b'{"cells": [{"cell_type": "code", "sou',
    "another json": b"[1, 2, 3]",
    "null": b"null",
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
    "cells of another kind": b'{"cells": [1, "a", null], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
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


def test_damaged_and_alien_files_are_stated_and_stop_nobody(course):
    for name, (change, _) in CHANGED.items():
        notebook = answered(course, RIGHT)
        change(notebook)
        hand_in(course, f"changed {name}", json.dumps(notebook))
    for name, content in ALIEN.items():
        hand_in(course, f"alien {name}", "").write_bytes(content)
    hand_in(course, "zz honest", answered(course, RIGHT))

    outcomes = {each.student: each for each in grade(course, "90", jobs=2)}
    assert len(outcomes) == len(CHANGED) + len(ALIEN) + 1  # nobody is forgotten
    assert outcomes["zz honest"].score == 5
    for name, (_, points) in CHANGED.items():
        outcome = outcomes[f"changed {name}"]
        if points is not None:
            assert (outcome.state, outcome.score) == ("graded", points), (name, outcome)
        else:
            assert outcome.state == "graded" or outcome.why, name
    rows = {row.student: row for row in read_grades(course, "90")}
    for name in ALIEN:
        row, outcome = rows[f"alien {name}"], outcomes[f"alien {name}"]
        # Not a silent zero: a failure with its reason, or a notebook without any answer.
        if outcome.state == "failed":
            assert row.state == "failed" and row.score is None and row.why, (name, outcome)
        else:
            assert (outcome.state, outcome.score) == ("graded", 0), (name, outcome)
    # The same again changes nothing.
    again = {each.student: (each.state, each.score) for each in grade(course, "90", jobs=2)}
    assert all(
        state in ("unchanged", "failed") and score == outcomes[who].score
        for who, (state, score) in again.items()
    )
