"""Figures can be read by everybody: a description in both languages, and every glyph in the font."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from course_lib.authoring.checks import Chapter
from course_lib.authoring.checks.markdown import links_in
from course_lib.authoring.problems import Problem
from course_lib.fonts import missing_glyphs
from course_lib.fonts.subset import strings_in

# A cell that opens a figure itself. Whatever else shows one is found when the chapter is run.
_DRAWS = ("plt.subplots", "plt.figure")
_LABELLED = ("course_lib/plots/*.py", "course_lib/figures.py")


def described_figures(chapter: Chapter) -> Iterator[Problem]:
    """A cell that draws is tagged figure and has its alternative text; so has every image in prose."""
    for cell in chapter.source.code:
        draws = any(call in cell.source for call in _DRAWS)
        if draws and "figure" not in cell.tags and not cell.exercise:
            yield chapter.problem(cell.line, f"cell {cell.id!r} draws: give it the tag figure")
        if "figure" in cell.tags and cell.alt is None:
            yield chapter.problem(
                cell.line, f"cell {cell.id!r}: this figure has no  alt: {{en: …, zh: …}}"
            )
        elif cell.alt and not re.search("[\u4e00-\u9fff]", cell.alt["zh"]):
            yield chapter.problem(cell.line, f"cell {cell.id!r}: alt, zh: is not in Chinese")
    for prose in chapter.source.prose:
        for link in links_in(prose.text):
            if link.image and not link.words.strip():
                message = f"cell {prose.id!r}: the image {link.target} has no alternative text"
                yield chapter.problem(prose.text_line + link.line, message)


def chapter_glyphs(chapter: Chapter) -> Iterator[Problem]:
    """Each Chinese character in a string of the chapter's code is in the course's font."""
    for cell in chapter.source.code:
        try:
            nodes = list(ast.walk(ast.parse(cell.source)))
        except SyntaxError:  # reported as such
            continue
        for node in nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for message in _missing(node.value):
                    yield chapter.problem(cell.source_line + node.lineno - 1, message)


def library_glyphs(root: Path) -> Iterator[Problem]:
    """Each Chinese character in the modules that draw is in the course's font."""
    for pattern in _LABELLED:
        for path in sorted(root.glob(pattern)):
            for line, text in strings_in(path):
                for message in _missing(text):
                    yield Problem(path.relative_to(root), line, message)


def _missing(text: str) -> Iterator[str]:
    for glyph in missing_glyphs(text):
        if (
            glyph >= "\u2e80"
        ):  # what is not Chinese may be printed only: strict mode watches figures
            yield f"the font has no {glyph!r}: choose another word, or  python -m course_lib.fonts.subset"
