"""Asking a pair of towers: labels from words, and pictures from captions. NumPy only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from course_lib.arguments import require_count
from course_lib.readouts import unit_length


def class_vectors(prompts: Sequence[np.ndarray]) -> np.ndarray:
    """Give one direction for each class from its prompts' outputs: K×D, rows of length 1.

    Args:
        prompts: For each class, its prompts' outputs, P×D: each brought to length 1, then averaged.
    """
    return unit_length(np.stack([unit_length(rows).mean(axis=0) for rows in prompts]))


def zero_shot(f: np.ndarray, prompts: Sequence[np.ndarray]) -> np.ndarray:
    """Give each picture the class whose prompts point most nearly the same way: labels N.

    Args:
        f: Pictures' outputs, N×D.
        prompts: As for :func:`class_vectors`.
    """
    return np.argmax(unit_length(f) @ class_vectors(prompts).T, axis=1)


def recall_at(similarity: np.ndarray, k: int) -> float:
    """Give how often the right answer (for row i: column i) is among the k most similar.

    Args:
        similarity: Questions × answers, N×N.
        k: R@k's k. An answer as similar as the right one counts as before it.
    """
    require_count("k", k)
    own = np.diag(similarity)[:, None]
    before = (similarity >= own).sum(axis=1) - 1
    return float((before < k).mean())
