"""How the course speaks to a student in the notebook: a small card, as HTML and as plain text.

State is never carried by colour alone: a mark and a word say the same. Colours are readable on
JupyterLab's light and dark themes and told apart by colour-blind readers (blue and orange).
Everything that could come from a student or a value is escaped.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from course_lib.bilingual import in_each_language
from course_lib.exercises.drawings import Sketch
from course_lib.language import both, current

MARKS = {"good": "✓", "bad": "✗", "open": "○", "info": "→"}
_COLOURS = {"good": "#0b7bd0", "bad": "#d4650a", "open": "#808080", "info": "#808080"}
_CODE_STYLE = "font-family:var(--jp-code-font-family,monospace)"
_WRAPPED = "white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere"
_CELL_STYLE = "padding:2px 14px 2px 0;text-align:left;vertical-align:top;white-space:pre"
_NAME_STYLE = _CELL_STYLE + "-wrap;min-width:8em"  # of a row of words: wraps on a narrow page
_FITS = 70  # characters of a row in a notebook's usual width
_STRESS = re.compile(r"(\*\*|(?<![\w*])\*)(?=\S)([^*\n]+?)(?<=\S)\1(?!\*)")  # *word* or **word**


@dataclass(frozen=True)
class Table:
    """A small table with a header row; the first column names the rows."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    of_values: bool = False  # set in the code's typeface, so that digits line up


@dataclass(frozen=True)
class Card:
    """One thing said: a mark, a heading, paragraphs, perhaps a table, a figure, code lines and a footer.

    A paragraph may hold `code` between backticks and *stressed* words between stars.
    """

    mark: str
    heading: str
    paragraphs: Sequence[str] = ()
    code: Sequence[str] = ()
    table: Table | None = None
    figure: Sketch | None = None
    footer: Sequence[str] = ()

    @in_each_language
    def _repr_html_(self) -> str:
        colour = _COLOURS[self.mark]
        parts = [
            f'<p style="margin:0;font-weight:600"><span aria-hidden="true" '
            f'style="color:{colour};font-size:1.15em">{MARKS[self.mark]}</span> '
            f"{inline(self.heading)}</p>",
            *(f'<p style="margin:.35em 0 0">{inline(words)}</p>' for words in self.paragraphs),
        ]
        if self.code:
            lines = html.escape("\n".join(self.code))
            style = f"margin:.35em 0 0;{_WRAPPED};{_CODE_STYLE}"
            parts.append(f'<pre style="{style}">{lines}</pre>')
        if self.table:
            parts.append(_table_html(self.table))
        if self.figure:
            parts.append(self.figure.html())
        parts += [
            f'<p style="margin:.5em 0 0;font-size:.92em">{inline(words)}</p>'
            for words in self.footer
        ]
        return (
            f'<div lang="{current()}" style="border-left:4px solid {colour};'
            "padding:.45em .9em;margin:.3em 0;max-width:52em;line-height:1.5;"
            'color:var(--jp-content-font-color1,inherit)">' + "".join(parts) + "</div>"
        )

    @in_each_language
    def __repr__(self) -> str:
        blocks = [f"{MARKS[self.mark]} {plainly(self.heading)}"]
        blocks += [plainly(words) for words in self.paragraphs]
        blocks += [f"    {line}" for line in self.code]
        if self.table:
            blocks += _table_text(self.table)
        if self.figure and (said := self.figure.words()):
            blocks.append(said)
        blocks += [plainly(words) for words in self.footer]
        return "\n".join(blocks)


def inline(words: str) -> str:
    """Give words as HTML: escaped, then with `code` as code and *stressed* words stressed."""
    pieces = re.split(r"`([^`\n]+)`", html.escape(words))
    return "".join(
        f'<code style="overflow-wrap:anywhere">{piece}</code>'
        if number % 2
        else _STRESS.sub(r"<em>\2</em>", piece)
        for number, piece in enumerate(pieces)
    )


def plainly(words: str) -> str:
    """Give words as plain text: without the marks of code and of stress."""
    pieces = re.split(r"`([^`\n]+)`", words)
    return "".join(
        piece if number % 2 else _STRESS.sub(r"\2", piece) for number, piece in enumerate(pieces)
    )


def _table_html(table: Table) -> str:
    style = f"{_CELL_STYLE};{_CODE_STYLE}" if table.of_values else _CELL_STYLE
    stacked = table.of_values and max(map(_width, table.rows)) > _FITS
    inside = _stacked(table, style) if stacked else _side_by_side(table, style)
    # A wide table scrolls by itself; the page does not.
    return (
        '<div style="overflow-x:auto"><table style="margin:.5em 0 0;border-collapse:collapse;'
        f'font-size:.92em">{inside}</table></div>'
    )


def _width(row: Sequence[str]) -> int:
    return sum(max(map(len, cell.split("\n"))) for cell in row)


def _stacked(table: Table, style: str) -> str:
    """Put what was expected above what was found, where they are too long to stand side by side."""
    groups = []
    for row in table.rows:
        named = zip(table.header[1:], row[1:], strict=True)
        groups.append(
            f'<tr><th scope="rowgroup" colspan="2" style="{_CELL_STYLE};font-weight:400">'
            f"{html.escape(row[0])}</th></tr>"
            + "".join(
                f'<tr><th scope="row" style="{_CELL_STYLE};font-weight:600">{html.escape(name)}</th>'
                f'<td style="{style}">{html.escape(cell)}</td></tr>'
                for name, cell in named
            )
        )
    return "".join(f"<tbody>{group}</tbody>" for group in groups)


def _side_by_side(table: Table, style: str) -> str:
    head = "".join(
        f'<th scope="col" style="{_CELL_STYLE};font-weight:600">{html.escape(cell)}</th>'
        for cell in table.header
    )
    name_style = _CELL_STYLE if table.of_values else _NAME_STYLE
    body = "".join(
        "<tr>"
        f'<th scope="row" style="{name_style};font-weight:400">{html.escape(row[0])}</th>'
        + "".join(f'<td style="{style}">{html.escape(cell)}</td>' for cell in row[1:])
        + "</tr>"
        for row in table.rows
    )
    return f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"


def _table_text(table: Table) -> list[str]:
    lines = []
    for row in table.rows:
        colon = both(": ", "：")
        cells = [
            f"{name}{colon}{cell}" for name, cell in zip(table.header[1:], row[1:], strict=True)
        ]
        if any("\n" in cell or len(cell) > 60 for cell in cells):
            lines.append(f"  {row[0]}")
            lines += [_indented(cell, colon) for cell in cells]
        else:
            lines.append(f"  {row[0]}  " + "  |  ".join(cells))
    return lines


def _indented(cell: str, colon: str) -> str:
    name, _, value = cell.partition(colon)
    margin = " " * 6
    return f"    {name}{colon.rstrip()}\n{margin}" + value.replace("\n", f"\n{margin}")
