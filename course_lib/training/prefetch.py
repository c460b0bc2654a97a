"""Reading batches from disk while the batch before is being learnt from.

Which examples a batch has is settled before (``batches.py``), so reading ahead changes nothing but
the time at which a row is read: the training is the same, bit by bit, as with all data in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from course_lib.training.batches import Arrays, stream_of
from course_lib.training.stored import is_stored, read

T = TypeVar("T")
PREFIX = "read."  # sets their names apart from the streams' and the draws' beside which they travel


def split(arrays: Mapping[str, Any]) -> tuple[Arrays, dict[str, Any]]:
    """Part data into what is in memory and what stays on disk."""
    stored = {name: array for name, array in arrays.items() if is_stored(array)}
    return {name: a for name, a in arrays.items() if name not in stored}, stored


def examples(stored: Mapping[str, Any], rows: Mapping[str, Any]) -> Arrays:
    """Read the examples on disk that a batch's indices name; they travel beside the indices."""
    return {PREFIX + name: read(a, rows[stream_of(name)]) for name, a in stored.items()}


def read_before(rows: Mapping[str, Any]) -> dict[str, Any]:
    """Pick what was read from disk from what travels for a batch, under its own names."""
    return {name[len(PREFIX) :]: v for name, v in rows.items() if name.startswith(PREFIX)}


class ReadAhead(Generic[T]):
    """Give ``get(0)``, ``get(1)`` … in order; a thread is a few places ahead of who asks.

    Args:
        get: What makes the thing at a place: reads a batch, and brings it to the device perhaps.
        count: How many there are; ``None``: there is no end.
        depth: How many are kept ready. Memory holds this many batches and the one in use.
    """

    def __init__(self, get: Callable[[int], T], count: int | None = None, depth: int = 2) -> None:
        self.get, self.count, self.depth = get, count, depth
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
        self.waiting: dict[int, Future[T]] = {}

    def __getitem__(self, place: int) -> T:
        end = place + self.depth + 1
        for i in range(place, end if self.count is None else min(end, self.count)):
            if i not in self.waiting:
                self.waiting[i] = self.pool.submit(self.get, i)
        return self.waiting.pop(place).result()  # an error of the reading is raised here

    def __iter__(self) -> Iterator[T]:
        """Give all of a row that has an end, then close."""
        try:
            for place in range(self.count or 0):
                yield self[place]
        finally:
            self.close()

    def close(self) -> None:
        """Forget what nobody has asked for, and end the thread."""
        self.pool.shutdown(cancel_futures=True)
