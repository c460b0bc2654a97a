"""What a run must not let pass: a wrong solution, a broken magic, a changed output are planted here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from course_lib.authoring import build, faults
from course_lib.authoring.executing import execute
from course_lib.paths import repository_root

from ..authoring.conftest import FIXTURE, SOURCE
from .comparing import differing_cells

PLANTS = (
    ("return f / (f**2).sum(axis=1, keepdims=True) ** 0.5", "return f"),
    ("means = [", "get_ipython().run_line_magic('matplotlb', '')\nmeans = ["),
    ("expect: |\n  (20, 3)", "expect: |\n  (30, 2)"),
)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small course with three faults, and a copy of course_lib that has its exercises."""
    root = tmp_path_factory.mktemp("planted")
    shutil.copytree(FIXTURE, root, dirs_exist_ok=True)
    ignored = shutil.ignore_patterns("__pycache__", "authoring", "grading")
    shutil.copytree(repository_root() / "course_lib", root / "course_lib", ignore=ignored)
    text = (root / SOURCE).read_text(encoding="utf-8")
    for old, new in PLANTS:
        assert old in text
        text = text.replace(old, new)
    (root / SOURCE).write_text(text, encoding="utf-8")
    build(root)
    return root


@pytest.fixture(scope="module")
def edition(planted: Path) -> Path:
    return planted / "solutions/en/pytorch/90_small_course.ipynb"


@pytest.fixture(scope="module")
def run(planted: Path, edition: Path, tmp_path_factory: pytest.TempPathFactory) -> NotebookNode:
    home = tmp_path_factory.mktemp("home")
    return execute(nbformat.read(edition, as_version=4), planted, strict=True, home=home).notebook


def test_a_wrong_solution_is_red(run: NotebookNode) -> None:
    assert any("'check-1' raised CheckFailed" in fault for fault in faults(run))


def test_a_broken_magic_is_red(run: NotebookNode) -> None:
    assert any("'long-run' wrote to stderr" in fault for fault in faults(run))


def test_a_changed_output_is_red(
    run: NotebookNode, edition: Path, request: pytest.FixtureRequest
) -> None:
    found = differing_cells(request.session, edition, run)
    assert set(found) == {"features"}
    assert "(30, 2)" in found["features"] and "(20, 3)" in found["features"]


def test_nothing_else_is_red(run: NotebookNode) -> None:
    assert len(faults(run)) == 2


def test_nbval_itself_sees_all_but_the_magic(planted: Path, edition: Path) -> None:
    """`pytest --nbval` works on a solved edition for everybody; for the magic there is our guard."""
    environment = {**os.environ, "PYTHONPATH": str(planted), "COURSE_STRICT": "1"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "-p",
        "no:cacheprovider",
        "-q",
        str(edition),
    ]
    done = subprocess.run(command, env=environment, cwd=planted, capture_output=True, text=True)
    failed = re.findall(r"^FAILED .*::Cell (\d+)", done.stdout, re.MULTILINE)
    notebook = nbformat.read(edition, as_version=4)
    names = [cell.id for cell in notebook.cells if cell.cell_type == "code"]
    assert {names[int(number)] for number in failed} == {"features", "check-1"}, done.stdout[-2000:]


def run_with(**output: object) -> NotebookNode:
    cell = nbformat.v4.new_code_cell("1 + 1", execution_count=1)
    cell.outputs = [nbformat.v4.new_output(**output)] if output else []
    return nbformat.v4.new_notebook(cells=[cell])


def test_a_picture_without_words_is_red() -> None:
    (fault,) = faults(run_with(output_type="display_data", data={"image/png": "x"}))
    assert "without words" in fault


def test_a_figure_in_a_cell_that_is_not_tagged_is_red() -> None:
    shown = run_with(output_type="display_data", data={"text/html": "<figure>"})
    assert "lacks the tag figure" in faults(shown)[0]
    shown.cells[0].metadata["tags"] = ["figure"]
    assert faults(shown) == []


def test_a_cell_that_did_not_run_is_red() -> None:
    notebook = run_with()
    assert faults(notebook) == []
    notebook.cells[0].execution_count = None
    assert "did not run" in faults(notebook)[0]


def test_a_cell_that_takes_too_long_is_interrupted_and_red(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from course_lib.authoring import executing

    monkeypatch.setattr(executing, "_CELL_SECONDS", 1)
    (tmp_path / "course_lib").mkdir()
    cells = [nbformat.v4.new_code_cell(code) for code in ("while True: pass", "print('on')")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    done = execute(notebook, tmp_path, strict=True, home=tmp_path / "home").notebook
    assert [fault.split("was ")[1] for fault in faults(done)] == ["interrupted after 1 s"]
    assert done.cells[1].outputs[0].text == "on\n"
