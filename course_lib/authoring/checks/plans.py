"""The plans of the syllabus name chapters that are there, each once, and leave out nothing of the core."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from course_lib.authoring.problems import Problem
from course_lib.authoring.sources import Source
from course_lib.authoring.syllabus import TABLE, planned_chapters, read_plans


def whole_plans(root: Path, sources: Mapping[str, Source]) -> Iterator[Problem]:
    """Each plan's weeks name chapters, each chapter once, all of the core, none that does not exist.

    Args:
        root: The repository.
        sources: Every chapter by its name.
    """
    written = {source.chapter: source for source in sources.values() if not source.is_bridge}
    planned = planned_chapters(root)
    for chapter in sorted(planned & set(written)):
        yield Problem(TABLE, 1, f"chapter {chapter} is written: it is planned no more")
    core = {chapter for chapter, source in written.items() if source.core}
    for plan in read_plans(root):
        named = Counter(chapter for week in plan.weeks for chapter in week.chapters)
        for chapter, times in sorted(named.items()):
            if times > 1:
                yield Problem(TABLE, 1, f"plan {plan.slug!r} has chapter {chapter} {times} times")
            if chapter not in written and chapter not in planned:
                yield Problem(TABLE, 1, f"plan {plan.slug!r}: there is no chapter {chapter}")
        for chapter in sorted(core - set(named)):
            yield Problem(TABLE, 1, f"plan {plan.slug!r} leaves out chapter {chapter} of the core")
        if not all(week.chapters for week in plan.weeks):
            yield Problem(TABLE, 1, f"plan {plan.slug!r} has a week without a chapter")
