"""Links inside the course lead somewhere."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from course_lib.authoring.checks import Chapter
from course_lib.authoring.checks.markdown import headings_in, links_in
from course_lib.authoring.localise import render_opening
from course_lib.authoring.problems import Problem
from course_lib.authoring.sources import Prose, Source
from course_lib.language import LANGUAGES

_FOLDER = "notebooks/{language}/pytorch"  # all editions lie equally deep


def working_links(chapter: Chapter, sources: Mapping[str, Source]) -> Iterator[Problem]:
    """Each relative link and image in prose leads to a file or a heading that is there.

    Args:
        sources: Every chapter by its name, such as ``04_feature_extraction``.
    """
    for cell in chapter.source.prose:
        for link in links_in(cell.text):
            fault = _fault_of(chapter, cell, link.target, sources)
            if fault:
                message = f"cell {cell.id!r}: link to {unquote(link.target)}: {fault}"
                yield chapter.problem(cell.text_line + link.line, message)


def anchors_of(source: Source, language: str) -> set[str]:
    """Give the anchors of an edition, as JupyterLab makes them: the heading with ``-`` for spaces."""
    texts = [cell.text for cell in source.prose if cell.language in (language, "both")]
    headings = [
        heading
        for text in [render_opening(source, language), *texts]
        for heading in headings_in(text)
    ]
    named = re.findall(r"<a\s+(?:id|name)=\"([^\"]+)\"", "\n".join(texts))
    return {heading.replace(" ", "-") for heading in headings} | set(named)


def _fault_of(
    chapter: Chapter, cell: Prose, target: str, sources: Mapping[str, Source]
) -> str | None:
    """Say what is wrong with a link; ``None`` when it leads somewhere, or out of the course."""
    if re.match(r"[a-z][a-z0-9+.-]*:", target) or target.startswith("//"):
        return None
    path, _, anchor = unquote(target).partition("#")
    source: Source | None = chapter.source
    if path:
        name = posixpath.splitext(path)[0]
        source = sources.get(name) if path == f"{name}.ipynb" else None
        if path.endswith(".ipynb") and "/" not in path and source is None:
            return "there is no such chapter"
        if source is None and not _file_exists(chapter, path):
            return "there is no such file beside the notebook"
    if anchor and source is not None:
        languages = LANGUAGES if cell.language == "both" else (cell.language,)
        if any(anchor not in anchors_of(source, language) for language in languages):
            return "there is no such heading (write its words with - for spaces)"
    return None


def _file_exists(chapter: Chapter, path: str) -> bool:
    folder = _FOLDER.format(language="en")
    inside = posixpath.normpath(posixpath.join(folder, path))
    return not inside.startswith("..") and (chapter.root / inside).exists()
