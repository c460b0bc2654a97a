"""An instructor's own test cells: what is caught, what is known not to be, and who says so when."""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from course_lib.grading import own_tests, sandbox, verdicts
from course_lib.grading.execution import Work, execute
from course_lib.grading.nbgrader_side import open_api
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
    return False if code.co_names[:1] == ("f",) else await real(self, code, *a, **k)
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
