"""What stands in the repository is what the sources give, and the editions differ where they may."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

from course_lib.authoring.checks import Chapter
from course_lib.authoring.problems import Problem
from course_lib.authoring.rounding import same

_GENERATED = (
    "notebooks/*/*/*.ipynb",
    "solutions/*/*/*.ipynb",
    "course_lib/exercises/public/*.json",
)


def up_to_date(root: Path, made: Mapping[Path, bytes]) -> Iterator[Problem]:
    """Each generated file is there and holds what the sources give."""
    for path, content in made.items():
        if not (root / path).exists():
            yield Problem(path, 0, "is missing: run  ./course build")
            continue
        committed = (root / path).read_bytes().replace(b"\r\n", b"\n")
        if not same(path, committed, content):
            line = _first_difference(committed, content)
            yield Problem(path, line, "is stale or was edited by hand: run  ./course build")


def nothing_left_over(
    root: Path, made: Mapping[Path, bytes], unmade: Collection[str] = ()
) -> Iterator[Problem]:
    """No generated file stands there without a source.

    ``unmade`` names chapters, such as ``04_feature_extraction``, whose sources are there and give
    nothing because something else is wrong with them: their files stay.
    """
    for pattern in _GENERATED:
        for path in sorted(root.glob(pattern)):
            known = path.relative_to(root) in made or path.stem in unmade
            if not known and ".ipynb_checkpoints" not in path.parts:
                yield Problem(path.relative_to(root), 0, "comes from no source: delete it")


def equal_editions(chapter: Chapter, made: Mapping[Path, bytes]) -> Iterator[Problem]:
    """The editions' code is the same but for framework cells, and comments, in both languages."""
    framework_cells = {cell.id for cell in chapter.source.code if cell.framework}
    lines = {cell.id: cell.line for cell in chapter.source.code}
    editions = {
        path: _code_of(content) for path, content in made.items() if path.parts[0] == "solutions"
    }
    if not editions:
        return
    first_path, first = next(iter(editions.items()))
    for path, codes in editions.items():
        same_framework = path.parts[2] == first_path.parts[2]
        ignored = set() if same_framework else framework_cells
        for name in sorted((set(first) | set(codes)) - ignored):
            if first.get(name) != codes.get(name):
                where = f"{first_path.parent.as_posix()} and {path.parent.as_posix()}"
                message = f"cell {name!r}: the code differs between {where}"
                yield chapter.problem(lines.get(name, 0), message)


def _code_of(content: bytes) -> dict[str, str]:
    """Give an edition's code by cell id, without comments and without the edition's name."""
    cells: list[dict[str, Any]] = json.loads(content)["cells"]
    return {cell["id"]: _normal(cell) for cell in cells if cell["cell_type"] == "code"}


def _normal(cell: dict[str, Any]) -> str:
    source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
    if "setup" in cell["metadata"].get("tags", ()):
        source = re.sub(r"\b(language|framework)=\"\w+\"", r"\1=…", source).replace("…", "None")
    try:
        return ast.dump(ast.parse(source))
    except SyntaxError:  # reported as such
        return source


def _first_difference(one: bytes, other: bytes) -> int:
    pairs = zip_longest(one.split(b"\n"), other.split(b"\n"))
    return next((number for number, (a, b) in enumerate(pairs, start=1) if a != b), 0)
