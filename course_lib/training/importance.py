"""Whose gradients the Fisher information is made of: the choices that are made in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.special import softmax

from course_lib.arguments import as_labels, require_count, require_seed
from course_lib.errors import CourseError
from course_lib.training.batches import as_arrays, require_arrays
from course_lib.training.requirements import require_labels

LABELS = ("sampled", "all", "data")


class Answers(NamedTuple):
    """Whose gradients are squared and added up.

    Attributes:
        x: Examples.
        among: The classes among which the model chooses.
        rows: Triples: the example's place, the answer's place in ``among``, how much it counts; for
            each example they add up to 1/N.
    """

    x: np.ndarray
    among: np.ndarray
    rows: list[tuple[int, int, float]]


def weighed_answers(
    ask: Callable[[np.ndarray], np.ndarray],
    domain: Any,
    *,
    labels: str,
    n: int | None,
    classes: Sequence[int] | None,
    seed: int,
) -> Answers:
    """Draw examples and answers, as ``fisher_diagonal`` says.

    Args:
        ask: Gives the model's logits for inputs.
    """
    arrays = as_arrays(domain)
    require_arrays(arrays, "x", "y")
    seed, n = require_seed(seed), None if n is None else require_count("n", n)
    order = np.random.default_rng(seed).permutation(len(arrays["y"]))[:n]
    x, y = arrays["x"][order], as_labels("y", arrays["y"][order])
    z = ask(x)
    among = np.arange(z.shape[1]) if classes is None else np.sort([*classes])
    places = np.where(np.isin(y, among), np.searchsorted(among, y), -1)
    weights = answer_weights(z[:, among], places, labels, seed)
    rows = [(i, k, weights[i, k] / len(x)) for i, k in np.argwhere(weights > 0).tolist()]
    return Answers(x, among, rows)


def answer_weights(z: np.ndarray, y: np.ndarray, labels: str, seed: int) -> np.ndarray:
    """Give N×K: how much the gradient of log p(k | x_i) counts.

    Args:
        z: Logits, N×K.
        y: The true labels, places among the K.
        labels: ``"sampled"``: one answer for each example, drawn from the model's own
            probabilities. ``"all"``: each answer with its probability. ``"data"``: the true label.
        seed: Decides what is drawn.
    """
    p, K = softmax(z.astype(np.float64), axis=1), z.shape[1]
    if labels == "all":
        return p
    if labels == "sampled":
        u = np.random.default_rng([seed, *b"fisher"]).random((len(p), 1))
        y = np.minimum((p.cumsum(axis=1) < u).sum(axis=1), K - 1)
    elif labels != "data":
        raise CourseError(
            f"labels is one of {', '.join(LABELS)}; it was {labels!r}.",
            f"labels 只能是 {'、'.join(LABELS)} 之一，现在是 {labels!r}。",
        )
    require_labels(y, K)
    return np.eye(K)[y]
