"""The glossary and the chapters know of each other: a term is met where the glossary says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from course_lib.authoring.glossary import TABLE, read_glossary
from course_lib.authoring.problems import Problem, SourceError
from course_lib.authoring.sources import Source
from course_lib.language import LANGUAGES


def terms_met(root: Path, sources: Mapping[str, Source]) -> Iterator[Problem]:
    """Each term stands once, and in the chapter that it names, in both languages.

    Args:
        root: The repository.
        sources: Every chapter by its name. A chapter that is not written yet is not looked into.
    """
    try:
        terms = read_glossary(root)
    except SourceError as error:
        yield from error.problems
        return
    chapters = {source.chapter: source for source in sources.values()}
    seen: set[str] = set()
    known: dict[str, str] = {}  # other names, too: a link has one place to lead to
    for term in terms:
        name = term.names["en"][0]
        others = sorted({each.lower() for names in term.names.values() for each in names})
        taken = [f"{each!r} is also a name of {known[each]!r}" for each in others if each in known]
        if term.slug in seen:
            yield Problem(TABLE, term.line, f"term {name!r} stands here twice")
        elif taken:
            yield Problem(TABLE, term.line, f"term {name!r}: {taken[0]}")
        seen.add(term.slug)
        known |= dict.fromkeys(others, name)
        source = chapters.get(term.chapter)
        for language in LANGUAGES if source is not None else ():
            assert source is not None
            text = _prose(source, language)
            if not any(each.lower() in text for each in term.names[language]):
                where = f"chapter {term.chapter} ({language})"
                yield Problem(TABLE, term.line, f"term {name!r} is not met in {where}")


def _prose(source: Source, language: str) -> str:
    said = [cell.text for cell in source.prose if cell.language in (language, "both")]
    words = [source.title[language], *(each.text[language] for each in source.objectives)]
    return " ".join(" ".join([*words, *said]).lower().split())
