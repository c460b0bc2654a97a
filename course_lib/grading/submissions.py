"""Five ready-made submissions of any chapter in any edition, each with the marks that it deserves.

They are made from the chapter's own specification, so the demo and the tests need nothing of their
own for a new chapter: right answers from the solved edition, other right answers and mistakes from
the specification. A mistake is given there as a NumPy function; what that function needs of its module
(and nothing more) goes into the answer cell with it.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from course_lib.errors import CourseError
from course_lib.exercises.proofs import PREAMBLES
from course_lib.exercises.specification import Exercise, Pitfall
from course_lib.grading.course import Course, load_exercises, specification

WRITTEN = {
    "en": "Because the test data must not take part in any choice.",
    "zh": "因为测试数据不能参与任何选择。",
}


@dataclass(frozen=True)
class Submission:
    """A submission and what it deserves.

    Attributes:
        name: What it is: ``all_right``, ``other_ways``, ``pitfalls``, ``untouched`` or ``mixed``.
        notebook: The notebook as handed in.
        marks: The points that each exercise graded by machine deserves.
        codes: The outcome that each of them deserves: ``Correct``, ``Incorrect/…``, ``NotAttempted`` …
    """

    name: str
    notebook: NotebookNode
    marks: Mapping[str, float]
    codes: Mapping[str, str]

    @property
    def total(self) -> float:
        return sum(self.marks.values())


def make_submissions(
    chapter: str, language: str, framework: str, *, repository: Path, course: Course | None = None
) -> dict[str, Submission]:
    """Make the five submissions of a chapter's edition.

    Args:
        chapter: Such as ``"04"``.
        language: ``"en"`` or ``"zh"``.
        framework: ``"pytorch"`` or ``"keras"``.
        repository: The checkout with ``notebooks/`` and ``solutions/``.
        course: Where the chapter was released with numbers of its own: then for those.
    """
    makers = {
        "all_right": _all_right,
        "other_ways": _other_ways,
        "pitfalls": _pitfalls,
        "untouched": _untouched,
        "mixed": _mixed,
    }
    kit = Kit(chapter, language, framework, repository, course)
    return {name: kit.make(name, maker) for name, maker in makers.items()}


class Kit:
    """A chapter's edition, taken apart for making submissions."""

    def __init__(
        self, chapter: str, language: str, framework: str, repository: Path, course: Course | None
    ) -> None:
        self.language, self.framework = language, framework
        self.module = _only(repository / "solutions" / "source", f"{chapter}_*.py")
        if course is None:
            self.student = _read(repository / "notebooks" / language / framework, chapter)
            self.solved = _read(repository / "solutions" / language / framework, chapter)
            known = load_exercises(self.module)
        else:
            self.student = _read(course.folder / "release" / chapter, chapter)
            self.solved = _read(course.folder / "source" / chapter, chapter)
            known = specification(course, self.module.stem)
        self.exercises = [each for each in known.values() if isinstance(each, Exercise)]
        self.solutions = {
            cell.metadata.course.exercise: cell.source
            for cell in self.solved.cells
            if _is_answer(cell)
        }

    def make(self, name: str, maker: Any) -> Submission:
        notebook = deepcopy(self.student)
        marks: dict[str, float] = {}
        codes: dict[str, str] = {}
        answers: dict[str, str | None] = {}
        for number, exercise in enumerate(self.exercises):
            answers[exercise.id], codes[exercise.id] = maker(self, number, exercise)
            right = codes[exercise.id] == "Correct"
            marks[exercise.id] = float(exercise.points) if right else 0.0
        for cell in notebook.cells:
            if _is_answer(cell) and answers.get(cell.metadata.course.exercise) is not None:
                cell.source = answers[cell.metadata.course.exercise]
            elif _is_written(cell) and name in ("all_right", "other_ways"):
                cell.source = WRITTEN[self.language]
        return Submission(name, notebook, marks, codes)

    def solution(self, exercise: Exercise) -> str:
        marks = ("### BEGIN SOLUTION", "### END SOLUTION")
        lines = self.solutions[exercise.id].splitlines()
        return "\n".join(line for line in lines if line.strip() not in marks)

    def other_way(self, exercise: Exercise) -> str:
        halves = [half for half in (self.framework, "numpy") if exercise.right.get(half)]
        if not halves:
            return self.solution(exercise)
        return f"{self._imports(exercise, halves[0])}\n{exercise.right[halves[0]][-1]}"

    def _imports(self, exercise: Exercise, half: str) -> str:
        """Give what an answer may use: the proofs' preamble, and the stub's own imports."""
        stub = ast.parse(self.solution(exercise))
        own = [n for n in stub.body if isinstance(n, ast.Import | ast.ImportFrom)]
        return PREAMBLES[half] + "\n".join(map(ast.unparse, own))

    def pitfalls(self, exercise: Exercise) -> list[Pitfall]:
        """List the mistakes that can be made in this framework."""
        return [p for p in exercise.pitfalls if not p.code or self.framework in p.code]

    def mistake(self, exercise: Exercise, pitfall: Pitfall) -> str:
        code = (pitfall.code or {}).get(self.framework)
        if code is not None:
            return f"{self._imports(exercise, self.framework)}\n{code}"
        tensors = self.framework if exercise.tensors else "numpy"
        return wrap_pitfall(self.module, exercise, pitfall.name, tensors)


_Answer = tuple[str | None, str]


def _all_right(kit: Kit, number: int, exercise: Exercise) -> _Answer:
    return kit.solution(exercise), "Correct"


def _other_ways(kit: Kit, number: int, exercise: Exercise) -> _Answer:
    # Warnings and words on stderr are harmless: a student must not lose points by them.
    chatter = "import sys, warnings\nwarnings.warn('careful')\nprint('note', file=sys.stderr)\n"
    return chatter + kit.other_way(exercise), "Correct"


def _pitfalls(kit: Kit, number: int, exercise: Exercise) -> _Answer:
    pitfalls = kit.pitfalls(exercise)
    pitfall = pitfalls[number % len(pitfalls)]
    return kit.mistake(exercise, pitfall), f"Incorrect/{pitfall.name}"


def _untouched(kit: Kit, number: int, exercise: Exercise) -> _Answer:
    return None, "NotAttempted"


def _mixed(kit: Kit, number: int, exercise: Exercise) -> _Answer:
    """Right, mistaken, untouched, broken, by turns."""
    match number % 4:
        case 0:
            return kit.solution(exercise), "Correct"
        case 1:
            pitfall = kit.pitfalls(exercise)[0]
            return kit.mistake(exercise, pitfall), f"Incorrect/{pitfall.name}"
        case 2:
            return None, "NotAttempted"
        case _:
            broken = f"def {exercise.function}(*values, **named):\n    return 1 / 0\n"
            return broken, "RaisedAnError"


def wrap_pitfall(module: Path, exercise: Exercise, name: str, tensors: str) -> str:
    """Write source that defines the exercise's function so that it makes a known mistake.

    Args:
        module: The chapter's specification.
        exercise: The exercise.
        name: The pitfall's name.
        tensors: ``"pytorch"`` or ``"keras"`` where tensors go in, else ``"numpy"``.
    """
    tree = ast.parse(module.read_text(encoding="utf-8"))
    mistake = _find_answer(tree, exercise.id, name)
    body = [ast.unparse(node) for node in _needed(tree, mistake)]
    parameters = list(exercise.public_draw(0))
    given = [f"{each}={each}" for each in parameters]
    if tensors != "numpy":
        convert, mark = _CONVERT[tensors]
        body.append(_TO_ARRAYS.format(convert=convert, mark=mark))
        given = [f"{each}=to_arrays({each})" for each in parameters]
    if exercise.constants and "constants" in _parameters_of(exercise, name):
        given.append(f"constants={dict(exercise.constants)!r}")
    body += [f"mistake = {ast.unparse(mistake)}", f"return mistake({', '.join(given)})"]
    # All of it stands inside the function: names of one exercise must not meet those of the next.
    inner = textwrap.indent("\n".join(body), "    ")
    return f"def {exercise.function}({', '.join(parameters)}):\n{inner}\n"


_TO_ARRAYS = """def to_arrays(value):
    if isinstance(value, (list, tuple)):
        return type(value)(to_arrays(part) for part in value)
    return ({convert}) if hasattr(value, "{mark}") else value
"""
# How a tensor becomes an array, and the attribute by which a tensor is known.
_CONVERT = {
    "pytorch": ("value.double().numpy() if value.is_floating_point() else value.numpy()", "detach"),
    "keras": ("__import__('keras').ops.convert_to_numpy(value)", "shape"),
}


def _parameters_of(exercise: Exercise, name: str) -> Mapping[str, inspect.Parameter]:
    pitfall = next(each for each in exercise.pitfalls if each.name == name)
    return inspect.signature(pitfall.answer).parameters


def _find_answer(tree: ast.Module, exercise: str, name: str) -> ast.expr:
    """Find what stands as a pitfall's ``answer`` in the specification's source."""
    for call in _calls(tree, "Exercise"):
        if _literal(_argument(call, 0, "id")) != exercise:
            continue
        # Pitfalls that the exercise's own inputs need stand above it, under a name.
        stood = _argument(call, len(call.args), "pitfalls")
        for inner in (*_calls(call, "Pitfall"), *_calls(_followed(tree, stood), "Pitfall")):
            if _literal(_argument(inner, 0, "name")) == name:
                found = _argument(inner, 1, "answer")
                if found is not None:
                    return found
    raise CourseError(
        f"Exercise {exercise}: pitfall {name!r} is not written as Pitfall({name!r}, answer, …) "
        "in the specification, so no submission can be made of it."
    )


def _followed(tree: ast.Module, value: ast.expr | None) -> ast.AST:
    """Give what a name stands for at the top of the module."""
    for statement in tree.body:
        if isinstance(value, ast.Name) and value.id in _names_made(statement):
            return statement
    return ast.Module(body=[], type_ignores=[])


def _calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def _argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    return call.args[place] if len(call.args) > place else None


def _literal(node: ast.expr | None) -> Any:
    return node.value if isinstance(node, ast.Constant) else None


def _needed(tree: ast.Module, start: ast.AST) -> list[ast.stmt]:
    """List what of the module an expression needs, directly or not, in the module's order."""
    makers: dict[str, ast.stmt] = {}
    for statement in tree.body:
        for name in _names_made(statement):
            makers[name] = statement
    wanted, found = [start], set()
    while wanted:
        for node in ast.walk(wanted.pop()):
            maker = makers.get(node.id) if isinstance(node, ast.Name) else None
            if maker is not None and maker not in found:
                found.add(maker)
                wanted.append(maker)
    return [statement for statement in tree.body if statement in found]


def _names_made(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        for alias in statement.names:
            yield alias.asname or alias.name.split(".")[0]
    elif isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            yield from (node.id for node in ast.walk(target) if isinstance(node, ast.Name))


def _is_answer(cell: NotebookNode) -> bool:
    return (
        cell.cell_type == "code"
        and bool((cell.metadata.get("nbgrader") or {}).get("solution"))
        and "exercise" in cell.metadata.get("course", {})
    )


def _is_written(cell: NotebookNode) -> bool:
    known = cell.metadata.get("nbgrader") or {}
    return cell.cell_type == "markdown" and bool(known.get("solution"))


def _read(folder: Path, chapter: str) -> NotebookNode:
    return nbformat.read(_only(folder, f"{chapter}_*.ipynb"), as_version=4)


def _only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if not found:
        raise CourseError(
            f"There is no {pattern} in {folder}: run  ./course build  first.",
            f"{folder} 中没有 {pattern}：请先运行  ./course build  。",
        )
    return found[0]
