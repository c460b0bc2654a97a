"""Shifting seeds: which numbers of a cell change, which stay, and what a run with others reports."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from course_lib.authoring import reseeding
from course_lib.authoring.executing import Executed
from course_lib.authoring.reseeding import Reseeded, shift_seeds, shift_seeds_of_code, try_seeds


@pytest.mark.parametrize(
    ("written", "shifted"),
    [
        ("draw(n, seed=0)", "draw(n, seed=0 + 7)"),
        ("draw(n, seed=draw)", "draw(n, seed=draw + 7)"),
        ("f(g(seed=1), seed=2 * k)", "f(g(seed=1 + 7), seed=2 * k + 7)"),
        ("np.random.default_rng(3).normal(2)", "np.random.default_rng(3 + 7).normal(2)"),
        ("default_rng(draw)", "default_rng(draw + 7)"),
        ("default_rng(seed=3)", "default_rng(seed=3 + 7)"),
        ("default_rng([draw, 3])", "default_rng([draw + 7, 3])"),
        ("KFold(5, random_state=0)", "KFold(5, random_state=0 + 7)"),
        ("[f(seed=s) for s in range(5)]", "[f(seed=s + 7) for s in range(5)]"),
        (
            "def f(x, seed=0):\n    return g(seed=seed)",
            "def f(x, seed=0):\n    return g(seed=seed + 7)",
        ),
    ],
)
def test_a_seed_is_shifted_wherever_something_is_called(written: str, shifted: str) -> None:
    assert shift_seeds_of_code(written, 7) == shifted


@pytest.mark.parametrize(
    "code",
    [
        "def draw(n, seed=0):\n    return n  # the default",
        "seed = 0",
        "load('digits', n=3, size=8)",
        "default_rng()",
        "KFold(5, random_state=None)",
    ],
)
def test_code_without_a_given_seed_comes_back_as_it_is(code: str) -> None:
    assert shift_seeds_of_code(code, 7) == code


def test_a_magic_is_no_hindrance() -> None:
    assert "seed=0 + 7" in shift_seeds_of_code("%time draw(seed=0)\ndraw(seed=0)", 7)


def test_answer_and_check_cells_keep_their_seeds() -> None:
    cells = [nbformat.v4.new_code_cell("draw(seed=0)") for _ in range(2)]
    cells[1].metadata["nbgrader"] = {"solution": True}
    notebook = nbformat.v4.new_notebook(cells=cells)
    shifted = shift_seeds(notebook, 7)
    assert [cell.source for cell in shifted.cells] == ["draw(seed=0 + 7)", "draw(seed=0)"]
    assert notebook.cells[0].source == "draw(seed=0)", "the notebook itself is left alone"


def test_a_claim_that_needs_its_seed_is_a_problem(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(notebook: nbformat.NotebookNode, root: Path, *, strict: bool) -> Executed:
        assert strict
        error = {"ename": "ClaimFailed", "evalue": "not so", "traceback": []}
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.execution_count = 1
        ran = next(cell for cell in notebook.cells if cell.cell_type == "code")
        ran.outputs = [nbformat.v4.new_output("error", **error)]
        return Executed(notebook, 0.0, 0)

    monkeypatch.setattr(reseeding, "run_once", fail)
    told: list[str] = []
    problems = try_seeds(course, shifts=(7,), tell=told.append)
    _, *rows = told
    assert [row.split()[1:] for row in rows[::2]] == [["pytorch", "+7", "1"], ["keras", "+7", "1"]]
    assert rows[1::2] == [str(problem) for problem in problems], "a fault stands below its run"
    assert ["pytorch, seeds + 7" in str(problems[0]), "keras" in str(problems[1])] == [True, True]
    assert all("ClaimFailed: not so" in problem.message for problem in problems)


def test_each_run_is_told_as_soon_as_it_is_over(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []

    def run(root: Path, chapter: str, framework: str, shift: int) -> Reseeded:
        happened.append(f"run {framework} {shift}")
        return Reseeded(chapter, framework, shift, ())

    monkeypatch.setattr(reseeding, "run_reseeded", run)
    assert try_seeds(course, shifts=(7, 8), tell=lambda line: happened.append(f"told {line}")) == []
    kinds = [line.split()[0] for line in happened]
    assert kinds == ["told"] + ["run", "told"] * 4
