"""Find calls that an exercise asks students to write themselves, by reading their source.

:func:`find_forbidden` reads and runs nothing; :func:`refused` has the name itself say no while the answer
runs, whatever it was reached by. A teaching aid, not a lock: whoever wants to get around it can. It says
early and kindly that a shortcut misses the point of the exercise.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any

_MAX_FUNCTIONS = 20  # helpers that are followed


def find_forbidden(answer: Any, forbidden: Sequence[str]) -> list[str]:
    """Give those of the forbidden names that the function, or a helper of its notebook, uses.

    Args:
        answer: The student's function.
        forbidden: Dotted names such as ``"numpy.linalg.lstsq"``, whatever they are called by in
            the notebook; ``".fit"`` stands for every method of that name.
    """
    found: set[str] = set()
    waiting = [inspect.unwrap(answer) if callable(answer) else answer]
    seen: set[object] = set()
    while waiting and len(seen) < _MAX_FUNCTIONS:
        function = waiting.pop()
        if not isinstance(function, FunctionType) or function.__code__ in seen:
            continue
        seen.add(function.__code__)
        tree = _parse(function)
        if tree is None:
            continue
        names = _names_in(function, tree)
        for node in ast.walk(tree):
            used = _resolve(node, names)
            if isinstance(used, FunctionType) and used.__globals__ is function.__globals__:
                waiting.append(used)
            found.update(name for name in forbidden if _is(node, used, name))
    return [name for name in forbidden if name in found]


@contextmanager
def refused(forbidden: Sequence[str], refuse: Callable[[str], Exception]) -> Iterator[None]:
    """Let forbidden functions raise inside a ``with`` statement when a notebook's own code calls them.

    Libraries may go on using them, and classes stay what they are (others ask ``isinstance``).

    Args:
        forbidden: As for :func:`find_forbidden`; methods (``".fit"``) are known by the source alone.
        refuse: Makes the exception from the name.
    """
    replaced: list[tuple[ModuleType, str, Any]] = []
    for name in forbidden:
        place, _, attribute = name.rpartition(".")
        module = _look_up(place) if place else None
        real = getattr(module, attribute, None)
        if isinstance(module, ModuleType) and callable(real) and not isinstance(real, type):
            replaced.append((module, attribute, real))
            setattr(module, attribute, _refusing(real, name, refuse))
    try:
        yield
    finally:
        for module, attribute, real in replaced:
            setattr(module, attribute, real)


def _refusing(real: Any, name: str, refuse: Callable[[str], Exception]) -> Any:
    @functools.wraps(real)
    def function(*values: Any, **named: Any) -> Any:
        if sys._getframe(1).f_globals.get("__name__") == "__main__":
            raise refuse(name)
        return real(*values, **named)

    return function


class _Unknown:
    """Something the source names that can't be known without running it."""

    def __init__(self, dotted: str) -> None:
        self.dotted = dotted


def _parse(function: FunctionType) -> ast.AST | None:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):  # typed at a prompt, or a lambda within an expression
        return None


def _names_in(function: FunctionType, tree: ast.AST) -> dict[str, Any]:
    """Give what each name means: globals, the closure, and imports within the function."""
    names = dict(function.__globals__)
    names.update(_closure_of(function))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                names[alias.asname or top] = _look_up(alias.name if alias.asname else top)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = _look_up(f"{node.module}.{alias.name}")
    return names


def _closure_of(function: FunctionType) -> dict[str, Any]:
    try:
        return dict(inspect.getclosurevars(function).nonlocals)
    except (TypeError, ValueError):  # a cell that is not filled yet
        return {}


def _look_up(dotted: str) -> Any:
    """Find a dotted name among the modules that are already imported; import nothing."""
    parts = dotted.split(".")
    for cut in range(len(parts), 0, -1):
        thing: Any = sys.modules.get(".".join(parts[:cut]))
        if thing is None:
            continue
        for part in parts[cut:]:
            thing = getattr(thing, part, None)
        if thing is not None:
            return thing
    return _Unknown(dotted)


def _resolve(node: ast.AST, names: dict[str, Any]) -> Any:
    """Give the object that ``np.linalg.lstsq`` or ``lstsq`` stands for, or ``None``."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _resolve(node.value, names)
        if isinstance(owner, _Unknown):
            return _Unknown(f"{owner.dotted}.{node.attr}")
        # Attributes of modules only: asking another object could run code.
        if isinstance(owner, ModuleType):
            return getattr(owner, node.attr, None)
    return None


def _is(node: ast.AST, used: Any, name: str) -> bool:
    if name.startswith("."):
        return isinstance(node, ast.Attribute) and node.attr == name[1:]
    if used is None:
        return False
    if isinstance(used, _Unknown):
        return used.dotted == name
    target = _look_up(name)
    return used is target and not isinstance(target, _Unknown)
