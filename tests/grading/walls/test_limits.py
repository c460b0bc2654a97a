"""Every limit of the sandbox, looked at and run into from inside, for graders run by root as well."""

from __future__ import annotations

import ast
import json

import pytest

from course_lib.errors import CourseError
from course_lib.grading.kernels import starting
from course_lib.grading.kernels.execution import Work, execute
from course_lib.grading.kernels.executors import limits_of
from course_lib.grading.walls import cgroups, sandbox, seccomp
from course_lib.grading.walls.sandbox import Limits
from tests.conftest import require
from tests.grading.kernels.test_kernels import IMPORTS, said

LIMITS = Limits(memory_mb=600, processes=90, scratch_mb=48, file_mb=16, cell_seconds=60)
WAYS = [pytest.param(IMPORTS, id="warm"), pytest.param(None, id="cold")]

LOOK = """
import ctypes, os, resource
libc = ctypes.CDLL(None, use_errno=True)
def size(folder):
    found = os.statvfs(folder)
    return found.f_blocks * found.f_frsize >> 20
print({
    "limits": {n: resource.getrlimit(getattr(resource, "RLIMIT_" + n)) for n in (%s)},
    "scratch": [size(each) for each in ("/tmp", "/home/student", "/dev/shm")],
    "kernel": sorted(each.split("-")[0] for each in os.listdir("/kernel")),
    "up": os.path.exists("/kernel/../rooms") and os.listdir("/rooms"),
    "calls": [libc.memfd_create(b"x", 0), libc.shmget(0, 4096, 0o1600), libc.msgget(0, 0o1600)],
    "uid": os.getuid(), "groups": os.getgroups(),
    "suid": [os.statvfs(each).f_flag & os.ST_NOSUID > 0 for each in ("/usr", "/tmp")],
    "devices": sorted(os.listdir("/dev")),
})
"""


@pytest.fixture(autouse=True)
def _walls():
    require(sandbox.available(), "this machine has no bubblewrap sandbox")


def test_a_course_may_have_limits_of_its_own(course):
    assert limits_of(course) == Limits()
    path = course.folder / "course.json"
    settings = json.loads(path.read_text())
    path.write_text(json.dumps(settings | {"limits": {"cell_seconds": 90, "memory_mb": 8000}}))
    assert limits_of(course) == Limits(cell_seconds=90, memory_mb=8000)
    for wrong in ({"cells": 1}, {"cell_seconds": -1}, {"cell_seconds": "long"}, [1]):
        path.write_text(json.dumps(settings | {"limits": wrong}))
        with pytest.raises(CourseError, match="cell_seconds, own_cell_seconds"):
            limits_of(course)


@pytest.mark.parametrize(("tests", "state"), [(frozenset(), "timeout"), (frozenset({1}), "ok")])
def test_cells_beside_an_instructors_own_tests_have_a_time_of_their_own(tests, state):
    spin = "import time\nbegan = time.process_time()\nwhile time.process_time() < began + 1.5: pass"
    limits = Limits(cell_seconds=0.5, own_cell_seconds=30)
    done = execute(Work((spin, "assert True"), {}, imports=IMPORTS, tests=tests), limits)
    assert [each.state for each in done.cells] == [state, "ok"]


@pytest.mark.parametrize("imports", WAYS)
def test_the_limits_are_what_was_asked_for(imports):
    asked = LIMITS.for_the_system()
    names = ", ".join(map(repr, asked))
    with starting.open_kernel(limits=LIMITS, imports=imports) as running:
        seen = ast.literal_eval(said(running.run(LOOK % names, seconds=60)))
        with starting.open_kernel(limits=LIMITS, imports=imports) as other:
            uid = int(said(other.run("import os; print(os.getuid())", seconds=60)))
    assert seen["limits"] == {name: (value, value) for name, value in asked.items()}
    assert seen["scratch"] == [LIMITS.scratch_mb] * 3
    assert set(seen["kernel"]) == {"connection.json", "k"} and not seen["up"]
    assert seen["calls"] == ([-1] * 3 if seccomp.build() else seen["calls"])
    assert seen["suid"] == [True, True] and seen["groups"] == []
    expected = {"null", "zero", "full", "random", "urandom", "tty", "pts", "ptmx", "console"}
    assert set(seen["devices"]) <= expected | {"core", "fd", "shm", "stderr", "stdin", "stdout"}
    if sandbox.mode() == "dropped":
        assert seen["uid"] != uid


@pytest.mark.parametrize("counted", [True, False], ids=["cgroup", "without a cgroup"])
def test_they_hold_whatever_counts_them(counted, monkeypatch):
    """Processes, files, one file, and memory last: it ends the kernel."""
    if not counted:
        monkeypatch.setattr(cgroups, "make", lambda *_: None)
    fork = (
        "import os, time\nn = 0\ntry:\n    while n < 500:\n        os.fork() or time.sleep(30)\n"
        "        n += 1\nexcept OSError: pass\nprint(n)"
    )
    fill = (
        "written = 0\ntry:\n    for number in range(50):\n        with open(f'/tmp/{number}', 'wb') as f:\n"
        "            for _ in range(8): written += f.write(bytes(1 << 20))\nexcept OSError: pass\n"
        "print(written >> 20)"
    )
    large = "try:\n    open('one', 'wb').write(bytes(20 << 20))\nexcept OSError: print('no')"
    hungry = "held = []\nwhile True:\n    held.append(bytearray(5_000_000))"
    with starting.open_kernel(limits=LIMITS, imports=IMPORTS) as running:
        assert (running.group is not None) <= counted
        assert int(said(running.run(fork, seconds=60))) < LIMITS.processes
        assert 40 <= int(said(running.run(fill, seconds=60))) <= LIMITS.scratch_mb
        assert said(running.run(large, seconds=60)) == "no\n"
        assert running.run(hungry, seconds=60).state == "dead"
        assert running.why_dead == "memory"
