"""The syllabus's page: plans of four, eight and sixteen weeks, with hours and points computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from course_lib.authoring.sources import Source
from course_lib.authoring.syllabus import Plan, minutes_of
from course_lib.book import words
from course_lib.language import both, pick

PAGE = "syllabus"


@dataclass(frozen=True)
class Course:
    """What the plans are made of.

    Attributes:
        sources: The chapters that the book has, by number.
        points: The points of each chapter's exercises.
    """

    sources: Mapping[str, Source]
    points: Mapping[str, float]


def syllabus_page(plans: Sequence[Plan], course: Course) -> str:
    """Write the plans as MyST Markdown."""
    parts = [f"# {pick(words.SYLLABUS)}", "", pick(words.SYLLABUS_OPENING), ""]
    for plan in plans:
        named = [chapter for week in plan.weeks for chapter in week.chapters]
        total = pick(words.PLAN_TOTAL).format(
            hours=_hours(named, course),
            points=f"{sum(course.points.get(each, 0) for each in named):g}",
        )
        parts += [f"## {pick(plan.title)}", "", f"{pick(plan.audience)}{both(' ', '')}{total}", ""]
        columns = [pick(each) for each in words.PLAN_COLUMNS]
        parts += [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
        for number, week in enumerate(plan.weeks, 1):
            chapters = "<br>".join(_chapter(each, course) for each in week.chapters)
            points = sum(course.points.get(each, 0) for each in week.chapters)
            shown = f"{points:g}" if points else "–"  # of a chapter that is still to come
            cells = [
                str(number),
                chapters,
                pick(week.words),
                _hours(week.chapters, course),
                shown,
            ]
            parts.append(f"| {' | '.join(cells)} |")
        parts.append("")
    return "\n".join(parts)


def _chapter(number: str, course: Course) -> str:
    source = course.sources.get(number)
    if source is None:
        return pick(words.CHAPTER).format(number=number)
    return f"[{number} {pick(source.title)}]({source.name}.md)"


def _hours(chapters: Sequence[str], course: Course) -> str:
    minutes = {number: source.minutes for number, source in course.sources.items()}
    return f"{minutes_of(chapters, minutes) / 60:.0f}"
