r"""The language model that every other one must beat: counts of what followed what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from course_lib.arguments import require_count, require_number
from course_lib.errors import CourseError

Table = tuple[np.ndarray, np.ndarray]  # different codes, sorted, and how many runs came before each


@dataclass(frozen=True)
class NGrams:
    r"""Probabilities of the next token from the last :math:`n-1`, mixed with shorter memories.

    .. math::
        p_n(y \mid c) = \frac{N(c, y) + \beta \, p_{n-1}(y \mid c')}{N(c) + \beta}, \qquad
        p_0(y) = 1 / K

    :math:`c'` is the context without its first token; where a context was never seen, the shorter
    memory answers alone. MacKay & Peto, *A hierarchical Dirichlet language model*, Natural Language
    Engineering 1(3), 1995.

    Attributes:
        n: How long the memory is: 1 knows frequencies only, 2 the last token …
        vocabulary: K.
        beta: :math:`\beta`, how many observations the shorter memory is worth.
        counts: For each text that was read, its weight and its tables, one for each memory length.
    """

    n: int
    vocabulary: int
    beta: float = 5.0
    counts: tuple[tuple[float, tuple[Table, ...]], ...] = ()

    def __post_init__(self) -> None:
        require_count("n", self.n)
        require_count("vocabulary", self.vocabulary, 2)
        require_number("beta", self.beta, ends="()")
        if self.vocabulary**self.n >= 2**62:
            raise CourseError(
                f"{self.n} tokens of {self.vocabulary} different ones cannot be numbered in 64 bits: take a smaller n.",
                f"{self.vocabulary} 种词元、长度 {self.n} 的序列无法用 64 位整数编号：请减小 n。",
            )

    def learn(self, numbers: Sequence[int], *, times: float = 1.0) -> NGrams:
        """Give a model that has read one more text; this one stays as it is.

        Args:
            numbers: The text as a row of tokens.
            times: How often the text counts: 5 is as if it had been read five times.
        """
        row = np.asarray(numbers, dtype=np.int64)
        weight = require_number("times", times, ends="()")
        tables = tuple(_count(row, k, self.vocabulary) for k in range(1, self.n + 1))
        return replace(self, counts=(*self.counts, (weight, tables)))

    def probability(self, token: int, context: Sequence[int]) -> float:
        """Give p(token | context)."""
        row = np.array([*context, token][-self.n :], dtype=np.int64)[None]
        return float(self._probabilities(row, np.array([row.shape[1]]))[0])

    def surprise(self, x: np.ndarray, y: np.ndarray) -> float:
        """Give the mean of −log p per token of y (N×T, −1 does not count) after those of x (N×T)."""
        x, y = np.asarray(x, dtype=np.int64), np.asarray(y, dtype=np.int64)
        before = np.pad(x, ((0, 0), (self.n - 1, 0)))  # n - 1 tokens before the first one's
        contexts = np.lib.stride_tricks.sliding_window_view(before, self.n, axis=1)[..., 1:]
        rows, counted = np.concatenate([contexts, y[..., None]], axis=-1), y >= 0
        lengths = np.broadcast_to(np.minimum(np.arange(x.shape[1]) + 2, self.n), y.shape)
        p = self._probabilities(rows[counted], lengths[counted])
        return float(-np.log(p).mean())

    def _probabilities(self, rows: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Give p of each row's last token after the others; only its last ``lengths`` tokens are there."""
        p, seen = np.full(len(rows), 1 / self.vocabulary), np.ones(len(rows), dtype=bool)
        for k in range(1, rows.shape[1] + 1):
            code = _encode(rows[:, -k:], self.vocabulary)
            pairs = sum(w * _look_up(tables[k - 1], code) for w, tables in self.counts)
            first = (
                code - code % self.vocabulary
            )  # from here to the next multiple of K: one context
            contexts = sum(
                w * (_up_to(tables[k - 1], first + self.vocabulary) - _up_to(tables[k - 1], first))
                for w, tables in self.counts
            )
            seen = seen & (lengths >= k) & (contexts > 0)
            p = np.where(seen, (pairs + self.beta * p) / (contexts + self.beta), p)
        return p


def _encode(rows: np.ndarray, K: int) -> np.ndarray:
    """Give one whole number for each row of k tokens, its digits to the base K: N×k → N."""
    return rows @ K ** np.arange(rows.shape[1] - 1, -1, -1, dtype=np.int64)


def _count(row: np.ndarray, k: int, K: int) -> Table:
    """Count each different run of k tokens; the second array is the running total, a 0 before it."""
    if len(row) < k:
        return np.empty(0, np.int64), np.zeros(1)
    windows = np.lib.stride_tricks.sliding_window_view(row, k)
    codes, times = np.unique(_encode(windows, K), return_counts=True)
    return codes, np.concatenate([[0.0], np.cumsum(times, dtype=float)])


def _look_up(table: Table, code: np.ndarray) -> np.ndarray:
    """Give how often each of these runs was seen."""
    return _up_to(table, code + 1) - _up_to(table, code)


def _up_to(table: Table, code: np.ndarray) -> np.ndarray:
    """Give how many runs with a smaller number were seen."""
    codes, total = table
    return total[np.searchsorted(codes, code)]
