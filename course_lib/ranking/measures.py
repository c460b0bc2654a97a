r"""How good is an order? Measures of ranked lists, ties handled.

Scores that are equal have no order of their own: a sort would take the order in which the articles happened
to come. Precision, recall, the reciprocal rank and NDCG are therefore given as the **mean over all orders
of the tied** (exactly, no drawing). Average precision treats a group of equal scores as one threshold, as
scikit-learn does. Slates with nothing relevant say nothing about an order: they are ``nan`` and are left out
of means.
"""

from __future__ import annotations

from math import comb

import numpy as np

from course_lib.arguments import as_numbers, require_count
from course_lib.errors import CourseError


def expected_gains(scores: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """Give the gain at each rank, N×K: sorted by falling score, equal scores share theirs evenly."""
    return _ranked(scores, gains)[0]


def precision_at(scores: np.ndarray, relevant: np.ndarray, k: int) -> np.ndarray:
    """Give which part of the first k is relevant, N."""
    found = expected_gains(scores, relevant)
    require_count("k", k, 1, found.shape[1])
    return _where_relevant(relevant, found[:, :k].sum(axis=1) / k)


def recall_at(scores: np.ndarray, relevant: np.ndarray, k: int) -> np.ndarray:
    """Give which part of the relevant stands among the first k, N."""
    found = expected_gains(scores, relevant)
    require_count("k", k, 1, found.shape[1])
    return _where_relevant(
        relevant, found[:, :k].sum(axis=1) / np.maximum(found.sum(axis=1), 1e-12)
    )


def average_precision(scores: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    r"""Give the mean precision at the relevant ranks, N; its mean over slates is **MAP**.

    .. math:: \mathrm{AP} = \sum_n (R_n - R_{n-1}) \, P_n

    over the distinct scores as thresholds, as ``sklearn.metrics.average_precision_score`` has it.
    """
    found, ends = _ranked(scores, relevant)
    hits = np.take_along_axis(found.cumsum(axis=1), ends, axis=1)
    precision = hits / (ends + 1)
    return _where_relevant(
        relevant, (found * precision).sum(axis=1) / np.maximum(found.sum(axis=1), 1e-12)
    )


def reciprocal_rank(scores: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """Give one over the rank of the first relevant, N; its mean over slates is **MRR**."""
    scores, relevant = _pair(scores, relevant)
    out = np.full(len(scores), np.nan)
    for row, (s, r) in enumerate(zip(scores, relevant > 0, strict=True)):
        if r.any():
            best = s[r].max()
            before, n, hits = (s > best).sum(), (s == best).sum(), (r & (s == best)).sum()
            # The first of `hits` among n tied stands at place j in comb(n − j, hits − 1) of the orders.
            ways = [comb(int(n - j), int(hits - 1)) for j in range(1, n - hits + 2)]
            places = before + np.arange(1, len(ways) + 1)
            out[row] = np.dot(ways, 1 / places) / comb(int(n), int(hits))
    return out


def ndcg(scores: np.ndarray, gains: np.ndarray, k: int | None = None) -> np.ndarray:
    r"""Give the normalised discounted cumulative gain of the first k, N.

    .. math::
        \mathrm{DCG} = \sum_{j=1}^{k} \frac{g_j}{\log_2(j+1)}, \qquad
        \mathrm{NDCG} = \mathrm{DCG} / \max \mathrm{DCG}

    Järvelin & Kekäläinen, *Cumulated gain-based evaluation of IR techniques*, ACM TOIS 20(4), 2002; ties as in
    McSherry & Najork, *Computing information retrieval performance measures efficiently in the presence of
    tied scores*, ECIR 2008.

    Args:
        scores: N×K.
        gains: N×K, 0 or more: 1 for a click, 2 for a purchase, say.
        k: The whole list unless given.
    """
    found = expected_gains(scores, gains)
    k = found.shape[1] if k is None else require_count("k", k, 1, found.shape[1])
    discount = 1 / np.log2(np.arange(k) + 2)
    best = -np.sort(-np.asarray(gains, dtype=np.float64), axis=1)[:, :k] @ discount
    return _where_relevant(gains, found[:, :k] @ discount / np.maximum(best, 1e-12))


def judge(scores: np.ndarray, relevant: np.ndarray, *, k: int = 3) -> dict[str, float]:
    """Give the means of all measures over slates with something relevant."""
    found = {
        f"precision@{k}": precision_at(scores, relevant, k),
        f"recall@{k}": recall_at(scores, relevant, k),
        "MAP": average_precision(scores, relevant),
        "MRR": reciprocal_rank(scores, relevant),
        f"NDCG@{k}": ndcg(scores, relevant, k),
    }
    return {name: float(np.nanmean(values)) for name, values in found.items()}


def _pair(scores: np.ndarray, gains: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    s, g = (as_numbers(n, v).astype(np.float64) for n, v in (("scores", scores), ("gains", gains)))
    if s.ndim != 2 or s.shape != g.shape or (g < 0).any():
        raise CourseError(
            "Scores and gains are two tables N×K of one shape, a row for each slate, gains 0 or more; "
            f"the shapes are {s.shape} and {g.shape}.",
            "得分与增益应是两张同样形状的 N×K 表，每行一个列表，增益不小于 0；"
            f"现在的形状是 {s.shape} 和 {g.shape}。",
        )
    return s, g


def _ranked(scores: np.ndarray, gains: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give gains by rank, shared within groups of equal scores, and each rank's end of group."""
    s, g = _pair(scores, gains)
    order = np.argsort(-s, axis=1, kind="stable")
    s, g = np.take_along_axis(s, order, axis=1), np.take_along_axis(g, order, axis=1)
    group = np.cumsum(np.diff(s, axis=1, prepend=s[:, :1]) != 0, axis=1)
    same = group[:, :, None] == group[:, None, :]  # N×K×K
    shared = (same * g[:, None, :]).sum(axis=2) / same.sum(axis=2)
    ends = s.shape[1] - 1 - same[:, :, ::-1].argmax(axis=2)
    return shared, ends


def _where_relevant(gains: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.where((np.asarray(gains) > 0).any(axis=1), values, np.nan)
