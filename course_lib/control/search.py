"""The cross-entropy method: draw many policies, keep the best, draw around them again.

R. Rubinstein, "The cross-entropy method for combinatorial and continuous optimization", *Methodology and
Computing in Applied Probability* 1, 1999; for control S. Mannor, R. Rubinstein and Y. Gat, "The cross
entropy method for fast policy search", ICML 2003. It needs no gradient: only the score of each trial.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from course_lib.errors import CourseError


@dataclass
class Search:
    """The record of a search.

    Attributes:
        means: Where the search stood before each round and at the end, (rounds+1)×D.
        scores: The scores of each round's candidates, rounds×candidates.
    """

    means: np.ndarray
    scores: np.ndarray

    @property
    def best(self) -> np.ndarray:
        """Where the search ended: the mean of the last round's best."""
        return self.means[-1]


def cross_entropy_search(
    score: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    *,
    rounds: int = 8,
    candidates: int = 16,
    elite: int = 4,
    spread: float = 1.0,
    least: float = 0.05,
    seed: int = 0,
) -> Search:
    r"""Make a score large by trial and selection.

    In each round draw ``candidates`` vectors from a normal distribution, one variance for each entry;
    score them; take the mean and the standard deviation of the ``elite`` best for the next round.

    Args:
        score: Candidates P×D → a number for each, P; larger is better. It may be noisy.
        start: The first mean, D numbers: zeros, or a solution of another task.
        rounds, candidates, elite: Together rounds × candidates trials.
        spread: The first standard deviation.
        least: No standard deviation falls below this: else a lucky round ends the search.
        seed: Draws the candidates.
    """
    if not 0 < elite <= candidates or rounds < 1:
        raise CourseError(
            f"elite is between 1 and candidates, rounds at least 1; these are {elite}, {candidates}, {rounds}.",
            f"elite 应在 1 与 candidates 之间，rounds 至少为 1；现在分别是 {elite}、{candidates}、{rounds}。",
        )
    rng = np.random.default_rng([seed, 6])
    mean = np.asarray(start, dtype=np.float64)
    deviation = np.full(mean.shape, float(spread))
    means, scores = [mean], []
    for _ in range(rounds):
        drawn = mean + deviation * rng.normal(size=(candidates, len(mean)))
        found = np.asarray(score(drawn))
        best = drawn[np.argsort(-found, kind="stable")[:elite]]
        mean, deviation = best.mean(axis=0), np.maximum(best.std(axis=0), least)
        means.append(mean)
        scores.append(found)
    return Search(np.stack(means), np.stack(scores))
