"""Numbers of its own for an offering: exercises' constants and examples, drawn from the course's secret.

The course's solutions are public. A course directory made with ``teach init --variant`` draws, for each
chapter when it is released, other constants for the exercises that declare alternatives
(:attr:`course_lib.exercises.specification.Exercise.alternatives`) and other examples for all. Prose,
stub, solution, hints and messages follow. What was drawn is proved as the originals are, in both
frameworks, and that the public solution fails wherever a constant was drawn, before anything is
released; it is kept in ``.course/variants/``, so that grading does not depend on drawing it again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from course_lib.authoring.checks import Chapter
from course_lib.authoring.checks.proofs import answers_of
from course_lib.authoring.editions import make_solved, to_bytes
from course_lib.authoring.sources import read_source, source_paths
from course_lib.authoring.specification import load_specification
from course_lib.edition import FRAMEWORKS
from course_lib.errors import CourseError
from course_lib.exercises.proofs import Offered, in_offering, prove
from course_lib.exercises.public import build_public
from course_lib.exercises.specification import Exercise, SpecificationError
from course_lib.files import write_atomically
from course_lib.grading.course import Course, offered_path, offering_of, read_offered

PROVED_IN: Sequence[str] = FRAMEWORKS
_TRIES = 40  # of one exercise, until each mistake can be told on each example
_ROUNDS = 3  # of a whole chapter, until it is proved


@dataclass(frozen=True)
class Edition:
    """A chapter as an offering has it: nbgrader's source version, and the examples for ``check()``."""

    name: str
    solved: bytes
    public: bytes


def make_edition(course: Course, chapter: str) -> Edition:
    """Make a chapter's edition with this offering's numbers; draw and prove them the first time.

    Args:
        course: A course directory made with ``variant``.
        chapter: Such as ``"04"``.

    Raises:
        CourseError: There is no such chapter, or its numbers can't be proved.
    """
    source = _chapter(course, chapter)
    name, own = source.source.name, source.exercises
    offered = read_offered(course, name)
    if not _covers(offered, own):
        offered = _draw_and_prove(course, source)
        text = json.dumps(offered, indent=1, ensure_ascii=False)
        write_atomically(offered_path(course, name), text + "\n").chmod(0o600)
    exercises, offering = in_offering(own, offered), offering_of(course)
    solved = make_solved(
        source.source, course.language, course.framework, exercises, offering=offering
    )
    quizzes = tuple(getattr(source.specification, "QUIZZES", ()))
    everything = SimpleNamespace(EXERCISES=tuple(exercises.values()), QUIZZES=quizzes)
    return Edition(name, to_bytes(solved), build_public(everything, chapter, offering=offering))


def _chapter(course: Course, chapter: str) -> Chapter:
    for path in source_paths(course.repository):
        if path.name.startswith(f"{chapter}_"):
            source = read_source(path, course.repository)
            return Chapter(course.repository, source, load_specification(course.repository, source))
    raise CourseError(
        f"There is no source of chapter {chapter} in {course.repository / 'solutions' / 'source'}.",
        f"{course.repository / 'solutions' / 'source'} 中没有第 {chapter} 章的源文件。",
    )


def _covers(offered: Offered, exercises: Mapping[str, object]) -> bool:
    """Say whether something has been drawn for each exercise, and for each constant that has a choice."""
    return all(
        name in offered and set(each.alternatives) <= set(offered[name]["constants"])
        for name, each in exercises.items()
        if isinstance(each, Exercise)
    )


def _draw_and_prove(course: Course, chapter: Chapter) -> Offered:
    problems: list[str] = []
    specification = chapter.specification
    if specification is None:
        return {}
    answers = {each: answers_of(chapter, each) for each in PROVED_IN}
    for attempt in range(_ROUNDS):
        offered = {
            name: _draw(course, exercise, attempt)
            for name, exercise in chapter.exercises.items()
            if isinstance(exercise, Exercise)
        }
        problems = prove(
            specification,
            chapter=chapter.source.chapter,
            frameworks=PROVED_IN,
            answers=answers,
            offered=offered,
        )
        if not problems:
            return offered
    raise CourseError(
        f"Nothing was released: this offering's numbers for chapter {chapter.source.chapter} can't be "
        f"proved ({problems[0]}).",
        f"没有发布：本班第 {chapter.source.chapter} 章的专用数据未能通过证明（{problems[0]}）。",
    )


def _draw(course: Course, exercise: Exercise, attempt: int) -> dict[str, object]:
    """Draw an exercise's constants and the number of its examples: the first that can be told apart."""
    seed = course.secret + f"\0variant\0{exercise.id}\0{attempt}".encode()
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(seed).digest(), "big"))
    why = ""
    for _ in range(_TRIES):
        constants = exercise.draw_constants(rng)
        offering = int(rng.integers(1, 2**31))
        try:
            exercise.with_constants(constants, offering=offering)
        except SpecificationError as error:
            why = str(error)
            continue
        return {"constants": constants, "offering": offering}
    raise CourseError(
        f"No numbers of its own can be drawn for this offering: {why}",
        f"无法为本班抽取专用数据：{why}",
    )
