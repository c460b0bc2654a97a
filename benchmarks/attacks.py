"""What hostile submissions get, here and from nbgrader by itself.

    ./course bench attacks

Each submission of tests/attacks is graded twice, beside an honest neighbour: by this course, and by
nbgrader's own ``autograde`` as it comes, with an ordinary test cell (``assert np.allclose(…)``) in place
of each check. nbgrader runs submissions as whoever grades; here it stands inside a sandbox of ours with
everything it has, gradebook, source and neighbour, so that the attacks hurt nobody but it.

The honest neighbour's points and the gradebook's other entries must be untouched, nothing may be left
running, and a cell that looks for what it should not see must find nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import psutil

from course_lib.grading.course import Course
from course_lib.grading.export import read_grades
from course_lib.grading.grade import grade
from course_lib.grading.gradebook import make as make_gradebook
from course_lib.grading.kernels import rooms, zygote
from course_lib.grading.walls import cgroups, sandbox
from course_lib.grading.walls.sandbox import Limits
from course_lib.waiting import steps

ROOM = Limits(memory_mb=3000, processes=400)  # for nbgrader and what it runs
SECONDS = 60  # for nbgrader to grade two students

TESTS = {
    "90-1": "x = np.random.default_rng(7).normal(size=(5, 3))\n"
    "assert np.allclose(column_means(x), x.mean(axis=0))",
    "90-2": "x = np.random.default_rng(8).normal(size=(6, 4))\n"
    "assert longest_row(x) == int(np.argmax((x**2).sum(axis=1)))",
}

# Runs nbgrader by itself, inside: grades both students, then says what came of it.
_INSIDE = """
import json, logging, os, sys
from traitlets.config import Config
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
os.chdir("/kernel/course")
config = Config()
config.CourseDirectory.root = "/kernel/course"
config.CourseDirectory.assignment_id = "90"
config.Execute.timeout = 5
log = logging.getLogger("stock"); log.addHandler(logging.NullHandler()); log.propagate = False
ended = ""
try:
    Autograde(coursedir=CourseDirectory(config=config, log=log), config=config, log=log).start()
except BaseException as error:
    ended = type(error).__name__
here = {"1", "2", str(os.getpid()), str(os.getppid())}
left = [p for p in os.listdir("/proc") if p.isdigit() and p not in here]
said = {"ended": ended, "left": len(left)}
with Gradebook("sqlite:////kernel/course/gradebook.db") as book:
    for student in ("a_attack", "b_honest"):
        try:
            marks = {g.name: g.score for n in book.find_submission("90", student).notebooks for g in n.grades}
        except Exception:
            marks = None
        said[student] = marks
print(json.dumps(said))
"""


def run(*, quick: bool = False) -> dict[str, Any]:
    """Grade every hostile submission by both.

    Args:
        quick: A few of them.
    """
    from tests.attacks import cunning, hostile
    from tests.attacks.unusual import UNUSUAL

    families = {
        "values": {**hostile.VALUES, **cunning.VALUES},
        "cheats": {**hostile.CHEATS, **cunning.CHEATS},
        "sabotage": hostile.SABOTAGE,
        "bombs": {**hostile.BOMBS, **cunning.BOMBS},
        "tensors": cunning.WITH_TORCH,
        "escapes": {**hostile.ESCAPES, **cunning.ESCAPES},
        "right, unusual": UNUSUAL,
    }
    if quick:
        chosen = {"always equal", "shows all its points", "run_code replaced", "writing outside"}
        chosen |= {"exit", "list"}
        families = {
            f: {n: s for n, s in each.items() if n in chosen} for f, each in families.items()
        }
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, steps(2) as step:
        os.chmod(folder, 0o755)
        place = Path(folder)
        step("teach grade")
        ours = _grade_ours(place, families)
        step("nbgrader autograde")
        stock = _grade_stock(place, families)
    rows = [
        {"family": family, "name": name, "ours": ours[name], "stock": stock[name]}
        for family, each in families.items()
        for name in each
    ]
    return {"rows": rows, "quick": quick}


def table(result: Mapping[str, Any]) -> str:
    """Write the result as text: a line for each submission, then the sums."""
    lines = [f"{'':14} {'submission':38} {'this course':26} nbgrader by itself"]
    for row in result["rows"]:
        ours, stock = _words(row["ours"], row["family"]), _words(row["stock"], row["family"])
        lines.append(f"{row['family']:14} {row['name'][:38]:38} {ours:26} {stock}")
    lines.append("")
    for what, key in _SUMS:
        counts = [sum(key(row[who], row["family"]) for row in result["rows"]) for who in _WHO]
        lines.append(f"{what:53} {counts[0]:<26} {counts[1]}")
    return "\n".join(lines)


def misses(result: Mapping[str, Any]) -> list[str]:
    """List the stated figures that were missed: all sums are 0 here."""
    found = []
    for what, key in _SUMS[1:]:
        count = sum(key(row["ours"], row["family"]) for row in result["rows"])
        if count:
            found.append(f"{what}: {count}, 0 is the aim")
    return found


_WHO = ("ours", "stock")
_RIGHT = ("right, unusual", "escapes")  # these answer rightly, whatever else they try


def _unearned(each: Mapping[str, Any], family: str) -> bool:
    return family not in _RIGHT and bool(each["points"])


_SUMS = (
    ("submissions", lambda each, family: True),
    ("points that were not earned", _unearned),
    ("right answers without their points", lambda e, f: f in _RIGHT and e["points"] != 2),
    ("neighbours without their points", lambda e, f: e["neighbour"] != 5),
    ("zeros without a reason", lambda e, f: not e["points"] and not e["why"]),
    ("processes left running", lambda e, f: e["left"]),
    ("places reached that should not be", lambda e, f: e["reached"]),
)


def _words(each: Mapping[str, Any], family: str) -> str:
    said = [f"{each['points'] or 0:g} of 2" + (" UNEARNED" if _unearned(each, family) else "")]
    said += [each["why"]] if each["why"] and not each["points"] else []
    said += ["neighbour lost"] if each["neighbour"] != 5 else []
    said += [f"{each['left']} left running"] if each["left"] else []
    said += ["reached out"] if each["reached"] else []
    return ", ".join(said)


def _source(family: str, source: str) -> str:
    from tests.grading.tiny_course import RIGHT

    return f"{source}\nprint('got', got)\n{RIGHT['90.1']}" if family == "escapes" else source


def _reached(notebook: Path) -> bool:
    """Say whether a cell that looked for what it should not see has found something."""
    if not notebook.is_file():
        return False
    cells = nbformat.read(notebook, as_version=4).cells
    texts = [o.get("text", "") for cell in cells for o in cell.get("outputs", ())]
    return any(t.startswith("got ") and not t.startswith("got []") for t in texts)


def _error_in(notebook: Path, name: str) -> str:
    """Give the kind of error that a graded cell shows: the only reason that nbgrader gives."""
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == name:
            return next((o.ename for o in cell.outputs if o.output_type == "error"), "")
    return ""


def _grade_ours(place: Path, families: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Grade all of them as one class, with a neighbour; twice its limits on time would be no news."""
    from tests.attacks.test_table import LIMITS
    from tests.grading.tiny_course import RIGHT, answered, build_repository, hand_in, make_course

    repository = build_repository(place / "repository")
    course: Course = make_course(place / "ours", repository)
    make_gradebook(course)
    names = {}
    for family, each in families.items():
        for number, (name, source) in enumerate(each.items()):
            student = f"{family.split(',')[0]}{number:03}"
            names[student] = name
            answers = {"90.1": _source(family, source), "90.2": RIGHT["90.2"]}
            hand_in(course, student, answered(course, answers))
    hand_in(course, "zz_honest", answered(course, RIGHT))
    with _limits(replace(LIMITS, cell_seconds=2, patience=4, memory_mb=1500)):
        list(grade(course, "90", jobs=2))
    zygote.close_all()
    left = [each for each in psutil.process_iter() if _is_ours(each)]
    rows = {row.student: row for row in read_grades(course, "90")}
    graded = {}
    for student, name in names.items():
        row = rows[student]
        file = course.folder / "autograded" / student / "90" / "90_tiny.ipynb"
        code = row.why
        if file.is_file():
            cells = nbformat.read(file, as_version=4).cells
            found = [
                c.metadata["course_verdict"]["code"]
                for c in cells
                if "course_verdict" in c.metadata
            ]
            code = found[0] if found else ""
        graded[name] = {
            "points": row.exercises.get("90.1"),
            "why": code,
            "neighbour": rows["zz_honest"].score,
            "left": len(left),
            "reached": _reached(file),
        }
    return graded


@contextmanager
def _limits(limits: Limits) -> Iterator[None]:
    """Grade with other limits than usual: short ones, since most of these wait for the end of theirs."""
    from course_lib.grading import grade as grading
    from course_lib.grading import plugin

    before = grading.limits_of
    for module in (grading, plugin):
        module.limits_of = lambda course: limits  # type: ignore
    try:
        yield
    finally:
        for module in (grading, plugin):
            module.limits_of = before  # type: ignore


def _is_ours(process: psutil.Process) -> bool:
    """Say whether a process belongs to a kernel of this grader, or to what bears them."""
    try:
        words = " ".join(process.cmdline())
        return process.status() != psutil.STATUS_ZOMBIE and str(rooms.house()) in words
    except psutil.Error:
        return False


def _grade_stock(place: Path, families: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Grade each beside an honest neighbour, in a course of its own that nbgrader alone has made."""
    from tests.grading.tiny_course import RIGHT, answered, make_course

    course = make_course(place / "model", place / "repository")
    stock = place / "stock"
    for side in ("source", "release"):
        target = stock / side / "90"
        target.mkdir(parents=True)
        notebook = nbformat.read(course.folder / side / "90" / "90_tiny.ipynb", as_version=4)
        nbformat.write(_with_tests(notebook), target / "90_tiny.ipynb")
    _make_stock_gradebook(stock)

    def one(family: str, source: str) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(dir=place) as folder:
            room = Path(folder)
            shutil.copytree(stock, room / "course")
            for student, answer in (
                ("a_attack", _source(family, source)),
                ("b_honest", RIGHT["90.1"]),
            ):
                target = room / "course" / "submitted" / student / "90"
                target.mkdir(parents=True)
                filled = answered(course, {"90.1": answer, "90.2": RIGHT["90.2"]})
                nbformat.write(_with_tests(filled), target / "90_tiny.ipynb")
            return _run_inside(room)

    with ThreadPoolExecutor(2) as pool:
        waiting = {
            name: pool.submit(one, family, source)
            for family, each in families.items()
            for name, source in each.items()
        }
        return {name: each.result() for name, each in waiting.items()}


def _with_tests(notebook: Any) -> Any:
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in TESTS:
            cell.source = TESTS[name]
    return notebook


def _make_stock_gradebook(folder: Path) -> None:
    """Let nbgrader take the assignment in, as ``nbgrader generate_assignment`` does."""
    made = subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_assignment", "90", "--force"],
        cwd=folder,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.defpath}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise RuntimeError(made.stderr[-500:])


def _run_inside(room: Path) -> dict[str, Any]:
    uid = sandbox.new_uid()
    room.chmod(0o755)
    if uid is not None:
        for here, folders, files in os.walk(room):
            for name in ["", *folders, *files]:
                os.chown(Path(here, name), uid, uid)
    environment = {
        "HOME": sandbox.HOME,
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONPATH": sandbox.COURSE,
        "OMP_NUM_THREADS": "1",
        "LANG": "C.UTF-8",
    }
    command = sandbox.command(
        [sys.executable, "-c", _INSIDE], uid=uid, private=room, limits=ROOM, environment=environment
    )
    group = cgroups.make(f"stock-{room.name}", ROOM)
    process = subprocess.Popen(
        command,
        env={"PATH": os.defpath},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    if group is not None:
        group.add(process.pid)
    try:
        said, why = process.communicate(timeout=SECONDS)[0], "the whole run ended"
    except subprocess.TimeoutExpired:
        said, why = "", "the whole run hung"
    finally:
        for each in (
            psutil.Process(process.pid).children(recursive=True) if process.poll() is None else ()
        ):
            each.kill()
        process.kill()
        process.wait()
        if group is not None:
            time.sleep(0.05)
            group.remove()
    try:
        found = json.loads(said.strip().splitlines()[-1])
    except (ValueError, IndexError):
        return {"points": 0, "why": why, "neighbour": 0, "left": 0, "reached": False}
    marks, neighbour = found["a_attack"] or {}, found["b_honest"] or {}
    file = room / "course" / "autograded" / "a_attack" / "90" / "90_tiny.ipynb"
    return {
        "points": marks.get("90-1"),
        "why": _error_in(file, "90-1") if file.is_file() else "failed",
        "neighbour": sum(each or 0 for each in neighbour.values()),
        "left": found["left"],
        "reached": _reached(file),
    }
