"""The index of methods: what the chapters call from ``course_lib``, and where it is met first.

English sentences are the docstrings' own; the Chinese ones stand in ``solutions/source/methods.yaml``.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType

import yaml  # type: ignore[import-untyped]
from nbformat import NotebookNode

from course_lib.authoring.matching import short_hash
from course_lib.book import words
from course_lib.language import current, pick

_FRAMEWORK = re.compile(r"^course_lib\.(pytorch|keras)\b")
_MARKUP = re.compile(r":\w+:`~?([^`]+)`|``([^`]+)``")


TABLE = Path("solutions/source/methods.yaml")


def read_translations(root: Path) -> dict[str, tuple[str, str]]:
    """Read the table: by the name in the index, the hash of the English sentence, and the Chinese one."""
    path = root / TABLE
    rows = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else []
    return {row["name"]: (row["of"], row["zh"]) for row in rows}


def methods_page(
    notebooks: Sequence[tuple[str, NotebookNode]],
    translations: Mapping[str, tuple[str, str]],
) -> str:
    """Write the index as MyST Markdown, in the language in use.

    Args:
        notebooks: Each chapter's file name without its ending, in the order of reading, and one of its
            editions.
        translations: What ``read_translations`` gave. Where one lacks, the English sentence stands.
    """
    columns = pick(words.METHODS_COLUMNS)
    rows = []
    for name, said, chapter in described(notebooks):
        sentence = said
        if current() == "zh" and name in translations:
            sentence = translations[name][1]
        cell = sentence.replace("|", r"\|")
        rows.append(f"| `{name}` | {cell} | [{chapter[:2].upper()}]({chapter}.md) |")
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


def untranslated(
    notebooks: Sequence[tuple[str, NotebookNode]],
    translations: Mapping[str, tuple[str, str]],
) -> list[str]:
    """List what the table lacks: a method without a Chinese sentence, or with one of an older docstring."""
    return [
        f"{name}: {short_hash(said)}: {said}"
        for name, said, _ in described(notebooks)
        if translations.get(name, ("", ""))[0] != short_hash(said)
    ]


def described(notebooks: Sequence[tuple[str, NotebookNode]]) -> list[tuple[str, str, str]]:
    """Give each method's name in the index, its English sentence, and the chapter that uses it first."""
    first: dict[tuple[str, str], str] = {}
    for chapter, notebook in notebooks:
        for module, name in sorted(set(_used(notebook))):
            if module:
                first.setdefault((module, name), chapter)
    return [
        (_shown_name(module, name), said, chapter)
        for (module, name), chapter in sorted(first.items(), key=lambda each: each[0][1].lower())
        if (said := _first_sentence(module, name))
    ]


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
    return _MARKUP.sub(lambda each: f"`{each[1] or each[2]}`", paragraph)
