"""The chart "which method for my case", as boxes from top to bottom that a telephone and a reader can follow."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

from course_lib.authoring.choosing import Answer, Question
from course_lib.book import words
from course_lib.language import pick

PAGE = "choosing"


def choosing_page(questions: Sequence[Question], link: Callable[[str], str]) -> str:
    """Write the chart as MyST Markdown.

    Args:
        questions: In the order in which they are asked.
        link: Gives a place of the course as a link in HTML.
    """
    steps = "".join(
        f'<li><p class="asked">{html.escape(pick(question.words))}</p><ul>'
        f"{''.join(_answer(answer, link) for answer in question.answers)}</ul></li>"
        for question in questions
    )
    return "\n".join(
        [
            f"# {pick(words.CHOOSING)}",
            "",
            pick(words.CHOOSING_OPENING),
            "",
            f'```{{raw}} html\n<ol class="choosing">{steps}</ol>\n```',
            "",
            f"## {pick(words.ALWAYS)}",
            "",
            pick(words.ALWAYS_LIST),
            "",
        ]
    )


def _answer(answer: Answer, link: Callable[[str], str]) -> str:
    said = f"<strong>{html.escape(pick(answer.words))}</strong>"
    if answer.begin is None:
        return f'<li class="onward">{said} ↓</li>'
    shown = " · ".join(dict.fromkeys(map(link, answer.shown)))
    return (
        f'<li class="method">{said}<br>{html.escape(pick(answer.begin))}<br>'
        f'<span class="shown">{shown}</span></li>'
    )
