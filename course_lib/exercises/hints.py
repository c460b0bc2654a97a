"""``hint("04.3")``: one step further each time it is called."""

from __future__ import annotations

from course_lib.errors import CourseError
from course_lib.exercises import journal
from course_lib.exercises.cards import Card
from course_lib.exercises.public import load_public
from course_lib.exercises.settings import is_grading, is_recording
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
        return _no_more(exercise_id, len(hints))
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


def _no_more(exercise_id: str, count: int) -> Card:
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
                "stuck, go back to the worked code above the exercise and print the shape after "
                "each step.",
                f"{count} 条提示都看过了；`{again}` 可以重看第一条。如果仍然卡住，"
                "请回到练习前面的示例代码，把每一步之后的形状打印出来。",
            )
        ],
    )
