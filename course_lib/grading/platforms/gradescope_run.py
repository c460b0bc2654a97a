"""What runs in Gradescope's container: one submission in, ``results/results.json`` out. See :mod:`.gradescope`.

Called as ``python -m course_lib.grading.platforms.gradescope_run /autograder``, by root. Whatever is wrong with the
submission is a result with a sentence; whatever is wrong with the container ends without a result, which
Gradescope shows as a failure of the autograder, with a sentence for the instructor.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from nbformat import NotebookNode
from nbgrader.utils import determine_grade

from course_lib.errors import CourseError
from course_lib.exercises.cards import plainly
from course_lib.files import write_atomically
from course_lib.grading import audit, plugin
from course_lib.grading.course import Course, open_course, specification
from course_lib.grading.judging.assignment import Assignment, open_assignment
from course_lib.grading.judging.reading import read_submission
from course_lib.grading.judging.screening import grade_id
from course_lib.grading.kernels.execution import Execution, Work
from course_lib.grading.kernels.executors import Executor, Processes, Serial, Task, limits_of
from course_lib.grading.kernels.starting import kernel_environment
from course_lib.grading.walls import launch, sandbox
from course_lib.grading.walls.sandbox import Limits
from course_lib.language import both
from course_lib.paths import repository_root

_UID = 61100  # below those of the sandbox; no account has it


@dataclass(frozen=True)
class BundledCourse(Course):
    """A class as a bundle has it: without the secret, with what its hidden inputs are drawn from."""

    def draws_for(self, exercise: str) -> np.random.Generator:
        """Give the generator that the class's own course directory gives."""
        drawn = json.loads((self.private / "draws.json").read_text(encoding="utf-8"))
        return np.random.default_rng(int(drawn[exercise], 16))


def grade_one(root: Path) -> dict[str, Any]:
    """Grade the submission that lies in ``root/submission``; give what Gradescope reads.

    Raises:
        CourseError: The container offers no sandbox, and the bundle may not do without.
    """
    began = time.monotonic()
    about = json.loads((root / "source" / "bundle.json").read_text(encoding="utf-8"))
    course = _course(root / "source" / "class")
    assignment = open_assignment(course, about["chapter"])
    sandboxed = _is_sandboxed(about)
    extra = {"chapter": about["chapter"], "sandboxed": sandboxed}
    try:
        path = _find(root / "submission", assignment)
        notebook = read_submission(path)
        notes = assignment.make_whole(notebook)
    except CourseError as problem:
        return _result([_nothing(assignment, str(problem))], str(problem), began, extra)
    work = replace(assignment.work_for(notebook), imports=None)
    done = _execute(work, limits_of(course), sandboxed)
    plugin.write_results(assignment, notebook, done)
    extra |= {"submission": audit.hash_of(path.read_bytes()), "screening": notes}
    return _result(list(_tests(assignment, notebook)), "", began, extra)


def _course(folder: Path) -> BundledCourse:
    found = open_course(folder)
    return BundledCourse(**{name: getattr(found, name) for name in vars(found)})


def _is_sandboxed(about: Mapping[str, Any]) -> bool:
    if sandbox.available():
        return True
    if not about.get("unsandboxed"):
        sandbox.mode()  # raises, and names the ways out
    if sys.platform != "linux" or os.geteuid() != 0:
        raise CourseError(
            "Without a sandbox the autograder has to be root, so that it can run the submission as somebody "
            "else: here it is not.",
            "没有沙箱时，自动评分程序必须以 root 身份运行，才能换用别的用户来运行作业：这里不是 root。",
        )
    return False


def _find(folder: Path, assignment: Assignment) -> Path:
    """Find the one notebook that was handed in; of several, the one that has the assignment's name."""
    found = sorted(path for path in folder.rglob("*.ipynb") if not path.name.startswith("._"))
    named = [path for path in found if path.stem == assignment.notebook]
    if len(found) == 1 or named:
        return (named or found)[0]
    raise CourseError(
        f"Hand in one notebook, {assignment.notebook}.ipynb: {len(found)} were found.",
        f"请提交一个笔记本 {assignment.notebook}.ipynb：现有 {len(found)} 个。",
    )


# Running it.


def _execute(work: Work, limits: Limits, sandboxed: bool) -> Execution:
    task = Task("submission", work, limits, sandboxed)
    with _executor(limits, sandboxed) as executor:
        executor.submit(task)
        (came,) = executor.collect(wait=True)
        if came.execution is None:
            raise came.problem or AssertionError("no execution")
        return came.execution


@contextmanager
def _executor(limits: Limits, sandboxed: bool) -> Iterator[Executor]:
    """Give who runs the submission: this process behind the walls, or a process of somebody else's."""
    if sandboxed:
        yield Serial()
        return
    home = Path(tempfile.mkdtemp(prefix="course-student-"))
    os.chown(home, _UID, _UID)
    executor = Processes(1, command=as_somebody_else(limits, home))
    try:
        yield executor
    finally:
        executor.close()
        shutil.rmtree(home, ignore_errors=True)


def as_somebody_else(limits: Limits, home: Path) -> list[str]:
    """Give the command of a worker without powers: it knows hidden inputs, and nothing of what is right.

    The launcher of the sandbox sets the limits, gives up every power and puts up the filter of system calls;
    all kernels are this worker's children. None of root's environment goes in.
    """
    course = repository_root()
    environment = kernel_environment(limits, home=str(home), course=str(course))
    environment |= {"TMPDIR": str(home), "COURSE_LANGUAGE": os.environ.get("COURSE_LANGUAGE", "en")}
    inner = ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in environment.items())]
    inner += [sys.executable, "-m", "course_lib.grading.kernels.worker", "1"]
    order = {"uid": _UID, "limits": limits.for_the_system(), "command": inner, "socket": None}
    launcher = str(Path(launch.__file__))
    return [sys.executable, "-E", "-s", "-S", launcher, json.dumps(order)]


# What Gradescope reads.


def _tests(assignment: Assignment, notebook: NotebookNode) -> Iterator[dict[str, Any]]:
    """Give a test for each cell that the machine grades: the points are those that nbgrader would give."""
    known = specification(assignment.course, assignment.notebook)
    for cell in notebook.cells:
        name = grade_id(cell)
        graded = cell.metadata.get("nbgrader") or {}
        if name is None or not graded.get("grade") or graded.get("solution"):
            continue
        score, most = determine_grade(cell)
        exercise = assignment.exercise_of.get(name, name)
        title = getattr(known.get(exercise), "title", {}).get(assignment.course.language, "")
        yield {
            "number": exercise,
            "name": f"{exercise} {title}".strip(),
            "score": float(score or 0.0),
            "max_score": float(most),
            "status": "passed" if score == most else "failed",
            "output": _said(cell),
            "output_format": "text",
            "visibility": "visible",
        }


def _said(cell: NotebookNode) -> str:
    for output in cell.outputs:
        if output.output_type == "error":
            return plainly("\n".join(line for line in output.traceback if line))
        if "data" in output:
            return plainly(str(output.data.get("text/plain", "")))
    return ""


def _nothing(assignment: Assignment, why: str) -> dict[str, Any]:
    most = sum(
        float(cell.metadata.nbgrader.points)
        for cell in assignment.source.cells
        if (cell.metadata.get("nbgrader") or {}).get("grade")
        and not cell.metadata.nbgrader.get("solution")
    )
    name = both("The notebook", "笔记本")
    return {"name": name, "score": 0.0, "max_score": most, "status": "failed", "output": why}


def _result(
    tests: list[dict[str, Any]], output: str, began: float, extra: dict[str, Any]
) -> dict[str, Any]:
    return {
        "score": sum(test["score"] for test in tests),
        "execution_time": round(time.monotonic() - began, 1),
        "output": output,
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": extra,
        "tests": tests,
    }


def main() -> None:
    """Grade, and write the results; a container that can't is said on the standard output."""
    root = Path(sys.argv[1])
    try:
        result = grade_one(root)
    except CourseError as problem:
        print(problem, flush=True)
        sys.exit(1)
    if not result["extra_data"]["sandboxed"]:
        print(
            both(
                "No sandbox here: the submission ran as a user of its own, as this bundle allows.",
                "此处没有沙箱：按本评分包的设置，作业以单独的用户身份运行。",
            )
        )
    write_atomically(root / "results" / "results.json", json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main()
