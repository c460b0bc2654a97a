"""How fast a class is graded on a cluster: measured with one and two workers here, computed for more.

    ./course bench cluster

A Dask scheduler and workers, each a process of its own on this machine, run a class of chapter 04 (right,
mistaken, untouched and broken work, no two the same) for ``teach grade``'s own grader. The workers are warm:
each has run a submission before the clock starts. For more workers than this machine has cores nothing is
measured: that part of the table is computed from the two figures that bound the rate, and says so. They are
the rate of one worker, measured, and the seconds of computing that the one grader spends on each submission
(screening, judging, gradebook), which no number of workers makes less. The network is taken to cost nothing.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from benchmarks.grading import CHAPTER, _executions, _make_course
from course_lib.grading.cluster.executor import Cluster
from course_lib.grading.course import Course
from course_lib.grading.grade import grade
from course_lib.paths import repository_root
from course_lib.waiting import steps

WORKERS = (1, 2)
ON_PAPER = (4, 8, 16, 32, 64)
STUDENTS = 40
FASTER = 1.3  # with two workers, against one, where there are two cores
_PATIENCE = 120.0


def run(*, quick: bool = False) -> dict[str, Any]:
    """Grade the class with each number of workers.

    Args:
        quick: A small class: to see that it works.
    """
    load = os.getloadavg()[0]
    rows = []
    with tempfile.TemporaryDirectory() as folder, steps(len(WORKERS)) as step:
        for workers in WORKERS:
            step(f"{workers} workers")
            rows.append(_measure(Path(folder) / str(workers), workers, 4 if quick else STUDENTS))
    return {"rows": rows, "paper": on_paper(rows), "load": load, "quick": quick}


def on_paper(rows: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
    """Compute the rate for more workers, each with a core: what bounds it first, workers or grader.

    A worker is taken to do what the one that was measured did, waiting included; the grader's bound is what it
    computes for each submission.
    """
    each = rows[0]["a_minute"]
    grader = 60 / rows[0]["grader"]
    return [
        {
            "workers": workers,
            "a_minute": min(workers * each, grader),
            "bound": float(workers * each > grader),
        }
        for workers in ON_PAPER
    ]


def table(result: Mapping[str, Any]) -> str:
    """Write the result as text."""
    head = f"{'workers':>8} {'students':>9} {'a minute':>9} {'in kernels':>11} {'grader':>8}"
    head += f" {'worker':>8} {'scheduler':>10}"
    lines = [
        f"{os.cpu_count()} cores, load at the start {result['load']:.1f}; chapter {CHAPTER}, PyTorch; "
        "CPU s for each submission",
        "",
        head,
    ]
    for row in result["rows"]:
        lines.append(
            f"{row['workers']:>8} {row['students']:>9} {row['a_minute']:>9.1f} {row['kernels']:>11.2f} "
            f"{row['grader']:>8.2f} {row['worker']:>8.2f} {row['scheduler']:>10.3f}"
        )
    lines += [
        "",
        "computed, not measured: at most, with a core for each worker and one for the grader",
    ]
    for row in result["paper"]:
        words = "the grader is the limit" if row["bound"] else "the workers are the limit"
        lines.append(f"{row['workers']:>8} {'':>9} {row['a_minute']:>9.0f}   {words}")
    return "\n".join(lines)


def misses(result: Mapping[str, Any]) -> list[str]:
    """List the stated figures that were missed."""
    one, two = result["rows"]
    ratio = two["a_minute"] / one["a_minute"]
    if result["quick"] or (os.cpu_count() or 1) < 2 or ratio >= FASTER:
        return []
    return [f"two workers are {ratio:.2f} times as fast as one; {FASTER:g} is the aim"]


def _measure(folder: Path, workers: int, count: int) -> dict[str, float]:
    from benchmarks._local_cluster import LocalCluster

    folder.mkdir()
    (folder / "cluster").mkdir()
    course = _make_course(folder / "course", CHAPTER, repository_root(), count + 2 * workers)
    students = sorted(course.submissions(CHAPTER))
    with LocalCluster(folder / "cluster") as machines:
        scheduler = psutil.Process(machines.start_scheduler().pid)
        started = [machines.start_worker(f"w{number}") for number in range(workers)]
        processes = [psutil.Process(each.pid) for each in started]
        for number, process in enumerate(processes):  # a core for each, as on machines of their own
            if hasattr(process, "cpu_affinity"):
                process.cpu_affinity([number % (os.cpu_count() or 1)])
        _grade(course, students[count:], machines.address, workers)  # they are warm after that
        before = {each.stem for each in (course.private / "results").glob("*.json")}
        spent = [_cpu(scheduler), sum(map(_cpu, processes)), time.process_time()]
        seconds = _grade(course, students[:count], machines.address, workers)
        spent = [
            _cpu(scheduler) - spent[0],
            sum(map(_cpu, processes)) - spent[1],
            time.process_time() - spent[2],
        ]
    kernels = sum(each.computed for each in _executions(course)) / (len(before) + count)
    return {
        "workers": workers,
        "students": count,
        "a_minute": 60 * count / seconds,
        "kernels": kernels,
        "grader": spent[2] / count,
        "worker": spent[1] / count,
        "scheduler": spent[0] / count,
    }


def _grade(course: Course, students: Sequence[str], address: str, workers: int) -> float:
    """Grade some students when all workers are there; give the seconds from the first task to the last grade."""
    engine = Cluster(address, patience=_PATIENCE)
    engine.wait_for(workers)
    began = time.monotonic()
    outcomes = list(grade(course, CHAPTER, students=students, executor=engine))
    failed = [each.why for each in outcomes if each.state != "graded"]
    assert not failed, failed[0]
    return time.monotonic() - began


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
