"""``check("04.3", ridge_path)``: is my answer right, and if not, what did I do?

It compares on a few public examples. Grading asks the same function on other inputs, elsewhere
(``course_lib.grading``); there, :func:`check` only keeps the answer in :data:`captured`.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from course_lib.errors import CourseError
from course_lib.exercises import journal
from course_lib.exercises.advice import own_lines
from course_lib.exercises.calling import (
    call,
    forbidden_call,
    not_attempted,
    refuse_forbidden,
    require_function,
)
from course_lib.exercises.cards import Card, Table
from course_lib.exercises.conversion import to_tensors
from course_lib.exercises.drawings import Sketch, sketch
from course_lib.exercises.explaining import compare_rows, explain
from course_lib.exercises.forbidden import refused
from course_lib.exercises.judging import Case, Judgement, judge
from course_lib.exercises.problems import AnswerError
from course_lib.exercises.public import PublicExercise, load_public
from course_lib.exercises.settings import framework_in_use, is_grading, is_recording, is_strict
from course_lib.language import Text, both, pick

captured: dict[str, Any] = {}
"""While grading: each exercise's answer as it was checked last."""

kept: dict[str, Any] = {}
"""While grading: each exercise's answer as it stood at its check cell."""

PATIENCE = 10.0
"""Seconds after which a student is told how to stop a check that is still running."""

_NOTHING = object()


class CheckFailed(CourseError):  # noqa: N818
    """In a strict run: the answer is not right; the message is what the student would read."""


@dataclass(frozen=True)
class Result:
    """What a check found; Jupyter shows it as a card, elsewhere it prints as text.

    Attributes:
        exercise: The exercise's public part.
        state: ``"correct"``, ``"incorrect"`` or ``"not_attempted"``.
        reason: ``"pitfall"``, ``"value"``, or one of :data:`.problems.REASONS`; ``""`` when right.
        pitfall: The name of the pitfall, where it was one.
        card: What to show.
    """

    exercise: PublicExercise
    state: str
    reason: str
    pitfall: str | None
    card: Card

    def __bool__(self) -> bool:
        return self.state == "correct"

    def _repr_html_(self) -> str:
        return self.card._repr_html_()

    def __repr__(self) -> str:
        return repr(self.card)


def check(exercise_id: str, answer: Any = _NOTHING, *, trial: bool = False) -> Result | None:
    """Check an answer; write it as the last line of a cell, so that Jupyter shows the result.

    Args:
        exercise_id: Such as ``"04.3"``.
        answer: The function itself, without parentheses: ``check("04.3", ridge_path)``.
        trial: Only to see the verdict, of a mistake made on purpose: it is not recorded, not handed in, and
            raises in no run.

    Raises:
        CourseError: There is no such exercise.
        CheckFailed: In a strict run (``COURSE_STRICT=1``), when the answer is not right.
    """
    if is_grading() and trial:
        return None
    if is_grading():
        captured[exercise_id] = None if answer is _NOTHING else answer
        print(both(f"{exercise_id}: handed in for grading.", f"{exercise_id}：已提交，等待评分。"))
        return None
    exercise = load_public(exercise_id)
    if exercise.is_manual:
        raise CourseError(
            f"{exercise_id} is marked by hand: write your answer in its cell, nothing is checked.",
            f"{exercise_id} 由教师批改：请把答案写在对应的单元格里，这里不做自动检查。",
        )
    if answer is _NOTHING:
        raise CourseError(
            f'Give your function as well: check("{exercise_id}", {exercise.function}).',
            f'请把你的函数也传进来：check("{exercise_id}", {exercise.function})。',
        )
    result = assess(exercise, answer, framework=framework_in_use())
    if trial:
        return result
    if is_strict() and not result:
        raise CheckFailed(repr(result))
    if is_recording():
        journal.record("check", exercise_id, state=result.state, reason=result.reason)
    return result


def keep(exercise_id: str) -> None:
    """Hold on to what was checked just now: grading adds this to the check cell."""
    if exercise_id in captured:
        kept[exercise_id] = captured[exercise_id]


def answer_for(exercise_id: str) -> list[Any]:
    """Give what may be asked for an exercise: its check cell's answer, then one checked elsewhere.

    The second counts only where the first was not begun: a student may have left the stub, written the
    function further below and checked it there.
    """
    found = [each[exercise_id] for each in (kept, captured) if exercise_id in each]
    return found[:1] if len(found) == 2 and found[0] is found[1] else found


def assess(exercise: PublicExercise, answer: Any, *, framework: str) -> Result:
    """Check an answer against an exercise's public part, without recording or raising."""
    remarks: list[Text] = []
    cases: list[Case] = []
    try:
        require_function(answer)
        refuse_forbidden(answer, exercise.forbidden)
        for draw in exercise.draws:
            with _patience(exercise), refused(exercise.forbidden, forbidden_call):
                found = call(
                    answer,
                    draw.inputs,
                    framework=framework,
                    tensors=exercise.tensors,
                    probe=exercise.probe,
                    dtype=exercise.comparator.dtype if exercise.comparator else None,
                    errors=exercise.errors,
                    remarks=remarks if not remarks else None,
                )
            cases.append(Case(draw.inputs, draw.expected, found, draw.mistaken))
    except AnswerError as problem:
        # An earlier example that came out wrong tells more than an error in a later one.
        if not cases or exercise.comparator is None or judge(exercise.comparator, cases).correct:
            return _of_problem(exercise, problem)
    if exercise.comparator is None or not cases:
        return _of_problem(exercise, not_attempted())
    judgement = judge(exercise.comparator, cases)
    if judgement.correct:
        return _correct(exercise, remarks, cases)
    return _incorrect(exercise, judgement, cases)


@contextmanager
def _patience(exercise: PublicExercise) -> Iterator[None]:
    """Say after a while how to stop a call that does not come to an end, and take the stop kindly."""
    words = both(
        f"{exercise.id}: your function is still running. Kernel → Interrupt (the ■ button) stops it; "
        "then you see at which line it was.",
        f"{exercise.id}：你的函数还在运行。可用“内核 → 中断”（■ 按钮）停止它，随后会显示停在了哪一行。",
    )
    timer = threading.Timer(PATIENCE, print, args=[words], kwargs={"flush": True})
    timer.daemon = True
    if not is_strict():  # else nobody is waiting
        timer.start()
    try:
        yield
    except KeyboardInterrupt as stop:
        raise AnswerError(
            "interrupted",
            "You stopped it. Your function was still at work here; if that is a loop, ask what ends it:",
            "你中断了运行。当时函数执行到这里；如果这是循环，想一想它靠什么结束：",
            own_lines(stop),
        ) from None
    finally:
        timer.cancel()


def example(exercise_id: str, number: int = 1) -> dict[str, Any]:
    """Give the inputs of one of the examples that :func:`check` uses, to try the function on.

    ``ridge_path(**example("04.3"))`` calls it as ``check`` does. ``number`` counts from 1. Where the
    function gets a model, each call builds it anew.
    """
    exercise = load_public(exercise_id)
    if not 1 <= number <= len(exercise.draws):
        count = len(exercise.draws)
        raise CourseError(
            f"{exercise_id} has the examples 1 to {count}."
            if count
            else f"{exercise_id} is marked by hand and has no examples.",
            f"{exercise_id} 的例子编号是 1 到 {count}。"
            if count
            else f"{exercise_id} 由教师批改，没有例子。",
        )
    inputs = exercise.draws[number - 1].inputs
    if exercise.probe:
        probes = importlib.import_module(f"course_lib.{framework_in_use()}.probes")
        return probes.ARGUMENTS[exercise.probe](**to_tensors(inputs, "numpy"))
    return to_tensors(inputs, framework_in_use() if exercise.tensors else "numpy")


def _correct(exercise: PublicExercise, remarks: list[Text], cases: list[Case]) -> Result:
    count = len(exercise.draws)
    said = both(
        f"Your function agrees on all {count} examples."
        if count > 1
        else "Your function agrees on the example.",
        f"你的函数在全部 {count} 组例子上都给出了应有的结果。"
        if count > 1
        else "你的函数在例子上给出了应有的结果。",
    )
    heading = _heading(exercise, both("correct", "正确"))
    card = Card(
        "good", heading, [said, *map(pick, remarks)], figure=_figure(exercise, cases, 0, right=True)
    )
    return Result(exercise, "correct", "", None, card)


def _of_problem(exercise: PublicExercise, problem: AnswerError) -> Result:
    if problem.reason == "not_attempted":
        heading = _heading(exercise, both("not attempted", "未作答"))
        card = Card("open", heading, [str(problem)])
        return Result(exercise, "not_attempted", problem.reason, None, card)
    heading = _heading(exercise, both("not right yet", "还不对"))
    card = Card("bad", heading, [str(problem)], code=problem.lines, footer=_footer(exercise))
    return Result(exercise, "incorrect", problem.reason, None, card)


def _incorrect(exercise: PublicExercise, judgement: Judgement, cases: list[Case]) -> Result:
    assert exercise.comparator is not None
    differences = map(
        pick,
        explain(
            judgement, cases, exercise.comparator, tensors=exercise.tensors, parts=exercise.parts
        ),
    )
    # A pitfall's own message says what was done; the table below it says the rest.
    known = judgement.pitfall and [pick(exercise.messages[judgement.pitfall])]
    rows = [
        [pick(row.name), pick(row.expected), pick(row.found)]
        for row in compare_rows(judgement, cases, tensors=exercise.tensors, parts=exercise.parts)
    ]
    header = [both("result", "返回值"), both("expected", "应为"), both("yours", "你的")]
    card = Card(
        "bad",
        _heading(exercise, both("not right yet", "还不对")),
        known or list(differences),
        table=Table(header, rows, of_values=True) if rows else None,
        figure=_figure(exercise, cases, judgement.wrong, right=False),
        footer=[*_which_example(exercise, judgement), *_footer(exercise)],
    )
    reason = "pitfall" if judgement.pitfall else "value"
    return Result(exercise, "incorrect", reason, judgement.pitfall, card)


def _figure(
    exercise: PublicExercise, cases: list[Case], number: int, *, right: bool
) -> Sketch | None:
    """Prepare the figure of an example for whoever sits before it: no grading and no test draws any."""
    if exercise.comparator is None or not is_recording():
        return None
    case = cases[number]
    return sketch(
        exercise.drawing,
        exercise.comparator,
        case.inputs,
        case.expected,
        case.found,
        number + 1,
        right=right,
    )


def _heading(exercise: PublicExercise, state: str) -> str:
    return f"{exercise.id} {pick(exercise.title)} · {state}"


def _which_example(exercise: PublicExercise, judgement: Judgement) -> list[str]:
    number = judgement.wrong + 1
    this_one = f'example("{exercise.id}", {number})'
    call_again = f"{exercise.function}(**{this_one})"
    if exercise.probe:
        this_one = f"given = {this_one}"
        call_again = f"{exercise.function}(**given)"
        return [
            both(
                f"This is example {number} of {len(exercise.draws)}. Try it yourself: `{this_one}`, then "
                f"`{call_again}`, and look at what is in `given`.",
                f"这是 {len(exercise.draws)} 组例子中的第 {number} 组。可以自己试：先写 `{this_one}`，再运行 "
                f"`{call_again}`，然后查看 `given` 里的东西。",
            )
        ]
    return [
        both(
            f"This is example {number} of {len(exercise.draws)}. Try it yourself: `{call_again}`",
            f"这是 {len(exercise.draws)} 组例子中的第 {number} 组。可以自己试：`{call_again}`",
        )
    ]


def _footer(exercise: PublicExercise) -> list[str]:
    used = journal.standing(exercise.id).hints
    if used >= len(exercise.hints):
        return []
    ask = f'hint("{exercise.id}")'
    if used:
        return [both(f"Another hint: `{ask}`", f"再看一条提示：`{ask}`")]
    return [both(f"Stuck? `{ask}` helps one step further.", f"卡住了？`{ask}` 会给出一步提示。")]
