"""Executors: who runs submissions. Work goes in and results come out as plain data.

``Serial``      here, one after the other: what nbgrader's own commands use
``Processes``   in processes beside this one, which may be lost: what ``teach grade`` uses
``Cluster``     on many machines, by ``--scheduler``: ``cluster.executor``

Whoever grades hands in a task wherever there is room, and collects what is done, in whatever order. Another
engine is one more class with these four methods; what crosses is JSON.
"""

from __future__ import annotations

import errno
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Protocol

from course_lib.errors import CourseError
from course_lib.grading.course import Course
from course_lib.grading.kernels import execution
from course_lib.grading.kernels.execution import Execution, Work
from course_lib.grading.walls.sandbox import Limits
from course_lib.language import current

_KERNELS_EACH = 8  # of one process: it spends about a tenth of what its kernels do
_STRIKES = 3  # a submission during which the process ended so many times is not tried again
_SPARE = 2  # tasks that wait at a process, for each that runs there
_FULL = (errno.ENOSPC, errno.EDQUOT)


class MachineError(CourseError):
    """Nothing that a submission did: grading stops here, and goes on when it is put right."""


@dataclass(frozen=True)
class Task:
    """One submission to be run.

    Attributes:
        key: Its name here; what is collected bears it again.
        work: What is to be run.
        limits: What it may use.
        sandboxed: Inside the walls, or as this user.
    """

    key: str
    work: Work
    limits: Limits
    sandboxed: bool = True

    def to_json(self) -> str:
        """Write it as one line."""
        work = asdict(self.work) | {"tests": sorted(self.work.tests)}
        return json.dumps(asdict(self) | {"work": work})

    @staticmethod
    def from_json(text: str) -> Task:
        """Read what :meth:`to_json` wrote."""
        data = json.loads(text)
        given = data["work"]
        imports = given["imports"]
        work = Work(
            tuple(given["cells"]),
            {name: (code, asked) for name, (code, asked) in given["questions"].items()},
            tuple((outside, inside) for outside, inside in given["shown"]),
            None if imports is None else tuple(imports),
            frozenset(given["tests"]),
        )
        return Task(data["key"], work, Limits(**data["limits"]), data["sandboxed"])


@dataclass(frozen=True)
class Done:
    """What came of a task: an execution, or the problem that there was instead."""

    key: str
    execution: Execution | None = None
    problem: CourseError | None = None


class Executor(Protocol):
    """Whoever runs submissions."""

    def has_room(self) -> bool:
        """Say whether another task would find its place at once."""

    def submit(self, task: Task) -> None:
        """Take a task."""

    def collect(self, *, wait: bool) -> list[Done]:
        """Give what is done by now; ``wait``: not before something is, if anything is under way."""

    def close(self) -> None:
        """End everything that is still running."""


class Serial:
    """Runs a task in this process, at the moment when it is handed in."""

    def __init__(self) -> None:
        self._done: list[Done] = []

    def has_room(self) -> bool:
        """Say that there is none before the last result has been collected."""
        return not self._done

    def submit(self, task: Task) -> None:
        """Run a task."""
        self._done.append(run(task))

    def collect(self, *, wait: bool) -> list[Done]:
        """Give what has been run."""
        done, self._done = self._done, []
        return done

    def close(self) -> None:
        """Nothing is running."""


def run(task: Task) -> Done:
    """Run a task here and now; whatever goes wrong is in what it gives."""
    try:
        done = execution.execute(task.work, task.limits, sandboxed=task.sandboxed)
        return Done(task.key, done)
    except Exception as problem:  # whatever it is, it is this submission's and stops nobody else
        return Done(task.key, problem=as_course_error(problem))


def as_course_error(problem: Exception) -> CourseError:
    """Give a sentence for a failure: ours where it is one of ours, else what Python says."""
    if isinstance(problem, CourseError):
        return problem
    if isinstance(problem, OSError) and problem.errno in _FULL:
        return disk_is_full()
    words = f"{type(problem).__name__}: {problem}"[:250]
    return CourseError(f"It could not be graded: {words}", f"无法评分：{words}")


def disk_is_full() -> MachineError:
    """Give the sentence for it."""
    return MachineError(
        "The disk is full: make room and run the same command again; what is graded by now is kept.",
        "磁盘已满：请腾出空间后再次运行同一命令；已评好的都会保留。",
    )


@contextmanager
def full_disk_said() -> Iterator[None]:
    """Turn a full disk, wherever it is met, into that sentence."""
    try:
        yield
    except OSError as problem:
        if problem.errno in _FULL:
            raise disk_is_full() from problem
        raise


class Processes:
    """Runs tasks in processes of their own, several kernels at a time.

    Such a process may be killed at any moment: another one takes its place and its tasks.
    """

    def __init__(self, jobs: int, *, command: Sequence[str] | None = None) -> None:
        """Get ready; processes start with the first task.

        Args:
            jobs: Kernels at a time, over all processes.
            command: What starts a process, which is told its number of kernels as last argument.
        """
        self._command = list(command or (sys.executable, "-m", "course_lib.grading.kernels.worker"))
        self._said: queue.SimpleQueue[tuple[_Crew, dict[str, Any] | None]] = queue.SimpleQueue()
        self._strikes: Counter[str] = Counter()
        count = -(-jobs // _KERNELS_EACH)
        shares = [jobs // count + (number < jobs % count) for number in range(count)]
        self._crews = [_Crew(self._command, share, self._said) for share in shares]

    @property
    def pids(self) -> list[int]:
        """Give the numbers of the processes that run by now."""
        return [crew.process.pid for crew in self._crews if crew.process is not None]

    def has_room(self) -> bool:
        """Say whether a process would run another task soon."""
        return any(crew.room > 0 for crew in self._crews)

    def submit(self, task: Task) -> None:
        """Give a task to the process with the most room."""
        max(self._crews, key=lambda crew: crew.room).send(task)

    def collect(self, *, wait: bool) -> list[Done]:
        """Give what is done by now; ``wait``: not before something is, if anything is under way."""
        found: list[Done] = []
        while any(crew.tasks for crew in self._crews):
            try:
                crew, message = self._said.get(timeout=5.0 if wait and not found else 0.0)
            except queue.Empty:
                self._end_what_hangs()
                if wait and not found:
                    continue
                break
            found += self._hear(crew, message)
        return found

    def close(self) -> None:
        """End the processes; what they were at is lost."""
        for crew in self._crews:
            crew.leave()
        for crew in self._crews:
            crew.end()

    def _hear(self, crew: _Crew, message: dict[str, Any] | None) -> list[Done]:
        if message is None:
            return self._replace(crew)
        crew.deaths = 0
        key = message["key"]
        if "begun" in message:
            crew.begun[key] = time.monotonic()
            return []
        crew.begun.pop(key, None)
        if crew.tasks.pop(key, None) is None:
            return []
        return [read_done(message)]

    def _replace(self, crew: _Crew) -> list[Done]:
        """A process has ended: share its tasks out again, but for what it may have ended of."""
        crew.deaths += 1
        tasks, begun = crew.tasks, crew.begun
        words = crew.end()
        if crew.deaths >= _STRIKES and not begun:
            raise MachineError(
                f"The processes that run submissions end at once ({words}): run  ./course doctor .",
                f"运行作业的进程一启动就结束（{words}）：请运行  ./course doctor  。",
            )
        given_up: list[Done] = []
        for key, task in tasks.items():
            self._strikes[key] += key in begun
            if self._strikes[key] < _STRIKES:
                self.submit(task)
            else:
                given_up.append(Done(key, problem=_gave_up(words)))
        return given_up

    def _end_what_hangs(self) -> None:
        """End a process that keeps a task for longer than any may take: its clock is not to be had."""
        for crew in self._crews:
            for key, since in crew.begun.items():
                limits = crew.tasks[key].limits
                longest = 2 * (limits.notebook_seconds + limits.start_seconds)
                if time.monotonic() - since > longest:
                    crew.kill()


class _Crew:
    """One such process, the tasks that it has, and when it began each."""

    def __init__(self, command: Sequence[str], kernels: int, said: queue.SimpleQueue[Any]) -> None:
        self._command, self._kernels, self._said = [*command, str(kernels)], kernels, said
        self._errors: Any = None
        self._to_say: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.process: subprocess.Popen[bytes] | None = None
        self.tasks: dict[str, Task] = {}
        self.begun: dict[str, float] = {}
        self.deaths = 0  # since it last said anything

    @property
    def room(self) -> int:
        return self._kernels * _SPARE - len(self.tasks)

    def send(self, task: Task) -> None:
        """Hand it a task; whether it lives to do it will be heard."""
        if self.process is None:
            self._start()
        self.tasks[task.key] = task
        self._to_say.put(task.to_json().encode() + b"\n")

    def leave(self) -> None:
        """Tell it that nothing more comes: it ends its kernels and itself."""
        self._to_say.put(None)

    def kill(self) -> None:
        """Kill it."""
        if self.process is not None:
            self.process.kill()

    def end(self) -> str:
        """See to it that it is over, forget it, and give its last line of errors."""
        process, self.process, self.tasks, self.begun = self.process, None, {}, {}
        if process is None:
            return ""
        self.leave()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - 1000))
        lines = self._errors.read().decode("utf-8", "replace").split("\n")
        self._errors.close()
        said = [line.strip() for line in lines if line.strip()]
        return said[-1][:200] if said else f"exit {process.returncode}"

    def _start(self) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process ends
        self.process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, "COURSE_LANGUAGE": current()},
            start_new_session=True,  # Ctrl-C is for the grader: it ends this one in order
        )
        self._to_say = queue.SimpleQueue()
        for talk in (self._speak, self._listen):
            threading.Thread(target=talk, args=(self.process,), daemon=True).start()

    def _speak(self, process: subprocess.Popen[bytes]) -> None:
        """Write what is to be said, in a thread: one that does not read keeps nobody waiting."""
        assert process.stdin is not None
        with suppress(OSError), process.stdin:
            while line := self._to_say.get():
                process.stdin.write(line)
                process.stdin.flush()

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                with suppress(ValueError):  # cut off in the middle by its end
                    self._put(process, json.loads(line))
        self._put(process, None)

    def _put(self, process: subprocess.Popen[bytes], message: dict[str, Any] | None) -> None:
        if process is self.process:  # and not one that has been given up
            self._said.put((self, message))


def write_done(done: Done) -> str:
    """Write what came of a task as one line of JSON."""
    data: dict[str, Any] = {"key": done.key}
    if done.execution is not None:
        data["execution"] = done.execution.to_json()
    else:
        assert done.problem is not None
        halts = isinstance(done.problem, MachineError)
        data["problem"] = [done.problem.en, done.problem.zh, halts]
    return json.dumps(data)


def read_done(data: dict[str, Any]) -> Done:
    """Read what :func:`write_done` wrote, parsed as JSON."""
    if "execution" in data:
        return Done(data["key"], Execution.from_json(data["execution"]))
    en, zh, halts = data["problem"]
    return Done(data["key"], problem=(MachineError if halts else CourseError)(en, zh))


def _gave_up(words: str) -> CourseError:
    return CourseError(
        f"The process that ran it ended {_STRIKES} times during this submission ({words}).",
        f"运行它的进程在处理这份提交时 {_STRIKES} 次意外结束（{words}）。",
    )


def limits_of(course: Course) -> Limits:
    """Give a course's limits: the usual ones, but for what stands under ``limits`` in ``course.json``.

    Raises:
        CourseError: Something there is no limit, or no number.
    """
    try:
        settings = json.loads((course.folder / "course.json").read_text(encoding="utf-8"))
        given = settings.get("limits", {})
        own: dict[str, Any] = {name: _number(value) for name, value in dict(given).items()}
        return replace(Limits(), **own)
    except (OSError, ValueError, TypeError, AttributeError):
        names = ", ".join(each.name for each in fields(Limits))
        raise CourseError(
            f'"limits" in {course.folder / "course.json"} takes positive numbers by these names: {names}.',
            f'{course.folder / "course.json"} 中的 "limits" 只接受以下名称的正数：{names}。',
        ) from None


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise ValueError(value)
    return value


def with_threads(limits: Limits, jobs: int) -> Limits:
    """Share the machine's cores out among the kernels that run at a time."""
    return replace(limits, threads=max(1, _cores() // max(1, jobs)))


def _cores() -> int:
    """Count the cores that this process may use: a worker of a cluster may have a part of a machine."""
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return own or 1
