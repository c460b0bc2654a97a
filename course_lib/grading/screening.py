"""Make a submitted notebook whole again, before anything of it runs.

What the instructor's source locks is as the source has it: the cell that sets the course up, and the
check cells. A cell that is there twice keeps its name once, one that is missing comes back, and names
that the source does not know are taken off. nbgrader's own ``OverwriteCells`` runs after this and finds
nothing left to do; a notebook that it would stumble over (and end the batch) does not get there.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy

from nbformat import NotebookNode


def grade_id(cell: NotebookNode) -> str | None:
    """Give nbgrader's name of a cell, ``None`` for one that has none (or something odd there)."""
    metadata = cell.metadata.get("nbgrader")
    name = metadata.get("grade_id") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) and name else None


def make_whole(submitted: NotebookNode, released: NotebookNode) -> list[str]:
    """Put a submission back into the form that was released, in place.

    Args:
        submitted: The student's notebook.
        released: The released notebook (without solutions): which named cells there are, in order.

    Returns:
        What was put right, as short codes for the audit log: ``"restored 04-1"`` …
    """
    originals = {name: cell for cell in released.cells if (name := grade_id(cell))}
    notes: list[str] = []
    for cell in submitted.cells:
        cell.source = _sendable(cell.source)
    kept = _choose_copies(submitted.cells, originals, notes)
    for index, cell in enumerate(submitted.cells):
        name = grade_id(cell)
        if name is None or kept.get(name) != index:
            cell.metadata.pop("nbgrader", None)
        else:
            _restore(cell, originals[name], notes)
        cell.metadata.pop("deletable", None)
    _bring_back(submitted, originals, notes)
    _give_unique_ids(submitted.cells)
    return notes


def not_to_run(submitted: NotebookNode, source: NotebookNode) -> set[int]:
    """List the cells that grading leaves out: what the source tags ``demo``, and nothing else.

    The tags of the submission itself count for nothing. A cell is known by its id or, where an
    editor has lost the ids, by its text.
    """
    demos = [cell for cell in source.cells if "demo" in cell.metadata.get("tags", ())]
    ids = {cell.get("id") for cell in demos} - {None}
    texts = {cell.source.strip() for cell in demos}
    return {
        index
        for index, cell in enumerate(submitted.cells)
        if cell.cell_type == "code"
        and grade_id(cell) is None
        and (cell.get("id") in ids or cell.source.strip() in texts)
    }


def _sendable(source: str) -> str:
    """Replace half characters (lone surrogates): no message to a kernel can hold them."""
    return source.encode("utf-8", "replace").decode("utf-8")


def _choose_copies(
    cells: Iterable[NotebookNode], originals: dict[str, NotebookNode], notes: list[str]
) -> dict[str, int]:
    """Decide which cell bears each name: of several, the last one that the student has changed."""
    kept: dict[str, int] = {}
    changed: dict[str, bool] = {}
    for index, cell in enumerate(cells):
        name = grade_id(cell)
        if name is None:
            continue
        if name not in originals:
            notes.append("unknown name taken off")
            continue
        edited = cell.source.strip() != originals[name].source.strip()
        if name in kept:
            notes.append(f"duplicate of {name}")
        if name not in kept or edited or not changed[name]:
            kept[name], changed[name] = index, edited
    return kept


def _restore(cell: NotebookNode, original: NotebookNode, notes: list[str]) -> None:
    """Give a named cell the source's metadata and, where it is locked, the source's text."""
    name = grade_id(original)
    if cell.cell_type != original.cell_type:
        notes.append(f"type of {name}")
        _change_type(cell, original.cell_type)
    cell.metadata.nbgrader = deepcopy(original.metadata.nbgrader)
    if not original.metadata.nbgrader.get("solution") and cell.source != original.source:
        notes.append(f"restored {name}")
        cell.source = original.source
    # Tags decide how nbclient and nbgrader treat a cell: only the source's count.
    cell.metadata.pop("tags", None)


def _change_type(cell: NotebookNode, cell_type: str) -> None:
    cell.cell_type = cell_type
    if cell_type == "code":
        cell.outputs, cell.execution_count = [], None
    else:
        cell.pop("outputs", None)
        cell.pop("execution_count", None)


def _bring_back(
    submitted: NotebookNode, originals: dict[str, NotebookNode], notes: list[str]
) -> None:
    """Put each missing named cell after the one that it follows in the source."""
    before: str | None = None
    for name, original in originals.items():
        there = {grade_id(cell): index for index, cell in enumerate(submitted.cells)}
        if name not in there:
            notes.append(f"missing {name}")
            place = 0 if before is None else there[before] + 1
            submitted.cells.insert(place, deepcopy(original))
        before = name


def _give_unique_ids(cells: list[NotebookNode]) -> None:
    seen: set[str] = set()
    for index, cell in enumerate(cells):
        if cell.get("id") in seen:
            cell.id = f"copy-{index}"
        if "id" in cell:
            seen.add(cell.id)
