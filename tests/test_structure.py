"""The house is easy to see: no module needs one that needs it back."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import ROOT

# Circles that we allow, each with its reason.
ALLOWED = {
    ("course_lib.errors", "course_lib.language"): "an error is said in the current language, and a "
    "language that does not exist is an error; looked up when it is said",
}


def needs(folder: Path, package: str) -> dict[str, set[str]]:
    """Give, for each module of a package, the package's modules that it imports, wherever it does."""
    paths = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        paths[".".join((package, *(part for part in parts if part != "__init__")))] = path
    return {
        name: {m for m in imported(name, path) if m in paths and m != name}
        | {of for n in imported(name, path) if (of := n.rpartition(".")[0]) in paths and n not in paths}
        - {name}
        for name, path in paths.items()
    }  # fmt: skip


def imported(name: str, path: Path) -> Iterator[str]:
    """Give what a module imports, with what it takes from there, as dotted names."""
    here = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    nodes = [ast.parse(path.read_text(encoding="utf-8"))]
    while nodes:
        node = nodes.pop()
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            nodes += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = here[: len(here) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def test_no_module_needs_one_that_needs_it_back() -> None:
    found = needs(ROOT / "course_lib", "course_lib")
    assert len(found) > 100 and "course_lib.pytorch.losses" in found["course_lib.pytorch"]
    for one, other in ALLOWED:
        assert other in found[one] and one in found[other]  # else it need not be allowed
        found[one].remove(other)
    tuple(TopologicalSorter(found).static_order())  # raises, and names the circle


def test_a_circle_is_found(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "a.py").write_text("def f():\n    from p.b import g\n", encoding="utf-8")
    (tmp_path / "b.py").write_text("from . import a\n", encoding="utf-8")
    with pytest.raises(CycleError):
        tuple(TopologicalSorter(needs(tmp_path, "p")).static_order())


def test_the_rooms_of_grading_lie_above_one_another() -> None:
    """A room needs rooms below it, never one that needs it back; the round itself, flat, is between them."""
    found = needs(ROOT / "course_lib", "course_lib")
    rooms: dict[str, set[str]] = {}
    for name, others in found.items():
        if here := _room_of(name):
            rooms.setdefault(here, set()).update(filter(None, map(_room_of, others)))
            rooms[here].discard(here)
    assert {"walls", "kernels", "judging", "people", "commands"} <= set(rooms)
    assert not rooms["walls"] and rooms["kernels"] == {"walls"}  # the walls stand alone
    tuple(TopologicalSorter(rooms).static_order())


def _room_of(name: str) -> str | None:
    parts = name.split(".")
    inside = parts[:2] == ["course_lib", "grading"] and len(parts) > 2
    return parts[2] if inside and (ROOT.joinpath(*parts[:3])).is_dir() else None
