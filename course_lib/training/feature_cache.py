"""Features on disk: found again only when everything they depend on is the same."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from course_lib.files import locked, write_atomically
from course_lib.paths import cache_dir
from course_lib.training.settings import digest


def feature_key(*, weights: Mapping[str, np.ndarray], data: np.ndarray, **rest: str) -> str:
    """Give the key of an entry: 64 hexadecimal digits, different whenever any argument is.

    Args:
        weights: All of the backbone's weights and BatchNorm statistics.
        data: The images.
        rest: What else the features depend on: architecture, layer, transform, dtype, framework
            and its version, the code.
    """
    parts = {"weights": digest(weights), "data": digest({"x": data}), **rest}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def cached(key: str, compute: Callable[[], np.ndarray]) -> np.ndarray:
    """Give the entry of a key, or compute it and keep it.

    Two processes that want the same entry compute it once: the second waits for the first. A
    damaged file counts as missing.
    """
    path = entry_path(key)
    if (kept := _read(path)) is not None:
        return kept
    with locked(path.with_suffix(".lock")):
        if (kept := _read(path)) is not None:
            return kept
        features = compute()
        _write(path, features)
    return features


def entry_path(key: str) -> Path:
    """Give the file that an entry has or would have."""
    return cache_dir() / "features" / f"{key}.npy"


def _read(path: Path) -> np.ndarray | None:
    with suppress(OSError, ValueError, EOFError):
        return np.load(path, allow_pickle=False)
    return None


def _write(path: Path, features: np.ndarray) -> None:
    buffer = io.BytesIO()
    np.save(buffer, features, allow_pickle=False)
    write_atomically(path, buffer.getvalue())
