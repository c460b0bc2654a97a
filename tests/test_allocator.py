"""Memory that a step lets go of is there for the next one, without the system's help."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import require

_STEPS = """
import resource, sys
if sys.argv[1] == "kept":
    from course_lib.allocator import keep_memory
    print(keep_memory(), end=" ")
import numpy as np
for step in range(220):
    if step == 20:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    taken = [np.ones(20_000, dtype="float32") for _ in range(20)]  # 1.6 MB in pieces of 80 kB
    del taken
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 200)
"""


def _faults(how: str, **environment: str) -> list[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    command = [sys.executable, "-c", _STEPS.replace("course_lib.allocator", "allocator"), how]
    folder = os.path.join(os.path.dirname(__file__), "..", "course_lib")
    clean |= {"PYTHONPATH": folder, **environment}  # the module alone: course_lib itself calls it
    done = subprocess.run(command, env=clean, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_steps_cause_no_page_faults_any_more():
    (usual,) = _faults("usual")
    require(float(usual) > 100, "this system's memory is kept anyway")
    assert _faults("kept")[0] == "True"
    assert float(_faults("kept")[1]) < 1


@pytest.mark.parametrize("name", ["MALLOC_ARENA_MAX", "MALLOC_TRIM_THRESHOLD_"])
def test_what_somebody_has_set_is_left_alone(name):
    assert _faults("kept", **{name: "1000000"})[0] == "False"
