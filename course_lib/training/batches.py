"""Which examples meet in which batch: decided by NumPy, so that both frameworks see the same.

Training data is a mapping from names to arrays. The plain case has ``x`` and ``y``; an objective
that needs a second domain adds ``x_t`` (and perhaps ``y_t``). What follows the underscore names the
*stream*: arrays of one stream have the same length and are drawn together. Arrays may stay on disk
(``stored.py``); their rows are then read batch by batch (``prefetch.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from course_lib.arguments import as_array, as_labels
from course_lib.errors import CourseError
from course_lib.training.stored import in_parts, is_stored, read, whole

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
    """Give training data as named arrays of the few types that both halves compute with.

    Real numbers come as float32 (halves and doubles too), whole numbers as int64, but for uint8, which
    stays (and bools among the inputs, which become it); all of them in memory row by row.

    Args:
        train: A ``Domain``, a pair ``(x, y)``, or a mapping of arrays that has at least ``x``; lists
            will do. What is stored on disk is left there.

    Raises:
        CourseError: For anything else, and when a stream is empty, has no inputs, or its arrays differ
            in length.
    """
    if isinstance(train, Mapping):
        given = {str(name): array for name, array in train.items()}
    elif hasattr(train, "x") and hasattr(train, "y"):
        given = {"x": train.x, "y": train.y}
    elif isinstance(train, (tuple, list)) and len(train) == 2:
        given = dict(zip(("x", "y"), train, strict=True))
    else:
        raise _not_data(train)
    arrays = {name: _in_few_types(name, array) for name, array in given.items()}
    _check_lengths(arrays)
    _check_streams(arrays)
    return arrays


def as_inputs(x: Any) -> np.ndarray:
    """Give inputs N×… alone, without labels, in the types of :func:`as_arrays`; N is at least 1."""
    return as_arrays({"x": x})["x"]


def as_held_out(validation: Any) -> Arrays | None:
    """Give data to measure, with ``x`` and ``y``; ``None`` for ``None``."""
    if validation is None:
        return None
    arrays = as_arrays(validation)
    require_arrays(arrays, "x", "y")
    return arrays


def count_classes(domain: Any) -> int:
    """Give how many classes a ``Domain`` names, or labels in a pair count: the largest and one."""
    if hasattr(domain, "classes"):
        return len(domain.classes)
    arrays = as_arrays(domain)
    require_arrays(arrays, "x", "y")
    return int(as_labels("y", whole(arrays["y"])).max()) + 1


def require_arrays(arrays: Mapping[str, Any], *names: str) -> None:
    """Make sure that data has what somebody will ask it for."""
    missing = [name for name in names if name not in arrays]
    if missing:
        raise CourseError(
            f"Here the data needs an array named {missing[0]!r}; it has {sorted(arrays)}. (A pair "
            "(x, y) holds inputs and labels.)",
            f"这里的数据要有名为 {missing[0]!r} 的数组，现在只有 {sorted(arrays)}。"
            "（也可以给出一对 (x, y)：输入和标签。）",
        )


def stream_of(name: str) -> str:
    """Give the stream that an array belongs to: ``x`` → ``""``, ``x_t`` → ``"t"``."""
    return name.partition("_")[2]


def lengths(arrays: Arrays) -> dict[str, int]:
    """Give the number of examples in each stream, the main stream ``""`` first."""
    return {stream_of(name): arrays[name].shape[0] for name in sorted(arrays, key=stream_of)}


def batch_sizes(n: int, batch_size: int) -> list[int]:
    """Give the number of examples in each batch of an epoch; the last one may be smaller.

    One example left over would be a batch without spread, in which BatchNorm finds nothing to
    normalise: it joins the batch before it.
    """
    full, rest = divmod(n, batch_size)
    if rest == 1 and full:
        return [batch_size] * (full - 1) + [batch_size + 1]
    return [batch_size] * full + [rest] * (rest > 0)


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


def cut(orders: Arrays, sizes: Sequence[int]) -> Iterator[Arrays]:
    """Cut an epoch's orders into batches of these sizes, stream by stream."""
    for start, end in pairwise([0, *accumulate(sizes)]):
        yield {stream: indices[start:end] for stream, indices in orders.items()}


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
    for indices in np.array_split(np.arange(n), -(-n // batch_size)):
        yield read(x, indices)


def _walk(n: int, wanted: int, seed: int, epoch: int, stream: str) -> np.ndarray:
    """Give places epoch·wanted … (epoch+1)·wanted of an endless row of shuffled passes over n."""
    places = np.arange(epoch * wanted, (epoch + 1) * wanted)
    passes = {int(p): order(n, seed, int(p), stream) for p in np.unique(places // n)}
    return np.array([passes[int(place // n)][place % n] for place in places], dtype=np.int64)


def _in_few_types(name: str, given: Any) -> Any:
    """Give one array in the types of :func:`as_arrays`."""
    if is_stored(given):
        return given
    array = as_array(name, given)
    types = {"f": np.float32, "b": np.uint8 if name[:1] == "x" else np.int64}
    wanted = array.dtype if array.dtype == np.uint8 else types.get(array.dtype.kind, np.int64)
    return array.astype(wanted, copy=False)


def _check_lengths(arrays: Arrays) -> None:
    require_arrays(arrays, "x")
    for name, array in arrays.items():
        if not array.shape:
            raise CourseError(
                f"'{name}' is the single number {array}: it needs one entry for each example.",
                f"'{name}' 只是一个数 {array}：每个样本都要有一项。",
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


def _not_data(train: Any) -> CourseError:
    found = f"{len(train)} things" if isinstance(train, (tuple, list)) else type(train).__name__
    found_zh = f"{len(train)} 项" if isinstance(train, (tuple, list)) else type(train).__name__
    return CourseError(
        f"Data is a Domain, as data.load('digits') gives, a pair (x, y), or a mapping of arrays; this "
        f"is {found}.",
        f"数据应是 data.load('digits') 给出的 Domain、一对 (x, y)，或由名字到数组的映射；"
        f"而这里是 {found_zh}。",
    )
