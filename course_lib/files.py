"""Files that are whole or not there: atomic writing, checksums, and a lock between processes."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from course_lib.errors import CourseError

_CHUNK = 1 << 20


def write_atomically(path: str | Path, data: bytes | str) -> Path:
    """Write a file so that a reader, or a kill at any moment, finds the old one or the new one.

    Text is written as UTF-8 with ``\\n`` line ends on every platform. Missing folders are made.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = data.encode("utf-8") if isinstance(data, str) else data
    # Beside the target: os.replace is atomic only within one file system.
    handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, _mode_for(path))
        os.replace(beside, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(beside)
        raise
    return path


def sha256_of(path: str | Path) -> str:
    """Give a file's SHA-256 as 64 hexadecimal digits, reading it piece by piece."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(_CHUNK):
            digest.update(piece)
    return digest.hexdigest()


@contextmanager
def locked(path: str | Path, *, timeout: float = 600.0) -> Iterator[None]:
    """Hold a lock between processes for the body of a ``with`` statement.

    Args:
        path: The lock file; it is made if missing and left in place. The operating system gives
            the lock back when its holder ends, however it ends.
        timeout: Seconds to wait for another holder before raising :class:`CourseError`.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + timeout
    with open(path, "a+b") as file:
        while not _try_lock(file.fileno()):
            if time.monotonic() > deadline:
                raise CourseError(
                    f"Another process has been using {path} for {timeout:.0f} s: "
                    "let it finish or end it, then try again.",
                    f"另一个进程占用 {path} 已超过 {timeout:.0f} 秒：请等它结束或将它关闭，再试一次。",
                )
            time.sleep(0.05)
        try:
            yield
        finally:
            _unlock(file.fileno())


def _mode_for(path: Path) -> int:
    """Give the permissions of the file being replaced, or those that open() would have given."""
    with suppress(OSError):
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        os.lseek(descriptor, 0, os.SEEK_SET)
        with suppress(OSError):
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            return True
        return False

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
