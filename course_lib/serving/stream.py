"""Pictures that arrive week by week, while the scanner that makes them ages."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_lib.arguments import require_count, require_seed
from course_lib.data import Domain


def paper_turns_grey(x: np.ndarray, grey: float) -> np.ndarray:
    """Give uint8 pictures whose paper is no longer 0: ink keeps 255, paper becomes ``grey``.

    A person reads them as before.
    """
    return np.rint(grey + x.astype(np.float32) * (255 - grey) / 255).astype(np.uint8)


def weekly_pictures(
    domain: Domain, *, weeks: int, per_week: int, change: Callable[[np.ndarray, int], np.ndarray],
    seed: int = 0,
) -> list[Domain]:  # fmt: skip
    """Deal pictures out to weeks, none twice, and change each week's as its scanner does.

    Args:
        domain: Where they come from: weeks × per_week pictures or more.
        change: ``change(x, week)`` gives the pictures as they look in a week, counted from 0.
        seed: Another seed deals them otherwise.
    """
    weeks, per_week = require_count("weeks", weeks), require_count("per_week", per_week)
    dealt = domain.sample(weeks * per_week, seed=require_seed(seed))
    parts = [dealt.take(np.arange(w * per_week, (w + 1) * per_week)) for w in range(weeks)]
    return [
        Domain(part.name, change(part.x, w), part.y, part.classes, part.license, part.source)
        for w, part in enumerate(parts)
    ]
