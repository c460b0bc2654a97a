"""``quiz("04.q1")``: an ungraded question with feedback on every option.

In a live notebook the options are buttons; everywhere else the question is printed, and
``quiz("04.q1", answer="b")`` gives the feedback.
"""

from __future__ import annotations

import string
from typing import Any

from course_lib.errors import CourseError
from course_lib.exercises.cards import Card, inline
from course_lib.exercises.public import load_quiz
from course_lib.exercises.settings import is_grading
from course_lib.exercises.specification import Option, Quiz
from course_lib.language import both, pick
from course_lib.widgets import is_live, widget_bundle


class Question:
    """A quiz as it stands in a notebook: buttons where there is a front end, text elsewhere."""

    def __init__(self, quiz: Quiz) -> None:
        self.card = _question_card(quiz)
        self._box = _buttons(quiz) if is_live() else None

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return widget_bundle(self._box, plain=repr(self), html=self.card._repr_html_())

    def __repr__(self) -> str:
        return repr(self.card)


def quiz(quiz_id: str, answer: str | None = None) -> Question | Card | None:
    """Ask a question, or give the feedback on an answer.

    Args:
        quiz_id: Such as ``"04.q1"``.
        answer: A letter, such as ``"b"``; without it the question is shown.
    """
    if is_grading():  # the questions are not there, and nothing of them is graded
        return None
    found = load_quiz(quiz_id)
    if answer is None:
        return Question(found)
    letters = string.ascii_lowercase[: len(found.options)]
    letter = answer.strip().lower() if isinstance(answer, str) else ""
    if len(letter) != 1 or letter not in letters:
        raise CourseError(
            f"{quiz_id} has the options {', '.join(letters)}: answer with one of these letters.",
            f"{quiz_id} 的选项是 {'、'.join(letters)}：请用其中一个字母作答。",
        )
    return _feedback(found.options[letters.index(letter)], letter)


def _question_card(quiz: Quiz) -> Card:
    options = [
        f"{letter})  {pick(option.words)}"
        for letter, option in zip(string.ascii_lowercase, quiz.options, strict=False)
    ]
    how = f'quiz("{quiz.id}", answer="a")'
    footer = both(f"Answer with, for example, `{how}`", f"作答方式，例如 `{how}`")
    return Card("info", pick(quiz.question), options, footer=[footer])


def _feedback(option: Option, letter: str) -> Card:
    mark, word = ("good", both("Yes", "对")) if option.right else ("bad", both("No", "不对"))
    return Card(
        mark,
        both(f"{word}: {letter}) ", f"{word}：{letter}) ") + pick(option.words),
        [pick(option.feedback)],
    )


def _buttons(quiz: Quiz) -> Any:
    """Make the widget: the question, a button for each option, and a place for the feedback."""
    try:
        import ipywidgets
    except ModuleNotFoundError:
        return None
    question = ipywidgets.HTML(Card("info", pick(quiz.question))._repr_html_())
    answer = ipywidgets.HTML()
    rows = [question]
    for letter, option in zip(string.ascii_lowercase, quiz.options, strict=False):
        button = ipywidgets.Button(
            description=letter,
            tooltip=f"{letter}) {pick(option.words)}",
            layout=ipywidgets.Layout(width="3em", flex="0 0 auto"),
        )
        # The words stand beside the button, where they can wrap and hold code.
        words = ipywidgets.HTML(f'<div style="line-height:1.5">{inline(pick(option.words))}</div>')

        def show(_: Any, option: Option = option, letter: str = letter) -> None:
            answer.value = _feedback(option, letter)._repr_html_()

        button.on_click(show)
        layout = ipywidgets.Layout(margin="2px 0 2px 14px")
        rows.append(ipywidgets.HBox([button, words], layout=layout))
    return ipywidgets.VBox([*rows, answer])
