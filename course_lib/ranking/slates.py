"""A slate as one row of numbers, and articles as counted words: what a ranker takes in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from course_lib.errors import CourseError
from course_lib.ranking.reading_room import NOBODY
from course_lib.text.vectors import WordVectors
from course_lib.text.vocabulary import Vocabulary


def count_words(rows: Sequence[Sequence[str]], vocabulary: Vocabulary) -> np.ndarray:
    """Give the shares of known words in each text, I×V float32: each row adds up to 1 (or is 0)."""
    shares = np.zeros((len(rows), len(vocabulary)), dtype=np.float32)
    for row, target in zip(rows, shares, strict=True):
        known = [vocabulary.numbers[word] for word in row if word in vocabulary.numbers]
        np.add.at(target, known, 1)
    return shares / np.maximum(shares.sum(axis=1, keepdims=True), 1)


def word_table(
    vocabulary: Vocabulary, dimensions: int, *, borrowed: WordVectors | None = None, seed: int = 0
) -> np.ndarray:
    """Give a start for the table of word vectors, V×D float32, mean 0 and mean length 1.

    Args:
        vocabulary: V words.
        dimensions: D.
        borrowed: Vectors that were learned before; a word without one starts at 0. Random ones unless given.
        seed: Where the random ones come from.
    """
    if borrowed is None:
        table = np.random.default_rng(seed).normal(size=(len(vocabulary), dimensions))
        return (table / np.sqrt(dimensions)).astype(np.float32)
    if borrowed.table.shape[1] != dimensions:
        raise CourseError(
            f"These vectors have {borrowed.table.shape[1]} dimensions, the table {dimensions}.",
            f"这些词向量是 {borrowed.table.shape[1]} 维的，而表是 {dimensions} 维的。",
        )
    known = [i for i, word in enumerate(vocabulary.tokens) if word in borrowed]
    table = np.zeros((len(vocabulary), dimensions), dtype=np.float32)
    table[known] = np.stack([borrowed[vocabulary.tokens[i]] for i in known])
    table[known] -= table[known].mean(axis=0)  # else all texts look alike
    return table / np.linalg.norm(table[known], axis=1).mean()


def pack_slates(history: np.ndarray, shown: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Put what is known of each slate into one row, N×(H + K + K·F) float32, as ``fit`` takes it.

    Args:
        history: N×H articles clicked before, ``NOBODY`` where there is none.
        shown: N×K articles.
        features: N×K×F, what else is known of them.
    """
    if (history < NOBODY).any() or features.shape[:2] != shown.shape:
        raise CourseError(
            f"Features are N×K×F for slates N×K: the shapes are {features.shape} and {shown.shape}.",
            f"特征的形状应为 N×K×F，列表为 N×K：现在是 {features.shape} 和 {shown.shape}。",
        )
    parts = (history, shown, features.reshape(len(shown), -1))
    return np.concatenate(parts, axis=1).astype(np.float32)
