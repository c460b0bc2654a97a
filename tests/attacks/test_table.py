"""The table of attacks: nothing unearned, nobody else's points lost, nothing right refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from course_lib.grading.walls import sandbox
from tests.attacks import cunning, hostile
from tests.attacks.unusual import UNUSUAL
from tests.conftest import require
from tests.grading.tiny_course import QUICK, RIGHT, answered, judged

LIMITS = replace(QUICK, memory_mb=700, processes=100, cell_seconds=1, scratch_mb=64, patience=10)
TRIES = {
    **hostile.VALUES,
    **hostile.CHEATS,
    **hostile.SABOTAGE,
    **hostile.BOMBS,
    **cunning.VALUES,
    **cunning.CHEATS,
    **cunning.BOMBS,
}
ESCAPES = {**hostile.ESCAPES, **cunning.ESCAPES}
SELF_HARM = hostile.SELF_HARM | cunning.SELF_HARM


@pytest.fixture(autouse=True)
def _walls():
    require(sandbox.available(), "this machine has no bubblewrap sandbox")


def test_there_are_enough_of_them():
    assert set(TRIES) >= SELF_HARM
    assert len(TRIES) + len(ESCAPES) + len(cunning.WITH_TORCH) >= 120
    assert len(UNUSUAL) >= 20


@pytest.mark.parametrize("name", TRIES)
def test_a_hostile_answer_earns_nothing_and_costs_nobody_else(released_course, name):
    notebook = answered(released_course, {"90.1": TRIES[name], "90.2": RIGHT["90.2"]})
    codes, run, _ = judged(released_course, notebook, LIMITS)
    assert codes["90-1"] != "Correct"
    assert set(codes) == {"90-1", "90-2"}  # no silent zero: every graded cell has its code
    if name not in SELF_HARM:
        assert codes["90-2"] == "Correct"
    shown = "\n".join(str(cell.get("outputs", "")) for cell in run.cells)
    assert len(shown) < 2 * len(run.cells) * LIMITS.output_bytes
    assert "LEAK" not in shown  # no hidden input, and nothing of a kernel before this one


@pytest.mark.parametrize("name", cunning.WITH_TORCH)
def test_a_hostile_tensor_earns_nothing(released_course, name):
    notebook = answered(released_course, {"90.1": cunning.WITH_TORCH[name], "90.2": RIGHT["90.2"]})
    patient = replace(LIMITS, cell_seconds=30, memory_mb=3000, processes=1024)
    codes = judged(released_course, notebook, patient)[0]
    assert codes["90-1"] not in ("Correct", "CheckFailed") and codes["90-2"] == "Correct"


@pytest.mark.parametrize("name", ESCAPES)
def test_nothing_is_got_out_of_the_sandbox(released_course, name):
    source = f"{ESCAPES[name]}\nprint('got', got)\n{RIGHT['90.1']}"
    notebook = answered(released_course, {"90.1": source, "90.2": RIGHT["90.2"]})
    codes, run, _ = judged(released_course, notebook, LIMITS)
    cell = next(each for each in run.cells if "print('got', got)" in each.source)
    assert "".join(o.get("text", "") for o in cell.outputs) == "got []\n", cell.outputs
    assert codes == {"90-1": "Correct", "90-2": "Correct"}  # trying is not held against anybody


@pytest.mark.parametrize("name", UNUSUAL)
def test_a_right_but_unusual_answer_earns_its_points(released_course, name):
    notebook = answered(released_course, {"90.1": UNUSUAL[name], "90.2": RIGHT["90.2"]})
    assert judged(released_course, notebook, LIMITS)[0] == {"90-1": "Correct", "90-2": "Correct"}
