r"""Words as vectors: who keeps the same company gets a similar vector.

"You shall know a word by the company it keeps" (Firth, 1957). Count which words stand near which,
ask how much more often than chance, and keep the strongest directions of that table.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

import numpy as np
from scipy import sparse

from course_lib.arguments import require_count, require_path
from course_lib.errors import CourseError
from course_lib.files import write_atomically


@dataclass(frozen=True)
class WordVectors:
    """Words and their vectors.

    Attributes:
        words: V words.
        table: V×D, float32; row i belongs to ``words[i]``.
    """

    words: tuple[str, ...]
    table: np.ndarray

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def places(self) -> dict[str, int]:
        """Each word's row."""
        return {word: i for i, word in enumerate(self.words)}

    def __contains__(self, word: str) -> bool:
        return word in self.places

    def __getitem__(self, word: str) -> np.ndarray:
        if word not in self.places:
            raise CourseError(
                f"There is no vector for {word!r}: ask `{word!r} in vectors` before.",
                f"没有 {word!r} 的词向量：请先用 `{word!r} in vectors` 查一查。",
            )
        return self.table[self.places[word]]


def count_neighbours(
    rows: Sequence[Sequence[int]], words: int, *, window: int = 5
) -> sparse.csr_matrix:
    r"""Count how often words stand near each other: a symmetric table V×V.

    .. math:: X_{ij} = \sum_{\text{pairs at distance } d \le w} 1/d

    Nearer neighbours count more, as in GloVe. Pairs do not reach over the end of a row.

    Args:
        rows: Texts as rows of word numbers, 0 … V-1.
        words: V.
        window: w, how far to look to each side.
    """
    require_count("window", window)
    lengths = [len(row) for row in rows]
    numbers = np.fromiter(chain.from_iterable(rows), dtype=np.int64, count=sum(lengths))
    text = np.repeat(np.arange(len(lengths)), lengths)  # which row each word stands in
    one_way = sparse.csr_matrix((words, words))
    for distance in range(1, min(window, max(lengths, default=1) - 1) + 1):
        together = text[:-distance] == text[distance:]
        pairs = (numbers[:-distance][together], numbers[distance:][together])
        weight = np.full(len(pairs[0]), 1 / distance)
        one_way += sparse.coo_matrix((weight, pairs), shape=(words, words)).tocsr()
    return (one_way + one_way.T).tocsr()


def positive_pmi(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    r"""Give how much more often than chance words meet, where it is more often.

    .. math::
        \mathrm{PPMI}_{ij} = \max\Bigl(0, \log \frac{p_{ij}}{p_i \, p_j}\Bigr), \qquad
        p_{ij} = \frac{X_{ij}}{\sum X}, \quad p_i = \sum_j p_{ij}

    Church & Hanks, *Word association norms, mutual information, and lexicography*, Computational
    Linguistics 16(1), 1990.
    """
    X = sparse.coo_matrix(counts)
    total, margin = X.sum(), np.asarray(X.sum(axis=1)).ravel()
    pmi = np.log(X.data * total / (margin[X.row] * margin[X.col]))
    table = sparse.coo_matrix((np.maximum(pmi, 0), (X.row, X.col)), shape=X.shape).tocsr()
    table.eliminate_zeros()
    return table


def factorise(table: sparse.csr_matrix, dimensions: int, *, seed: int = 0) -> np.ndarray:
    r"""Give V×D vectors from the strongest directions of a symmetric table.

    .. math:: X \approx U_D \, \Sigma_D \, V_D^\top, \qquad W = U_D \, \Sigma_D^{1/2}

    Levy & Goldberg, *Neural Word Embedding as Implicit Matrix Factorization*, NIPS 2014: word2vec
    factorises such a table, too. Signs are fixed (the largest entry of each direction is positive).

    Args:
        table: V×V.
        dimensions: D, less than V.
        seed: Where the iteration starts; the result hardly depends on it.
    """
    from scipy.sparse.linalg import svds

    V = table.shape[0]
    require_count("dimensions", dimensions, 1, V - 1)
    start = np.random.default_rng(seed).normal(size=V)
    u, strength, _ = svds(table.astype(np.float64), k=dimensions, v0=start)
    order = np.argsort(-strength)
    u, strength = u[:, order], strength[order]
    u = u * np.sign(u[np.abs(u).argmax(axis=0), np.arange(dimensions)])
    return (u * np.sqrt(strength)).astype(np.float32)


def train_vectors(
    rows: Iterable[Sequence[str]],
    *,
    dimensions: int = 50,
    window: int = 5,
    least: int = 5,
    seed: int = 0,
) -> WordVectors:
    """Make word vectors from text without labels: count, compare with chance, factorise.

    Args:
        rows: Texts as rows of words.
        dimensions: D.
        window: How far to look to each side.
        least: Words that occur less often get no vector.
        seed: As for :func:`factorise`.
    """
    rows = [list(row) for row in rows]
    counted = Counter(word for row in rows for word in row)
    words = sorted((w for w in counted if counted[w] >= least), key=lambda w: (-counted[w], w))
    if len(words) <= dimensions:
        raise CourseError(
            f"{len(words)} words occur {least} times or more, too few for {dimensions} dimensions: give "
            "more text, or ask for fewer dimensions.",
            f"出现至少 {least} 次的词只有 {len(words)} 个，不够得到 {dimensions} 维的向量："
            "请提供更多文本，或减少维数。",
        )
    numbers = {word: i for i, word in enumerate(words)}
    known = [[numbers[word] for word in row if word in numbers] for row in rows]
    counts = count_neighbours(known, len(words), window=window)
    return WordVectors(tuple(words), factorise(positive_pmi(counts), dimensions, seed=seed))


def train_pivot_vectors(
    domains: Sequence[Sequence[Sequence[str]]], *, least: int = 20, window: int = 40
) -> WordVectors:
    r"""Describe words by the company of *pivots*: words that several domains share.

    .. math:: w_j = \log \frac{p(\text{word near pivot } j)}{p(\text{word}) \, p(\text{pivot } j)}

    Words of two domains never meet, but both meet the pivots: ``leaky`` and ``dull`` stand near ``awful``.
    No label is used. After Blitzer, McDonald & Pereira, *Domain Adaptation with Structural
    Correspondence Learning*, EMNLP 2006 (who predict pivots from the other words).

    Args:
        domains: For each domain, texts as rows of words.
        least: A pivot occurs so often in each domain; other words a tenth of that in all.
        window: How far a pivot's company reaches.

    Returns:
        A vector for each word that is frequent enough, one number for each pivot.
    """
    counted = [Counter(word for row in rows for word in row) for rows in domains]
    total = sum(counted, Counter())
    words = sorted(word for word in total if total[word] >= max(1, least // 10))
    pivots = [i for i, word in enumerate(words) if all(c[word] >= least for c in counted)]
    if len(pivots) < 2:
        raise CourseError(
            f"Only {len(pivots)} words occur {least} times in each domain: give more text, or a smaller "
            "least.",
            f"在每个领域都出现至少 {least} 次的词只有 {len(pivots)} 个：请提供更多文本，或减小 least。",
        )
    numbers = {word: i for i, word in enumerate(words)}
    rows = [[numbers[word] for word in row if word in numbers] for text in domains for row in text]
    X = count_neighbours(rows, len(words), window=window)
    margin, chosen = np.asarray(X.sum(axis=1)).ravel() + 1, X[:, pivots].toarray() + 0.1
    pmi = np.log(chosen * X.sum() / (margin[:, None] * margin[pivots]))
    return WordVectors(tuple(words), pmi.astype(np.float32))


def nearest_words(
    vectors: WordVectors, query: str | np.ndarray, *, count: int = 5
) -> list[tuple[str, float]]:
    """Give the words whose vectors point most nearly the same way, with the cosine.

    Args:
        vectors: Where to look.
        query: A word (which is left out of the answer), or a vector D.
        count: How many.
    """
    word = query if isinstance(query, str) else None
    v = vectors[word] if word is not None else np.asarray(query, dtype=np.float32)
    lengths = np.linalg.norm(vectors.table, axis=1) * np.linalg.norm(v)
    cosine = vectors.table @ v / np.maximum(lengths, 1e-12)
    order = [int(i) for i in np.argsort(-cosine) if vectors.words[i] != word]
    return [(vectors.words[i], float(cosine[i])) for i in order[:count]]


def mean_vectors(vectors: WordVectors, rows: Sequence[Sequence[str]]) -> np.ndarray:
    """Give each text's mean vector, N×D float32; words without a vector are left out.

    A text without a known word is the zero vector.
    """
    out = np.zeros((len(rows), vectors.table.shape[1]), dtype=np.float32)
    for row, target in zip(rows, out, strict=True):
        known = [vectors.places[word] for word in row if word in vectors.places]
        if known:
            target[:] = vectors.table[known].mean(axis=0)
    return out


def read_vectors(
    path: str | Path, *, only: Mapping[str, object] | set[str] | None = None
) -> WordVectors:
    """Read vectors in GloVe's text format: a word and D numbers on each line, between spaces.

    word2vec's text format, which has a line with V and D before, is read as well.

    Args:
        path: The file, UTF-8.
        only: Words to keep (a file of 400,000 words needs 80 MB at D = 50); all unless given.

    Raises:
        CourseError: It is not there, or a line has another number of numbers than the first.
    """
    path = require_path("path", path)
    if not path.is_file():
        raise CourseError(f"There is no file of vectors {path}.", f"没有词向量文件 {path}。")
    with open(path, encoding="utf-8", errors="replace") as lines:
        return parse_vectors(lines, str(path), only=only)


def parse_vectors(
    lines: Iterable[str], name: str, *, only: Mapping[str, object] | set[str] | None = None
) -> WordVectors:
    """Read vectors from lines of GloVe's text format: see :func:`read_vectors`."""
    words: list[str] = []
    table: list[np.ndarray] = []
    size: int | None = None
    for number, line in enumerate(lines, start=1):
        fields = line.rstrip("\n").rstrip(" ").split(" ")
        if number == 1 and len(fields) == 2 and all(field.isdigit() for field in fields):
            continue  # word2vec's heading
        size = size or len(fields) - 1
        # GloVe's largest files hold words with spaces inside: the numbers are counted from the end.
        word = " ".join(fields[:-size])
        if only is not None and word not in only:
            continue
        try:
            vector = np.array(fields[-size:], dtype=np.float32)
        except ValueError:
            raise _not_vectors(name, number, size) from None
        if not word or size < 2:
            raise _not_vectors(name, number, size)
        words.append(word)
        table.append(vector)
    if not words:
        raise CourseError(
            f"{name} has no vector for any of these words.", f"{name} 中没有所需词的向量。"
        )
    return WordVectors(tuple(words), np.stack(table))


def write_vectors(path: str | Path, vectors: WordVectors) -> Path:
    """Write vectors in GloVe's text format, whole or not at all; a word must not hold a space."""
    out = io.StringIO()
    for word, vector in zip(vectors.words, vectors.table, strict=True):
        if not word or any(sign.isspace() for sign in word):
            raise CourseError(
                f"GloVe's format cannot hold the word {word!r}: it has a space in it.",
                f"GloVe 格式无法保存 {word!r}：其中含有空白。",
            )
        out.write(f"{word} {' '.join(f'{number:.6g}' for number in vector)}\n")
    return write_atomically(require_path("path", path), out.getvalue())


def _not_vectors(name: str, line: int, size: int) -> CourseError:
    return CourseError(
        f"{name}, line {line}: a word and {size} numbers were expected. Is this GloVe's text format?",
        f"{name} 第 {line} 行：应为一个词和 {size} 个数。这个文件是 GloVe 的文本格式吗？",
    )
