"""Every exercise is answered, checked, tied to an objective, and proven; every objective is assessed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from course_lib.authoring.checks import Chapter
from course_lib.authoring.problems import Problem
from course_lib.authoring.sources import Code
from course_lib.edition import FRAMEWORKS
from course_lib.exercises.filling import fill_source

_CALL = re.compile(r"\b(quiz|check|hint|example)\(\"([^\"]+)\"")
_TEX = re.compile(r"\$[^$\n]+\$")
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


def known_exercises(chapter: Chapter) -> Iterator[Problem]:
    """Each answer, check and manual cell names an exercise of its own kind."""
    for cell in chapter.source.cells:
        for key, automatic in (
            ("exercise", True),
            ("check", True),
            ("why", True),
            ("manual", False),
        ):
            name = getattr(cell, key, None)
            if name is None:
                continue
            exercise = chapter.exercises.get(name)
            if exercise is None:
                there = chapter.specification_path.name
                yield chapter.problem(
                    cell.line, f"cell {cell.id!r}: there is no exercise {name} in {there}"
                )
            elif hasattr(exercise, "function") != automatic:
                kind = "an answer and a check cell" if automatic is False else "a  manual  cell"
                yield chapter.problem(cell.line, f"cell {cell.id!r}: exercise {name} needs {kind}")


def known_constants(chapter: Chapter) -> Iterator[Problem]:
    """Each constant that a cell names, as in ``{{ 04.6.level }}``, is one of the exercise's."""
    for cell in chapter.source.cells:
        try:
            fill_source(cell.source if isinstance(cell, Code) else cell.text, chapter.exercises)
        except LookupError as error:
            yield chapter.problem(cell.line, f"cell {cell.id!r}: {error.args[0]}")


def complete_exercises(chapter: Chapter) -> Iterator[Problem]:
    """Each exercise has its cells, in each edition, in order."""
    for name, exercise in chapter.exercises.items():
        line = line_of(chapter, name)
        if not hasattr(exercise, "function"):
            if not any(cell.manual == name for cell in chapter.source.prose):
                message = f"exercise {name} has no prose cell with  manual: {name!r}"
                yield Problem(chapter.specification_path, line, message)
            continue
        if not any(cell.why == name for cell in chapter.source.prose):
            message = f"the solution of exercise {name} is not explained: a prose cell with  why: {name!r}"
            yield Problem(chapter.specification_path, line, message)
        for framework in FRAMEWORKS:
            cells = [cell for cell in chapter.source.code if cell.framework in (framework, None)]
            answers = [place for place, cell in enumerate(cells) if cell.exercise == name]
            checks = [place for place, cell in enumerate(cells) if cell.check == name]
            for found, key in ((answers, "exercise"), (checks, "check")):
                if len(found) != 1:
                    count = len(found) or "no"
                    message = (
                        f"exercise {name} has {count} cells with  {key}: {name!r}  ({framework})"
                    )
                    yield Problem(chapter.specification_path, line, message)
            if len(answers) == len(checks) == 1 and checks < answers:
                cell = cells[checks[0]]
                yield chapter.problem(
                    cell.line, f"cell {cell.id!r} checks {name} before its answer"
                )


def plain_messages(chapter: Chapter) -> Iterator[Problem]:
    """Hints, messages and questions hold no TeX: a card shows it as it stands."""
    path = chapter.root / chapter.specification_path
    if path.exists():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found = _TEX.search(node.value)
                if found:
                    message = f"{found[0]} would stand as it is: write it as `code`"
                    yield Problem(chapter.specification_path, node.lineno, message)


def answer_cells(chapter: Chapter) -> Iterator[Problem]:
    """An answer cell defines the exercise's function, with the solution inside a function's body."""
    for cell in chapter.source.code:
        exercise = chapter.exercises.get(cell.exercise or cell.check or "")
        if exercise is None or not hasattr(exercise, "function"):
            continue
        if cell.check:
            if f'check("{cell.check}"' not in cell.source:
                message = f'cell {cell.id!r} must call  check("{cell.check}", {exercise.function})'
                yield chapter.problem(cell.source_line, message)
        elif cell.exercise:
            yield from _faults_of_answer(chapter, cell, exercise.function)


def known_calls(chapter: Chapter) -> Iterator[Problem]:
    """Each ``quiz("…")``, ``hint("…")`` … names an item of the chapter, and each quiz is asked."""
    quizzes = {quiz.id for quiz in getattr(chapter.specification, "QUIZZES", ())}
    exercises = set(chapter.exercises)
    known = {"quiz": quizzes, "check": exercises, "hint": exercises, "example": exercises}
    asked = set()
    for cell in chapter.source.code:
        for offset, line in enumerate(cell.source.split("\n")):
            for kind, name in _CALL.findall(line):
                asked.add(name)
                if name not in known[kind]:
                    message = f"cell {cell.id!r}: {kind}({name!r}) names nothing in this chapter"
                    yield chapter.problem(cell.source_line + offset, message)
    for name in sorted(quizzes - asked):
        message = f"quiz {name} is asked in no cell"
        yield Problem(chapter.specification_path, line_of(chapter, name), message)


def assessed_objectives(chapter: Chapter) -> Iterator[Problem]:
    """Each objective has an assessed item, and each item an objective of the chapter. Not so a bridge's."""
    if chapter.source.is_bridge:
        return
    objectives = {goal.id for goal in chapter.source.objectives}
    assessed = {exercise.objective for exercise in chapter.exercises.values()}
    for name in sorted(objectives - assessed):
        line = chapter.source.text[: chapter.source.text.find(f"id: {name}")].count("\n") + 1
        yield chapter.problem(line, f"objective {name} has no exercise that assesses it")
    for exercise in chapter.exercises.values():
        if exercise.objective not in objectives:
            message = (
                f"exercise {exercise.id} assesses {exercise.objective}, which is no objective here"
            )
            yield Problem(chapter.specification_path, line_of(chapter, exercise.id), message)


def _faults_of_answer(chapter: Chapter, cell: Code, function: str) -> Iterator[Problem]:
    lines = cell.source.split("\n")
    begins = [number for number, line in enumerate(lines, start=1) if line.strip() == BEGIN]
    ends = [number for number, line in enumerate(lines, start=1) if line.strip() == END]
    if not begins or len(begins) != len(ends):
        message = f"cell {cell.id!r}: the solution stands between  {BEGIN}  and  {END}"
        yield chapter.problem(cell.line, message)
        return
    try:
        nodes = list(ast.walk(ast.parse(cell.source)))
    except SyntaxError:  # reported as such
        return
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    if function not in {node.name for node in functions}:
        yield chapter.problem(cell.source_line, f"cell {cell.id!r} does not define {function}()")
    for begin in begins:
        # The stub stands as deep as the marker does. A comment ends no function in the syntax tree,
        # so it is the solution's first line that must belong to one.
        depth = len(lines[begin - 1]) - len(lines[begin - 1].lstrip())
        if not any(
            node.lineno <= begin < (node.end_lineno or 0) and node.col_offset < depth
            for node in functions
        ):
            message = f"cell {cell.id!r}: the solution must stand inside a function's body"
            yield chapter.problem(cell.source_line + begin - 1, message)


def line_of(chapter: Chapter, exercise: str) -> int:
    """Find the line of an exercise in the specification's module; 0 where it is not written out."""
    path = chapter.root / chapter.specification_path
    lines = path.read_text(encoding="utf-8").split("\n")
    return next(
        (number for number, line in enumerate(lines, start=1) if f'"{exercise}"' in line), 0
    )
