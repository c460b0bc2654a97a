"""Is an answer right, and if not, is it a mistake that the exercise knows?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.exercises.comparators import Comparator, Outcome
from course_lib.exercises.values import Value


@dataclass(frozen=True)
class Case:
    """One example with its answer: inputs, right value, value found, and each pitfall's value."""

    inputs: Mapping[str, Value]
    expected: Value
    found: Value
    mistaken: Mapping[str, Value]


@dataclass(frozen=True)
class Judgement:
    """What the cases together say.

    Attributes:
        correct: Whether every case agrees.
        wrong: The number of the first case that does not, counted from 0 (-1 when all agree).
        outcome: The comparison of that case (of the last one when all agree).
        pitfall: The name of the pitfall that was fallen into, ``None`` for any other mistake.
    """

    correct: bool
    wrong: int
    outcome: Outcome
    pitfall: str | None = None


def judge(comparator: Comparator, cases: Sequence[Case]) -> Judgement:
    """Compare all cases; used by ``check()`` on public draws and by grading on secret ones.

    A pitfall is named when its values are the ones found in every wrong case; where several fit,
    the first in the specification's order. A pitfall of a state exercise may give a part of the
    report only: then the rest does not count. The array's type does not count either.
    """
    outcomes = [comparator.compare(case.expected, case.found) for case in cases]
    wrong = [number for number, outcome in enumerate(outcomes) if not outcome.same]
    if not wrong:
        return Judgement(True, -1, outcomes[-1])
    first = outcomes[wrong[0]]
    if first.reason == "dtype" and not isinstance(first.found, np.ndarray):
        return Judgement(False, wrong[0], first)  # a list has no type: that is another mistake
    known = (
        name
        for name in cases[wrong[0]].mistaken
        if all(fits(comparator, cases[i].mistaken[name], cases[i].found) for i in wrong)
    )
    return Judgement(False, wrong[0], first, next(known, None))


def fits(comparator: Comparator, mistaken: Value, found: Value) -> bool:
    """Say whether a value is the one that a mistake gives, as far as the mistake determines it."""
    if isinstance(mistaken, dict) and isinstance(found, dict):
        found = {key: part for key, part in found.items() if key in mistaken}
    return comparator.of_values().compare(mistaken, found).same
