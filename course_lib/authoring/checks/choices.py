"""The chart "which method for my case" leads somewhere: every answer to a method that is shown, or onwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from course_lib.authoring.checks.places import Places
from course_lib.authoring.choosing import TABLE, read_questions
from course_lib.authoring.problems import Problem


def shown_choices(root: Path, places: Places) -> Iterator[Problem]:
    """Every answer is shown in the course; one without advice stands last, and a question follows it.

    Args:
        root: The repository.
        places: Where something may be shown.
    """
    questions = read_questions(root)
    for number, question in enumerate(questions, 1):
        asked = question.words["en"]
        for answer in question.answers:
            what = f"{asked!r}, answer {answer.words['en']!r}"
            if answer.begin is not None:
                for fault in places.faults(what, answer.shown):
                    yield Problem(TABLE, 1, fault)
            elif answer is not question.answers[-1] or number == len(questions):
                yield Problem(TABLE, 1, f"{what} leads nowhere")
