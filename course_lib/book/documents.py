"""The map from the five documents to the course: every section, and every mistake, with its place."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence

from nbformat import NotebookNode

from course_lib.authoring.tables import Row, chapter_of
from course_lib.book import words
from course_lib.language import pick

PAGE = "documents"
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
_EXERCISE = re.compile(r"^#+ +(?:Exercise|练习) (\w\w\.\d+)\b.*$", re.MULTILINE)


def documents_page(
    sections: Sequence[Row],
    lessons: Sequence[Row],
    notebooks: Mapping[str, tuple[str, NotebookNode]],
) -> str:
    """Write the map as MyST Markdown.

    Args:
        sections: Of the documents.
        lessons: Their mistakes.
        notebooks: Of each chapter that the book has, its page and one of its editions.
    """
    titles = {name: _titles(chapter, notebook) for chapter, (name, notebook) in notebooks.items()}
    known = {place: (name, title) for name, each in titles.items() for place, title in each.items()}
    parts = [f"# {pick(words.DOCUMENTS)}", "", pick(words.DOCUMENTS_OPENING), ""]
    parts += [f"## {pick(words.SECTIONS)}", "", _table(words.SECTION_COLUMNS, sections, known), ""]
    parts += [f"## {pick(words.LESSONS)}", "", pick(words.LESSONS_OPENING), ""]
    for family, title in words.FAMILIES.items():
        rows = [row for row in lessons if row.family == family]
        parts += [f"### {pick(title)}", "", _table(words.LESSON_COLUMNS, rows, known), ""]
    return "\n".join(parts)


Known = Mapping[str, tuple[str, str]]
"""Of every place, the page that it is on and the heading that it stands under."""


def known_places(notebooks: Mapping[str, tuple[str, NotebookNode]]) -> Known:
    """List every place of the chapters that the book has; arguments as for ``documents_page``."""
    titles = {name: _titles(chapter, notebook) for chapter, (name, notebook) in notebooks.items()}
    return {place: (name, title) for name, each in titles.items() for place, title in each.items()}


def anchor(place: str) -> str:
    """Give the id that a place has on its chapter's page."""
    return "at-" + re.sub(r"[^\w-]+", "-", place)


def anchors_of(chapter: str, notebook: NotebookNode, places: set[str]) -> dict[str, list[str]]:
    """Give, for each cell that some of the places are in, their ids."""
    found: dict[str, list[str]] = {}
    for place in sorted(places):
        if chapter_of(place) != chapter or place.startswith("planned"):
            continue
        cell = _cell_of(place, notebook)
        if cell is not None:
            found.setdefault(cell, []).append(anchor(place))
    return found


def _cell_of(place: str, notebook: NotebookNode) -> str | None:
    if "/" in place:
        return place.partition("/")[2]
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and place in _EXERCISE.findall(cell.source):
            return str(cell.id)
        if f'quiz("{place}")' in cell.source:
            return str(cell.id)
    return None


def _titles(chapter: str, notebook: NotebookNode) -> dict[str, str]:
    """Name every place of a chapter by the heading that it stands under, exercises by their own."""
    titles, heading = {}, ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for exercise in _EXERCISE.finditer(cell.source):
                titles[exercise[1]] = exercise[0].lstrip("# ")
            own = [each for each in _HEADING.findall(cell.source) if not _is_exercise(each)]
            heading = own[-1] if own else heading
        titles[f"{chapter}/{cell.id}"] = heading
        for quiz in re.findall(r'quiz\("(\w\w\.q\d+)"\)', cell.source):
            titles[quiz] = pick(words.QUESTION_ON).format(what=heading)
    return titles


def _is_exercise(heading: str) -> bool:
    return bool(re.match(r"(?:Exercise|练习) \w\w\.\d", heading))


def _table(columns: Sequence[words.Text], rows: Sequence[Row], known: Known) -> str:
    head = "".join(f"<th>{pick(column)}</th>" for column in columns)
    lines = [
        f"<tr><td>{html.escape(row.where)}</td><td>{html.escape(pick(row.words))}</td>"
        f"<td>{'<br>'.join(dict.fromkeys(link_to(place, known) for place in row.places))}</td></tr>"
        for row in rows
    ]
    body = "\n".join(lines)
    return (
        '```{raw} html\n<div class="table-wrapper documents"><table class="docutils"><thead>'
        f"<tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>\n```"
    )


def link_to(place: str, known: Known) -> str:
    """Give a link to a place in HTML; a chapter that is not there is named."""
    chapter = chapter_of(place).upper()
    if place not in known:
        return html.escape(pick(words.CHAPTER).format(number=chapter))
    page, title = known[place]
    named = title.startswith((chapter, "Exercise", "练习"))
    label = title if named else f"{chapter} · {title}"
    return f'<a href="{page}.html#{anchor(place)}">{html.escape(_plain(label))}</a>'


def _plain(title: str) -> str:
    """Give a heading without its markup, and an exercise's without its points."""
    title = re.sub(r"\s*[(（][^()（）]*(?:points?|分)[^()（）]*[)）]\s*$", "", title)
    return re.sub(r"[*`$\\]", "", title)
