"""The clinic's index of symptoms as a page of the book."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from course_lib.book import words
from course_lib.clinic.symptoms import Symptom, symptom_table
from course_lib.language import pick


def symptoms_page(symptoms: Sequence[Symptom], link: Callable[[str], str]) -> str:
    """Write the index as MyST Markdown.

    Args:
        symptoms: In the table's order.
        link: Gives a place of the course as a link in HTML.
    """
    table = symptom_table(list(symptoms), link=link)
    opening = pick(words.SYMPTOMS_OPENING)
    return f"# {pick(words.SYMPTOMS)}\n\n{opening}\n\n```{{raw}} html\n{table}\n```\n"
