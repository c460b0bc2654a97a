"""From one source to its editions: a notebook for each language and framework, solved and student's.

The solved edition is nbgrader's *source version*: it holds the solution markers and nbgrader's
metadata, so an instructor can hand it to nbgrader as it is. The student edition is made from it by
nbgrader's own preprocessors. The same source gives the same bytes.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from typing import Any

import nbformat
from nbformat import NotebookNode
from traitlets.config import Config

from course_lib.authoring.localise import (
    join_chinese_lines,
    localise_code,
    render_opening,
    set_edition,
)
from course_lib.authoring.sources import Code, Prose, Source
from course_lib.exercises.filling import fill_source

CODE_STUB = {
    "en": '# Your code goes here, in place of the next line.\nraise NotImplementedError("not done yet")',
    "zh": '# 在这里写你的代码，替换下面这一行。\nraise NotImplementedError("尚未完成")',
}
TEXT_STUB = {"en": "*Write your answer here.*", "zh": "*请把你的回答写在这里。*"}

# In the order of nbgrader's own `generate_assignment`, without its database and its autotests.
_STEPS = (
    "LockCells",
    "ClearSolutions",
    "ClearOutput",
    "CheckCellMetadata",
    "ClearHiddenTests",
    "ClearMarkScheme",
    "ComputeChecksums",
    "CheckCellMetadata",
)

# What nbgrader logs, it also raises: the build says it once, with file and line.
_SILENT = logging.Logger("nbgrader", level=logging.CRITICAL + 1)


def nbgrader_stubs(language: str) -> Config:
    """Give nbgrader's configuration of what stands in place of a solution in this language."""
    config = Config()
    config.ClearSolutions.code_stub = {"python": CODE_STUB[language]}
    config.ClearSolutions.text_stub = TEXT_STUB[language]
    return config


def make_solved(
    source: Source,
    language: str,
    framework: str,
    exercises: Mapping[str, Any],
    *,
    offering: str | None = None,
) -> NotebookNode:
    """Make the solved edition (nbgrader's source version).

    Args:
        exercises: The chapter's specifications by id; points and constants come from them.
        offering: The name of the offering whose constants these are; ``None``: the course's own.

    Raises:
        LookupError: A cell names a constant that no exercise has.
    """
    cells = [_opening_cell(source, language)]
    for cell in source.cells:
        if isinstance(cell, Prose) and cell.why:
            continue  # the book has it, behind the solution
        if isinstance(cell, Prose) and cell.language in (language, "both"):
            cells.append(_prose_cell(cell, exercises))
        elif isinstance(cell, Code) and cell.framework in (framework, None):
            cells.append(_code_cell(cell, language, framework, exercises, offering))
    for count, node in enumerate((node for node in cells if node.cell_type == "code"), start=1):
        # nbval compares the outputs of cells that carry a count, and only runs the others.
        node.execution_count = (
            count if "nbval-check-output" in node.metadata.get("tags", ()) else None
        )
    own = {"offering": offering} if offering else {}
    metadata = {
        "course": {
            "chapter": source.chapter,
            "language": language,
            "framework": framework,
            "source_sha": hashlib.sha256(source.text.encode()).hexdigest(),
            **own,
        },
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def make_student(solved: NotebookNode) -> NotebookNode:
    """Make the student edition out of a solved one, through nbgrader's own preprocessors."""
    import nbgrader.preprocessors as steps  # slow to import

    notebook = nbformat.from_dict(solved)
    config = nbgrader_stubs(solved.metadata.course.language)
    resources: dict[str, Any] = {}
    for step in _STEPS:
        notebook, resources = getattr(steps, step)(config=config, log=_SILENT).preprocess(
            notebook, resources
        )
    return notebook


def to_bytes(notebook: NotebookNode) -> bytes:
    """Write a notebook down: sorted keys, UTF-8, one newline at the end."""
    return (nbformat.writes(notebook).rstrip("\n") + "\n").encode()


def grade_id(exercise: str, *, answer: bool = False) -> str:
    """Give nbgrader's name of an exercise's check cell (or answer cell): ``04-3``, ``04-3-answer``."""
    return exercise.replace(".", "-") + ("-answer" if answer else "")


def _opening_cell(source: Source, language: str) -> NotebookNode:
    node = nbformat.v4.new_markdown_cell(render_opening(source, language))
    node.id = "opening"
    return node


def _prose_cell(cell: Prose, exercises: Mapping[str, Any]) -> NotebookNode:
    text = join_chinese_lines(cell.text) if cell.language == "zh" else cell.text
    node = nbformat.v4.new_markdown_cell(fill_source(text, exercises))
    node.id = cell.id
    if cell.manual:
        points = exercises[cell.manual].points
        node.metadata.nbgrader = _nbgrader(grade_id(cell.manual), points=points, solution=True)
        node.metadata.course = {"exercise": cell.manual}
    return node


def _code_cell(
    cell: Code,
    language: str,
    framework: str,
    exercises: Mapping[str, Any],
    offering: str | None,
) -> NotebookNode:
    code = fill_source(localise_code(cell.source, language), exercises)
    if "setup" in cell.tags:
        code = set_edition(code, language, framework, offering)
    node = nbformat.v4.new_code_cell(code)
    node.id = cell.id
    node.metadata.update(_metadata_of(cell, language, exercises))
    if cell.expect is not None:
        node.outputs = _expected_output(cell.expect, language)
    return node


def _metadata_of(cell: Code, language: str, exercises: Mapping[str, Any]) -> dict[str, Any]:
    tags = [*cell.tags, *(["nbval-check-output"] if cell.expect is not None else [])]
    metadata: dict[str, Any] = {"tags": tags} if tags else {}
    if cell.exercise:
        metadata["nbgrader"] = _nbgrader(grade_id(cell.exercise, answer=True), solution=True)
        metadata["course"] = {"exercise": cell.exercise}
    elif cell.check:
        points = exercises[cell.check].points
        metadata["nbgrader"] = _nbgrader(grade_id(cell.check), points=points)
        metadata["course"] = {"exercise": cell.check}
    elif "setup" in cell.tags:
        metadata["nbgrader"] = _nbgrader(cell.id)
    if cell.alt:
        # Where the rendered book (MyST-NB) looks for an image's alternative text.
        metadata["mystnb"] = {"image": {"alt": cell.alt[language].strip()}}
    return metadata


def _nbgrader(name: str, *, points: float | None = None, solution: bool = False) -> dict[str, Any]:
    """Write nbgrader's metadata, schema 3; a cell that is no solution is locked."""
    metadata = {
        "grade": points is not None,
        "grade_id": name,
        "locked": not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    return metadata if points is None else {**metadata, "points": points}


def _expected_output(expect: str | Mapping[str, str], language: str) -> list[NotebookNode]:
    text = expect if isinstance(expect, str) else expect[language]
    if not text.strip():
        return []
    text = text.rstrip("\n") + "\n"
    return [nbformat.v4.new_output("stream", name="stdout", text=text)]
