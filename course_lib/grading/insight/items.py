"""``teach items``: how hard each exercise was, and whether it tells strong students from weak ones.

Difficulty is the share of an exercise's points that the class earned (the classical index: high is easy).
Discrimination is the corrected item–total correlation: Pearson's r between an exercise's points and the sum
of all *other* exercises, since an exercise in its own total correlates with itself (L. Crocker and J. Algina,
*Introduction to Classical and Modern Test Theory*, 1986). Intervals are at 95 %: Wilson's score interval for
the share that earned every point, Fisher's z for the correlation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.errors import CourseError
from course_lib.grading.people.standing import Row, natural

FEWEST = 30  # below this an interval is so wide that a number would mislead
_Z = 1.959963984540054  # the normal distribution's 97.5 % point


@dataclass(frozen=True)
class Item:
    """One exercise in a class.

    Attributes:
        name: The exercise.
        n: Students whose points count.
        difficulty: Mean share of the points, in [0, 1].
        full: Share of students with every point, and its interval.
        discrimination: Corrected item–total correlation and its interval; ``None`` where everybody has the
            same points here or in all the rest.
    """

    name: str
    n: int
    difficulty: float
    full: tuple[float, float, float]
    discrimination: tuple[float, float, float] | None

    @property
    def note(self) -> str:
        """``"easy"``, ``"hard"``, ``"low"``, ``"negative"`` or ``""``: what deserves a look."""
        if self.discrimination is not None and self.discrimination[2] < 0:
            return "negative"
        if self.difficulty > 0.95:
            return "easy"
        if self.difficulty < 0.2:
            return "hard"
        if self.discrimination is not None and self.discrimination[2] < 0.2:
            return "low"
        return ""


def analyse(rows: Sequence[Row], most: Mapping[str, float], *, fewest: int = FEWEST) -> list[Item]:
    """Give each exercise's statistics, from the graded students of one chapter.

    An exercise that still waits for anybody's marks by hand is left out, here and in the totals.

    Args:
        rows: Standings (``read_grades``).
        most: The points that there are, by exercise.
        fewest: How many students it takes.

    Raises:
        CourseError: Too few students.
    """
    waiting = {name for row in rows for name in row.open}
    most = {name: points for name, points in most.items() if name not in waiting}
    done = [row for row in rows if row.state in ("graded", "to be marked")]
    counted = [row for row in done if most and set(most) <= set(row.exercises)]
    if len(counted) < fewest:
        raise CourseError(
            f"Too few: {len(counted)} students are graded, and it takes {fewest}; with fewer, such numbers "
            "say more about chance than about the exercises.",
            f"人数太少：已评分的只有 {len(counted)} 人，至少需要 {fewest} 人；"
            "再少的话，这些数字反映的主要是偶然，而不是题目。",
        )
    names = sorted(most, key=natural)
    points = np.array([[row.exercises[name] for name in names] for row in counted], dtype=float)
    total = points.sum(axis=1)
    items = []
    for place, name in enumerate(names):
        own, there = points[:, place], most[name]
        if there <= 0:
            continue
        full = wilson(int((own >= there - 1e-9).sum()), len(own))
        r = correlate(own, total - own)
        items.append(Item(name, len(own), float(own.mean() / there), full, r))
    return items


def wilson(count: int, n: int) -> tuple[float, float, float]:
    """Give a share and its 95 % interval (E. B. Wilson, 1927)."""
    share = count / n
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n * n))
    return share, max(0.0, centre - half), min(1.0, centre + half)


def correlate(a: np.ndarray, b: np.ndarray) -> tuple[float, float, float] | None:
    """Give Pearson's r (two arrays of N numbers) and its 95 % interval by Fisher's z; ``None``: no spread."""
    if len(a) < 4 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    r = float(np.clip(np.corrcoef(a, b)[0, 1], -1.0, 1.0))
    if abs(r) > 1 - 1e-12:
        return r, r, r
    z, half = math.atanh(r), _Z / math.sqrt(len(a) - 3)
    return r, math.tanh(z - half), math.tanh(z + half)
