"""What an exercise is: one specification that serves both frameworks and both languages.

A chapter's specifications stand in ``solutions/source/NN_slug.py`` as ``EXERCISES``, a tuple of
:class:`Exercise` and :class:`ManualExercise`, and ``QUIZZES``, a tuple of :class:`Quiz`. A mistake
in one of them is found when the module is imported and said in one sentence that names the exercise.

Example::

    Exercise(
        id="04.1",
        title=text("The nearest class mean", "最近类均值"),
        points=2,
        objective="O2",
        function="class_means",
        inputs=lambda rng: {"features": rng.normal(size=(12, 5)), "labels": np.arange(12) % 3},
        reference=lambda features, labels: ...,     # NumPy
        comparator=close(rtol=1e-4),
        pitfalls=(Pitfall("sums", answer=..., message=text("…", "…")),),
        hints=(text("…", "…"), text("…", "…")),
    )
"""

from __future__ import annotations

import inspect
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from course_lib.errors import CourseError
from course_lib.exercises.advice import Advice
from course_lib.exercises.codec import encode
from course_lib.exercises.comparators import Comparator
from course_lib.exercises.drawings import Drawing, fault_of
from course_lib.exercises.filling import fill, values_of
from course_lib.exercises.judging import fits
from course_lib.exercises.values import Value, text
from course_lib.language import LANGUAGES, Text

__all__ = ["Exercise", "ManualExercise", "Option", "Pitfall", "Quiz", "SpecificationError", "text"]

FRAMEWORKS = ("pytorch", "keras")


_trying = ContextVar("trying", default=True)


@contextmanager
def proven() -> Iterator[None]:
    """Take what is defined inside a ``with`` statement without running it on its public draws.

    For grading: ``./course build`` and ``./course check`` have tried and proved the same source.
    """
    token = _trying.set(False)
    try:
        yield
    finally:
        _trying.reset(token)


class SpecificationError(CourseError):
    """A specification is wrong; the sentence names the exercise and says what to change."""


@dataclass(frozen=True)
class Pitfall:
    """A wrong answer that students really give, and the message that helps whoever gave it.

    Attributes:
        name: A short identifier, such as ``"sums_instead_of_averages"``.
        answer: ``answer(**inputs)`` in NumPy: what this mistake gives. For a state exercise: what
            the probe would report, or the part of the report by which the mistake is known.
        message: What went wrong and what to look at, without the solution.
        code: For a state exercise, source that makes this mistake, per framework: the proof runs it.
            One framework is enough where the other has no such mistake. A value exercise needs no
            code: ``answer`` itself is wrapped.
    """

    name: str
    answer: Callable[..., Value]
    message: Text
    code: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Exercise:
    """An exercise that is graded by asking the student's function what it returns.

    Attributes:
        id: Chapter and number, such as ``"04.3"``.
        title: A few words in both languages.
        points: What it is worth.
        objective: The learning objective that it assesses, such as ``"O2"``.
        function: The name of the function that the student writes.
        inputs: ``inputs(rng)`` draws the arguments from a NumPy generator, as a dict of values in
            the order of the function's parameters. With ``tensors`` or a ``probe``, float64 arrays
            are rounded to float32, so that the reference and both frameworks see the same numbers.
        reference: ``reference(**inputs)`` in NumPy: the right value (for a state exercise: what the
            probe reports of a right answer). It gets float32 arrays as float64.
        comparator: When two values count as the same (:mod:`.comparators`).
        pitfalls: At least one.
        hints: At least two, each a step further, none the solution.
        forbidden: Dotted names that the answer must not call, such as ``"numpy.linalg.lstsq"``;
            ``".fit"`` forbids every method of that name. A teaching aid, not a lock.
        draws: How many examples ``check()`` uses.
        tensors: Arrays become the framework's tensors on the way in and arrays on the way out.
            False: NumPy in and out.
        probe: For a state exercise: the name of a function in ``course_lib.<framework>.probes``,
            called as ``probe(student_function, **inputs)``; it returns a value, usually a dict.
        right: Differently written right answers as source: ``{"pytorch": (…,…), "keras": (…,…)}``
            or ``{"numpy": (…,…)}`` where tensors is False. The proof runs them.
        parts: What to call the parts of the returned value, by position or key: ``{"0": text("the
            weights", "权重")}``. For a state exercise: what the probe's words mean.
        errors: This exercise's own advice on errors that the function stops with, before the general
            one (:mod:`.advice`): ``((r"^IndexError", text("…", "…")),)``.
        drawing: How `check()` draws the answer beside what it should be, where a figure says more
            than numbers (:mod:`.drawings`): ``drawing=drawings.matrix(part="0")``.
        constants: Numbers that an offering may draw anew. ``inputs``, ``reference`` and each
            pitfall's ``answer`` get them as ``constants`` when they have a parameter of that name;
            texts and sources here name them as ``{{level}}``, the chapter as ``{{ 04.6.level }}``.
        alternatives: By constant, what an offering draws from: ``{"level": (80, 90, 99)}``. Not the
            course's own value, with which a copied solution would pass.
        words: Computes from the constants what else texts may name: ``words(constants) -> dict``.
        offering: Whose public examples these are: 0 for the course's own, else an offering's number.
        survivors: Mutants of the solution that pass (:mod:`.mutants`), each by its change, with the
            reason why it is no mistake: ``{"low > 0 → low >= 0": "no interval ends exactly at 0"}``.
    """

    id: str
    title: Text
    points: float
    objective: str
    function: str
    inputs: Callable[..., dict[str, Value]]
    reference: Callable[..., Value]
    comparator: Comparator
    pitfalls: tuple[Pitfall, ...]
    hints: tuple[Text, ...]
    forbidden: tuple[str, ...] = ()
    draws: int = 3
    tensors: bool = True
    probe: str | None = None
    right: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parts: Mapping[str, Text] = field(default_factory=dict)
    errors: Advice = ()
    drawing: Drawing | None = None
    constants: Mapping[str, Any] = field(default_factory=dict)
    survivors: Mapping[str, str] = field(default_factory=dict)
    alternatives: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    words: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None
    offering: int = 0
    _as_written: Mapping[str, Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_as_written", {name: getattr(self, name) for name in _TEXTS})
        _refuse(self.id, _faults_of_constants(self))
        if self.constants:
            for name, template in self._as_written.items():
                object.__setattr__(self, name, fill(template, self.values))
        _refuse(self.id, _faults_of_exercise(self))
        if _trying.get():
            _refuse(self.id, _faults_of_draws(self))

    def draw(self, rng: np.random.Generator) -> dict[str, Value]:
        """Draw one set of inputs."""
        inputs = _call(self.inputs, self.constants, rng)
        if self.tensors or self.probe:
            return {name: _rounded(value) for name, value in inputs.items()}
        return inputs

    def public_draw(self, number: int) -> dict[str, Value]:
        """Draw the inputs that students see; ``number`` counts from 0."""
        seed = [zlib.crc32(self.id.encode()), number, *([self.offering] if self.offering else [])]
        return self.draw(np.random.default_rng(seed))

    def expected(self, inputs: Mapping[str, Value]) -> Value:
        """Give the right value for these inputs."""
        return _call(self.reference, self.constants, **_in_double(inputs))

    def mistaken(self, inputs: Mapping[str, Value]) -> dict[str, Value]:
        """Give, by pitfall name, what each mistake gives for these inputs."""
        return {
            pitfall.name: _call(pitfall.answer, self.constants, **_in_double(inputs))
            for pitfall in self.pitfalls
        }

    @property
    def values(self) -> dict[str, Any]:
        """What texts may name: the constants, and the words computed from them."""
        return values_of(self.constants, self.words)

    def draw_constants(self, rng: np.random.Generator) -> dict[str, Any]:
        """Draw other constants, for an offering."""
        return {name: each[rng.integers(len(each))] for name, each in self.alternatives.items()}

    def with_constants(self, constants: Mapping[str, Any], *, offering: int = 0) -> Exercise:
        """Give the same exercise with other constants and other examples, checked like the original."""
        unknown = set(constants) - set(self.constants)
        _refuse(self.id, (f"there is no constant {name!r}" for name in sorted(unknown)))
        changed = {**self.constants, **constants}
        return replace(self, **self._as_written, constants=changed, offering=offering)


# What may name constants.
_TEXTS = ("title", "pitfalls", "hints", "right", "parts", "errors")


@dataclass(frozen=True)
class ManualExercise:
    """An exercise that a person marks.

    Attributes:
        rubric: What earns how many points: ``((1, text("…", "…")), …)``; the points add up to
            ``points``.
    """

    id: str
    title: Text
    points: float
    objective: str
    rubric: tuple[tuple[float, Text], ...]

    def __post_init__(self) -> None:
        _refuse(self.id, _faults_of_manual(self))


@dataclass(frozen=True)
class Option:
    """One option of a quiz: its words, whether it is right, and what whoever chose it should read."""

    words: Text
    feedback: Text
    right: bool = False


@dataclass(frozen=True)
class Quiz:
    """An ungraded question: predict before running, or choose. Every option has its feedback."""

    id: str
    question: Text
    options: tuple[Option, ...]

    def __post_init__(self) -> None:
        _refuse(self.id, _faults_of_quiz(self))


def _call(
    function: Callable[..., Value], constants: Mapping[str, Any], *args: Any, **kw: Any
) -> Value:
    if constants and "constants" in inspect.signature(function).parameters:
        kw["constants"] = constants
    return function(*args, **kw)


def _rounded(value: Value) -> Value:
    """Round float64 arrays to float32: what goes in is then the same number everywhere."""
    if isinstance(value, np.ndarray) and value.dtype == np.float64:
        return value.astype(np.float32)
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_rounded(part) for part in value)
    return value


def _in_double(value: Value) -> Value:
    """Copy the inputs, float32 as float64: the reference computes in double precision."""
    if isinstance(value, np.ndarray):
        return value.astype(np.float64) if value.dtype == np.float32 else value.copy()
    if isinstance(value, dict | Mapping):
        return {key: _in_double(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_in_double(part) for part in value)
    return value


# What can be wrong in a specification. Each generator yields sentences' endings; the first is said.


def _refuse(exercise_id: object, faults: Iterator[str]) -> None:
    for fault in faults:
        raise SpecificationError(f"Exercise {exercise_id}: {fault}.")


def _faults_of_id(id: object, pattern: str, example: str) -> Iterator[str]:
    if not isinstance(id, str) or not re.fullmatch(pattern, id):
        yield f"the id must look like {example!r}"


def _faults_of_text(what: str, words: object) -> Iterator[str]:
    if not isinstance(words, Mapping) or set(words) != set(LANGUAGES):
        yield f"{what} must be a text in both languages: text('…', '…')"
    elif not all(isinstance(words[lang], str) and words[lang].strip() for lang in LANGUAGES):
        yield f"{what} is empty in one of the languages"


def _faults_of_common(item: Exercise | ManualExercise) -> Iterator[str]:
    yield from _faults_of_id(item.id, r"\d\d\.\d+", "04.3")
    yield from _faults_of_text("the title", item.title)
    if (
        isinstance(item.points, bool)
        or not isinstance(item.points, int | float)
        or item.points <= 0
    ):
        yield "points must be a number above 0"
    if not isinstance(item.objective, str) or not item.objective:
        yield "it must name the objective that it assesses, such as 'O2'"


def _faults_of_exercise(item: Exercise) -> Iterator[str]:
    yield from _faults_of_common(item)
    if not isinstance(item.function, str) or not item.function.isidentifier():
        yield "function must be the name of the function that the student writes"
    if not callable(item.inputs) or not callable(item.reference):
        yield "inputs and reference must be functions"
    if not isinstance(item.comparator, Comparator):
        yield "comparator must be one of course_lib.exercises.comparators, such as close(rtol=1e-4)"
    for name in ("pitfalls", "hints", "forbidden"):
        if not isinstance(getattr(item, name), tuple):
            yield f"{name} must be a tuple (a comma after a single entry: ({name[:-1]},))"
    if len(item.hints) < 2:
        yield "it needs at least two hints"
    for number, words in enumerate(item.hints, start=1):
        yield from _faults_of_text(f"hint {number}", words)
    for name, words in item.parts.items():
        yield from _faults_of_text(f"the name of part {name!r}", words)
    for pattern, words in item.errors:
        yield from _faults_of_text(f"the advice on {pattern!r}", words)
    if not item.pitfalls:
        yield "it needs at least one pitfall: a wrong answer that students really give"
    for pitfall in item.pitfalls:
        yield from _faults_of_pitfall(item, pitfall)
    if len({pitfall.name for pitfall in item.pitfalls}) < len(item.pitfalls):
        yield "two pitfalls have the same name"
    if not isinstance(item.draws, int) or not 1 <= item.draws <= 10:
        yield "draws must be between 1 and 10"
    if unknown := set(item.right) - {*FRAMEWORKS, "numpy"}:
        yield f"right has sources for {sorted(unknown)}; it takes 'pytorch', 'keras' and 'numpy'"
    if any(isinstance(sources, str) for sources in item.right.values()):
        yield "right must map a framework to a tuple of sources, not to one text"


def _faults_of_constants(item: Exercise) -> Iterator[str]:
    for name, options in item.alternatives.items():
        if name not in item.constants:
            yield f"alternatives name {name!r}, which is no constant"
        elif not isinstance(options, tuple) or not options:
            yield f"the alternatives of {name!r} must be a tuple of values"
    if not item.constants:
        return
    try:
        fill(item._as_written, item.values)
    except LookupError as error:
        yield str(error.args[0])


def _faults_of_pitfall(item: Exercise, pitfall: object) -> Iterator[str]:
    if not isinstance(pitfall, Pitfall) or not isinstance(pitfall.name, str) or not pitfall.name:
        yield "every pitfall must be a Pitfall with a name"
        return
    what = f"pitfall {pitfall.name!r}"
    yield from _faults_of_text(f"the message of {what}", pitfall.message)
    if not callable(pitfall.answer):
        yield f"{what}: answer must be a function of the inputs"
    if (item.probe and not pitfall.code) or set(pitfall.code or ()) - set(FRAMEWORKS):
        yield f"{what} needs its code in pytorch, keras or both, since this is a state exercise"


def _faults_of_draws(item: Exercise) -> Iterator[str]:
    """Run reference and pitfalls on the public draws: each mistake must be visible on each draw."""
    told_apart: set[frozenset[str]] = set()
    for number in range(item.draws):
        where = f"on public draw {number + 1}"
        try:
            inputs = item.public_draw(number)
            expected, mistaken = item.expected(inputs), item.mistaken(inputs)
            for value in (inputs, expected, mistaken):
                encode(value)
        except Exception as error:
            yield f"inputs, reference or a pitfall fails {where}: {type(error).__name__}: {error}"
            return
        if not item.comparator.compare(expected, expected).same:
            yield f"the reference is not even equal to itself {where}"
        if item.drawing and (fault := fault_of(item.drawing, inputs, expected, item.comparator)):
            yield f"{fault} {where}"
        for name, wrong in mistaken.items():
            part = expected
            if isinstance(expected, dict) and isinstance(wrong, dict):
                part = {key: expected.get(key) for key in wrong}
            if item.comparator.compare(part, wrong).same:
                yield f"pitfall {name!r} can't be told from the right answer {where}"
            told_apart |= {
                frozenset((name, other))
                for other, value in mistaken.items()
                if not fits(item.comparator, value, wrong)
            }
    names = [pitfall.name for pitfall in item.pitfalls]
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            if frozenset((one, other)) not in told_apart:
                yield f"pitfalls {one!r} and {other!r} can't be told from each other on any draw"


def _faults_of_manual(item: ManualExercise) -> Iterator[str]:
    yield from _faults_of_common(item)
    if not isinstance(item.rubric, tuple) or not item.rubric:
        yield "it needs a rubric: ((points, text('…', '…')), …)"
    for entry in item.rubric:
        if not isinstance(entry, tuple) or len(entry) != 2 or not entry[0] > 0:
            yield "each line of the rubric must be (points above 0, text('…', '…'))"
        else:
            yield from _faults_of_text("a line of the rubric", entry[1])
    total = sum(entry[0] for entry in item.rubric)
    if abs(total - item.points) > 1e-9:
        yield f"the rubric adds up to {total:g} points, the exercise to {item.points:g}"


def _faults_of_quiz(item: Quiz) -> Iterator[str]:
    yield from _faults_of_id(item.id, r"[\db]\d\.q\d+", "04.q1")
    yield from _faults_of_text("the question", item.question)
    if not isinstance(item.options, tuple) or not 2 <= len(item.options) <= 8:
        yield "a quiz needs two to eight options"
    if not any(option.right for option in item.options):
        yield "no option is marked as right"
    for number, option in enumerate(item.options, start=1):
        yield from _faults_of_text(f"option {number}", option.words)
        yield from _faults_of_text(f"the feedback of option {number}", option.feedback)
