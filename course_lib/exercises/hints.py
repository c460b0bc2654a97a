"""``hint("04.3")``: one step further each time it is called."""

from __future__ import annotations

import numpy as np

from course_lib.errors import CourseError
from course_lib.exercises import journal
from course_lib.exercises.cards import Card
from course_lib.exercises.public import PublicExercise, load_public
from course_lib.exercises.settings import is_grading, is_recording
from course_lib.exercises.values import Value
from course_lib.language import both, pick


def hint(exercise_id: str, number: int | None = None) -> Card | None:
    """Show the next hint of an exercise; with a number (from 1), that one again.

    Which hints were seen is kept with the progress, so the next session goes on from there.
    """
    if is_grading():  # the hints are not there, and nobody is reading
        return None
    hints = load_public(exercise_id).hints
    if not hints:
        raise CourseError(
            f"{exercise_id} is marked by hand and has no hints.",
            f"{exercise_id} 由教师批改，没有提示。",
        )
    used = journal.standing(exercise_id).hints
    if number is None and used >= len(hints):
        return _no_more(load_public(exercise_id))
    shown = used + 1 if number is None else number
    if not 1 <= shown <= len(hints):
        raise CourseError(
            f"{exercise_id} has the hints 1 to {len(hints)}.",
            f"{exercise_id} 的提示编号是 1 到 {len(hints)}。",
        )
    if is_recording():
        journal.record("hint", exercise_id, number=shown)
    heading = both(
        f"{exercise_id}, hint {shown} of {len(hints)}",
        f"{exercise_id}，提示 {shown}/{len(hints)}",
    )
    footer = [both("That was the last hint.", "这是最后一条提示。")] if shown == len(hints) else []
    return Card("info", heading, [pick(hints[shown - 1])], footer=footer)


def _no_more(exercise: PublicExercise) -> Card:
    exercise_id, count = exercise.id, len(exercise.hints)
    en, zh = _what_to_look_at(exercise)
    again = f'hint("{exercise_id}", 1)'
    return Card(
        "info",
        both(
            f"{exercise_id}: there are no more hints.",
            f"{exercise_id}：没有更多提示了。",
        ),
        [
            both(
                f"You have seen all {count}; `{again}` shows the first one again. If you are still "
                f"stuck, go back to the text and the code above the exercise. {en}",
                f"{count} 条提示都看过了；`{again}` 可以重看第一条。如果仍然卡住，"
                f"请回到练习前面的正文和示例代码。{zh}",
            )
        ],
    )


def _what_to_look_at(exercise: PublicExercise) -> tuple[str, str]:
    """Say what is worth printing: the state, the shapes or the numbers, by what the exercise is about."""
    take = f'`given = example("{exercise.id}")`'
    if exercise.probe:
        return (
            f"{take} builds what your function gets: call it on `**given` and print what has changed.",
            f"{take} 会造出你的函数收到的东西：用 `**given` 调用它，再打印出有哪些变化。",
        )
    if _holds_an_array(exercise.draws[0].expected):
        return (
            f"Then take the inputs, {take}, and print the shape after each step.",
            f"再用 {take} 取得输入，把每一步之后的形状打印出来。",
        )
    return (
        f"Then take the inputs, {take}, work them through by hand, and print the number after each step.",
        f"再用 {take} 取得输入，自己动手算一遍，并把每一步之后的数值打印出来。",
    )


def _holds_an_array(value: Value) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_holds_an_array, value))
    return isinstance(value, np.ndarray) and value.ndim > 0
