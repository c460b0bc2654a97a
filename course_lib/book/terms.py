"""The glossary's page, and links to it: a chapter's first use of a term, where it is set in bold."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence

from course_lib.authoring.glossary import Term
from course_lib.book import words
from course_lib.language import current, pick

PAGE = "glossary"
_STRESSED = re.compile(r"(?<!\*)(\*{1,2})([^*\n]+)\1(?!\*)")
_CODE_OR_HEADING = re.compile(r"^```.*?^```|^#.*?$", re.MULTILINE | re.DOTALL)


def glossary_page(terms: Sequence[Term], chapters: Mapping[str, str]) -> str:
    """Write the glossary as MyST Markdown.

    Args:
        terms: All terms.
        chapters: The pages of the chapters that there are, such as ``{"04": "04_feature_extraction"}``.
    """
    rows = "".join(
        _entry(term, chapters.get(term.chapter))
        for term in sorted(terms, key=lambda term: term.names["en"][0].lower())
    )
    return f'# {pick(words.GLOSSARY)}\n\n{pick(words.GLOSSARY_OPENING)}\n\n<dl class="terms">{rows}</dl>\n'


def _entry(term: Term, page: str | None) -> str:
    language = current()
    first, *others = term.names[language]
    other = "zh" if language == "en" else "en"
    foreign = term.names[other][0]
    said = [f"<strong>{html.escape(first)}</strong>"]
    said += [f'<span lang="{other}">{html.escape(foreign)}</span>'] if foreign != first else []
    said += [html.escape(each) for each in others if each != foreign]
    where = f' <a href="{page}.html">{term.chapter.upper()}</a>' if page else ""
    means = html.escape(pick(term.means))
    return f'<dt id="{term.slug}">{" · ".join(said)}</dt><dd>{means}{where}</dd>'


class TermLinks:
    """Links the first stressed use (bold or in italics) of each term on one page to the glossary."""

    def __init__(self, terms: Sequence[Term]) -> None:
        language = current()
        self._terms = {name.lower(): term for term in terms for name in term.names[language]}
        self._linked: set[str] = set()

    def link(self, text: str) -> str:
        """Give Markdown with links, its code and headings as they were."""
        pieces, end = [], 0
        for kept in _CODE_OR_HEADING.finditer(text):
            pieces += [_STRESSED.sub(self._link_one, text[end : kept.start()]), kept[0]]
            end = kept.end()
        return "".join([*pieces, _STRESSED.sub(self._link_one, text[end:])])

    def _link_one(self, found: re.Match[str]) -> str:
        stars, words = found.groups()
        term = self._terms.get(words.strip(" .。:：，,").lower())
        if term is None or term.slug in self._linked:
            return found[0]
        self._linked.add(term.slug)
        tag = "strong" if len(stars) == 2 else "em"
        return f'<a class="term" href="{PAGE}.html#{term.slug}"><{tag}>{words}</{tag}></a>'
