"""The index of methods: what the chapters call from ``course_lib``, and where it is met first."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator, Sequence
from types import ModuleType

from nbformat import NotebookNode

from course_lib.book import words
from course_lib.language import pick

_FRAMEWORK = re.compile(r"^course_lib\.(pytorch|keras)\b")
_MARKUP = re.compile(r":\w+:`~?([^`]+)`|``([^`]+)``")


def methods_page(notebooks: Sequence[tuple[str, NotebookNode]]) -> str:
    """Write the index as MyST Markdown.

    Args:
        notebooks: Each chapter's file name without its ending, in the order of reading, and one of its
            editions.
    """
    first: dict[tuple[str, str], str] = {}
    for chapter, notebook in notebooks:
        for module, name in sorted(set(_used(notebook))):
            if module:
                first.setdefault((module, name), chapter)
    columns = pick(words.METHODS_COLUMNS)
    rows = [
        f"| `{_shown_name(module, name)}` | {said} | [{chapter[:2].upper()}]({chapter}.md) |"
        for (module, name), chapter in sorted(first.items(), key=lambda each: each[0][1].lower())
        if (said := _first_sentence(module, name))
    ]
    return "\n".join(
        [
            f"# {pick(words.METHODS)}",
            "",
            pick(words.METHODS_OPENING),
            "",
            f"| {columns} |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _shown_name(module: str, name: str) -> str:
    return name if _FRAMEWORK.match(module) else f"{module.removeprefix('course_lib.')}.{name}"


def _used(notebook: NotebookNode) -> Iterator[tuple[str, str]]:
    """Give (module, name) of what a notebook imports and calls; frameworks' modules count as one."""
    modules: dict[str, str] = {}
    for cell in notebook.cells:
        for node in ast.walk(ast.parse(cell.source)) if cell.cell_type == "code" else ():
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("course_lib"):
                for each in node.names:
                    inside = f"{node.module}.{each.name}"
                    if _is_module(inside):
                        modules[each.asname or each.name] = inside
                    else:
                        yield str(node.module), each.name
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                yield modules.get(node.value.id, ""), node.attr


def _is_module(name: str) -> bool:
    try:
        return isinstance(importlib.import_module(name), ModuleType)
    except ModuleNotFoundError:
        return False


def _first_sentence(module: str, name: str) -> str:
    """Give the first sentence of a public object's description, or nothing."""
    found = getattr(importlib.import_module(module), name, None)
    if not (inspect.isfunction(found) or inspect.isclass(found)):
        return ""
    description = inspect.getdoc(found) or ""
    paragraph = " ".join(description.split("\n\n")[0].split())
    plain = _MARKUP.sub(lambda each: f"`{each[1] or each[2]}`", paragraph)
    return plain.replace("|", r"\|")
