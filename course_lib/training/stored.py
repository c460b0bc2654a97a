"""Arrays that stay on disk: known by their first axis, read a few rows at a time.

Three kinds of data count as stored: ``np.memmap``, what ``np.load(path, mmap_mode="r")`` gives, and
any object with ``shape``, ``dtype`` and ``__getitem__`` for an array of indices that cannot turn
itself into an array (it has no ``__array__``), a folder of images for instance::

    class Folder:
        def __init__(self, paths):
            self.paths, self.shape, self.dtype = paths, (len(paths), 224, 224, 3), np.dtype("uint8")

        def __getitem__(self, indices):
            return np.stack([np.asarray(Image.open(self.paths[i])) for i in indices])

Everything else is brought into memory as before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

SAMPLE = 64  # rows that stand for the whole in a checkpoint's settings


class Stored(Protocol):
    """What is asked of data on disk: N×…, and the rows for an array of indices."""

    shape: tuple[int, ...]
    dtype: np.dtype

    def __getitem__(self, indices: Any) -> np.ndarray: ...


def is_stored(array: Any) -> bool:
    """Say whether data is to be left on disk and read batch by batch."""
    if isinstance(array, np.ndarray):
        return isinstance(array, np.memmap)
    wanted = ("shape", "dtype", "__getitem__")
    return all(hasattr(array, name) for name in wanted) and not hasattr(array, "__array__")


def read(array: Stored | np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Give the rows that indices name, as an ordinary array in memory."""
    return np.require(array[indices], requirements=["C", "W"])


def whole(array: Stored | np.ndarray) -> np.ndarray:
    """Give all rows: for labels, which are small."""
    return read(array, np.arange(array.shape[0])) if is_stored(array) else np.asarray(array)


def sample(array: Stored | np.ndarray) -> np.ndarray:
    """Give at most 64 rows spread evenly from the first to the last."""
    n = array.shape[0]
    return read(array, np.linspace(0, n - 1, min(n, SAMPLE)).astype(np.int64))


def in_parts(array: Stored | np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Cut data, on disk or in memory, into parts of ``size`` rows; the last one may be smaller."""
    given = array if is_stored(array) else np.asarray(array)
    n = given.shape[0]
    for start in range(0, n, size):
        yield read(given, np.arange(start, min(start + size, n)))
