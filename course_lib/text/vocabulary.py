"""Tokens become whole numbers, and rows of them one array."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from course_lib.arguments import require_count
from course_lib.errors import CourseError

PADDING, UNKNOWN, START, END = 0, 1, 2, 3
SPECIAL = ("<padding>", "<unknown>", "<start>", "<end>")


@dataclass(frozen=True)
class Vocabulary:
    """A list of tokens; a token's number is its place in the list.

    Attributes:
        tokens: The four special tokens, then the others.
    """

    tokens: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.tokens[: len(SPECIAL)] != SPECIAL or len(set(self.tokens)) < len(self.tokens):
            raise CourseError(
                "A vocabulary begins with the four special tokens and names each token once: make it "
                "with build_vocabulary.",
                "词表以四个特殊词元开头，每个词元只出现一次：请用 build_vocabulary 建立。",
            )

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Each token's number."""
        return {token: number for number, token in enumerate(self.tokens)}

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """Give the numbers of tokens; one that is not listed is ``UNKNOWN``."""
        return [self.numbers.get(token, UNKNOWN) for token in tokens]

    def decode(self, numbers: Iterable[int]) -> list[str]:
        """Give the tokens of numbers, without padding, start and end."""
        return [self.tokens[n] for n in numbers if n not in (PADDING, START, END)]


def build_vocabulary(rows: Iterable[Sequence[str]], *, most: int | None = None) -> Vocabulary:
    """Number the tokens of a corpus, the frequent ones first (equally frequent ones by alphabet).

    Args:
        rows: Texts as rows of tokens: the *training* texts. What only a test text holds is unknown.
        most: How many tokens to keep besides the special ones; all unless given.
    """
    counts = Counter(token for row in rows for token in row if token not in SPECIAL)
    ranked = sorted(counts, key=lambda token: (-counts[token], token))
    return Vocabulary(SPECIAL + tuple(ranked[:most]))


def pad_rows(rows: Sequence[Sequence[int]], length: int, *, filler: int = PADDING) -> np.ndarray:
    """Give rows of numbers as one array N×length, int64: cut, or filled up on the right.

    Args:
        rows: N rows.
        length: T.
        filler: What stands where a row has ended: ``PADDING`` for inputs, -1 for targets.
    """
    out = np.full((len(rows), require_count("length", length)), filler, dtype=np.int64)
    for row, target in zip(rows, out, strict=True):
        target[: min(len(row), length)] = row[:length]
    return out


def cut_windows(numbers: Sequence[int], length: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut a long row into inputs x and targets y, both N×length: y is x one place on.

    The windows do not overlap; what is left over at the end is dropped.

    Args:
        numbers: A text of at least ``length`` + 1 tokens.
        length: T.
    """
    n = (len(numbers) - 1) // require_count("length", length)
    if n < 1:
        raise CourseError(
            f"A window of {length} tokens and the one after it need {length + 1} tokens; there are "
            f"{len(numbers)}.",
            f"长度为 {length} 的窗口再加上它后面的一个词元，共需 {length + 1} 个词元，而这里只有 {len(numbers)} 个。",
        )
    row = np.asarray(numbers, dtype=np.int64)
    return row[: n * length].reshape(n, length), row[1 : n * length + 1].reshape(n, length)
