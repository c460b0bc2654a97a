"""``./course check --mutants``: how many small mistakes in each exercise's answer would be noticed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from course_lib.authoring.checks import Chapter
from course_lib.authoring.checks.exercises import line_of
from course_lib.authoring.checks.proofs import answers_of
from course_lib.authoring.problems import Problem
from course_lib.authoring.sources import read_source, source_paths
from course_lib.authoring.specification import load_specification
from course_lib.edition import FRAMEWORKS
from course_lib.exercises.filling import fill_source
from course_lib.exercises.mutation import Trial, try_chapter
from course_lib.exercises.specification import Exercise
from course_lib.waiting import steps

LEAST = 0.95  # of a chapter's mutants


def try_mutants(root: Path, *, chapters: list[str] | None = None) -> tuple[str, list[Problem]]:
    """Try the mutants of every answer in both frameworks.

    Returns:
        A table, and what is wrong: a survivor without a reason, a reason without its survivor, and a
        chapter of whose mutants fewer than 95 % are killed.
    """
    paths = [p for p in source_paths(root) if chapters is None or p.name[:2] in chapters]
    lines = [f"{'exercise':10}{'framework':11}{'mutants':>8}{'killed':>8}"]
    problems: list[Problem] = []
    with steps(len(paths) * len(FRAMEWORKS)) as step:
        for path in paths:
            source = read_source(path, root)
            chapter = Chapter(root, source, load_specification(root, source))
            trials: list[Trial] = []
            for framework in FRAMEWORKS:
                step(f"{source.name}, {framework}")
                if chapter.specification is not None:
                    given = {
                        name: fill_source(text, chapter.exercises)
                        for name, text in answers_of(chapter, framework).items()
                    }
                    trials += try_chapter(chapter.specification, source.chapter, framework, given)
            lines += _rows(source.chapter, trials)
            problems += _problems(chapter, trials)
    return "\n".join(lines), sorted(problems)


def _rows(chapter: str, trials: Sequence[Trial]) -> Iterator[str]:
    for name, framework, mutants, survived in trials:
        yield f"{name:10}{framework:11}{mutants:8}{mutants - len(survived):8}"
    yield f"{chapter:21}{_made(trials):8}{_killed(trials):8}  {_rate(trials):.1%}"


def _made(trials: Sequence[Trial]) -> int:
    return sum(trial.mutants for trial in trials)


def _killed(trials: Sequence[Trial]) -> int:
    return _made(trials) - sum(len(trial.survived) for trial in trials)


def _rate(trials: Sequence[Trial]) -> float:
    return _killed(trials) / max(_made(trials), 1)


def _problems(chapter: Chapter, trials: Sequence[Trial]) -> Iterator[Problem]:
    where = chapter.specification_path
    if _made(trials) and _rate(trials) < LEAST:
        said = (
            f"only {_rate(trials):.1%} of the chapter's mutants are noticed; {LEAST:.0%} are wanted"
        )
        yield Problem(where, 1, said)
    for name, exercise in chapter.exercises.items():
        if not isinstance(exercise, Exercise):
            continue
        found = {change for trial in trials if trial.exercise == name for change in trial.survived}
        for change in sorted(found - set(exercise.survivors)):
            yield Problem(where, line_of(chapter, name), f"{name}: passes with: {change}")
        for change in sorted(set(exercise.survivors) - found):
            said = f"{name}: has a reason for a survivor that there is not: {change}"
            yield Problem(where, line_of(chapter, name), said)
