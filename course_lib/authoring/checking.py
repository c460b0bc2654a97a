"""``./course check``: everything about the sources and what was made from them that can go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from course_lib.authoring import index
from course_lib.authoring import symptoms as symptom_index
from course_lib.authoring.building import make_chapter
from course_lib.authoring.checks import (
    Chapter,
    chinese,
    choices,
    code,
    committed,
    exercises,
    figures,
    glossary,
    lessons,
    links,
    names,
    pairs,
    plans,
    references,
    sections,
    symptoms,
)
from course_lib.authoring.checks import proofs as proof
from course_lib.authoring.checks.places import Places
from course_lib.authoring.problems import Problem, SourceError
from course_lib.authoring.sources import Source, read_source, source_paths
from course_lib.authoring.specification import load_specification
from course_lib.waiting import steps

CHAPTER_RULES = (
    pairs.unique_ids,
    pairs.complete_pairs,
    pairs.equal_languages,
    pairs.matched_languages,
    pairs.equal_frameworks,
    chinese.own_language,
    chinese.typography,
    chinese.visible_emphasis,
    code.plain_python,
    code.paired_language_lines,
    code.shared_cells_are_neutral,
    code.one_setup_cell,
    code.no_machine_paths,
    code.no_control_characters,
    names.demo_feeds_nothing,
    names.answers_feed_nothing,
    exercises.known_exercises,
    exercises.complete_exercises,
    exercises.answer_cells,
    exercises.known_calls,
    exercises.assessed_objectives,
    figures.described_figures,
    figures.chapter_glyphs,
)


def check(root: Path, *, chapters: list[str] | None = None, proofs: bool = True) -> list[Problem]:
    """List what is wrong, sorted by file and line; an empty list means that all is well.

    Args:
        root: The repository.
        chapters: Such as ``["04"]``; ``None`` checks all, and what belongs to none.
        proofs: Run each exercise's proof too (imports both frameworks; takes longer).
    """
    problems: set[Problem] = set()
    sources: dict[str, Source] = {}
    for path in source_paths(root):
        try:
            sources[path.stem] = read_source(path, root)
        except SourceError as error:
            if chapters is None or path.name[:2] in chapters:
                problems.update(error.problems)
    made: dict[Path, bytes] = {}
    items: set[str] = set()
    asked = [s for s in sources.values() if chapters is None or s.chapter in chapters]
    with steps(len(asked)) as step:
        for source in asked:
            step(source.name)
            problems.update(_check_chapter(root, source, sources, made, items, proofs=proofs))
    if chapters is None:
        problems.update(figures.library_glyphs(root))
        unreadable = len(sources) < len(source_paths(root))
        if not unreadable:
            problems.update(_check_rest(root, list(sources.values()), made))
            places = Places.of(sources, items)
            problems.update(lessons.taught_lessons(root, places))
            problems.update(sections.treated_sections(root, places))
            problems.update(choices.shown_choices(root, places))
            problems.update(symptoms.treated_symptoms(root, places))
            problems.update(plans.whole_plans(root, sources))
            problems.update(references.cited_works(root, sources))
            problems.update(glossary.terms_met(root, sources))
    return sorted(problems)


def _check_chapter(
    root: Path,
    source: Source,
    sources: dict[str, Source],
    made: dict[Path, bytes],
    items: set[str],
    *,
    proofs: bool,
) -> Iterator[Problem]:
    """Check one chapter; what its sources give is added to ``made``, its exercises to ``items``."""
    try:
        chapter = Chapter(root, source, load_specification(root, source))
    except SourceError as error:
        yield from error.problems
        return
    items |= {*chapter.exercises, *chapter.quizzes}
    for rule in CHAPTER_RULES:
        yield from rule(chapter)
    yield from links.working_links(chapter, sources)
    try:
        editions = make_chapter(chapter)
    except SourceError as error:
        yield from error.problems
        return
    made |= editions
    yield from committed.up_to_date(root, editions)
    yield from committed.equal_editions(chapter, editions)
    if proofs and chapter.specification is not None:
        yield from proof.proven(chapter)


def _check_rest(root: Path, sources: list[Source], made: dict[Path, bytes]) -> Iterator[Problem]:
    """Check what belongs to no chapter: the index, and files that no source makes."""
    listed = {
        index.PATH: index.make_index(sources).encode(),
        index.CHAPTERS: index.make_chapter_list(sources).encode(),
        symptom_index.BUILT: symptom_index.make_symptoms(root).encode(),
    }
    yield from committed.up_to_date(root, listed)
    unmade = {source.name for source in sources} - {path.stem for path in made}
    yield from committed.nothing_left_over(root, {**made, **listed}, unmade)
