"""What makes a training the one it is: compared when a checkpoint is taken up again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from course_lib.training.stored import in_parts, is_stored, sample


def digest(arrays: Mapping[str, np.ndarray]) -> str:
    """Give a SHA-256 over names, dtypes, shapes and bytes: 64 hexadecimal digits."""
    summary = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        summary.update(f"{name} {np.dtype(array.dtype).str} {tuple(array.shape)}\n".encode())
        for part in in_parts(array, 256) if is_stored(array) else [array]:
            flat = np.require(part, requirements="C").reshape(-1)
            summary.update(flat.view(np.uint8).data)
    return summary.hexdigest()


def digest_of_data(arrays: Mapping[str, np.ndarray]) -> str:
    """Give a SHA-256 that tells training data apart without reading a hundred gigabytes.

    Of what is on disk only names, dtypes, shapes and a sample of rows count: a change in a row
    between them goes unnoticed. What is in memory counts whole.
    """
    counts = {f"{n}.shape": np.array(a.shape) for n, a in arrays.items() if is_stored(a)}
    return digest({n: sample(a) if is_stored(a) else a for n, a in arrays.items()} | counts)
