"""An edition is run once for everybody, and again as soon as anything it depends on has changed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_output

from course_lib.authoring import executing
from course_lib.authoring.executing import (
    Executed,
    executed,
    faults,
    read_edition,
    seconds_of,
    without_demo,
)
from course_lib.errors import CourseError


@pytest.fixture
def runs(course: Path, course_home: Path, monkeypatch: pytest.MonkeyPatch) -> list[NotebookNode]:
    """Collect what is executed, instead of executing it."""
    (course / "course_lib/grading").mkdir()
    (course / "course_lib/code.py").write_text("x = 1")
    (course / "course_lib/grading/code.py").write_text("x = 1")
    done: list[NotebookNode] = []

    def execute(notebook: NotebookNode, root: Path, *, in_both: bool, **_: object) -> Executed:
        done.append(notebook)
        cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
        text = "\u2e28Done\u2e3e完成\u2e29" if in_both else "alone"
        cell.outputs = [new_output("stream", name="stdout", text=text)]
        return Executed(notebook, 1.5, 10**8)

    monkeypatch.setattr(executing, "execute", execute)
    return done


def test_the_second_time_the_first_run_is_given_back(
    course: Path, runs: list[NotebookNode]
) -> None:
    first = executed(course, "90", "pytorch")
    second = executed(course, "90", "pytorch")
    assert len(runs) == 1
    assert (second.seconds, second.peak_memory) == (1.5, 10**8)
    assert second.notebook.cells == first.notebook.cells


@pytest.mark.parametrize(
    ("kind", "said"),
    [("KeyboardInterrupt", "interrupted"), ("ModuleNotFoundError", "ModuleNotFoundError")],
)
def test_a_run_that_says_more_of_the_machine_is_not_kept(
    course: Path, course_home: Path, monkeypatch: pytest.MonkeyPatch, kind: str, said: str
) -> None:
    runs: list[NotebookNode] = []

    def execute(notebook: NotebookNode, root: Path, **_: object) -> executing.Executed:
        runs.append(notebook)
        error = {"ename": kind, "evalue": "", "traceback": []}
        cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
        cell.outputs = [new_output("error", **error)]
        return executing.Executed(notebook, 300.0, 0)

    monkeypatch.setattr(executing, "execute", execute)
    for _ in range(2):
        found = faults(executed(course, "90", "pytorch").notebook)
        assert any(said in fault for fault in found)
    assert len(runs) == 2


def shown(run: Executed) -> str:
    return next(cell for cell in run.notebook.cells if cell.cell_type == "code").outputs[0].text


def test_one_run_is_for_both_languages(course: Path, runs: list[NotebookNode]) -> None:
    assert shown(executed(course, "90", "keras")) == "Done"
    assert shown(executed(course, "90", "keras", language="zh")) == "完成"
    assert len(runs) == 1
    for language in ("en", "zh"):
        run = executed(course, "90", "keras", language=language)
        edition = read_edition(course, "90", "keras", language=language, solved=True)
        assert [cell.source for cell in run.notebook.cells] == [c.source for c in edition.cells]


def test_what_differs_in_more_than_words_is_a_run_of_its_own(
    course: Path, runs: list[NotebookNode]
) -> None:
    executed(course, "90", "pytorch")
    executed(course, "90", "keras")
    executed(course, "90", "keras", demo=False)
    for language in ("en", "zh"):
        assert shown(executed(course, "90", "keras", language=language, alone=True)) == "alone"
        executed(course, "90", "keras", language=language, solved=False)
    assert len(runs) == 7


def test_languages_whose_code_differs_are_run_apart(course: Path, runs: list[NotebookNode]) -> None:
    (path,) = (course / "solutions/zh/keras").glob("90_*.ipynb")
    edition = read_edition(course, "90", "keras", language="zh", solved=True)
    next(cell for cell in reversed(edition.cells) if cell.cell_type == "code").source += "\nx = 1"
    path.write_text(nbformat.writes(edition), encoding="utf-8")
    executed(course, "90", "keras")
    executed(course, "90", "keras", language="zh")
    assert len(runs) == 2


def test_where_code_cuts_a_text_each_language_is_run(
    course: Path, course_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def execute(notebook: NotebookNode, root: Path, *, in_both: bool, **_: object) -> Executed:
        cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
        text = "\u2e28Don" if in_both else "Don"
        cell.outputs = [new_output("stream", name="stdout", text=text)]
        return Executed(notebook, 1.5, 10**8)

    monkeypatch.setattr(executing, "execute", execute)
    assert shown(executed(course, "90", "pytorch")) == "Don"


def test_what_a_run_depends_on_makes_it_run_again(course: Path, runs: list[NotebookNode]) -> None:
    for path, again in (
        ("course_lib/code.py", True),
        ("course_lib/grading/code.py", False),
        ("requirements.lock", True),
        ("README.md", False),
    ):
        executed(course, "90", "pytorch")
        before = len(runs)
        (course / path).write_text("x = 2")
        executed(course, "90", "pytorch")
        assert (len(runs) > before) == again, path


def test_without_demo_cells_the_rest_is_the_same(built_course: Path) -> None:
    notebook = read_edition(built_course, "90", "keras", language="en", solved=True)
    names = [cell.id for cell in notebook.cells]
    kept = [cell.id for cell in without_demo(notebook).cells]
    assert [name for name in names if name != "long-run"] == kept


def test_an_unknown_chapter_is_said_in_a_sentence(built_course: Path) -> None:
    with pytest.raises(CourseError, match="no chapter 17"):
        read_edition(built_course, "17", "keras", language="en", solved=True)


def test_seconds_of_a_cell(built_course: Path) -> None:
    cell = read_edition(built_course, "90", "keras", language="en", solved=True).cells[2]
    assert seconds_of(cell) == 0.0
    cell.metadata["execution"] = {
        "iopub.execute_input": "2026-01-01T00:00:01.500000Z",
        "shell.execute_reply": "2026-01-01T00:00:04.000000Z",
    }
    assert seconds_of(cell) == 2.5


def test_a_fork_does_not_count_its_parents_memory_again() -> None:
    program = (
        "import os, time\nheld = bytearray(os.urandom(80 << 20))\nchild = os.fork()\n"
        "if child: print(child, flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        try:
            assert parent.stdout is not None
            child = psutil.Process(int(parent.stdout.readline()))
            assert executing._adds(child) < 20e6 < psutil.Process(parent.pid).memory_info().rss
            child.kill()
        finally:
            parent.kill()
    deadline = time.monotonic() + 10
    while executing._adds(child) and time.monotonic() < deadline:  # and no error when it has ended
        time.sleep(0.05)
    assert executing._adds(child) == 0
