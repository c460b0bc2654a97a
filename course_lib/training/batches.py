"""Which examples meet in which batch: decided by NumPy, so that both frameworks see the same.

Training data is a mapping from names to arrays. The plain case has ``x`` and ``y``; an objective
that needs a second domain adds ``x_t`` (and perhaps ``y_t``). What follows the underscore names the
*stream*: arrays of one stream have the same length and are drawn together. Arrays may stay on disk
(``stored.py``); their rows are then read batch by batch (``prefetch.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from course_lib.errors import CourseError
from course_lib.training.stored import in_parts, is_stored, read

Arrays = dict[str, np.ndarray]
TERMS = "batch.terms"  # the name under which they travel beside the streams


def order(n: int, seed: int, epoch: int, stream: str = "") -> np.ndarray:
    """Give the order in which one epoch visits ``n`` examples: int64, a permutation of 0 … n-1.

    It depends on its arguments alone, so an interrupted run can be taken up at any epoch. (In epoch 0
    it is what ``default_rng(seed).permutation(n)`` gives: what is to be independent of it, and is
    drawn for as many, takes another seed.)
    """
    key = [seed, epoch, *stream.encode()]
    return np.random.default_rng(key).permutation(n)


def as_arrays(train: Any) -> Arrays:
    """Give training data as named arrays.

    Args:
        train: A ``Domain``, a pair ``(x, y)``, or a mapping of arrays that has at least ``x``. What is
            stored on disk is left there.

    Raises:
        CourseError: When a stream is empty, has no inputs, or its arrays differ in length.
    """
    if isinstance(train, Mapping):
        given = dict(train)
    elif hasattr(train, "x") and hasattr(train, "y"):
        given = {"x": train.x, "y": train.y}
    else:
        given = dict(zip(("x", "y"), train, strict=True))
    arrays = {name: a if is_stored(a) else np.asarray(a) for name, a in given.items()}
    _check_lengths(arrays)
    _check_streams(arrays)
    return arrays


def stream_of(name: str) -> str:
    """Give the stream that an array belongs to: ``x`` → ``""``, ``x_t`` → ``"t"``."""
    return name.partition("_")[2]


def lengths(arrays: Arrays) -> dict[str, int]:
    """Give the number of examples in each stream, the main stream ``""`` first."""
    return {stream_of(name): arrays[name].shape[0] for name in sorted(arrays, key=stream_of)}


def steps_per_epoch(n: int, batch_size: int) -> int:
    """Give the number of batches that cover ``n`` examples; the last one may be smaller."""
    return -(-n // batch_size)


def epoch_order(arrays: Arrays, seed: int, epoch: int) -> Arrays:
    """Give one epoch's order for every stream, each as long as the main one.

    A second stream is walked through again and again, newly shuffled each time round, and goes on
    in the next epoch where it stopped in this one.
    """
    sizes = lengths(arrays)
    return {
        stream: order(n, seed, epoch) if stream == "" else _walk(n, sizes[""], seed, epoch, stream)
        for stream, n in sizes.items()
    }


def cut(orders: Arrays, batch_size: int) -> Iterator[Arrays]:
    """Cut an epoch's orders into batches of indices, stream by stream."""
    n = len(next(iter(orders.values())))
    for start in range(0, n, batch_size):
        yield {stream: indices[start : start + batch_size] for stream, indices in orders.items()}


def shares(batch: Mapping[str, Any], parts: int) -> Iterator[tuple[float, dict[str, Any]]]:
    """Cut a batch into parts of nearly equal size, each with its share of the batch's mean.

    The mean over a batch is the sum of its parts' means times their shares. A batch of fewer
    examples has fewer parts.
    """
    n = count_rows(batch)
    ends = [n * (i + 1) // parts for i in range(parts)]
    for start, end in pairwise([0, *ends]):
        if end > start:
            part = {name: rows[start:end] for name, rows in batch.items()}
            yield share_of(part, batch), part


def share_of(part: Mapping[str, Any], batch: Mapping[str, Any]) -> float:
    """Give the share that a part has in the mean over its batch.

    It is the part of the examples; where the objective has counted their ``terms``, as tokens, that
    of the terms. A batch without any has no shares.
    """
    if TERMS not in batch:
        return count_rows(part) / count_rows(batch)
    return float(part[TERMS].sum() / max(batch[TERMS].sum(), 1))


def count_rows(rows: Mapping[str, Any]) -> int:
    """Give the number of examples that rows stand for."""
    return len(next(iter(rows.values())))


def count_tokens(y: np.ndarray, padding: int) -> np.ndarray:
    """Give how many tokens each of the sequences y (N×T, perhaps on disk) has: N."""
    return np.concatenate([(part != padding).sum(axis=1) for part in in_parts(y, 1024)])


def even_parts(x: np.ndarray, batch_size: int) -> Iterator[np.ndarray]:
    """Cut inputs into batches of at most ``batch_size`` whose sizes differ by one at most."""
    n = x.shape[0]
    for indices in np.array_split(np.arange(n), steps_per_epoch(n, batch_size)):
        yield read(x, indices)


def _walk(n: int, wanted: int, seed: int, epoch: int, stream: str) -> np.ndarray:
    """Give places epoch·wanted … (epoch+1)·wanted of an endless row of shuffled passes over n."""
    places = np.arange(epoch * wanted, (epoch + 1) * wanted)
    passes = {int(p): order(n, seed, int(p), stream) for p in np.unique(places // n)}
    return np.array([passes[int(place // n)][place % n] for place in places], dtype=np.int64)


def _check_lengths(arrays: Arrays) -> None:
    if "x" not in arrays:
        raise CourseError(
            f"Training data needs an array named 'x'; it has {sorted(arrays)}.",
            f"训练数据要有名为 'x' 的数组，现在只有 {sorted(arrays)}。",
        )
    sizes = lengths(arrays)
    for name, array in arrays.items():
        n = sizes[stream_of(name)]
        has = array.shape[0]
        if has != n or n == 0:
            raise CourseError(
                f"'{name}' has {has} examples where {n or 'at least one'} were expected: "
                "give as many labels as inputs, and at least one of each.",
                f"'{name}' 有 {has} 个样本，应有 {n or '至少一个'}："
                "输入与标签的个数要相同，而且不能为空。",
            )


def _check_streams(arrays: Arrays) -> None:
    """See that each stream has inputs: ``sample_weight`` alone would be drawn apart from its ``x``."""
    for name in arrays:
        stream = stream_of(name)
        if stream and f"x_{stream}" not in arrays:
            plain = name.replace("_", "")
            raise CourseError(
                f"'{name}' belongs to a stream '{stream}' of its own, which is drawn apart from x and "
                f"needs an array 'x_{stream}'. If it goes with x, write its name without an underscore: "
                f"'{plain}'.",
                f"'{name}' 属于另一个数据流 '{stream}'：它与 x 分开抽取，并且要有数组 'x_{stream}'。"
                f"如果它与 x 一一对应，名字里请不要用下划线：'{plain}'。",
            )
