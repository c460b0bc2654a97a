"""``claim("…", condition)``: a sentence of the course that must be true, or the notebook stops."""

from __future__ import annotations

import numpy as np

from course_lib.errors import CourseError
from course_lib.exercises.cards import MARKS
from course_lib.language import both


class ClaimFailed(CourseError):  # noqa: N818
    """What the course says did not come out in this run."""


def claim(en: str, condition: bool | np.bool_, zh: str | None = None) -> None:
    """Print a sentence with a mark when the condition holds; raise :class:`ClaimFailed` otherwise.

    Args:
        en: The sentence in English.
        condition: One bool (Python's or NumPy's). An array or a number is refused: whoever means
            ``.all()`` or ``> 0`` has to write it.
        zh: The sentence in Chinese.
    """
    if not isinstance(condition, bool | np.bool_):
        kind = type(condition).__name__
        raise CourseError(
            f"claim() needs one truth value, not {kind}: reduce it with .all(), or compare it.",
            f"claim() 需要一个布尔值，而不是 {kind}：请用 .all() 归为一个值，或者写成比较。",
        )
    sentence = both(en, zh or en)
    if not condition:
        raise ClaimFailed(
            f"This did not come out here: “{en}” If you changed something above, that is a result "
            "worth looking at; if not, please report it.",
            f"这里没有得到预期的结论：“{zh or en}”如果你改动过上面的代码，这个结果值得琢磨；"
            "如果没有改动，请反馈给我们。",
        )
    print(f"{MARKS['good']} {sentence}")
