"""An instructor's own test cells: a kernel that swallows errors earns nothing by them."""

from __future__ import annotations

import pytest

from course_lib.grading import sandbox
from course_lib.grading.execution import Work, execute
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
