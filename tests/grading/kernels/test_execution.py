"""An instructor's own test cells: a kernel that swallows errors earns nothing by them."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from course_lib.grading.kernels.execution import Work, execute
from course_lib.grading.kernels.kernel import Kernel
from course_lib.grading.walls import sandbox
from tests.conftest import require
from tests.grading.tiny_course import QUICK

IMPORTS = ("ipykernel.kernelapp", "numpy")
SWALLOWERS = {
    "drops assertions": """
import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.copy_location(ast.Pass(), node)
get_ipython().ast_transformers.append(Drop())
""",
    "rewrites the cells": "get_ipython().input_transformers_cleanup.append(lambda lines: ['1\\n'])",
    "runs nothing": """
from IPython.core.interactiveshell import InteractiveShell
async def nothing(self, *a, **k): return False
InteractiveShell.run_code = nothing
""",
    "shows nothing": "get_ipython().showtraceback = lambda *a, **k: None",
}


@pytest.fixture(autouse=True)
def _walls():
    require(sandbox.available(), "this machine has no bubblewrap sandbox")


def states(*cells):
    work = Work(tuple(cells), {}, imports=IMPORTS, tests=frozenset({1}))
    return [cell.state for cell in execute(work, QUICK).cells]


@pytest.mark.parametrize("name", SWALLOWERS)
def test_a_kernel_that_hides_errors_is_found_out(name):
    state = states(SWALLOWERS[name], "assert 1 == 2")[1]
    assert state in ("tampered", "error")


def test_an_honest_test_cell_passes_or_fails_and_warnings_are_harmless():
    noise = "import warnings, sys; warnings.warn('careful'); print('x', file=sys.stderr)"
    assert states("x = 1", f"{noise}\nassert x == 1") == ["ok", "ok"]
    assert states("x = 1", "assert x == 2") == ["ok", "error"]


def test_known_that_no_test_inside_the_kernel_sees_an_object_that_equals_everything():
    always = "class Yes:\n    def __eq__(self, other): return True\nf = Yes"
    assert states(always, "assert f() == 3") == ["ok", "ok"]


@pytest.mark.parametrize("victim", ["kernel", "zygote"])
def test_a_kernel_killed_by_somebody_else_costs_the_student_nothing(victim, monkeypatch):
    """Once, in the middle of a cell and of a question; what dies by itself dies again, and pays."""
    killed = []
    run, ask = Kernel.run, Kernel.ask

    def kill(kernel, when):
        if when not in killed:
            killed.append(when)
            process = kernel.process._zygote.process if victim == "zygote" else None
            threading.Timer(0.5, process.kill if process else kernel.process.kill).start()

    def run_and_kill(self, code, **how):
        if "sleep" in code:
            kill(self, "cell")
        return run(self, code, **how)

    def ask_and_kill(self, code, expression, **how):
        kill(self, "question")
        return ask(self, code, expression, **how)

    monkeypatch.setattr(Kernel, "run", run_and_kill)
    monkeypatch.setattr(Kernel, "ask", ask_and_kill)
    question = ("import time; time.sleep(1); answer = str(x)", "answer")
    work = Work(("x = 41", "import time; time.sleep(1); x += 1"), {"90.1": question}, (), IMPORTS)
    done = execute(work, QUICK)
    assert [cell.state for cell in done.cells] == ["ok", "ok"]
    assert (done.answers["90.1"].state, done.answers["90.1"].text) == ("ok", "42")
    assert done.deaths == ["died", "died"] and done.kernels == 3


def test_what_kills_its_kernel_twice_is_to_blame():
    work = Work(
        ("x = 1", "import os; os._exit(1)", "x += 1"), {"90.1": ("", "str(x)")}, (), IMPORTS
    )
    done = execute(work, QUICK)
    assert [cell.state for cell in done.cells] == ["ok", "dead", "ok"]
    assert done.answers["90.1"].text == "2"


def test_all_cells_together_show_no_more_than_a_notebook_may():
    work = Work(tuple(f"print({n}, 'x' * 900)" for n in range(20)), {}, imports=IMPORTS)
    done = execute(work, replace(QUICK, output_bytes=1000, notebook_output_bytes=5000))
    assert {cell.state for cell in done.cells} == {"ok"}
    assert done.cells[0].outputs[0].text.startswith("0 xxx")
    assert "too long" in done.cells[-1].outputs[0].text
    assert sum(len(str(cell.outputs)) for cell in done.cells) < 12_000
