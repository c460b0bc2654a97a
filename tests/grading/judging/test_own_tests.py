"""An instructor's own test cells: what is caught, what is known not to be, and who says so when."""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from course_lib.grading.judging import own_tests, verdicts
from course_lib.grading.kernels.execution import Work, execute
from course_lib.grading.nbgrader_side import open_api
from course_lib.grading.walls import sandbox
from tests.conftest import require
from tests.grading.tiny_course import QUICK

IMPORTS = ("ipykernel.kernelapp", "numpy")
# Each is a known gap, on purpose: the test after it says that all is well though nothing is.
GAPS = {
    "equals everything": "class Yes:\n    def __eq__(self, other): return True\nf = lambda x: Yes()",
    "knows the inputs": "f = lambda x: 4",
    "replaced comparison": "import numpy as np\nnp.allclose = lambda *a: True\nf = lambda x: 0",
    "kernel that knows canaries": """
shell = type(get_ipython())
real = shell.run_code
async def forged(self, code, *a, **k):
    known = code.co_names[:1] == ("f",) and not any(c for c in code.co_consts if c not in (2, 4, None))
    return False if known else await real(self, code, *a, **k)
shell.run_code = forged
f = lambda x: 0
""",
}
TEST = "assert f(2) == 4"
TEST_OF = {"replaced comparison": "assert np.allclose(f(2), 4)"}


def judged(answer, test=TEST, points=2):
    require(sandbox.available(), "this machine has no bubblewrap sandbox")
    work = Work((answer, test), {}, imports=IMPORTS, tests=frozenset({1}))
    run = execute(work, QUICK).cells[1]
    cell = new_code_cell(test, metadata={"nbgrader": {"points": points}})
    cell.outputs = run.outputs
    return verdicts.failed_closed(cell, run.state, "en"), cell


@pytest.mark.parametrize("name", GAPS)
def test_known_gaps_are_listed_and_are_gaps(name):
    assert set(GAPS) == set(own_tests.KNOWN_GAPS)
    assert judged(GAPS[name], TEST_OF.get(name, TEST))[0] == "Passed"


def test_what_a_student_shows_from_inside_is_not_the_mark():
    show = "import sys\ndef f(x):\n    sys.displayhook(2.0)\n    return 0\n"
    scored = "float(f(2) == 4)"  # partial points, as nbgrader has it: the last value is the mark
    assert judged("f = lambda x: 4", scored)[0] == "Passed"
    code, cell = judged(show, scored)
    assert code == "TwoResults" and cell.outputs[0].ename == code
    assert not [each for each in cell.outputs if each.output_type == "execute_result"]
    code, cell = judged(show)  # and an error beats whatever is shown
    assert code == "TestFailed"
    assert not [each for each in cell.outputs if each.output_type == "execute_result"]


# A test that shows partial points, in hands that want the zero not to be seen, or to be another number.
UNSEEN = {
    "prints more than is kept": "def f(x):\n    print('x' * 10**6)\n    return 0",
    "clears what was shown": "from IPython.display import clear_output\n"
    "get_ipython().events.register('post_run_cell', lambda *a: clear_output())\nf = lambda x: 0",
    "shows nothing any more": "get_ipython().ast_node_interactivity = 'none'\nf = lambda x: 0",
    "empties the hook": "type(get_ipython().displayhook).__call__ = lambda *a, **k: None\nf = lambda x: 0",
    "shows another number": "hook = type(get_ipython().displayhook)\nreal = hook.__call__\n"
    "hook.__call__ = lambda self, v=None: real(self, 2.0 if isinstance(v, float) else v)\nf = lambda x: 0",
    "formats numbers": "plain = get_ipython().display_formatter.formatters['text/plain']\n"
    "plain.for_type(float, lambda value, p, cycle: p.text('2.0'))\nf = lambda x: 0",
}


@pytest.mark.parametrize("name", UNSEEN)
def test_partial_points_that_are_hidden_or_forged_are_not_given(name):
    code, cell = judged(UNSEEN[name], "float(f(2) == 4)")
    shown = [
        each.data["text/plain"] for each in cell.outputs if each.output_type == "execute_result"
    ]
    assert code == "Tampered" or (code == "Passed" and shown == ["0.0"])


def test_assertions_dropped_where_they_call_something_are_found_out():
    drop = """
import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass() if any(isinstance(n, ast.Call) for n in ast.walk(node)) else node
get_ipython().ast_transformers.append(Drop())
f = lambda x: 0
"""
    assert judged(drop)[0] == "Tampered"
    nested = "for n in (1, 2):\n    assert f(n) == 2 * n, 'f(%d)' % n"
    assert judged("f = lambda x: 2 * x", nested)[0] == "Passed"
    assert judged("%precision 2\nf = lambda x: 4", "float(f(2) == 4)")[0] == "Passed"


def test_release_warns_of_them(course):
    path = course.folder / "source" / "90" / "90_tiny.ipynb"
    assert own_tests.warnings_for(path) == ()
    notebook = nbformat.read(path, as_version=4)
    known = {"grade": True, "grade_id": "mine", "points": 2, "locked": True}
    known |= {"schema_version": 3, "solution": False, "task": False}
    notebook.cells.append(new_code_cell("assert True", metadata={"nbgrader": known}))
    nbformat.write(notebook, path)
    assert open_api(course).generate_assignment("90", force=True)["success"]
    said = "\n".join(own_tests.warnings_for(path))
    assert "mine" in said and "equals everything" in said and "fail-closed" in said
