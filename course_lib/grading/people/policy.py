"""What an instructor decides for a course: its time zone, what lateness costs, who has more time.

Kept in ``policy.json`` in the course directory. Due dates are nbgrader's own and stand in its gradebook.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import tzinfo
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.files import locked, write_atomically
from course_lib.grading.course import Course
from course_lib.grading.people.times import find_zone

_FILE = "policy.json"
DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Policy:
    """A course's rules.

    Attributes:
        timezone: Such as ``"Asia/Shanghai"``; ``None``: this machine's own.
        percent_per_day: What each day of lateness that has begun takes off the points earned, in percent.
        most_percent: The most that lateness takes off.
        grace_minutes: Lateness up to this costs nothing. Beyond it, days count from the due date.
        extensions: Minutes after the due date, by chapter and student.
    """

    timezone: str | None = None
    percent_per_day: float = 0.0
    most_percent: float = 100.0
    grace_minutes: float = 0.0
    extensions: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def zone(self) -> tzinfo:
        return find_zone(self.timezone)

    def percent_for(self, seconds_late: float) -> float:
        """Give what lateness takes off, in percent of the points earned."""
        if seconds_late <= max(0.0, self.grace_minutes * 60):
            return 0.0
        return min(math.ceil(seconds_late / DAY) * self.percent_per_day, self.most_percent)

    def penalty(self, score: float, seconds_late: float) -> float:
        """Give the points that lateness takes off a score, to a hundredth."""
        return round(score * self.percent_for(seconds_late) / 100 + 1e-9, 2)


def read_policy(folder: Path) -> Policy:
    """Read a course directory's policy; a course without one takes nothing off."""
    path = folder / _FILE
    if not path.exists():
        return Policy()
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return _checked(Policy(**data))
    except (OSError, ValueError, TypeError):
        raise CourseError(
            f"{path} can't be read: put it right, or delete it and set the rules again "
            "(./course teach late, ./course teach extend).",
            f"{path} 无法读取：请改正；或删除它，再重新设置规则（./course teach late、./course teach extend）。",
        ) from None


def change_policy(course: Course, **changes: Any) -> Policy:
    """Change some of a course's rules; a value that makes no sense is refused with a sentence."""
    with locked(course.private / "policy.lock"):
        policy = _checked(replace(read_policy(course.folder), **changes))
        _write(course, policy)
    return policy


def set_extension(course: Course, chapter: str, student: str, minutes: float | None) -> None:
    """Note a student's extension; ``None`` takes it back."""
    with locked(course.private / "policy.lock"):
        policy = read_policy(course.folder)
        extensions = {name: dict(each) for name, each in policy.extensions.items()}
        # A 0 stays: it takes the extension out of the gradebook, too.
        extensions.setdefault(chapter, {})[student] = minutes or 0.0
        _write(course, replace(policy, extensions=extensions))


def _write(course: Course, policy: Policy) -> None:
    words = json.dumps(asdict(policy), indent=2, ensure_ascii=False) + "\n"
    write_atomically(course.folder / _FILE, words)


def _checked(policy: Policy) -> Policy:
    percents = (policy.percent_per_day, policy.most_percent)
    if not all(0 <= float(percent) <= 100 for percent in percents):
        raise CourseError(
            "A late penalty is a percentage between 0 and 100.",
            "迟交扣分应为 0 到 100 之间的百分数。",
        )
    if not 0 <= float(policy.grace_minutes) <= 7 * 24 * 60:
        raise CourseError(
            "Minutes of grace are between 0 and a week's 10080.",
            "宽限分钟数应在 0 到一周（10080）之间。",
        )
    find_zone(policy.timezone)
    return policy
