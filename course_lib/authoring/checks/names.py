"""What flows between cells by name: nothing may come out of a demo cell or out of an answer.

Grading skips demo cells, and an untouched notebook runs to its end: so no other cell may use a name
that a demo cell or an exercise's answer made last. The analysis is static. It sees assignments,
imports, definitions and ``x[…] = …``; it cannot see that a method changes its object, which is why
a test also runs a chapter without its demo cells.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import UnionType

from course_lib.authoring.checks import Chapter
from course_lib.authoring.problems import Problem
from course_lib.authoring.sources import Code
from course_lib.edition import FRAMEWORKS


@dataclass
class Names:
    """The global names of a cell: used before the cell binds them (with a line), bound, changed.

    ``imports`` are those of ``binds`` that only imports bind: a second import changes nothing.
    """

    uses: dict[str, int] = field(default_factory=dict)
    binds: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)


def names_of(code: str) -> Names:
    """Analyse a cell statement by statement; code that is no Python gives no names."""
    found = Names()
    try:
        statements = ast.parse(code).body
    except SyntaxError:
        return found
    for statement in statements:
        table = symtable.symtable(ast.unparse(statement), "cell", "exec")
        binds = {name for scope in _scopes(table) for name in _bound_globals(scope)}
        uses = {name for scope in _scopes(table) for name in _used_globals(scope)}
        globals_here = binds | uses  # what a function changes of its own is nobody else's
        augmented = set(_changed_names(statement, ast.Name)) & globals_here
        if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Expr):
            uses -= binds  # a loop or a `with` binds its names before its body uses them
        for name in sorted((uses | augmented) - found.binds):
            found.uses.setdefault(name, statement.lineno)
        changed = set(_changed_names(statement, ast.Subscript | ast.Attribute)) & globals_here
        found.changes |= (changed | augmented) - found.binds
        found.binds |= binds
        imported = isinstance(statement, ast.Import | ast.ImportFrom)
        found.imports = found.imports | binds if imported else found.imports - binds
    return found


def demo_feeds_nothing(chapter: Chapter) -> Iterator[Problem]:
    """No cell uses what a demo cell makes or changes."""
    for framework in FRAMEWORKS:
        cells = _cells(chapter, framework)
        for cell, line, name, maker in _flows(cells, lambda cell: "demo" in cell.tags):
            if "demo" not in cell.tags:
                message = (
                    f"cell {cell.id!r} uses {name!r}, which the demo cell {maker.id!r} makes or "
                    "changes: grading skips demo cells"
                )
                yield chapter.problem(cell.source_line + line - 1, message)


def answers_feed_nothing(chapter: Chapter) -> Iterator[Problem]:
    """No cell but an exercise's own check cell uses what its answer cell makes."""
    for framework in FRAMEWORKS:
        cells = _cells(chapter, framework)
        for cell, line, name, maker in _flows(cells, lambda cell: cell.exercise is not None):
            if maker.exercise not in (cell.check, cell.exercise):
                message = (
                    f"cell {cell.id!r} uses {name!r}, an answer to exercise {maker.exercise}: "
                    "students who have not done it get an error here"
                )
                yield chapter.problem(cell.source_line + line - 1, message)


def _flows(
    cells: Iterable[Code], is_maker: Callable[[Code], bool]
) -> Iterator[tuple[Code, int, str, Code]]:
    """Give each use of a name whose last writer is such a maker: cell, line, name, maker."""
    analysed = [(cell, names_of(cell.source)) for cell in cells]
    bound_elsewhere = {
        name for cell, names in analysed if not is_maker(cell) for name in names.binds
    }
    made_late = {
        name: cell
        for cell, names in reversed(analysed)
        if is_maker(cell)
        for name in names.binds - bound_elsewhere
    }
    writer: dict[str, Code] = {}
    for cell, names in analysed:
        for name, line in names.uses.items():
            # A function may use a name that is bound further down: then its only writers count.
            maker = writer.get(name, made_late.get(name))
            if maker is not None and maker is not cell and is_maker(maker):
                yield cell, line, name, maker
        written = names.binds - (names.imports & set(writer))
        written |= names.changes if is_maker(cell) else set()
        writer |= dict.fromkeys(written, cell)


def _cells(chapter: Chapter, framework: str) -> list[Code]:
    return [cell for cell in chapter.source.code if cell.framework in (framework, None)]


def _scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _scopes(child)


def _bound_globals(scope: symtable.SymbolTable) -> Iterator[str]:
    for symbol in scope.get_symbols():
        bound = symbol.is_assigned() or symbol.is_imported()
        if bound and (scope.get_type() == "module" or symbol.is_declared_global()):
            yield symbol.get_name()


def _used_globals(scope: symtable.SymbolTable) -> Iterator[str]:
    for symbol in scope.get_symbols():
        if symbol.is_referenced() and (scope.get_type() == "module" or symbol.is_global()):
            yield symbol.get_name()


def _changed_names(statement: ast.stmt, kinds: type | UnionType) -> Iterator[str]:
    """Give the names at the root of ``x[…] = …`` and ``x.a = …``, or of ``x += …``."""
    for node in _outside_functions(statement):
        targets = node.targets if isinstance(node, ast.Assign | ast.Delete) else []
        if isinstance(node, ast.AugAssign):
            targets = [node.target]
        for target in targets:
            root = target
            while isinstance(root, ast.Subscript | ast.Attribute):
                root = root.value
            rebinds = root is target and not isinstance(node, ast.AugAssign)
            if isinstance(root, ast.Name) and isinstance(target, kinds) and not rebinds:
                yield root.id


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _outside_functions(child)
