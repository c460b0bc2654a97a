"""How fast a class is graded, against nbgrader by itself, and whether it stays that way.

    ./course bench grading
    ./course bench grading --part rate --part class --part large --part repeats

``rate``: a class of chapter 04, a mix of right, differently right, mistaken, untouched and broken work
with two that hang, no two the same, is graded by ``teach grade`` with two jobs, and by nbgrader's own
``autograde`` as it comes, each with its usual time for a cell (10 and 30 seconds; ours gives a question
5): all of it on what our grading runs, the notebooks without their demo cells, and a part of it with
every cell. All in the same run on the same machine; seconds of computing stand beside the clock's,
since a busy neighbour changes only the latter. nbgrader by itself runs without a sandbox and asks no
hidden inputs.

``class``: five hundred such submissions, ten of which hang, by ``teach grade`` with two jobs.

``large``: a thousand submissions of the tests' tiny chapter: does one cost the same when there are many,
and do the grading processes stay as small? ``repeats``: are the marks the same whatever the secret, the
order and the number of jobs?
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
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import psutil
from nbformat import NotebookNode

from course_lib.grading import results
from course_lib.grading.course import Course, create
from course_lib.grading.export import read_grades
from course_lib.grading.grade import grade
from course_lib.grading.gradebook import make as make_gradebook
from course_lib.grading.judging.assignment import open_assignment
from course_lib.grading.judging.screening import not_to_run
from course_lib.grading.kernels.execution import Execution
from course_lib.grading.kernels.executors import Processes
from course_lib.grading.release import release
from course_lib.grading.submissions import make_submissions
from course_lib.paths import repository_root
from course_lib.waiting import steps

CHAPTER = "04"
PARTS = ("rate", "class", "large", "repeats")
STUDENTS, HANG, WITH_EVERY_CELL = 50, 2, 5
LARGE_CLASS, LARGE_HANG = 500, 10
FEW = 2  # so that what the start of everything costs can be told from what a submission costs
TIMES_FASTER = 10.0  # students a minute, against nbgrader on the same cells
OVERHEAD = 2.0  # seconds of computing for one more, against what its own kernel computes
MARKS = (10, 100, 500, 1000)  # submissions after which cost and memory are looked at
REPEATS = 20
FLAT = 1.25  # the cost of a submission among the last, against those before
GROWTH_MB = 30.0  # between the hundredth and the last

_HANGS = (
    "while True:\n    pass",  # the cell itself
    "def {function}(*values, **named):\n    while True:\n        pass",  # when it is asked
)


def run(*, quick: bool = False, parts: Sequence[str] = PARTS) -> dict[str, Any]:
    """Grade the classes.

    Args:
        quick: Small classes: to see that it works.
        parts: Which of :data:`PARTS`.
    """
    result: dict[str, Any] = {"jobs": 2, "quick": quick, "load": os.getloadavg()[0]}
    repeats = 3 if quick else REPEATS
    counts = {"rate": 4, "class": 1, "large": 1, "repeats": repeats}
    total = sum(counts[part] for part in parts)
    with tempfile.TemporaryDirectory() as folder, steps(total) as step:
        place = Path(folder)
        if "rate" in parts:
            result["rows"] = _rate(place, step, quick=quick)
        if "class" in parts:
            count, hang = (6, 1) if quick else (LARGE_CLASS, LARGE_HANG)
            step(f"teach grade: {count} students, {hang} of them hang")
            result["class"] = _grade_ours(place / "class", count, hang)
        if "large" in parts:
            marks = (5, 20) if quick else MARKS
            step(f"tiny chapter: {marks[-1]} students")
            result["large"] = _grade_large(place / "large", marks)
        if "repeats" in parts:
            result["repeats"] = _repeat(place / "again", repeats, step)
    return result


def table(result: Mapping[str, Any]) -> str:
    """Write the result as text."""
    lines = [f"{os.cpu_count()} cores, load at the start {result['load']:.1f}"]
    if "rows" in result:
        lines += _rate_table(result["rows"])
    if "class" in result:
        row = result["class"]
        lines += [
            "",
            f"{row['what']}: {row['students']} students of chapter 04 in {row['seconds'] / 60:.1f} minutes, "
            f"{row['a_minute']:.0f} a minute, {row['cpu']:.2f} CPU s each.",
        ]
    if "large" in result:
        lines += ["", f"{'tiny chapter, submissions':<42} {'CPU s each':>12} {'memory MB':>12}"]
        for row in result["large"]:
            between = f"{row['from'] + 1} to {row['to']}"
            lines.append(f"{between:<42} {row['cpu']:>12.3f} {row['memory_mb']:>12.0f}")
    if "repeats" in result:
        runs, different = result["repeats"]["runs"], result["repeats"]["different"]
        lines += [
            "",
            f"{runs} runs with other secrets, orders and 1 to 4 jobs: {different} with other marks.",
        ]
    return "\n".join(lines)


def _rate_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    head = f"{'chapter 04, PyTorch':<42} {'students':>8} {'a minute':>9} {'CPU s each':>11}"
    lines = ["", f"{head} {'in kernels':>11} {'own cells':>10}"]
    for row in rows:
        line = f"{row['what']:<42} {row['students']:>8} {row['a_minute']:>9.1f} {row['cpu']:>11.2f}"
        if "kernels" in row:
            line += f" {row['kernels']:>11.2f} {row['own']:>10.2f}"
        lines.append(line)
    hanging, ours, same, every = rows
    return [
        *lines,
        "",
        f"teach grade is {hanging['a_minute'] / same['a_minute']:.1f} times as fast on the same cells, "
        f"{ours['a_minute'] / every['a_minute']:.1f} times against every cell run "
        f"(by computing, without what hangs: {every['cpu'] / ours['cpu']:.1f} times).",
        f"Once for a class: {ours['start']:.1f} CPU s (programs and frameworks imported). Each submission: "
        f"{ours['more']:.2f} CPU s with screening, judging and gradebook, "
        f"{ours['more'] / ours['kernels']:.2f} times what its own kernel computes; "
        f"with its share of the start {ours['cpu'] / ours['kernels']:.2f} times.",
    ]


def misses(result: Mapping[str, Any]) -> list[str]:
    """List the stated figures that were missed."""
    found = []
    if "rows" in result:
        hanging, ours, same, _ = result["rows"]
        ratio = hanging["a_minute"] / same["a_minute"]
        if ratio < TIMES_FASTER:
            found.append(f"{ratio:.1f} times nbgrader's rate; {TIMES_FASTER:g} is the aim")
        # The imports are left out on both sides: a submission by itself would begin with them, too.
        if ours["more"] > OVERHEAD * ours["kernels"]:
            found.append(
                f"{ours['more'] / ours['kernels']:.2f} times the submissions' own computing"
            )
    if "large" in result:
        *_, before, last = result["large"]
        if last["cpu"] > FLAT * before["cpu"]:
            found.append("a submission costs more when there are many")
        if last["memory_mb"] > before["memory_mb"] + GROWTH_MB:
            found.append("the grading processes grow")
    if "repeats" in result and result["repeats"]["different"]:
        found.append(f"{result['repeats']['different']} runs gave other marks")
    return found


def _rate(place: Path, step: Callable[[str], None], *, quick: bool) -> list[dict[str, Any]]:
    count, hang, every = (4, 0, 1) if quick else (STUDENTS, HANG, WITH_EVERY_CELL)
    step(f"teach grade: {count} students, {hang} of them hang")
    rows = [_grade_ours(place / "hanging", count, hang)]
    step(f"teach grade: {count} students")
    rows.append(_grade_ours(place / "ours", count, 0))
    few = _grade_ours(place / "few", FEW, 0)
    rows[-1]["more"] = (rows[-1]["cpu"] * count - few["cpu"] * FEW) / max(1, count - FEW)
    rows[-1]["start"] = (few["cpu"] - rows[-1]["more"]) * FEW
    by_nbgrader = (1, 0) if quick else (count, hang)
    step(f"nbgrader autograde, the same cells: {by_nbgrader[0]} students")
    rows.append(_grade_stock(place / "cells", *by_nbgrader, with_demos=False))
    step(f"nbgrader autograde, every cell: {every} students")
    rows.append(_grade_stock(place / "all", every, 0, with_demos=True))
    return rows


def _class(chapter: str, repository: Path, count: int, hang: int) -> dict[str, NotebookNode]:
    """Give a class's notebooks: the five ready-made ones by turns, each with a cell of its own."""
    made = list(make_submissions(chapter, "en", "pytorch", repository=repository).values())
    notebooks = {}
    for number in range(count):
        notebook = deepcopy(made[number % len(made)].notebook)
        notebook.cells.append(nbformat.v4.new_code_cell(f"{number}"))
        notebooks[f"student{number:04}"] = notebook
    for number in range(hang):  # somewhere in the middle of the class
        _let_hang(notebooks[f"student{(number + 1) * count // (hang + 2):04}"], number)
    return notebooks


def _let_hang(notebook: NotebookNode, way: int) -> None:
    """Let a submission's first answer hang."""
    answer = next(
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
    )
    function = answer.source.split("def ")[1].split("(")[0]
    answer.source = _HANGS[way % len(_HANGS)].replace("{function}", function)


def _make_course(folder: Path, chapter: str, repository: Path, count: int, hang: int = 0) -> Course:
    course = create(folder, language="en", framework="pytorch", repository=repository)
    make_gradebook(course)
    release(course, chapter)
    name = course.notebook_name(chapter)
    for student, notebook in _class(chapter, repository, count, hang).items():
        target = course.folder / "submitted" / student / chapter
        target.mkdir(parents=True)
        nbformat.write(notebook, target / f"{name}.ipynb")
    return course


def _grade_ours(folder: Path, count: int, hang: int) -> dict[str, Any]:
    """Grade by the command that an instructor types, its own start included."""
    course = _make_course(folder, CHAPTER, repository_root(), count, hang)
    command = [sys.executable, "-m", "course_lib.cli", "teach", "grade", CHAPTER]
    seconds, cpu = _measured([*command, "--jobs", "2", "--dir", str(course.folder)], None, {})
    done = _executions(course)
    kernels = sum(each.computed for each in done) / count
    own = sum(each.computed - each.starts for each in done) / count
    hanging = f", {hang} hang" if hang else ""
    row = {"what": f"teach grade --jobs 2{hanging}", "students": count}
    return row | _rates(count, seconds, cpu + kernels * count) | {"kernels": kernels, "own": own}


def _executions(course: Course) -> list[Execution]:
    kept = (course.private / "results").glob("*.json")
    found = [results.load(course, path.stem) for path in kept]
    return [each for each in found if each is not None]


def _grade_stock(folder: Path, count: int, hang: int, *, with_demos: bool) -> dict[str, Any]:
    """Let nbgrader grade as it comes: its own steps only, on notebooks with or without demo cells."""
    course = _make_course(folder, CHAPTER, repository_root(), count, hang)
    assignment = open_assignment(course, CHAPTER)
    if not with_demos:
        for path in course.folder.glob(f"submitted/*/{CHAPTER}/*.ipynb"):
            notebook = nbformat.read(path, as_version=4)
            left_out = not_to_run(notebook, assignment.source)
            cells = [cell for n, cell in enumerate(notebook.cells) if n not in left_out]
            notebook.cells = cells
            nbformat.write(notebook, path)
    stock = "c = get_config()\nc.CourseDirectory.course_id = 'stock'\n"
    if with_demos:
        stock += "c.Execute.timeout = 600\n"
    (course.folder / "nbgrader_config.py").write_text(stock)
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "nbgrader", "autograde", CHAPTER]
    seconds, cpu = _measured(command, course.folder, {"COURSE_STRICT": "1", "PATH": tools})
    what = "every cell" if with_demos else f"the same cells{f', {hang} hang' if hang else ''}"
    row = {"what": f"nbgrader autograde, {what}", "students": count}
    return row | _rates(count, seconds, cpu)


def _measured(
    command: Sequence[str], folder: Path | None, environment: Mapping[str, str]
) -> tuple[float, float]:
    """Run a command; give the seconds by the clock and those of computing, without its kernels' own.

    The operating system adds up what its processes and theirs have used, but loses sight of what runs
    in the sandbox: the zygote there is asked while it lives.
    """
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    zygotes: dict[int, float] = {}
    with tempfile.TemporaryFile() as said:
        running = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **environment}, stdout=said, stderr=said
        )
        while running.poll() is None:
            zygotes |= _zygotes_cpu(running.pid)
            with suppress(subprocess.TimeoutExpired):
                running.wait(timeout=0.5)
        said.seek(0)
        assert running.returncode == 0, said.read().decode()[-2000:]
    seconds, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    waited_for = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, waited_for + sum(zygotes.values())


def _zygotes_cpu(pid: int) -> dict[int, float]:
    """Give the computing of each zygote below a process: bubblewrap's first child in its namespace."""
    found = {}
    with suppress(psutil.Error):
        for each in psutil.Process(pid).children(recursive=True):
            children = each.children() if each.name() == "bwrap" else []
            first = min(children, key=lambda child: child.pid, default=None)
            if first is not None and first.name() != "bwrap":
                found[first.pid] = sum(first.cpu_times()[:2])  # not its kernels
    return found


def _rates(count: int, seconds: float, cpu: float) -> dict[str, float]:
    return {"seconds": seconds, "a_minute": 60 * count / seconds, "cpu": cpu / count}


def _tiny_repository(folder: Path) -> Path:
    from tests.grading.tiny_course import build_repository

    return build_repository(folder)


def _grade_large(folder: Path, marks: Sequence[int]) -> list[dict[str, float]]:
    """Grade a large class of a tiny chapter; look at cost and memory after so many submissions.

    What the first one costs, with the start of everything, is left out.
    """
    repository = _tiny_repository(folder / "made")
    course = _make_course(folder / "course", "90", repository, marks[-1])
    executor = Processes(2)
    looks: list[tuple[int, float, float]] = []
    for done, _ in enumerate(grade(course, "90", executor=executor), start=1):
        if done == 1 or done in marks:
            looks.append((done, *_used(executor.pids)))
    own = sum(each.computed for each in _executions(course)) / marks[-1]
    return [
        {
            "from": before,
            "to": after,
            "cpu": (later - earlier) / (after - before) + own,
            "memory_mb": memory,
        }
        for (before, earlier, _), (after, later, memory) in pairwise(looks)
    ]


def _used(pids: Sequence[int]) -> tuple[float, float]:
    """Give what this process and others have used: seconds of computing, and MB of memory now."""
    seconds = memory = 0.0
    for pid in (os.getpid(), *pids):
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            times = process.cpu_times()
            seconds += times.user + times.system
            memory += process.memory_info().rss / (1 << 20)
    return seconds, memory


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
