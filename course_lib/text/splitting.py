"""Text becomes tokens: words, characters, or pieces learned from the text itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from course_lib.arguments import require_count

# A word of letters (with an apostrophe inside), one Chinese character, a number, or one other sign.
_WORD = re.compile(
    r"[^\W\d_\u3400-\u9fff]+(?:'[^\W\d_\u3400-\u9fff]+)*|[\u3400-\u9fff]|\d+|[^\w\s]|_"
)

Merges = Sequence[tuple[str, str]]


def split_words(text: str) -> list[str]:
    """Give the words, numbers and punctuation marks of a text, in lower case.

    Chinese writes no spaces between words: each of its characters is a token here.
    """
    return _WORD.findall(text.lower())


def split_characters(text: str) -> list[str]:
    """Give the characters of a text, spaces included."""
    return list(text)


def learn_merges(texts: Iterable[str], count: int) -> list[tuple[str, str]]:
    """Learn pieces from text: again and again, the most frequent pair of neighbours becomes one.

    Pieces stay within what stands between two spaces. Of equally frequent pairs the first in
    alphabetical order is taken. Sennrich, Haddow & Birch, *Neural Machine Translation of Rare Words
    with Subword Units*, ACL 2016, arXiv:1508.07909 (byte-pair encoding).

    Args:
        texts: What to learn from.
        count: How many merges, at most.

    Returns:
        The pairs in the order in which they were merged.
    """
    require_count("count", count)
    chunks: Counter[tuple[str, ...]] = Counter(
        tuple(chunk) for text in texts for chunk in text.split()
    )
    merges: list[tuple[str, str]] = []
    while len(merges) < count:
        pairs: Counter[tuple[str, str]] = Counter()
        for pieces, times in chunks.items():
            for pair in pairwise(pieces):
                pairs[pair] += times
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        merged: Counter[tuple[str, ...]] = Counter()
        for pieces, times in chunks.items():
            merged[tuple(merge_pair(pieces, best))] += times
        chunks = merged
    return merges


def split_pieces(text: str, merges: Merges) -> list[str]:
    """Give a text's pieces: each chunk between spaces is merged in the order that was learned.

    Args:
        text: The text.
        merges: What :func:`learn_merges` gives.
    """
    tokens: list[str] = []
    for chunk in text.split():
        pieces = list(chunk)
        for pair in merges:
            pieces = merge_pair(pieces, pair)
        tokens += pieces
    return tokens


def merge_pair(pieces: Sequence[str], pair: tuple[str, str]) -> list[str]:
    """Give a row of pieces in which this pair of neighbours is one, from left to right."""
    merged: list[str] = []
    i = 0
    while i < len(pieces):
        if tuple(pieces[i : i + 2]) == pair:
            merged.append(pieces[i] + pieces[i + 1])
            i += 2
        else:
            merged.append(pieces[i])
            i += 1
    return merged
