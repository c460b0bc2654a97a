r"""The language model that every other one must beat: counts of what followed what."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from course_lib.arguments import require_count, require_number


class NGrams:
    r"""Probabilities of the next token from the last :math:`n-1`, mixed with shorter memories.

    .. math::
        p_n(y \mid c) = \frac{N(c, y) + \beta \, p_{n-1}(y \mid c')}{N(c) + \beta}, \qquad
        p_0(y) = 1 / K

    :math:`c'` is the context without its first token; where a context was never seen, the shorter
    memory answers alone. MacKay & Peto, *A hierarchical Dirichlet language model*, Natural Language
    Engineering 1(3), 1995.

    Args:
        n: How long the memory is: 1 knows frequencies only, 2 the last token …
        vocabulary: K.
        beta: :math:`\beta`, how many observations the shorter memory is worth.
    """

    def __init__(self, n: int, vocabulary: int, *, beta: float = 5.0) -> None:
        self.n, self.K = require_count("n", n), require_count("vocabulary", vocabulary, 2)
        self.beta = require_number("beta", beta, ends="()")
        self.counts: list[dict[tuple[int, ...], Counter[int]]] = [
            defaultdict(Counter) for _ in range(n)
        ]

    def learn(self, numbers: Sequence[int]) -> NGrams:
        """Count a row of tokens; more rows may follow. Gives the model back."""
        row = [int(number) for number in numbers]
        for t, token in enumerate(row):
            for k in range(min(self.n, t + 1)):
                self.counts[k][tuple(row[t - k : t])][token] += 1
        return self

    def probability(self, token: int, context: Sequence[int]) -> float:
        """Give p(token | context)."""
        p = 1 / self.K
        for k in range(min(self.n, len(context) + 1)):
            found = self.counts[k].get(tuple(context[len(context) - k :]))
            if found is None:
                break
            p = (found[token] + self.beta * p) / (found.total() + self.beta)
        return p

    def surprise(self, x: np.ndarray, y: np.ndarray) -> float:
        """Give the mean of −log p per token of y (N×T, −1 does not count) after those of x (N×T)."""
        found = [
            -np.log(self.probability(int(target), [int(number) for number in inputs[: t + 1]]))
            for inputs, targets in zip(x, y, strict=True)
            for t, target in enumerate(targets)
            if target >= 0
        ]
        return float(np.mean(found))
