"""A submission in a kernel: its cells in order, then the questions; what breaks costs only itself.

A cell that hangs is interrupted and the notebook goes on. A cell that kills its kernel (or can't be
interrupted) is left out, a new kernel runs the others, and the answers are asked for there. The
same holds for a question whose answer never comes. A kernel that simply died may have been killed by
somebody else, or with its zygote: only what it dies of twice is to blame. So a student loses what
does not work, and keeps the rest.

Work goes in and results come out as plain data, so that another executor (several processes now, a
pool of warm kernels later) can stand behind the same two functions.
"""

from __future__ import annotations

import ast
import json
import re
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, from_dict

from course_lib.grading.kernels.kernel import Kernel
from course_lib.grading.kernels.starting import open_kernel
from course_lib.grading.walls.sandbox import Limits

_MOST_KERNELS = (
    20  # each new one costs an import of the framework; the notebook's deadline holds too
)
_LONGEST_ANSWER = 16 << 20  # characters: three values of the largest size, in JSON


@dataclass(frozen=True)
class Work:
    """What is to be run for one submission.

    Attributes:
        cells: The source of each cell of the notebook, ``None`` for one that is not run.
        questions: The code to run after the last cell and the expression that gives the answer, by
            exercise, in the order of asking.
        shown: Files that the submission may read: (outside, inside).
        imports: The modules that a warm kernel has imported beforehand; ``None`` for cold kernels.
        tests: The cells, by number, whose own success or failure is the mark (an instructor's own
            test cells). After each comes a canary: code that must fail, in a kernel that is honest.
    """

    cells: tuple[str | None, ...]
    questions: Mapping[str, tuple[str, str]]
    shown: tuple[tuple[str, str], ...] = ()
    imports: tuple[str, ...] | None = None
    tests: frozenset[int] = frozenset()


@dataclass
class CellRun:
    """What came of one cell: ``ok``, ``error``, ``timeout``, ``dead`` (it took the kernel along),
    ``skipped`` (not to be run), ``not_run`` (the time was over before), ``tampered`` (a test after
    which code that must fail did not).
    """

    state: str
    outputs: list[NotebookNode] = field(default_factory=list)


@dataclass
class Answer:
    """What came back for one question: ``ok`` with a text, ``error``, ``timeout``, ``dead``, ``not_run``.

    Nothing in the text is believed; it is read by :mod:`course_lib.grading.judging.verdicts`.
    """

    state: str
    text: str | None = None
    why: str = ""


@dataclass
class Execution:
    """The results of one :class:`Work`, and how they came about.

    Attributes:
        cells: What came of each cell.
        answers: What came back for each question, by exercise.
        sandboxed: Whether it ran inside the walls.
        kernels: How many kernels it took.
        seconds: By the clock.
        computed: Seconds of computing in the kernels, their start included.
        starts: Of these, seconds before their first cell.
        deaths: Why kernels ended before their time.
    """

    cells: list[CellRun]
    answers: dict[str, Answer]
    sandboxed: bool
    kernels: int = 0
    seconds: float = 0.0
    computed: float = 0.0
    starts: float = 0.0
    deaths: list[str] = field(default_factory=list)

    def to_json(self) -> str:
        """Write everything down as JSON."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> Execution:
        """Read what :meth:`to_json` wrote."""
        data = json.loads(text)
        data["cells"] = [
            CellRun(run["state"], [from_dict(output) for output in run["outputs"]])
            for run in data["cells"]
        ]
        data["answers"] = {name: Answer(**answer) for name, answer in data["answers"].items()}
        return Execution(**data)


def execute(work: Work, limits: Limits, *, sandboxed: bool = True) -> Execution:
    """Run a submission's cells and ask its questions, with as many kernels as it breaks.

    Raises:
        CourseError: No sandbox on this machine, or no kernel starts at all.
    """
    started = time.monotonic()
    run = _Run(work, limits, deadline=started + limits.notebook_seconds)
    shown = [(Path(outside), inside) for outside, inside in work.shown]
    result = Execution(run.cells, run.answers, sandboxed)
    while result.kernels < _MOST_KERNELS and run.wants_a_kernel():
        result.kernels += 1
        with open_kernel(
            limits=limits, sandboxed=sandboxed, shown=shown, imports=work.imports
        ) as kernel:
            result.starts = round(result.starts + kernel.computed(), 2)
            if not run.go_on(kernel):
                result.deaths.append(kernel.why_dead or "died")
            result.computed = round(result.computed + kernel.computed(), 2)
    run.give_up()
    result.seconds = round(time.monotonic() - started, 2)
    return result


class _Run:
    """How far one submission has come, over all its kernels."""

    def __init__(self, work: Work, limits: Limits, deadline: float) -> None:
        self.work, self.limits, self.deadline = work, limits, deadline
        self.cells = [
            CellRun("not_run" if source and source.strip() else "skipped") for source in work.cells
        ]
        self.answers: dict[str, Answer] = {}
        self._left_out: set[int] = set()
        self._room = limits.notebook_output_bytes
        self._died_of: set[int | str] = set()

    def wants_a_kernel(self) -> bool:
        """Say whether something is still to be asked or run, and there is time for it."""
        never_run = any(cell.state == "not_run" for cell in self.cells)
        unanswered = any(name not in self.answers for name in self.work.questions)
        return (never_run or unanswered) and time.monotonic() < self.deadline

    def go_on(self, kernel: Kernel) -> bool:
        """Run the cells and ask what is still unanswered; False when the kernel broke on the way."""
        for index, source in enumerate(self.work.cells):
            if source is None or self.cells[index].state == "skipped" or index in self._left_out:
                continue
            if time.monotonic() > self.deadline:
                return True
            if not self._run_cell(kernel, index, source):
                return False
        unanswered = [name for name in self.work.questions if name not in self.answers]
        for name in unanswered:
            if time.monotonic() > self.deadline:
                return True
            if not self._ask(kernel, name):
                return False
        return True

    def give_up(self) -> None:
        """Say of everything that no time was left for that it was not run."""
        for name in self.work.questions:
            self.answers.setdefault(name, Answer("not_run"))

    def _run_cell(self, kernel: Kernel, index: int, source: str) -> bool:
        limits = self.limits
        seconds = limits.own_cell_seconds if self.work.tests else limits.cell_seconds
        outcome = kernel.run(source, seconds=seconds, by=self._by(), room=self._room)
        first_time = self.cells[index].state == "not_run"
        self._room -= sum(len(str(each)) for each in outcome.outputs) if first_time else 0
        if outcome.state == "dead":
            if self._may_be_innocent(kernel, index):
                return False
            self._left_out.add(index)
            state = "timeout" if kernel.why_dead == "timeout" else "dead"
            self.cells[index] = CellRun(state, outcome.outputs)
            return False
        if first_time:
            state = outcome.state
            if state == "ok" and index in self.work.tests and not self._is_honest(kernel, source):
                state = "tampered"
            self.cells[index] = CellRun(state, outcome.outputs)
        return True

    def _is_honest(self, kernel: Kernel, test: str) -> bool:
        """Run code that fails, and code that shows a number; False when one comes out otherwise."""
        outcomes = [kernel.run(each, seconds=10, by=self._by()) for each in must_fail(test)]
        failed = all(
            each.state == "error" and any(o.output_type == "error" for o in each.outputs)
            for each in outcomes
        )
        number = secrets.randbelow(100) / 128
        shown = kernel.run(str(number), seconds=10, by=self._by())
        results = [each for each in shown.outputs if each.output_type == "execute_result"]
        return failed and len(results) == 1 and _is_number(results[0], number)

    def _ask(self, kernel: Kernel, name: str) -> bool:
        code, expression = self.work.questions[name]
        seconds = min(self.limits.cell_seconds, self.limits.question_seconds)
        outcome = kernel.ask(code, expression, seconds=seconds, by=self._by())
        if outcome.state == "dead":
            if self._may_be_innocent(kernel, name):
                return False
            state = "timeout" if kernel.why_dead == "timeout" else "dead"
            self.answers[name] = Answer(state, why=kernel.why_dead or "")
            return False
        self.answers[name] = Answer(outcome.state, _text_of(outcome.answer))
        return True

    def _may_be_innocent(self, kernel: Kernel, what: int | str) -> bool:
        """Say whether a cell or question deserves a second try: its kernel died for the first time."""
        first = kernel.why_dead == "died" and what not in self._died_of
        self._died_of.add(what)
        return first

    def _by(self) -> float:
        return max(time.monotonic() + 1.0, self.deadline)


def must_fail(test: str) -> tuple[str, ...]:
    """Give code that fails in several ways, each as a test does: the last ones hold its own assertions.

    Whoever drops assertions, all of them or only those that call something, is found out by these.
    Nothing of an assertion is evaluated: what stands before it is false already.
    """
    number = secrets.randbelow(10**6)
    wrong = f"{number} == {number + 1}"
    with suppress(SyntaxError, ValueError):  # a test with a magic
        asserted = [each.test for each in ast.walk(ast.parse(test)) if isinstance(each, ast.Assert)]
        own = [f"assert {wrong} and ({ast.unparse(each)})" for each in asserted[:3]]
        return (f"assert {wrong}", f"raise AssertionError({number})", f"_ = [][{number}]", *own)
    return (f"assert {wrong}", f"raise AssertionError({number})", f"_ = [][{number}]")


def _is_number(result: NotebookNode, number: float) -> bool:
    with suppress(ValueError):
        return (
            abs(float(result.data["text/plain"]) - number) < 0.01
        )  # %precision may have rounded it
    return False


def _text_of(shown: str | None) -> str | None:
    """Undo the quotes that a kernel puts around a text when it shows one.

    Only that: the answer comes in JSON without any sign that would need more, and whatever reads a
    submission's text as source code may be made to use up all memory.
    """
    if shown is None or not 2 <= len(shown) <= _LONGEST_ANSWER:
        return None
    if shown[0] not in "'\"" or shown[-1] != shown[0]:
        return None
    return re.sub(r"\\([\\'\"])", r"\1", shown[1:-1])


def plain(execution: Execution) -> dict[str, Any]:
    """Sum up an execution for the audit log: states only, nothing that a submission wrote."""
    return {
        "sandboxed": execution.sandboxed,
        "kernels": execution.kernels,
        "deaths": execution.deaths,
        "seconds": execution.seconds,
        "computed": execution.computed,
        "cells": {
            state: sum(cell.state == state for cell in execution.cells)
            for state in sorted({cell.state for cell in execution.cells})
        },
    }
