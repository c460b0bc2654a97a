"""How long submissions take, measured; and what that means for 500, 5,000 and 50,000 students, simulated.

    ./course bench capacity
    ./course bench capacity --keep      # what the page for departments and  teach capacity  go by

A class of chapter 04 (right, differently right, mistaken, untouched and broken work, no two the same, two
of fifty hang) is run one submission at a time: seconds in a kernel, of each. Then all is judged and
written down once more from the kept results: seconds that the gradebook's one writer needs for each.
The simulation is ``course_lib.grading.cluster.capacity``; its assumptions are in ``Crowd``.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.grading import CHAPTER, _executions, _make_course
from course_lib.grading.cluster.capacity import (
    Crowd,
    Plan,
    Service,
    as_rows,
    cut,
    fewest_kernels,
    minutes_of,
    plan,
)
from course_lib.grading.grade import grade
from course_lib.grading.kernels.executors import Processes
from course_lib.paths import repository_root
from course_lib.waiting import steps

CLASSES = (500, 5_000, 50_000)
CROWDS: Mapping[str, Mapping[str, float]] = {
    "usual": {},  # as Crowd assumes
    "hard": {"peak": 0.9, "peak_hours": 1.0},
}
MANY = 64  # kernels that are shown where no number is enough
STUDENTS, HANG = 50, 2
MINUTES = 10.0  # within which 95 of 100 marks are wanted
HEADINGS = (
    "students",
    "kernels",
    "median",
    "95 of 100",
    "longest",
    "line",
    "busy",
    "hours",
    "all at once",
)


def run(*, quick: bool = False) -> dict[str, Any]:
    """Measure the seconds and simulate the classes.

    Args:
        quick: Four submissions: to see that it works.
    """
    count, hang = (4, 0) if quick else (STUDENTS, HANG)
    cores = os.cpu_count() or 1  # as if all were busy: one thread for each kernel
    with tempfile.TemporaryDirectory() as folder, steps(3) as step:
        step(f"{count} submissions, one at a time")
        course = _make_course(Path(folder) / "class", CHAPTER, repository_root(), count, hang)
        list(grade(course, CHAPTER, jobs=cores, executor=Processes(1)))
        seconds = sorted(each.seconds for each in _executions(course))
        step("judged and written down again")
        started = time.monotonic()
        again = list(grade(course, CHAPTER, jobs=cores, force=True, executor=Processes(1)))
        record = (time.monotonic() - started) / len(again)
        step("classes simulated")
        service = Service(np.array(seconds), record, "")
        plans = {name: simulated(service, name) for name in CROWDS} if not quick else {}
    return {
        "chapter": CHAPTER,
        "kernel_seconds": seconds,
        "record_seconds": round(record, 4),
        "plans": plans,
        "quick": quick,
    }


def simulated(
    service: Service, crowd: str, classes: Sequence[int] = CLASSES
) -> list[dict[str, Any]]:
    """Find the fewest kernels for each class.

    Returns:
        For each class ``plan``, a ``Plan``'s fields. Where no number of kernels is enough, that plan is for
        :data:`MANY`, ``parts`` says into how many course directories to cut the class, and ``each`` is the
        plan of one of them; otherwise they are 0 and ``None``.
    """
    found = []
    for students in classes:
        people = Crowd(students, **CROWDS[crowd])
        enough = fewest_kernels(people, service, MINUTES)
        parts, each = (0, None) if enough else cut(people, service, MINUTES)
        found.append(
            {
                "plan": asdict(enough or plan(people, service, MANY)),
                "parts": parts,
                "each": asdict(each) if each else None,
            }
        )
    return found


def table(result: Mapping[str, Any]) -> str:
    """Write the result as text."""
    seconds = np.array(result["kernel_seconds"])
    lines = [
        f"chapter {result['chapter']}, {len(seconds)} submissions run: {np.median(seconds):.2f} s in a kernel "
        f"(median), {seconds.mean():.2f} s on average, {seconds.max():.1f} s the longest; "
        f"{result['record_seconds']:.2f} s to judge and write down.",
    ]
    for crowd, rows in result["plans"].items():
        lines += ["", f"{crowd} rush:", "  ".join(f"{heading:>12}" for heading in HEADINGS)]
        plans = [Plan(**row["plan"]) for row in rows]
        lines += ["  ".join(f"{cell:>12}" for cell in row) for row in as_rows(plans)]
        for whole, row in zip(plans, rows, strict=True):
            if row["parts"]:
                said = f"{whole.students:,}: no number of kernels is enough; {row['parts']} course directories"
                if row["each"]:
                    one = Plan(**row["each"])
                    said += (
                        f" of {one.students:,}, each with {one.kernels} kernels: 95 of 100 marks within "
                        f"{minutes_of(one.late[0])} ({minutes_of(one.late[1])}–{minutes_of(one.late[2])})"
                    )
                lines.append(said)
    return "\n".join(lines)


def misses(result: Mapping[str, Any]) -> list[str]:
    """None: nothing is promised but that this is measured."""
    return []
