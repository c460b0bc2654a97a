"""Running an edition from top to bottom, once for everybody who needs the result.

The result is kept under a key that holds everything it depends on: the notebook's code, the course's
own code and weights, the locked versions. Tests, nbval's comparison, the book and the timings all
look at that one run; a solved edition's is one run for both languages (see ``course_lib.bilingual``).
"""

from __future__ import annotations

import ast
import copy
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbformat import NotebookNode
from traitlets.config import Config

from course_lib.authoring.building import notebook_path
from course_lib.authoring.keys import digest_of, digest_of_course
from course_lib.authoring.localise import set_edition
from course_lib.authoring.sources import source_paths
from course_lib.bilingual import is_packed, one_of
from course_lib.errors import CourseError
from course_lib.files import locked, write_atomically
from course_lib.language import LANGUAGES
from course_lib.paths import cache_dir

if TYPE_CHECKING:
    import psutil

_CELL_SECONDS = 300  # a cell that takes longer is interrupted, which is a fault


@dataclass(frozen=True)
class Executed:
    """A notebook with its outputs, and what running it took.

    Attributes:
        seconds: Wall-clock time from starting the kernel to the end, imports included.
        peak_memory: The kernel's largest resident size in bytes, with its child processes.
    """

    notebook: NotebookNode
    seconds: float
    peak_memory: int

    @property
    def seconds_after_setup(self) -> float:
        """The time of all cells but the setup cell, which imports the framework."""
        return sum(
            seconds_of(cell)
            for cell in self.notebook.cells
            if cell.cell_type == "code" and "setup" not in cell.metadata.get("tags", ())
        )


def executed(
    root: Path,
    chapter: str,
    framework: str,
    *,
    language: str = "en",
    solved: bool = True,
    demo: bool = True,
    alone: bool = False,
) -> Executed:
    """Run one edition of a chapter, or give back the earlier run of the same thing.

    A solved edition is run once for both languages where that can be: their code is the same.

    Args:
        root: The repository; its own ``course_lib`` is the one that runs.
        chapter: Such as ``"04"``.
        solved: The solved edition, in strict mode (a wrong answer raises); else the student's.
        demo: With demo cells; grading runs without.
        alone: In its own language only, as its reader runs it.

    A cell that raises does not stop the run: :func:`faults` lists what went wrong.
    """
    editions = {
        each: read_edition(root, chapter, framework, language=each, solved=solved)
        for each in LANGUAGES
    }
    if not demo:
        editions = {each: without_demo(notebook) for each, notebook in editions.items()}
    if solved and not alone and _have_the_same_code(editions.values()):
        run = run_once(editions["en"], root, strict=True, in_both=True)
        told = _with_outputs(editions[language], run.notebook, language)
        if told is not None:
            return Executed(told, run.seconds, run.peak_memory)
    return run_once(editions[language], root, strict=solved)


def _have_the_same_code(notebooks: Iterable[NotebookNode]) -> bool:
    """Whether notebooks differ only in prose, comments and the language that the setup cell names."""
    codes = [
        [(cell.id, _code_of(cell)) for cell in notebook.cells if cell.cell_type == "code"]
        for notebook in notebooks
    ]
    return all(code == codes[0] for code in codes)


def _code_of(cell: NotebookNode) -> str:
    is_setup = "setup" in cell.metadata.get("tags", ())
    source = set_edition(cell.source, "en", "pytorch") if is_setup else cell.source
    return ast.dump(ast.parse(source))


def _with_outputs(edition: NotebookNode, run: NotebookNode, language: str) -> NotebookNode | None:
    """Give an edition with what a run for both languages showed in its own; None if that is not plain.

    It is not where code looked into a text: where it counted its letters, say.
    """
    told = copy.deepcopy(edition)
    shown = {cell.id: cell for cell in run.cells if cell.cell_type == "code"}
    for cell in told.cells:
        if cell.cell_type == "code":
            cell.outputs = one_of(shown[cell.id].outputs, language)
            cell.execution_count = shown[cell.id].execution_count
            if "execution" in shown[cell.id].metadata:
                cell.metadata["execution"] = shown[cell.id].metadata["execution"]
    return None if is_packed(nbformat.writes(told)) else told


def run_once(
    notebook: NotebookNode, root: Path, *, strict: bool, in_both: bool = False
) -> Executed:
    """Run a notebook with the repository's ``course_lib``, or give back the earlier run of the same.

    A run in which a cell took too long or a package was missing is not kept: the next call tries again.

    Args:
        strict: Anything but a correct answer raises.
        in_both: Its texts are packed, English and Chinese at once (see ``course_lib.bilingual``).
    """
    key = _key(root, notebook, strict=strict, in_both=in_both)
    path = cache_dir() / "executed" / f"{key}.ipynb"
    with locked(path.with_suffix(".lock"), timeout=3600):
        if not path.exists():
            home = path.parent / "home"
            run = execute(notebook, root, strict=strict, home=home, in_both=in_both)
            if _says_more_of_the_machine(run.notebook):
                return run
            run.notebook.metadata["run"] = {"seconds": run.seconds, "bytes": run.peak_memory}
            write_atomically(path, nbformat.writes(run.notebook))
    kept = nbformat.read(path, as_version=4)
    return Executed(kept, kept.metadata["run"]["seconds"], kept.metadata["run"]["bytes"])


def read_edition(
    root: Path, chapter: str, framework: str, *, language: str, solved: bool
) -> NotebookNode:
    """Read one committed edition of a chapter."""
    sources = source_paths(root, [chapter])
    if not sources:
        raise CourseError(f"There is no chapter {chapter}.", f"没有第 {chapter} 章。")
    side = "solutions" if solved else "notebooks"
    path = root / notebook_path(side, language, framework, sources[0].stem)
    if not path.exists():
        raise CourseError(
            f"{path.relative_to(root)} is missing: run  ./course build",
            f"缺少 {path.relative_to(root)}：请运行  ./course build",
        )
    return nbformat.read(path, as_version=4)


def execute(
    notebook: NotebookNode, root: Path, *, strict: bool, home: Path, in_both: bool = False
) -> Executed:
    """Run a notebook in a fresh kernel, with a copy of ``course_lib`` and nothing else around it.

    Args:
        root: The repository. Only its ``course_lib`` is there while the notebook runs: what a
            student has who was never given ``solutions/``.
        strict: Anything but a correct answer raises.
        home: The course's home while it runs: caches stay there, and nobody's progress is touched.
        in_both: Its texts are packed, English and Chinese at once.
    """
    from nbclient import NotebookClient

    with tempfile.TemporaryDirectory() as folder:
        alone = Path(folder, "course")
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(root / "course_lib", alone / "course_lib", ignore=ignored)
        workplace = Path(folder, "work")
        workplace.mkdir()
        client = NotebookClient(
            nbformat.from_dict(notebook),
            timeout=_CELL_SECONDS,
            interrupt_on_timeout=True,
            allow_errors=True,
            resources={"metadata": {"path": str(workplace)}},
            config=_kernel_config(Path(folder)),
        )
        memory = _PeakMemory(client)
        client.on_notebook_start = memory.start
        client.on_notebook_complete = memory.stop
        started = time.perf_counter()
        environment = _environment(alone, strict=strict, home=home)
        if in_both:
            environment["COURSE_LANGUAGE"] = "both"
        client.execute(env=environment)
        return Executed(client.nb, time.perf_counter() - started, memory.peak)


def _says_more_of_the_machine(notebook: NotebookNode) -> bool:
    """Whether a cell took too long, or a package was not installed: neither is in the run's key."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return any(
        output.get("ename") in ("KeyboardInterrupt", "ModuleNotFoundError") for output in outputs
    )


def without_demo(notebook: NotebookNode) -> NotebookNode:
    """Give a copy of a notebook without its demo cells, as grading runs it."""
    kept = nbformat.from_dict(notebook)
    kept.cells = [cell for cell in kept.cells if "demo" not in cell.metadata.get("tags", ())]
    return kept


def faults(notebook: NotebookNode) -> list[str]:
    """List what went wrong in an executed notebook, one sentence for each cell and fault.

    Errors; anything on stderr (a failed line magic says so there and nowhere else, and nbgrader
    gives no points for it); cells that did not run; pictures without an alternative text.
    """
    found = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if cell.execution_count is None and cell.source.strip():
            found.append(f"cell {cell.id!r} did not run")
        tags = cell.metadata.get("tags", ())
        for output in cell.outputs:
            if output.output_type == "error" and output.ename == "KeyboardInterrupt":
                found.append(f"cell {cell.id!r} was interrupted after {_CELL_SECONDS} s")
            elif output.output_type == "error":
                found.append(f"cell {cell.id!r} raised {output.ename}: {output.evalue}")
            elif output.output_type == "stream" and output.name == "stderr":
                found.append(f"cell {cell.id!r} wrote to stderr: {output.text.strip()[:300]}")
            elif "image/png" in output.get("data", {}):
                found.append(f"cell {cell.id!r} shows a picture without words: use describe(…)")
            elif "<figure" in output.get("data", {}).get("text/html", "") and "figure" not in tags:
                found.append(f"cell {cell.id!r} shows a figure and lacks the tag figure")
    return found


def seconds_of(cell: NotebookNode) -> float:
    """Give the wall-clock time of an executed cell."""
    times = cell.metadata.get("execution", {})
    ends = [times.get("iopub.execute_input"), times.get("shell.execute_reply")]
    if None in ends:
        return 0.0
    start, end = (datetime.fromisoformat(moment.replace("Z", "+00:00")) for moment in ends)
    return (end - start).total_seconds()


class _PeakMemory:
    """Watches the kernel's memory from a thread of its own while the notebook runs."""

    def __init__(self, client: object) -> None:
        self.client = client
        self.peak = 0
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, **_: object) -> None:
        pid = self.client.km.provisioner.pid  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._watch, args=(pid,), daemon=True)
        self._thread.start()

    def stop(self, **_: object) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self, pid: int) -> None:
        import psutil

        try:
            kernel = psutil.Process(pid)
            while not self._done.wait(0.25):  # looking for children costs the notebook time
                own = kernel.memory_info().rss
                self.peak = max(self.peak, own + sum(map(_adds, kernel.children(recursive=True))))
        except psutil.NoSuchProcess:
            return


def _adds(child: psutil.Process) -> int:
    """Give the bytes that only a child has: between fork and exec it shares all of its parent's."""
    import psutil

    try:
        return int(child.memory_full_info().uss)
    except psutil.AccessDenied:
        return int(child.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _kernel_config(folder: Path) -> Config:
    """Let the kernel talk through files of our own instead of open ports, where there are such."""
    config = Config()
    if sys.platform != "win32":
        config.KernelManager.transport = "ipc"
        config.KernelManager.connection_file = str(folder / "kernel.json")
    return config


def _environment(root: Path, *, strict: bool, home: Path) -> dict[str, str]:
    environment = dict(os.environ)
    for name in ("MPLBACKEND", "TF_CPP_MIN_LOG_LEVEL"):  # as students have it
        environment.pop(name, None)
    environment["PYTHONPATH"] = str(root)
    environment["COURSE_HOME"] = str(home)
    environment["COURSE_STRICT"] = "1" if strict else "0"
    return environment


def _key(root: Path, notebook: NotebookNode, *, strict: bool, in_both: bool) -> str:
    """Name the run of a notebook's code with the course as it is."""
    cells = [
        (cell.id, cell.source, cell.metadata.get("tags"))
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]
    return digest_of(digest_of_course(root), strict, in_both, cells)
