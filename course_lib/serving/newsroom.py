"""Days of headlines, made: how many of each mood a day brings, when all is quiet and when it is not."""

from __future__ import annotations

import numpy as np

from course_lib.arguments import require_count, require_number, require_seed

QUIET = (0.3, 0.4, 0.3)  # parts of negative, neutral, positive headlines
PERSISTENCE, SWING = 0.6, 0.3


def draw_days(
    runs: int, days: int, *, per_day: int = 30, worse: float = 0.0, since: int = 0, seed: int = 0
) -> np.ndarray:
    r"""Draw the moods of headlines, runs × days × per_day: 0 negative, 1 neutral, 2 positive.

    One bad day makes the next one likelier: a hidden :math:`a_t = 0.6\,a_{t-1} + \varepsilon_t` pushes negative
    headlines up and positive ones down by as many logits.

    Args:
        runs: Independent runs.
        days: Days of each.
        per_day: Headlines a day.
        worse: A lasting push of as many logits …
        since: … from this day on.
        seed: Other days.
    """
    rng = np.random.default_rng([7, require_seed(seed)])
    require_count("runs", runs), require_count("days", days), require_count("per_day", per_day)
    worse = require_number("worse", worse, -10, 10)
    a, out = rng.normal(0, SWING, runs), np.empty((runs, days, per_day), dtype=np.int64)
    for t in range(days):
        a = PERSISTENCE * a + np.sqrt(1 - PERSISTENCE**2) * rng.normal(0, SWING, runs)
        push = a + (worse if t >= since else 0.0)
        p = np.array(QUIET) * np.exp(np.stack([push, 0 * push, -push], axis=1))
        edges = np.cumsum(p / p.sum(axis=1, keepdims=True), axis=1)
        out[:, t] = (rng.random((runs, per_day, 1)) > edges[:, None, :2]).sum(axis=2)
    return out
