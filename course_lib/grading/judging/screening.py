"""Make a submitted notebook whole again, before anything of it runs.

What the instructor's source locks is as the source has it, and where the source has it: the cell that
sets the course up, and the check cells. A cell that is there twice keeps its name once, one that is
missing comes back, one that an editor has taken the name off (Colab, VS Code, a copy into a new
notebook) is known by its id, its text or its place, and names that the source does not know are taken
off. nbgrader's own ``OverwriteCells`` runs after this and finds nothing left to do; a notebook that it
would stumble over (and end the batch) does not get there.

Answers may stand anywhere: what counts is the function that exists at the check cell. So nothing that a
student wrote is moved. What was added to a locked cell, an import perhaps, is run beside it; and an
untouched stub is put aside only where the student's own version of the same cell stands beside it.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from difflib import SequenceMatcher

from nbformat import NotebookNode

_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_CELL_TYPES = ("code", "markdown", "raw")
# Of a cell's metadata nothing else has a say in grading: not tags, not "editable", not an editor's own.
_KEPT = ("nbgrader", "course")
# Of one cell: a chain of a million dots takes Python's own parser, in the grader's process, minutes.
_LONGEST_CODE = 50_000
_CHECK = re.compile(r"""^\s*check\(\s*["']([^"']+)["']""")


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
        What was put right, as short codes for the audit log: ``"restored 04-1"`` …; those that begin
        with ``"matched"`` are guesses, and worth a look.
    """
    originals = {name: cell for cell in released.cells if (name := grade_id(cell))}
    notes: list[str] = []
    clean(submitted)
    _match(submitted.cells, originals, released, notes)
    kept = _choose_copies(submitted.cells, originals, notes)
    cells = []
    for index, cell in enumerate(submitted.cells):
        name = grade_id(cell)
        if name is not None and kept.get(name) == index:
            added = _added_to(cell, originals[name])
            _restore(cell, originals[name], notes)
            if added is not None and not originals[name].metadata.nbgrader.get("grade"):
                cells += [cell, added]
                continue
            cells += [added] if added is not None else []
        elif name in originals and _is_untouched_answer(cell, originals[name]):
            continue  # the copy that was worked in stands elsewhere; this one would undo it
        else:
            cell.metadata = NotebookNode()
        cells.append(cell)
    submitted.cells = cells
    _bring_back(submitted.cells, originals, released, notes)
    _put_in_order(submitted.cells, originals, notes)
    _give_unique_ids(submitted.cells)
    return notes


def clean(notebook: NotebookNode) -> None:
    """Leave of a notebook what grading needs, in place: no tags, no outputs, no odd keys, no widgets."""
    cells = []
    for cell in notebook.cells:
        kind = cell.get("cell_type") if cell.get("cell_type") in _CELL_TYPES else "raw"
        kept = NotebookNode(
            cell_type=kind, metadata=NotebookNode(), source=_text(cell.get("source"))
        )
        if isinstance(cell.get("id"), str) and _ID.fullmatch(cell.id):
            kept.id = cell.id
        metadata = cell.get("metadata")
        for name in _KEPT:
            if isinstance(metadata, dict) and isinstance(metadata.get(name), dict):
                kept.metadata[name] = metadata[name]
        if kind == "code":
            kept.outputs, kept.execution_count = [], None
        elif isinstance(cell.get("attachments"), dict):  # a picture in a written answer
            kept.attachments = cell.attachments
        cells.append(kept)
    notebook.cells = cells
    known = notebook.get("metadata")
    course = known.get("course") if isinstance(known, dict) else None
    # What runs it, and how it is shown, is not the submission's to say.
    notebook.metadata = NotebookNode({"language_info": {"name": "python"}})
    if isinstance(course, dict):
        notebook.metadata.course = NotebookNode(
            {key: value for key, value in course.items() if isinstance(value, str)}
        )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for name in set(notebook) - {"cells", "metadata", "nbformat", "nbformat_minor"}:
        del notebook[name]


def not_to_run(submitted: NotebookNode, source: NotebookNode) -> set[int]:
    """List the cells that grading leaves out: what the source tags ``demo``, and nothing else.

    The tags of the submission itself count for nothing. A cell is known by its id or, where an
    editor has lost the ids, by its text. One to which a function or an import was added is run: an
    answer may need it.
    """
    demos = [cell for cell in source.cells if "demo" in cell.metadata.get("tags", ())]
    ids = {cell.id: cell.source for cell in demos if cell.get("id") is not None}
    texts = {cell.source.strip() for cell in demos}
    return {
        index
        for index, cell in enumerate(submitted.cells)
        if cell.cell_type == "code"
        and grade_id(cell) is None
        and (
            cell.source.strip() in texts
            or (cell.get("id") in ids and _provides(cell.source) <= _provides(ids[cell.id]))
        )
    }


def _provides(source: str) -> set[str]:
    """List the functions and classes that a cell defines, and its imports, by their looks."""
    return set(re.findall(r"^(?:async +)?(?:def|class|import|from) .*", source, re.MULTILINE))


def _text(source: object) -> str:
    """Give a cell's text. Half characters (lone surrogates) are replaced: no message can hold them."""
    if isinstance(source, list):
        source = "".join(each for each in source if isinstance(each, str))
    return source.encode("utf-8", "replace").decode("utf-8") if isinstance(source, str) else ""


def _is_answer(original: NotebookNode) -> bool:
    """Say whether a released cell is for an answer in code, graded by another cell."""
    known = original.metadata.nbgrader
    return bool(known.get("solution")) and not known.get("grade") and original.cell_type == "code"


def _is_untouched_answer(cell: NotebookNode, original: NotebookNode) -> bool:
    return _is_answer(original) and cell.source.strip() == original.source.strip()


# Cells that have lost their names.


def _match(
    cells: list[NotebookNode],
    originals: dict[str, NotebookNode],
    released: NotebookNode,
    notes: list[str],
) -> None:
    """Give the names of missing cells to nameless ones: by id, by text, by what they define, by place."""
    there = {grade_id(cell) for cell in cells}
    missing = {name: cell for name, cell in originals.items() if name not in there}
    for how in (
        _with_same_id,
        _with_same_text,
        _with_same_check,
        _with_same_function,
        _at_same_place,
    ):
        for name in list(missing):
            free = [i for i, cell in enumerate(cells) if grade_id(cell) not in originals]
            index = how(missing[name], cells, free, released)
            if index is not None:
                cells[index].metadata.nbgrader = deepcopy(missing.pop(name).metadata.nbgrader)
                notes.append(f"matched {name} by its {how.__name__.rpartition('_')[2]}")


def _with_same_id(
    original: NotebookNode, cells: list[NotebookNode], free: list[int], released: NotebookNode
) -> int | None:
    kind = original.cell_type
    return next(
        (
            i
            for i in free
            if cells[i].get("id") == original.get("id") and cells[i].cell_type == kind
        ),
        None,
    )


def _with_same_text(
    original: NotebookNode, cells: list[NotebookNode], free: list[int], released: NotebookNode
) -> int | None:
    text = original.source.strip()
    return next((i for i in free if text and cells[i].source.strip() == text), None)


def _with_same_check(
    original: NotebookNode, cells: list[NotebookNode], free: list[int], released: NotebookNode
) -> int | None:
    asked = _CHECK.match(original.source)
    for i in free:
        found = _CHECK.match(cells[i].source)
        if asked and found and found[1] == asked[1]:
            return i
    return None


def _with_same_function(
    original: NotebookNode, cells: list[NotebookNode], free: list[int], released: NotebookNode
) -> int | None:
    if not _is_answer(original):
        return None
    wanted = set(_defined_in(original.source))
    found = [
        i
        for i in free
        if cells[i].cell_type == "code" and wanted & set(_defined_in(cells[i].source))
    ]
    return found[-1] if wanted and found else None


def _at_same_place(
    original: NotebookNode, cells: list[NotebookNode], free: list[int], released: NotebookNode
) -> int | None:
    """Find a written answer: what stands between the cells between which the question's box stood."""
    if original.cell_type != "markdown":
        return None
    before, now = ([str(cell.source.strip()) for cell in side] for side in (released.cells, cells))
    place = next(i for i, cell in enumerate(released.cells) if cell is original)
    for kind, a, b, c, d in SequenceMatcher(None, before, now, autojunk=False).get_opcodes():
        if kind == "replace" and a <= place < b:
            found = [i for i in free if c <= i < d and cells[i].cell_type == "markdown"]
            return max(found, key=lambda i: len(cells[i].source), default=None)
    return None


@functools.lru_cache(maxsize=64)
def _defined_in(source: str) -> tuple[str, ...]:
    """List the names that a cell defines at its top level; by their looks where it has an error."""
    return tuple(_names_in(source))


def _names_in(source: str) -> Iterator[str]:
    try:
        if len(source) > _LONGEST_CODE:
            raise SyntaxError
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        yield from re.findall(r"^(?:async +)?(?:def|class) +(\w+)", source, re.MULTILINE)
        return
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (each.id for each in targets if isinstance(each, ast.Name))


# Cells that are there too often, edited, missing, or elsewhere.


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
    cell.metadata = NotebookNode(
        {key: deepcopy(original.metadata[key]) for key in _KEPT if key in original.metadata}
    )
    if not original.metadata.nbgrader.get("solution") and cell.source != original.source:
        notes.append(f"restored {name}")
        cell.source = original.source


def _added_to(cell: NotebookNode, original: NotebookNode) -> NotebookNode | None:
    """Give what a student wrote in a locked cell of code as a cell of its own, to stand beside it.

    Editors other than Jupyter lock nothing. The whole text is kept, since its lines belong together.
    """
    if original.metadata.nbgrader.get("solution") or original.cell_type != "code":
        return None
    there = {line.strip() for line in original.source.splitlines()}
    own = [line for line in cell.source.splitlines() if line.strip() not in there]
    if cell.cell_type != "code" or all(line.lstrip().startswith("#") for line in own):
        return None
    made = NotebookNode(cell_type="code", metadata=NotebookNode(), source=cell.source)
    made.outputs, made.execution_count = [], None
    return made


def _change_type(cell: NotebookNode, cell_type: str) -> None:
    cell.cell_type = cell_type
    if cell_type == "code":
        cell.outputs, cell.execution_count = [], None
        cell.pop("attachments", None)
    else:
        cell.pop("outputs", None)
        cell.pop("execution_count", None)


def _bring_back(
    cells: list[NotebookNode],
    originals: dict[str, NotebookNode],
    released: NotebookNode,
    notes: list[str],
) -> None:
    """Put each missing named cell after the one that it follows in the source.

    A check cell goes behind the code that the student has added there: it may be part of the answer.
    """
    known = {cell.source.strip() for cell in released.cells}
    before: str | None = None
    for name, original in originals.items():
        there = {grade_id(cell): index for index, cell in enumerate(cells)}
        if name not in there:
            notes.append(f"missing {name}")
            place = 0 if before is None else there[before] + 1
            while not original.metadata.nbgrader.get("solution") and before is not None:
                if place == len(cells) or cells[place].cell_type != "code":
                    break
                if grade_id(cells[place]) or cells[place].source.strip() in known:
                    break
                place += 1
            back = deepcopy(original)
            back.metadata = NotebookNode({k: v for k, v in back.metadata.items() if k in _KEPT})
            cells.insert(place, back)
        before = name


def _put_in_order(
    cells: list[NotebookNode], originals: dict[str, NotebookNode], notes: list[str]
) -> None:
    """Move locked cells that stand before what they follow in the source; answers stay where they are.

    What the source has before any answer (the cell that sets the course up) goes to the beginning.
    """
    earlier: list[str] = []
    at_start = True
    for name, original in originals.items():
        locked = not original.metadata.nbgrader.get("solution")
        at_start = at_start and locked
        there = {each: i for i, cell in enumerate(cells) if (each := grade_id(cell))}
        if locked and at_start:
            first = min(i for each, i in there.items() if each not in earlier)
            if there[name] != first:
                notes.append(f"moved {name}")
                cells.insert(first, cells.pop(there[name]))
        elif locked and earlier:
            last = max(there[each] for each in earlier)
            if last > there[name]:
                notes.append(f"moved {name}")
                cells.insert(last, cells.pop(there[name]))  # one place less since it was taken out
        earlier.append(name)


def _give_unique_ids(cells: list[NotebookNode]) -> None:
    seen: set[str] = set()
    for index, cell in enumerate(cells):
        name = cell.get("id") or f"cell-{index}"
        number = 0
        while name in seen:
            number += 1
            name = f"copy-{index}-{number}"
        cell.id = name
        seen.add(name)
