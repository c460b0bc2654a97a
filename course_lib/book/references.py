"""The bibliography's page: every work that the chapters cite, where, and what it is worth reading for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from course_lib.authoring.references import Citation
from course_lib.book import words
from course_lib.language import Text, pick

PAGE = "bibliography"


def bibliography_page(
    cited: Sequence[Citation], notes: Mapping[str, Text], pages: Mapping[str, str]
) -> str:
    """Write the list as MyST Markdown, by the first author's family name.

    Args:
        cited: Every citation of every chapter.
        notes: What a work is worth reading for, by its key.
        pages: Of the chapters that the book has.
    """
    works: dict[str, list[Citation]] = {}
    for each in cited:
        works.setdefault(each.key, []).append(each)
    count = pick(words.WORKS).format(works=len(works))
    parts = [f"# {pick(words.BIBLIOGRAPHY)}", "", f"{pick(words.BIBLIOGRAPHY_OPENING)} {count}", ""]
    for key in sorted(works, key=lambda key: _family_name(works[key][0].work)):
        places = ", ".join(
            f"[{chapter}]({pages[chapter]}.md)" if chapter in pages else chapter
            for chapter in dict.fromkeys(each.chapter for each in works[key])
        )
        said = f"\\\n  {pick(notes[key])}" if key in notes else ""
        parts.append(f"- {works[key][0].work} {places}{said}")
    return "\n".join([*parts, ""])


def _family_name(work: str) -> str:
    """Give what a work is sorted by: "J. W. Vaughan, …" and "G. M. van de Ven …" by the name after initials."""
    first = re.split(r",| et al\.|\. \*", work)[0]
    return re.sub(r"^(?:[^\W\d_]{1,2}\.[- ]?)+", "", first).lower()
