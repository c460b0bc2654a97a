"""Do a chapter's claims hold with other random numbers? Every seed is shifted, and the chapter runs again.

A claim that needs its seed is luck. What is shifted: ``seed=…`` (and scikit-learn's ``random_state=…``)
wherever a function is called, and the argument of ``default_rng(…)``. A parameter's default, as in
``def draw(seed=0)``, stays; so do answer and check cells, which have inputs of their own. A seed that
is handed on by keyword is shifted twice, which only makes it another one.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_lib.authoring.executing import faults, read_edition, run_once
from course_lib.authoring.problems import Problem
from course_lib.authoring.sources import source_paths
from course_lib.edition import FRAMEWORKS
from course_lib.waiting import steps

SHIFTS = (100, 200, 300, 400, 500)  # a chapter counts its draws from 0, so none comes twice
_KEYWORDS = {"seed", "random_state"}


@dataclass(frozen=True)
class Reseeded:
    """What went wrong when a chapter ran with its seeds shifted (nothing: an empty tuple)."""

    chapter: str
    framework: str
    shift: int
    faults: tuple[str, ...]


def try_seeds(
    root: Path,
    *,
    chapters: Sequence[str] | None = None,
    shifts: Sequence[int] = SHIFTS,
    tell: Callable[[str], None] = print,
) -> list[Problem]:
    """Run chapters with other seeds, in both frameworks; minutes for each chapter.

    Args:
        tell: Gets each line as soon as it is known, since the whole takes long: a heading, and after
            each run its row of the table with what did not hold below it.

    Returns:
        What did not hold: a problem for each fault of each run.
    """
    paths = [path for path in source_paths(root) if chapters is None or path.name[:2] in chapters]
    runs = [(path, framework) for path in paths for framework in FRAMEWORKS]
    problems = []
    tell(f"{'chapter':9}{'framework':11}{'seeds':>7}{'faults':>8}")
    with steps(len(runs) * len(shifts)) as step:
        for path, framework in runs:
            for shift in shifts:
                step(f"{path.stem}, {framework}, seeds + {shift}")
                run = run_reseeded(root, path.name[:2], framework, shift)
                found = list(_problems(path.relative_to(root), run))
                tell(f"{run.chapter:9}{framework:11}{shift:+7}{len(found):8}")
                for problem in found:
                    tell(str(problem))
                problems += found
    return problems


def _problems(source: Path, run: Reseeded) -> Iterator[Problem]:
    for fault in run.faults:
        yield Problem(source, 0, f"{run.framework}, seeds + {run.shift}: {fault}")


def run_reseeded(root: Path, chapter: str, framework: str, shift: int) -> Reseeded:
    """Run a chapter's solved edition with its seeds shifted, or give back the earlier run."""
    notebook = read_edition(root, chapter, framework, language="en", solved=True)
    run = run_once(shift_seeds(notebook, shift), root, strict=True)
    return Reseeded(chapter, framework, shift, tuple(faults(run.notebook)))


def shift_seeds(notebook: NotebookNode, shift: int) -> NotebookNode:
    """Give a copy of a notebook whose seeds are shifted, but for answer and check cells."""
    copy = nbformat.from_dict(notebook)
    for cell in copy.cells:
        if cell.cell_type == "code" and "nbgrader" not in cell.metadata:
            cell.source = shift_seeds_of_code(cell.source, shift)
    return copy


def shift_seeds_of_code(code: str, shift: int) -> str:
    """Shift the seeds of one cell.

    Args:
        code: Python, with IPython's magics if need be. Code without a seed comes back as it is.
        shift: Added to every seed; to the first number of a seed such as ``[draw, 3]``.
    """
    from IPython.core.inputtransformer2 import TransformerManager  # slow to import

    tree = ast.parse(TransformerManager().transform_cell(code))
    shifter = _Shifter(shift)
    shifted = ast.fix_missing_locations(shifter.visit(tree))
    return ast.unparse(shifted) if shifter.found else code


class _Shifter(ast.NodeTransformer):
    """Adds a number to every seed that is given where something is called."""

    def __init__(self, shift: int) -> None:
        self.shift = shift
        self.found = 0

    def visit_Call(self, call: ast.Call) -> ast.Call:
        self.generic_visit(call)  # calls within calls
        for keyword in call.keywords:
            if keyword.arg in _KEYWORDS:
                keyword.value = self._shifted(keyword.value)
        if _name_of(call.func) == "default_rng" and call.args:
            call.args[0] = self._shifted(call.args[0])
        return call

    def _shifted(self, seed: ast.expr) -> ast.expr:
        if isinstance(seed, ast.Constant) and seed.value is None:
            return seed
        self.found += 1
        if isinstance(seed, ast.List | ast.Tuple):
            seed.elts[0] = self._plus(seed.elts[0])
            return seed
        return self._plus(seed)

    def _plus(self, seed: ast.expr) -> ast.expr:
        return ast.BinOp(seed, ast.Add(), ast.Constant(self.shift))


def _name_of(function: ast.expr) -> str:
    """Give the last part of a called name: ``default_rng`` of ``np.random.default_rng``."""
    return getattr(function, "attr", getattr(function, "id", ""))
