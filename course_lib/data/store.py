"""Made once, kept on disk: the cache of rendered data."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache as once
from pathlib import Path

import numpy as np

from course_lib.files import locked, write_atomically
from course_lib.language import both
from course_lib.paths import cache_dir

Arrays = dict[str, np.ndarray]


def cached(key: Mapping[str, object], make: Callable[[], Arrays], *, cache: bool = True) -> Arrays:
    """Read arrays from the cache, or make them and keep them.

    A damaged entry is made anew; of two processes that ask at the same time one makes and the
    other waits for it. Where the folder can't be written, or is full, they are made and a note says
    that nothing was kept.

    Args:
        key: everything that decides the arrays, the code that makes them included.
        make: makes them.
        cache: False: make them, and leave the disk alone.
    """
    if not cache:
        return make()
    path = entry_path(key)
    if (found := _read(path)) is not None:
        return found
    with _locked_where_possible(path):
        if (found := _read(path)) is not None:
            return found
        arrays = make()
        try:
            _write(path, arrays)
        except OSError as problem:
            _tell(str(path.parent), problem.strerror or str(problem))
    return arrays


def entry_path(key: Mapping[str, object]) -> Path:
    """Where an entry lies: the file's name is a fingerprint of its key."""
    text = json.dumps(key, sort_keys=True, default=str)
    return cache_dir() / "data" / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.npz"


def code_of(*files: str) -> str:
    """A fingerprint of source files, so that a cache never outlives the code that filled it."""
    return hashlib.sha256(b"".join(Path(file).read_bytes() for file in files)).hexdigest()


def _read(path: Path) -> Arrays | None:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None  # not there, or damaged: the checksums inside a zip file find that


@contextmanager
def _locked_where_possible(path: Path) -> Iterator[None]:
    """Hold the lock of an entry; where none can be held, nothing can be written either."""
    lock = locked(path.with_suffix(".lock"))
    try:
        lock.__enter__()
    except OSError:
        yield
        return
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


@once
def _tell(folder: str, why: str) -> None:
    """Say once that nothing is kept."""
    print(
        both(
            f"{folder} can't be written ({why}): the data is made in memory, and made again next time. "
            "Set COURSE_HOME to a folder of yours to keep it.",
            f"无法写入 {folder}（{why}）：数据只保存在内存中，下次还要重新生成。"
            "把 COURSE_HOME 设为自己有权限的目录，就能保存下来。",
        )
    )


def _write(path: Path, arrays: Arrays) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    write_atomically(path, buffer.getvalue())
