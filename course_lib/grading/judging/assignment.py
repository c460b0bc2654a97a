"""One released chapter, as grading needs it: the source, the released form, what to ask and to skip."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_lib.exercises.public import without_answers
from course_lib.exercises.specification import Exercise
from course_lib.files import write_atomically
from course_lib.grading.course import Course, offered_path, specification
from course_lib.grading.judging import reading, screening, verdicts
from course_lib.grading.judging.verdicts import Asked
from course_lib.grading.kernels.execution import Work
from course_lib.grading.walls.sandbox import EXAMPLES, HOME
from course_lib.paths import cache_dir

_MOST_SHOWN = 64
FONTS = f"{HOME}/.matplotlib"
# A kernel imports these in any case: the second row is what it would fetch for itself at its start.
_ALWAYS = (
    *("ipykernel.kernelapp", "IPython", "numpy", "matplotlib", "matplotlib.pyplot"),
    *(
        "ipykernel.debugger",
        "IPython.core.debugger",
        "IPython.core.oinspect",
        "IPython.core.logger",
    ),
    *("IPython.core.completerlib", "IPython.extensions.storemagic", "IPython.utils.wildcard"),
    *("tornado.platform.asyncio", "tornado.queues", "sqlite3", "encodings.idna"),
    *("zmq.utils.garbage", "encodings.utf_16_be"),
    *("course_lib.edition", "course_lib.figures", "course_lib.exercises.calling"),
)


@dataclass
class Assignment:
    """A released chapter of a course.

    Attributes:
        course: Its course directory.
        name: The assignment, such as ``"04"``.
        notebook: The notebook's name without its ending, such as ``"04_feature_extraction"``.
    """

    course: Course
    name: str
    notebook: str

    @cached_property
    def source(self) -> NotebookNode:
        """The instructor's version: its tags decide what is run, its locked cells are the real ones."""
        return _read(self.course.folder / "source" / self.name / f"{self.notebook}.ipynb")

    @cached_property
    def released(self) -> NotebookNode:
        """What students got, but with the locked cells as the instructor has them."""
        notebook = _read(self.course.folder / "release" / self.name / f"{self.notebook}.ipynb")
        originals = {screening.grade_id(cell): cell for cell in self.source.cells}
        for cell in notebook.cells:
            name = screening.grade_id(cell)
            if name is not None and not cell.metadata.nbgrader.get("solution"):
                cell.source = originals[name].source if name in originals else cell.source
        return notebook

    @cached_property
    def exercise_of(self) -> Mapping[str, str]:
        """Which exercise each check cell belongs to, by the cell's name."""
        return {
            name: cell.metadata.course.exercise
            for cell in self.source.cells
            if cell.cell_type == "code"
            and (name := screening.grade_id(cell)) is not None
            and cell.metadata.nbgrader.get("grade")
            and "exercise" in cell.metadata.get("course", {})
        }

    @cached_property
    def asked(self) -> Mapping[str, Asked]:
        """The hidden inputs of each exercise, drawn from the course's secret."""
        known = specification(self.course, self.notebook)
        return {
            name: verdicts.draw(known[name], self.course.draws_for(name))
            for name in self.exercise_of.values()
            if isinstance(known.get(name), Exercise)
        }

    @cached_property
    def questions(self) -> Mapping[str, tuple[str, str]]:
        """What is asked in the kernel, by exercise."""
        return {
            name: verdicts.question(asked, self.course.framework)
            for name, asked in self.asked.items()
        }

    def make_whole(self, submitted: NotebookNode) -> list[str]:
        """Put a submission back into the released form, in place; say what was put right.

        Raises:
            CourseError: It is the notebook of another chapter, framework or class.
        """
        reading.refuse_other_edition(submitted, self.released)
        return screening.make_whole(submitted, self.released)

    def work_for(self, notebook: NotebookNode) -> Work:
        """Say what is to be run for a submission that has been made whole."""
        left_out = screening.not_to_run(notebook, self.source)
        cells = tuple(
            self._to_run(cell) if cell.cell_type == "code" and index not in left_out else None
            for index, cell in enumerate(notebook.cells)
        )
        return Work(
            cells,
            self.questions,
            shown=(*self.examples, *_cached_files()),
            imports=self.imports,
            tests=frozenset(
                index
                for index, cell in enumerate(notebook.cells)
                if self._is_own_test(cell) and index not in left_out
            ),
        )

    def _to_run(self, cell: NotebookNode) -> str:
        """Give a cell's text, a check cell's with a line that holds on to what was checked *there*."""
        exercise = self.exercise_of.get(screening.grade_id(cell) or "", "")
        if exercise not in self.asked or cell.metadata.nbgrader.get("solution"):
            return str(cell.source)
        return f'{cell.source}\n__import__("course_lib.exercises.checking").exercises.checking.keep("{exercise}")'

    def _is_own_test(self, cell: NotebookNode) -> bool:
        """Say whether a cell is an instructor's own test, judged by whether it runs through."""
        name = screening.grade_id(cell)
        known = cell.metadata.get("nbgrader") or {}
        graded = name is not None and known.get("grade") and not known.get("solution")
        return bool(graded) and self.exercise_of.get(name or "", "") not in self.asked

    @cached_property
    def imports(self) -> tuple[str, ...]:
        """What the instructor's version imports anywhere, and what grading itself calls."""
        found = set(_ALWAYS)
        cells = [cell for cell in self.source.cells if cell.cell_type == "code"]
        for cell in cells:
            found |= _imported(cell.source)
        if any(asked.exercise.probe for asked in self.asked.values()):
            found.add(f"course_lib.{self.course.framework}.probes")
        run = [cell.source for cell in cells if "demo" not in cell.metadata.get("tags", ())]
        if any("torch.optim" in source for source in run):
            found.add("torch._dynamo")  # PyTorch fetches it, for a second, with its first optimizer
        return tuple(sorted(found))

    @cached_property
    def examples(self) -> tuple[tuple[str, str], ...]:
        """The inputs of the public examples, as a file for the kernel: (outside, inside).

        ``example("04.3")`` left in a notebook then works while grading; no expected value, no
        mistaken one and no message goes in with it.
        """
        folder = self.course.repository / "course_lib" / "exercises" / "public"
        if self.course.variant:
            folder = self.course.folder / "source" / self.name
        try:
            stripped = without_answers((folder / f"{self.notebook}.json").read_bytes())
        except FileNotFoundError:
            return ()
        # Named by what it holds, so that every course of the chapter shows its kernels the same file.
        file = cache_dir() / "examples" / f"{hashlib.sha256(stripped).hexdigest()[:32]}.json"
        if not file.is_file() or file.read_bytes() != stripped:
            write_atomically(file, stripped)
        file.chmod(0o644)  # the kernel's user is nobody in particular
        return ((str(file), f"{EXAMPLES}/{self.notebook}.json"),)


def open_assignment(course: Course, name: str, notebook: str | None = None) -> Assignment:
    """Open a released chapter of a course; once per process and version of its files."""
    notebook = notebook or course.notebook_name(name)
    files = (
        course.folder / "source" / name / f"{notebook}.ipynb",
        course.folder / "release" / name / f"{notebook}.ipynb",
        course.repository / "solutions" / "source" / f"{notebook}.py",
        course.private / "secret",
        offered_path(course, notebook),
    )
    versions = tuple(path.stat().st_mtime_ns if path.is_file() else 0 for path in files)
    key = (course, name, notebook)
    if key not in _opened or _opened[key][0] != versions:
        _opened[key] = (versions, Assignment(course, name, notebook))
    return _opened[key][1]


def _imported(source: str) -> set[str]:
    """List what a cell imports; of ``from a import b`` both ``a`` and ``a.b``, which may be a module."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with a line magic
        return set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


_opened: dict[tuple[Course, str, str], tuple[tuple[int, ...], Assignment]] = {}


def _cached_files() -> tuple[tuple[str, str], ...]:
    """Show the kernels what would take long to make again: rendered data and the list of fonts.

    File by file, and nothing else of the cache: it holds executed solutions too.
    """
    data = sorted((cache_dir() / "data").glob("*.npz"), key=lambda path: path.stat().st_mtime)
    shown = [(str(path), f"{HOME}/.course/cache/data/{path.name}") for path in data[-_MOST_SHOWN:]]
    return (*shown, *font_lists())


def font_lists() -> tuple[tuple[str, str], ...]:
    """Give this machine's lists of fonts, as (outside, inside): each machine has its own."""
    import matplotlib

    found = sorted(Path(matplotlib.get_cachedir()).glob("fontlist-*.json"))
    return tuple((str(fonts), f"{FONTS}/{fonts.name}") for fonts in found)


def _read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)
