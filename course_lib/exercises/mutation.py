"""Try every mutant of every answer, each framework in a process of its own, and say what survived."""

from __future__ import annotations

import importlib.util
import json
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, NamedTuple

from course_lib.exercises.conversion import to_tensors
from course_lib.exercises.mutants import EXPECTED, FIRST, Mutant, mutants_of
from course_lib.exercises.proofs import Bench, run_within
from course_lib.exercises.public import build_public, parse
from course_lib.exercises.specification import Exercise

SECONDS = 5  # of the processor; a mutant that takes longer is killed: it would not end
TIMEOUT = 900.0  # seconds for one framework


class Trial(NamedTuple):
    """What became of one answer's mutants.

    Attributes:
        exercise, framework: Whose answer.
        mutants: How many were made.
        survived: The changes that no fresh example noticed.
    """

    exercise: str
    framework: str
    mutants: int
    survived: tuple[str, ...]


def try_chapter(
    spec: ModuleType, chapter: str, framework: str, answers: Mapping[str, str]
) -> list[Trial]:
    """Try the mutants of a chapter's answers in one framework, in a process of its own.

    Args:
        spec: The chapter's specification module, loaded from a file.
        chapter: Two digits.
        framework: Which half.
        answers: The solved edition's answer cell by exercise id, and ``"setup"``.
    """
    assert spec.__file__, "a specification module is loaded from a file"
    order = {"spec": spec.__file__, "chapter": chapter, "framework": framework}
    with tempfile.TemporaryDirectory() as folder:
        given, reply = Path(folder, "order.json"), Path(folder, "reply.json")
        given.write_text(json.dumps(order | {"answers": dict(answers)}), encoding="utf-8")
        command = [sys.executable, "-m", "course_lib.exercises.mutation", str(given), str(reply)]
        done = run_within(TIMEOUT, command, f"chapter {chapter} ({framework})")
        if done.returncode:
            raise RuntimeError(f"chapter {chapter} ({framework}): {done.stderr.strip()[-500:]}")
        rows = json.loads(reply.read_text(encoding="utf-8"))
    return [Trial(e, f, n, tuple(survived)) for e, f, n, survived in rows]


def try_here(
    spec: ModuleType, chapter: str, framework: str, answers: Mapping[str, str]
) -> Iterator[Trial]:
    """Try the mutants in this process; arguments as for :func:`try_chapter`."""
    public, _ = parse(build_public(spec, chapter))
    for exercise in spec.EXERCISES:
        if isinstance(exercise, Exercise) and exercise.id in answers:
            bench = Bench(exercise, public[exercise.id], framework, answers.get("setup", ""))
            mutants = mutants_of(answers[exercise.id], exercise.function)
            if exercise.probe:  # its function gets a model, not the public example's arrays
                mutants = [m for m in mutants if FIRST not in m.source and EXPECTED not in m.source]
            fresh = bench.on_fresh_draws()
            if not fresh.try_source(answers[exercise.id], "answer"):  # it also imports everything
                raise RuntimeError(f"{exercise.id} ({framework}): the answer itself does not pass")
            survived = tuple(each.change for each in mutants if passes(fresh, each, bench))
            yield Trial(exercise.id, framework, len(mutants), survived)


def passes(fresh: Bench, mutant: Mutant, bench: Bench) -> bool:
    """Whether a mutant passes on fresh examples. What cannot be run, or does not end, does not."""
    first = bench.public.draws[0]
    framework = bench.framework if bench.exercise.tensors else "numpy"
    try:
        with limited(SECONDS):
            function = fresh.load(mutant.source, "mutant")
            known = {FIRST: first.inputs, EXPECTED: first.expected}
            if not bench.exercise.probe:
                known = {name: to_tensors(value, framework) for name, value in known.items()}
            function.__globals__.update(known)
            return bool(fresh.try_function(function))
    except Exception:
        return False


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Let what runs inside a ``with`` statement work so long at most, where the system has alarms.

    The processor's time counts, of all threads: on a busy machine a right answer takes long, too, and is
    not to be taken for one that never ends. What sleeps uses none, so twenty times as long ends it, too.
    """

    def ring(signum: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"more than {seconds:g} seconds")

    if not hasattr(signal, "setitimer"):
        yield
        return
    clocks = {signal.SIGPROF: (signal.ITIMER_PROF, 1), signal.SIGALRM: (signal.ITIMER_REAL, 20)}
    before = {number: signal.signal(number, ring) for number in clocks}
    for timer, times in clocks.values():
        # again: what catches the first may be caught
        signal.setitimer(timer, times * seconds, 0.5)
    try:
        yield
    finally:
        for number, (timer, _) in clocks.items():
            signal.setitimer(timer, 0)
            signal.signal(number, before[number])


def _main(order_path: str, reply_path: str) -> None:
    order: dict[str, Any] = json.loads(Path(order_path).read_text(encoding="utf-8"))
    finder = importlib.util.spec_from_file_location("chapter_specification", order["spec"])
    assert finder and finder.loader
    spec = importlib.util.module_from_spec(finder)
    sys.modules[finder.name] = spec
    finder.loader.exec_module(spec)
    rows = list(try_here(spec, order["chapter"], order["framework"], order["answers"]))
    Path(reply_path).write_text(json.dumps(rows), encoding="utf-8")


if __name__ == "__main__":
    _main(*sys.argv[1:])
