"""What grading survives: a class is graded while something breaks, and nothing may be lost by it.

    ./course bench faults

Each fault strikes at moments drawn from a seed, while the real command grades a class of the tests' tiny
chapter; the command is run again until it comes through. Then the gradebook must say of everybody what it
says after an undisturbed run, SQLite must find nothing wrong with it, every submission must have been run
once (but for those that were under way), and no process may be left.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import psutil

from course_lib.grading.course import Course, open_course
from course_lib.grading.export import read_grades
from course_lib.grading.submissions import make_submissions
from course_lib.waiting import steps

CHAPTER = "90"
STUDENTS, MOMENTS = 10, 5
ENDS_WITHIN = 10.0  # seconds, after Ctrl-C or a request to end
_LONGEST = 240.0  # seconds for one command


@dataclass
class Trial:
    """One disturbed grading.

    Attributes:
        course: The class's own course directory.
        dice: Draws the moments.
        usual: Seconds that an undisturbed command takes.
        struck: How often the fault struck.
        commands: How many commands it took.
        said: The last words of a command that gave up.
        seen: All processes that the commands started.
    """

    course: Course
    dice: random.Random
    usual: float
    struck: int = 0
    commands: int = 0
    said: str = ""
    seen: set[psutil.Process] = field(default_factory=set)

    def moment(self) -> float:
        """Draw a number of seconds after the start of a command."""
        return self.dice.uniform(0.05, 1.0) * self.usual


@dataclass
class Command:
    """A running ``teach grade``, with a thread that notes all its processes."""

    process: subprocess.Popen[str]
    trial: Trial
    begun: float

    def running(self) -> bool:
        return self.process.poll() is None

    def family(self) -> list[psutil.Process]:
        """Give its descendants as they are now."""
        found: list[psutil.Process] = []
        with suppress(psutil.Error):
            found = psutil.Process(self.process.pid).children(recursive=True)
        self.trial.seen |= set(found)
        return found

    def wait_until(self, seconds: float) -> None:
        """Wait until so many seconds after its start, or its end."""
        while self.running() and time.monotonic() - self.begun < seconds:
            self.family()
            time.sleep(0.02)

    def wait(self) -> int:
        """Wait for its end; give its exit status."""
        while self.running():
            self.family()
            if time.monotonic() - self.begun > _LONGEST:
                self.process.kill()
            time.sleep(0.05)
        said = self.process.communicate()[0].strip().splitlines()
        self.trial.said = said[-1] if said else ""
        return self.process.returncode


def grade(trial: Trial, *, inside: tuple[str, ...] = ()) -> Command:
    """Start the real command."""
    command = [*inside, sys.executable, "-m", "course_lib.cli", "teach", "grade", CHAPTER]
    trial.commands += 1
    process = subprocess.Popen(
        [*command, "--jobs", "2", "--dir", str(trial.course.folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    trial.seen.add(psutil.Process(process.pid))
    return Command(process, trial, time.monotonic())


def come_through(trial: Trial) -> None:
    """Run the command until it succeeds: what an instructor would do."""
    for _ in range(10):
        if grade(trial).wait() == 0:
            return
    raise AssertionError(f"still failing: {trial.said}")


def _worker(command: Command) -> psutil.Process | None:
    return _find(command, lambda each: "course_lib.grading.kernels.worker" in each.cmdline())


def _zygote(command: Command) -> psutil.Process | None:
    return _find(command, lambda each: each.name() == "bwrap")


def _kernel(command: Command) -> psutil.Process | None:
    return _find(command, lambda each: _depth(each.pid) >= 3)


def _find(command: Command, is_it: Callable[[psutil.Process], bool]) -> psutil.Process | None:
    for each in command.family():
        with suppress(psutil.Error):
            if is_it(each):
                return each
    return None


def _depth(pid: int) -> int:
    """Say in how many process namespaces a process is: a kernel is in one more than its zygote."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("NSpid:"):
                mine = Path("/proc/self/status").read_text().split("NSpid:")[1].splitlines()[0]
                return len(line.split()) - len(mine.split())
    return 0


def kill_coordinator(trial: Trial) -> None:
    """kill -9 for the command itself, three times."""
    for _ in range(3):
        command = grade(trial)
        command.wait_until(trial.moment())
        trial.struck += command.running()
        command.process.kill()
        command.wait()
    come_through(trial)


def kill_by(victim: Callable[[Command], psutil.Process | None]) -> Callable[[Trial], None]:
    """Make the fault of killing one of the command's processes."""

    def strike(trial: Trial) -> None:
        command = grade(trial)
        command.wait_until(trial.moment())
        while command.running():
            found = victim(command)
            if found is not None:
                with suppress(psutil.Error):
                    found.kill()
                    trial.struck += 1
                break
            time.sleep(0.01)
        assert command.wait() == 0, trial.said

    return strike


def ask_to_end(number: signal.Signals) -> Callable[[Trial], None]:
    """Make the fault of Ctrl-C or a polite ``kill``: it ends soon, and says how to go on."""

    def strike(trial: Trial) -> None:
        command = grade(trial)
        while command.running() and _worker(command) is None:
            time.sleep(0.01)
        command.wait_until(max(trial.moment(), time.monotonic() - command.begun))
        trial.struck += command.running()
        command.process.send_signal(number)
        asked = time.monotonic()
        status = command.wait()
        assert time.monotonic() - asked < ENDS_WITHIN
        assert status == 0 or (status == 130 and "again" in trial.said), trial.said
        come_through(trial)

    return strike


def full_disk(trial: Trial) -> None:
    """The course directory's disk fills up while grading; somebody makes room, and it goes on."""
    with _small_disk(trial, megabytes=6) as folder:
        stone = folder / "stone"
        with suppress(OSError), open(stone, "wb", buffering=0) as file:
            room = shutil.disk_usage(folder).free - trial.dice.randrange(0, 120_000)
            file.write(b"\0" * max(0, room))
        command = grade(trial)
        status = command.wait()
        trial.struck += status != 0
        assert status == 0 or "disk is full" in trial.said, trial.said
        stone.unlink()
        come_through(trial)


def locked_for_a_while(trial: Trial) -> None:
    """Another program writes to the gradebook for some seconds: grading waits."""
    command = grade(trial)
    command.wait_until(trial.moment())
    with _held(trial.course):
        trial.struck += command.running()
        command.wait_until(time.monotonic() - command.begun + 4)
    assert command.wait() == 0, trial.said


def locked_for_ever(trial: Trial) -> None:
    """Another program never lets go of it: grading says so and ends; later it goes on."""
    with _held(trial.course), _environment("COURSE_GRADEBOOK_PATIENCE", "2"):
        command = grade(trial)
        status = command.wait()
        trial.struck += status != 0
        assert status == 1 and "gradebook" in trial.said, trial.said
    come_through(trial)


def damaged_submission(trial: Trial) -> None:
    """A submission's file is cut in the middle while grading; then it is handed in again, whole."""
    students = sorted(trial.course.submissions(CHAPTER))
    victim = trial.dice.choice(students)
    name = f"{trial.course.notebook_name(CHAPTER)}.ipynb"
    path = trial.course.submissions(CHAPTER)[victim] / name
    whole = path.read_bytes()
    command = grade(trial)
    command.wait_until(trial.moment())
    trial.struck += command.running()
    path.write_bytes(whole[: trial.dice.randrange(len(whole))])
    status = command.wait()
    assert status == 0 or "1 failed" in trial.said, trial.said
    path.write_bytes(whole)
    come_through(trial)


def clock_jumps(trial: Trial) -> None:
    """The system's clock jumps by days and back: for the grader's processes, as they see it."""
    jump = "import time, random; real, draw = time.time, random.Random(1)\n"
    jump += "time.time = lambda: real() + draw.choice([-1, 1]) * draw.random() * 1e6\n"
    folder = trial.course.folder.parent / "jumps"
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(jump)
    trial.struck += 1
    path = f"{folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    with _environment("PYTHONPATH", path):
        assert grade(trial).wait() == 0, trial.said


FAULTS: dict[str, Callable[[Trial], None]] = {
    "the command is killed, three times": kill_coordinator,
    "a worker is killed": kill_by(_worker),
    "the zygote is killed": kill_by(_zygote),
    "a kernel is killed": kill_by(_kernel),
    "Ctrl-C": ask_to_end(signal.SIGINT),
    "a polite kill (SIGTERM)": ask_to_end(signal.SIGTERM),
    "the disk is full": full_disk,
    "the gradebook is locked for seconds": locked_for_a_while,
    "the gradebook is locked for ever": locked_for_ever,
    "a submission is damaged meanwhile": damaged_submission,
    "the clock jumps": clock_jumps,
}


@dataclass(frozen=True)
class Standing:
    """What an undisturbed run left: the gradebook, the kept executions, the seconds it took."""

    marks: Mapping[str, Any]
    results: int
    seconds: float


def prepare(folder: Path, students: int = STUDENTS) -> tuple[Course, Standing]:
    """Make a class that is handed in but not graded, and grade a copy of it undisturbed."""
    from tests.grading.tiny_course import build_repository, hand_in, make_course

    repository = build_repository(folder / "repository")
    course = make_course(folder / "course", repository)
    made = list(make_submissions(CHAPTER, "en", "pytorch", repository=repository).values())
    for number in range(students):
        notebook = deepcopy(made[number % len(made)].notebook)
        cell = f"import time; time.sleep(0.2)  # {number}"  # nobody's work is another one's
        notebook.cells.append(nbformat.v4.new_code_cell(cell))
        hand_in(course, f"student{number:02}", notebook)
    trial = _copy(course, folder / "undisturbed", random.Random(0), 1.0)
    started = time.monotonic()
    assert grade(trial).wait() == 0, trial.said
    seconds = time.monotonic() - started
    return course, Standing(_marks(trial.course), _kept(trial.course), seconds)


def strike(name: str, course: Course, standing: Standing, folder: Path, seed: int) -> Trial:
    """Let a fault strike a copy of a class; raise AssertionError if anything is lost by it."""
    trial = _copy(course, folder, random.Random(f"{name} {seed}"), standing.seconds)
    try:
        FAULTS[name](trial)
        check(trial, standing)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return trial


def check(trial: Trial, standing: Standing) -> None:
    """Say by an AssertionError what is not as after an undisturbed run."""
    other = _other(_marks(trial.course), standing.marks)
    assert not other, f"other marks: {other}"
    kept = _kept(trial.course)
    assert kept >= standing.results, f"{kept} executions kept, {standing.results} before"
    with sqlite3.connect(trial.course.folder / "gradebook.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    deadline = time.monotonic() + 10
    while (left := [each for each in trial.seen if _lives(each)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left, left
    assert grade(trial).wait() == 0, trial.said
    other = _other(_marks(trial.course), standing.marks)
    assert "0 failed" in trial.said and not other, f"once more: {trial.said} {other}"


def run(*, quick: bool = False) -> dict[str, Any]:
    """Let every fault strike.

    Args:
        quick: Each one once.
    """
    moments = 1 if quick else MOMENTS
    rows = []
    with tempfile.TemporaryDirectory() as folder, steps(1 + len(FAULTS) * moments) as step:
        step("an undisturbed run")
        course, standing = prepare(Path(folder))
        for name in FAULTS:
            struck = commands = 0
            lost: list[str] = []
            for seed in range(moments):
                step(f"{name} ({seed + 1} of {moments})")
                try:
                    trial = strike(name, course, standing, Path(folder) / "trial", seed)
                    struck, commands = struck + trial.struck, commands + trial.commands - 1
                except AssertionError as problem:
                    lost.append(f"moment {seed}: {str(problem)[:300]}")
            rows.append({"fault": name, "struck": struck, "commands": commands, "lost": lost})
    return {"rows": rows, "students": STUDENTS, "moments": moments, "quick": quick}


def table(result: Mapping[str, Any]) -> str:
    """Write the result as text."""
    lines = [
        f"A class of {result['students']}, {result['moments']} moments for each fault",
        f"{'fault':<40} {'struck':>7} {'commands':>9} {'lost':>5}",
    ]
    for row in result["rows"]:
        counts = f"{row['struck']:>7} {row['commands']:>9} {len(row['lost']):>5}"
        lines.append(f"{row['fault']:<40} {counts}")
    lines.append(
        "lost: runs after which gradebook, executions, processes or files were not as undisturbed"
    )
    return "\n".join(lines)


def misses(result: Mapping[str, Any]) -> list[str]:
    """List what was lost, and faults that never struck."""
    found = [f"{row['fault']}: {each}" for row in result["rows"] for each in row["lost"]]
    return found + [f"{row['fault']}: never struck" for row in result["rows"] if not row["struck"]]


def _copy(course: Course, folder: Path, dice: random.Random, usual: float) -> Trial:
    shutil.copytree(course.folder, folder / "course")
    return Trial(open_course(folder / "course"), dice, usual)


def _marks(course: Course) -> dict[str, Any]:
    rows = read_grades(course, CHAPTER)
    return {row.student: (row.state, row.score, dict(row.exercises)) for row in rows}


def _other(marks: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, Any]:
    """Give, by student, marks that are not the expected ones, and what was expected."""
    return {
        student: (marks.get(student), expected.get(student))
        for student in sorted({*marks, *expected})
        if marks.get(student) != expected.get(student)
    }


def _kept(course: Course) -> int:
    return len(list((course.private / "results").glob("*.json")))


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


@contextmanager
def _held(course: Course) -> Iterator[None]:
    """Hold the gradebook's lock, as another program that writes would, from another process."""
    hold = (
        "import sqlite3, sys; d = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)\n"
    )
    hold += "d.execute('BEGIN EXCLUSIVE'); print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(course.folder / "gradebook.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    try:
        yield
    finally:
        holder.communicate()


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before


@contextmanager
def _small_disk(trial: Trial, *, megabytes: int) -> Iterator[Path]:
    """Let the course directory lie on a small disk of its own, in memory."""
    folder = trial.course.folder
    aside = folder.with_name("aside")
    folder.rename(aside)
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    subprocess.run(mount, check=True, capture_output=True)
    try:
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        yield folder
        shutil.copytree(folder, aside, dirs_exist_ok=True)
    finally:
        subprocess.run(["umount", str(folder)], check=True, capture_output=True)
        folder.rmdir()
        aside.rename(folder)
