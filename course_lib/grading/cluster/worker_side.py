"""What a worker of the cluster does for a grader: say what it is, keep files, run a submission.

These functions run in a Dask worker, which is trusted and part of the class's own machines. What crosses
between it and the grader is text that we wrote; nothing of a submission is ever unpickled, here or there:
it runs in a sandboxed kernel, a child of the worker, and leaves it as JSON (``kernels.execution``).
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import socket
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from course_lib.files import sha256_of, write_atomically
from course_lib.grading.judging.assignment import font_lists
from course_lib.grading.kernels import executors
from course_lib.grading.kernels.executors import Done, MachineError, Task
from course_lib.grading.walls import sandbox
from course_lib.paths import cache_dir, repository_root


def describe(told: str) -> str:
    """Say what this worker is, as JSON; nothing of any submission has come here by then.

    Args:
        told: JSON with ``imports``, the modules that kernels import, and ``files``, the hashes of the
            files that they are shown.
    """
    asked = json.loads(told)
    return json.dumps(
        {
            **facts(),
            "sandbox": sandbox.available(),
            "imports": [name for name in asked["imports"] if can_import(name)],
            "files": [name for name in asked["files"] if not _is_there(name)],
        }
    )


@lru_cache(maxsize=1)
def facts() -> Mapping[str, Any]:
    """Give what has to be the same on both sides: Python, the course's own code, the packages."""
    digest = hashlib.sha256()
    package = repository_root() / "course_lib"
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    packages: dict[str, str] = {}
    for each in distributions():  # in the order of imports: what comes first is what is used
        packages.setdefault((each.name or "").lower(), each.version)
    return {
        "python": platform.python_version().rpartition(".")[0],
        "keras": os.environ.get("KERAS_BACKEND", "tensorflow"),
        "course": digest.hexdigest()[:32],
        "packages": packages,
    }


def can_import(name: str) -> bool:
    """Say whether the package that a module belongs to is installed here."""
    top = name.partition(".")[0]
    return top in sys.modules or find_spec(top) is not None


def keep_files(files: Mapping[str, bytes]) -> str:
    """Keep files for kernels of this worker; each under the hash of what it holds."""
    for name, data in files.items():
        if hashlib.sha256(data).hexdigest() != name:
            raise ValueError(f"not {name}")
        write_atomically(_kept(name), data).chmod(0o644)  # a kernel's user is nobody in particular
    return json.dumps({"kept": sorted(files)})


def serve(told: str, kernels: int) -> str:
    """Run a submission in a sandboxed kernel of this machine; give what came of it as JSON.

    Args:
        told: A :class:`Task` as JSON; outside names of what it is shown are hashes.
        kernels: How many may run here at a time.
    """
    task = Task.from_json(told)
    if not sandbox.available():  # whatever the grader believes: it does not run without walls
        return json.dumps({"key": task.key, "no_sandbox": True})
    try:
        shown = [(str(_kept(name)), inside) for name, inside in task.work.shown]
        work = replace(task.work, shown=(*shown, *font_lists()))
        limits = executors.with_threads(task.limits, kernels)
        done = executors.run(Task(task.key, work, limits, sandboxed=True))
    except Exception as problem:
        done = Done(task.key, problem=executors.as_course_error(problem))
    return executors.write_done(_with_place(done))


def _with_place(done: Done) -> Done:
    """Say of a machine's own problem which machine it is."""
    if not isinstance(done.problem, MachineError):
        return done
    here, problem = socket.gethostname(), done.problem
    return replace(done, problem=MachineError(f"{here}: {problem.en}", f"{here}：{problem.zh}"))


def _is_there(name: str) -> bool:
    path = _kept(name)
    return path.is_file() and sha256_of(path) == name


def _kept(name: str) -> Path:
    if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
        raise ValueError("not a hash")
    return cache_dir() / "shown" / name
