"""Submissions that try for points they have not earned, or for what they must not reach."""

from __future__ import annotations

import time
from dataclasses import replace

import nbformat
import psutil
import pytest

from course_lib.grading.walls import sandbox
from tests.conftest import require
from tests.grading.tiny_course import QUICK, RIGHT, answered, hand_in, judged, student_notebook


@pytest.fixture(autouse=True)
def _needs_a_sandbox():
    require(sandbox.available(), "this machine has no bubblewrap sandbox")


def codes_of(course, answers):
    return judged(course, answered(course, answers))[0]


def outputs_of(notebook):
    return "\n".join(str(cell.get("outputs", "")) for cell in notebook.cells)


ALWAYS_EQUAL = """
class Yes:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __array__(self, *a, **k): return np.zeros(3)
    def __float__(self): return 0.0
    shape = (3,)
def {name}(x):
    return Yes()
"""

REPLACED_RUN_CODE = """
from IPython.core.interactiveshell import InteractiveShell
async def nothing(self, *a, **k): return False
InteractiveShell.run_code = nothing
"""

FORGED_CHECK = """
import course_lib.exercises as e
from course_lib.exercises import calling
calling.answer_request = lambda *a, **k: '{"value": true}'
import json
real = json.dumps
json.dumps = lambda *a, **k: real({"captured": True, "replies": [{"value": 0}] * 3})
"""


def test_an_object_that_equals_everything_earns_nothing(released_course):
    both = {
        "90.1": ALWAYS_EQUAL.format(name="column_means"),
        "90.2": ALWAYS_EQUAL.format(name="longest_row"),
    }
    codes = codes_of(released_course, both)
    assert codes["90-1"].startswith(("Incorrect", "NotAValue"))
    assert codes["90-2"].startswith(("Incorrect", "NotAValue"))


@pytest.mark.parametrize(
    "attack",
    [REPLACED_RUN_CODE, FORGED_CHECK],
    ids=["run_code", "forged"],
)
def test_a_kernel_that_lies_earns_nothing(released_course, attack):
    notebook = answered(released_course, {"90.1": attack})
    # It answers nothing any more: every wait for it is spent in vain.
    codes, _, _ = judged(released_course, notebook, replace(QUICK, cell_seconds=1, patience=4))
    assert "Correct" not in codes.values()


def test_skipped_dropped_and_edited_check_cells_change_nothing(released_course):
    notebook = answered(released_course, {"90.2": RIGHT["90.2"]})
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") in ("90-1", "90-2"):
            cell.metadata["tags"] = ["skip-execution", "demo"]
            cell.source = "5.0  # full marks, please"
    notebook.cells[0].source = "import sys"  # the set-up cell is locked too
    codes, run, _ = judged(released_course, notebook)
    assert codes == {"90-1": "NotAttempted", "90-2": "Correct"}
    restored = {
        c.metadata.nbgrader.grade_id: c.source for c in run.cells if "nbgrader" in c.metadata
    }
    assert restored["90-1"] == 'check("90.1", column_means)'
    assert restored["setup"].startswith("import numpy")


def test_an_endless_loop_costs_its_own_points_and_ends(released_course):
    answers = {"90.1": "def column_means(x):\n    while True:\n        pass", "90.2": RIGHT["90.2"]}
    started = time.monotonic()
    limits = replace(QUICK, cell_seconds=1)
    codes, _, _ = judged(released_course, answered(released_course, answers), limits)
    assert codes == {"90-1": "TimedOut", "90-2": "Correct"}
    assert time.monotonic() - started < 40


def test_a_loop_that_no_interrupt_ends_costs_its_own_points(released_course):
    stubborn = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    pass"
    notebook = answered(released_course, {"90.1": stubborn, "90.2": RIGHT["90.2"]})
    codes, notebook, done = judged(released_course, notebook, replace(QUICK, cell_seconds=1))
    assert codes == {"90-1": "CheckFailed", "90-2": "Correct"}
    assert done.kernels == 2 and done.deaths == ["timeout"]
    assert "TimedOut" in outputs_of(notebook)


@pytest.mark.parametrize("end", ["import os; os._exit(0)", "import sys; sys.exit()"])
def test_ending_the_process_costs_its_own_points(released_course, end):
    answers = {"90.1": f"def column_means(x):\n    {end}", "90.2": RIGHT["90.2"]}
    codes = codes_of(released_course, answers)
    assert codes["90-1"] in ("KernelDied", "RaisedAnError")
    assert codes["90-2"] == "Correct"


def test_a_cell_that_kills_the_kernel_leaves_the_others_their_points(released_course):
    codes = codes_of(released_course, {"90.1": "import os; os._exit(1)", "90.2": RIGHT["90.2"]})
    assert codes == {"90-1": "CheckFailed", "90-2": "Correct"}


LOOK_AROUND = """
import os, pathlib, socket
def search():
    words, hits = ("solution", "gradebook", "secret", "90_tiny", "audit", "executed"), []
    for here, folders, files in os.walk("/"):
        folders[:] = [f for f in folders if f not in ("proc", "sys", "usr", "site-packages", "lib")]
        hits += [here + "/" + f for f in folders + files if f == "public" or any(w in f for w in words)]
    return hits
found = {
    "environment": dict(os.environ),
    "files": search(),
    "homes": os.listdir("/root") if os.path.isdir("/root") else [],
    "processes": [p for p in os.listdir("/proc") if p.isdigit()],
    "uid": os.getuid(),
}
for name, attack in {
    "network": lambda: socket.create_connection(("127.0.0.1", %(port)d), 2),
    "package": lambda: open(np.__file__, "a"),
    "course": lambda: open(pathlib.Path(check.__code__.co_filename), "a"),
    "root": lambda: open("/evil", "w"),
    "gradebook": lambda: open(%(gradebook)r, "a"),
    "secret": lambda: open(%(secret)r, "rb").read(),
    "setuid": lambda: os.setuid(0),
    "big file": lambda: open("big", "wb").write(b"0" * (200 << 20)),
    "kill": lambda: os.kill(1, 9),
}.items():
    try:
        found[name] = repr(attack())
    except Exception as error:
        found[name] = "refused"
print(repr(found))
def column_means(x):
    return x.mean(axis=0)
"""


def test_nothing_of_the_instructors_is_in_reach(released_course, monkeypatch):
    import ast
    import socket

    monkeypatch.setenv("COURSE_TOP_SECRET", "swordfish")
    gradebook = released_course.folder / "gradebook.db"
    before = gradebook.read_bytes()
    with socket.create_server(("127.0.0.1", 0)) as server:
        looks = LOOK_AROUND % {
            "port": server.getsockname()[1],
            "gradebook": str(gradebook),
            "secret": str(released_course.private / "secret"),
        }
        codes, notebook, _ = judged(released_course, answered(released_course, {"90.1": looks}))
    answer = next(c for c in notebook.cells if "found = {" in c.source)
    found = ast.literal_eval(answer.outputs[0].text)
    assert "swordfish" not in str(found["environment"])
    # The public examples' inputs, without any answer: see the test of leftover examples below.
    here = "/course/course_lib/exercises/public"
    assert found["files"] == [here, f"{here}/90_tiny.json"]
    assert len(found["processes"]) <= 3  # the sandbox's own, the kernel
    assert found["uid"] != 0
    for attack in ("network", "package", "course", "root", "gradebook", "secret", "setuid"):
        assert found[attack] == "refused", attack
    assert found["big file"] == "refused"
    assert codes["90-1"] == "Correct"  # looking around is not held against anybody
    assert gradebook.read_bytes() == before


def test_hidden_inputs_cannot_be_shown(released_course):
    leak = """
import sys
def column_means(x):
    print("LEAK", x); print("LEAK", x, file=sys.stderr)
    open("leak.txt", "w").write(str(x))
    raise ValueError("LEAK %s" % x)
"""
    codes, notebook, _ = judged(released_course, answered(released_course, {"90.1": leak}))
    assert codes["90-1"] == "RaisedAnError"
    shown = outputs_of(notebook)
    assert "LEAK" not in shown and "ValueError" in shown


def test_nothing_is_left_running(released_course):
    stay = """
import os, subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(987)"], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    __import__("time").sleep(987)
    os._exit(0)
"""
    judged(released_course, answered(released_course, {"90.1": stay}))
    left = [
        p.pid
        for p in psutil.process_iter(["cmdline"])
        if "time.sleep(987)" in " ".join(p.info["cmdline"] or [])
    ]
    assert not [pid for pid in left if psutil.pid_exists(pid) and _is_mine(pid)]


def _is_mine(pid):
    """Whether a process belongs to a kernel of this test process (others may be grading too)."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:  # dead, and only waits to be counted
            return False
        return process.ppid() in (psutil.Process().pid, 1)
    except psutil.NoSuchProcess:
        return False


def test_memory_and_output_bombs_cost_only_their_own_points(released_course):
    # Filling memory takes time on a slow machine: the memory must run out first, not the seconds.
    limits = replace(QUICK, memory_mb=800, cell_seconds=60, notebook_seconds=180)
    answers = {
        "90.1": "def column_means(x):\n    return [bytearray(10**8) for _ in range(10**4)]",
        "90.2": RIGHT["90.2"] + "\nprint('x' * 10**7)",
    }
    codes, notebook, _ = judged(released_course, answered(released_course, answers), limits)
    assert codes["90-1"] in ("TooMuchMemory", "RaisedAnError")
    assert codes["90-2"] == "Correct"
    assert len(outputs_of(notebook)) < 2 * QUICK.output_bytes


def test_a_duplicated_check_cell_does_not_end_the_batch(course):
    from course_lib.grading.grade import grade

    twice = answered(course, RIGHT)
    index = next(
        i
        for i, c in enumerate(twice.cells)
        if c.metadata.get("nbgrader", {}).get("grade_id") == "90-1"
    )
    copy = nbformat.from_dict(twice.cells[index])
    copy.id = "another"
    twice.cells.insert(0, copy)
    hand_in(course, "a_twice", twice)
    hand_in(course, "b_broken", "this is not a notebook")
    hand_in(course, "c_fine", student_notebook(course))
    outcomes = {each.student: each for each in grade(course, "90", jobs=2)}
    assert outcomes["a_twice"].score == 5
    assert outcomes["b_broken"].state == "failed" and "notebook" in outcomes["b_broken"].why
    assert outcomes["c_fine"].score == 0


EXAMPLES = """
from course_lib.exercises import example, hint, quiz
import json, pathlib
def column_means(x):
    return x.mean(axis=0)
tried = column_means(**example("90.1"))
hint("90.1"); hint("90.2", 1); quiz("90.q1"); quiz("90.q1", answer="a")
import course_lib.exercises.public as public
seen = [json.loads(path.read_text()) for path in public.FOLDER.glob("*")]
print(json.dumps({"tried": list(map(float, tried)), "seen": seen}))
"""


def test_a_leftover_example_hint_or_quiz_costs_nothing_and_shows_no_answer(released_course):
    import json

    answers = {"90.1": EXAMPLES, "90.2": RIGHT["90.2"] + '\nlongest_row(**example("90.2", 2))'}
    codes, notebook, done = judged(released_course, answered(released_course, answers))
    assert codes == {"90-1": "Correct", "90-2": "Correct"}
    assert {cell.state for cell in done.cells} <= {"ok", "skipped"}
    shown = next(c for c in notebook.cells if "seen = " in c.source).outputs
    said = json.loads("".join(o.text for o in shown if o.output_type == "stream"))
    (public,) = said["seen"]
    assert public["quizzes"] == []
    for exercise in public["exercises"]:
        assert not any(exercise.get(part) for part in ("messages", "hints", "rubric"))
        for draw in exercise.get("draws", ()):
            assert draw["inputs"] and draw["expected"] is None
            assert not any(draw["mistaken"].values())
    assert len(said["tried"]) == 3
