"""Reading the Markdown of a prose cell: what is prose in it, its links, its headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

# What is no prose: code, formulas, HTML tags, the addresses of links.
_NO_PROSE = re.compile(
    r"^(?P<fence>```+|~~~+).*?^(?P=fence)|\$\$.*?\$\$|(?P<tick>`+).+?(?P=tick)(?!`)"
    r"|\$[^$\n]+\$|(?<=\])\([^)\n]*\)|https?://[^\s)>，。；）]+|</?[a-zA-Z][^>\n]*>",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Link:
    """A link or an image: where it points, its words, and its line in the cell, from 0."""

    target: str
    words: str
    line: int
    image: bool


def mask_code(text: str) -> str:
    """Replace everything that is no prose by as many X, so that positions and lines stay."""
    return _NO_PROSE.sub(lambda match: re.sub(r"[^\n]", "X", match[0]), text)


def formulas_in_paragraphs(text: str) -> Iterator[int]:
    """Give the lines, from 0, of displayed formulas with words around them: the book shows bare ``$``."""
    lines, inside = text.split("\n"), False
    for number, line in enumerate(lines):
        if line.startswith("$$") and not inside and number and lines[number - 1].strip():
            yield number
        inside ^= line.count("$$") % 2 == 1


def links_in(text: str) -> Iterator[Link]:
    """Give the links and images of a cell."""
    for inline in _inline_tokens(text):
        line = inline.map[0]
        for position, token in enumerate(inline.children):
            if token.type == "image":
                yield Link(token.attrGet("src") or "", token.content, line, image=True)
            elif token.type == "link_open":
                words = inline.children[position + 1].content
                yield Link(token.attrGet("href") or "", words, line, image=False)
            elif token.type == "softbreak":
                line += 1


def headings_in(text: str) -> list[str]:
    """Give the words of a cell's headings, without marks of emphasis and code."""
    tokens = _parser().parse(text)
    return [
        "".join(part.content for part in (inline.children or []))
        for opening, inline in pairwise(tokens)
        if opening.type == "heading_open"
    ]


def unrendered_emphasis(text: str) -> Iterator[int]:
    """Give the lines, from 0, where a reader would see bare ``**``."""
    for inline in _inline_tokens(mask_code(text)):
        line = inline.map[0]
        for token in inline.children:
            if token.type == "softbreak":
                line += 1
            elif token.type == "text" and "**" in token.content:
                yield line


def _inline_tokens(text: str) -> Iterator[Any]:
    return (token for token in _parser().parse(text) if token.type == "inline" and token.map)


@cache
def _parser() -> Any:
    from markdown_it import MarkdownIt  # comes with jupytext

    return MarkdownIt("commonmark").enable("table")
