"""How fast a class is graded, against nbgrader by itself, and whether it stays that way.

    ./course bench grading

A class of chapter 04, a mix of right, mistaken, untouched and broken work, no two the same, is graded
by ``teach grade`` with two jobs, and a part of it by nbgrader's own ``autograde`` as it comes: once
on what our grading runs (the notebooks without their demo cells), once with every cell. Both grade in
the same run on the same machine; seconds of computing stand beside the clock's, since a busy
neighbour changes only the latter. nbgrader by itself runs without a sandbox and asks no hidden inputs.

Then a class of the tests' tiny chapter: does a submission cost the same when there are many, and are
the marks the same whatever the order and the number of jobs?
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
import psutil
from nbformat import NotebookNode

from course_lib.grading import results, zygote
from course_lib.grading.assignment import open_assignment
from course_lib.grading.course import Course, create
from course_lib.grading.export import read_grades
from course_lib.grading.grade import grade
from course_lib.grading.nbgrader_side import make_gradebook
from course_lib.grading.release import release
from course_lib.grading.screening import not_to_run
from course_lib.grading.submissions import make_submissions
from course_lib.paths import repository_root
from course_lib.waiting import steps

CHAPTER = "04"
STUDENTS, OF_THEM_BY_NBGRADER = 50, 5
TIMES_FASTER = 10.0  # students a minute, against nbgrader on the same cells
OVERHEAD = 2.0  # seconds of computing, against the submissions' own
TINY_STUDENTS, REPEATS = 500, 20
FLAT = 1.25  # the last tenth of the students against the first


def run(*, quick: bool = False) -> dict[str, Any]:
    """Grade the classes.

    Args:
        quick: Small classes: to see that it works.
    """
    count, by_nbgrader = (4, 1) if quick else (STUDENTS, OF_THEM_BY_NBGRADER)
    tinies, repeats = (20, 3) if quick else (TINY_STUDENTS, REPEATS)
    with tempfile.TemporaryDirectory() as folder, steps(4 + repeats) as step:
        place = Path(folder)
        step(f"teach grade: {count} students")
        rows = [_grade_ours(place / "ours", count)]
        step(f"nbgrader autograde, the same cells: {by_nbgrader} students")
        rows.append(_grade_stock(place / "cells", by_nbgrader, with_demos=False))
        step(f"nbgrader autograde, every cell: {by_nbgrader} students")
        rows.append(_grade_stock(place / "all", by_nbgrader, with_demos=True))
        step(f"tiny chapter: {tinies} students")
        tiny = _grade_tiny(place / "tiny", tinies)
        same = _repeat(place / "again", repeats, step)
    return {"rows": rows, "tiny": tiny, "repeats": same, "jobs": 2, "quick": quick}


def table(result: Mapping[str, Any]) -> str:
    """Write the result as text."""
    lines = ["chapter 04, PyTorch                        students   a minute   CPU s each"]
    for row in result["rows"]:
        lines.append(
            f"{row['what']:<42} {row['students']:>8} {row['a_minute']:>10.1f} {row['cpu']:>12.2f}"
        )
    first, second, third = result["rows"]
    lines += [
        "",
        f"teach grade is {first['a_minute'] / second['a_minute']:.1f} times as fast on the same cells, "
        f"{first['a_minute'] / third['a_minute']:.1f} times against every cell run "
        f"(by computing: {second['cpu'] / first['cpu']:.1f} and {third['cpu'] / first['cpu']:.1f}).",
        f"Of its CPU seconds, the submissions' own kernels took {first['own']:.2f} each; "
        f"importing once for all: {first['imports']:.1f} s.",
        f"Tiny chapter, {result['tiny']['students']} students: {result['tiny']['first']:.3f} CPU s each in "
        f"the first tenth, {result['tiny']['last']:.3f} in the last; this process grew by "
        f"{result['tiny']['grown_mb']:.0f} MB between them.",
        f"{result['repeats']['runs']} runs in other orders with 1 to 4 jobs: "
        f"{result['repeats']['different']} with other marks.",
    ]
    return "\n".join(lines)


def misses(result: Mapping[str, Any]) -> list[str]:
    """List the stated figures that were missed."""
    ours, same_cells, _ = result["rows"]
    found = []
    ratio = ours["a_minute"] / same_cells["a_minute"]
    if ratio < TIMES_FASTER:
        found.append(f"{ratio:.1f} times nbgrader's rate; {TIMES_FASTER:g} is the aim")
    if ours["cpu"] > OVERHEAD * ours["own"]:
        found.append(f"{ours['cpu'] / ours['own']:.2f} times the submissions' own computing")
    if result["tiny"]["last"] > FLAT * result["tiny"]["first"]:
        found.append("a submission costs more when there are many")
    if result["repeats"]["different"]:
        found.append(f"{result['repeats']['different']} runs gave other marks")
    return found


def _class(chapter: str, repository: Path, count: int) -> dict[str, NotebookNode]:
    """Give a class's notebooks: the five ready-made ones by turns, each with a cell of its own."""
    made = list(make_submissions(chapter, "en", "pytorch", repository=repository).values())
    notebooks = {}
    for number in range(count):
        notebook = deepcopy(made[number % len(made)].notebook)
        notebook.cells.append(nbformat.v4.new_code_cell(f"{number}"))
        notebooks[f"student{number:04}"] = notebook
    return notebooks


def _make_course(folder: Path, chapter: str, repository: Path, count: int) -> Course:
    course = create(folder, language="en", framework="pytorch", repository=repository)
    make_gradebook(course)
    release(course, chapter)
    name = course.notebook_name(chapter)
    for student, notebook in _class(chapter, repository, count).items():
        target = course.folder / "submitted" / student / chapter
        target.mkdir(parents=True)
        nbformat.write(notebook, target / f"{name}.ipynb")
    return course


def _grade_ours(folder: Path, count: int) -> dict[str, Any]:
    course = _make_course(folder, CHAPTER, repository_root(), count)
    zygote.close_all()
    before, started = time.process_time(), time.monotonic()
    outcomes = list(grade(course, CHAPTER, jobs=2))
    seconds, mine = time.monotonic() - started, time.process_time() - before
    assert {each.state for each in outcomes} == {"graded"}, outcomes
    imports = sum(_cpu_of(each.process.pid) for each in zygote._zygotes.values())
    own = sum(_computed(course)) / count
    cpu = (mine + imports) / count + own
    row = {"what": "teach grade --jobs 2, demo cells skipped", "students": count}
    return row | _rates(count, seconds, cpu) | {"own": own, "imports": imports}


def _computed(course: Course) -> list[float]:
    kept = (course.private / "results").glob("*.json")
    found = [results.load(course, path.stem) for path in kept]
    return [each.computed for each in found if each is not None]


def _grade_stock(folder: Path, count: int, *, with_demos: bool) -> dict[str, Any]:
    """Let nbgrader grade as it comes: its own steps only, on notebooks with or without demo cells."""
    course = _make_course(folder, CHAPTER, repository_root(), count)
    assignment = open_assignment(course, CHAPTER)
    if not with_demos:
        for path in course.folder.glob(f"submitted/*/{CHAPTER}/*.ipynb"):
            notebook = nbformat.read(path, as_version=4)
            left_out = not_to_run(notebook, assignment.source)
            cells = [cell for n, cell in enumerate(notebook.cells) if n not in left_out]
            notebook.cells = cells
            nbformat.write(notebook, path)
    stock = "c = get_config()\nc.CourseDirectory.course_id = 'stock'\nc.Execute.timeout = 600\n"
    (course.folder / "nbgrader_config.py").write_text(stock)
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "COURSE_STRICT": "1", "PATH": tools}
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", CHAPTER],
        cwd=course.folder,
        env=environment,
        check=True,
        capture_output=True,
    )
    seconds, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / count
    what = "every cell" if with_demos else "the same cells"
    row = {"what": f"nbgrader autograde, {what}", "students": count}
    return row | _rates(count, seconds, cpu)


def _rates(count: int, seconds: float, cpu: float) -> dict[str, float]:
    return {"seconds": seconds, "a_minute": 60 * count / seconds, "cpu": cpu}


def _tiny_repository(folder: Path) -> Path:
    from tests.grading.tiny_course import build_repository

    return build_repository(folder)


def _grade_tiny(folder: Path, count: int) -> dict[str, Any]:
    """Grade a large class of a tiny chapter; look at the first and the last tenth of it."""
    course = _make_course(folder / "course", "90", _tiny_repository(folder / "made"), count)
    part = max(1, count // 10)
    marks, sizes = [time.process_time()], [psutil.Process().memory_info().rss]
    for done, _ in enumerate(grade(course, "90", jobs=2), start=1):
        if done in (part, count - part, count):
            marks.append(time.process_time())
            sizes.append(psutil.Process().memory_info().rss)
    own = sum(_computed(course)) / count
    return {
        "students": count,
        "first": (marks[1] - marks[0]) / part + own,
        "last": (marks[3] - marks[2]) / part + own,
        "grown_mb": (sizes[3] - sizes[1]) / (1 << 20),
    }


def _repeat(folder: Path, runs: int, step: Callable[[str], None]) -> dict[str, Any]:
    """Grade the same class again and again: another secret, another order, another number of jobs."""
    repository = _tiny_repository(folder / "made")
    standings: list[dict[str, Any]] = []
    for number in range(runs):
        step(f"the same class again, with {1 + number % 4} jobs")
        course = _make_course(folder / str(number), "90", repository, 5)
        students = list(course.submissions("90"))
        random.Random(number).shuffle(students)
        list(grade(course, "90", jobs=1 + number % 4, students=students))
        standings.append({row.student: row.exercises for row in read_grades(course, "90")})
        shutil.rmtree(course.folder)
    different = sum(each != standings[0] for each in standings)
    return {"runs": runs, "different": different}


def _cpu_of(pid: int) -> float:
    """Add up the computing of a process and its living descendants."""
    total = 0.0
    for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
        times = process.cpu_times()
        total += times.user + times.system
    return total
