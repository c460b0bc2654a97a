"""Read what is inside an archive without unpacking it: nothing is written, and nothing can grow for ever.

An archive from the network may be made to harm: names that lead out of a folder, links, a few kilobytes
that unpack to terabytes. Nothing here follows a link or writes a file, and whoever reads says how much
is the most.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

from course_lib.errors import CourseError

MOST = 4 << 30  # bytes, of all that is read from one archive
LEAST = 64 << 20  # bytes that any may hold
FOLD = 100  # times its own size: texts shrink to a tenth, a bomb to a thousandth
MOST_FILES = 200_000
_BROKEN = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError),
    *(OSError, RuntimeError, NotImplementedError, ValueError),
)


def members(
    path: Path,
    *,
    wanted: Callable[[str], bool] = lambda name: True,
    most: int | None = None,
    most_files: int = MOST_FILES,
) -> Iterator[tuple[str, bytes]]:
    """Give the files inside a .zip or a .tar (.gz, .bz2, .xz): name and content, in the archive's order.

    Args:
        path: The archive.
        wanted: Whether a file of this name is asked for.
        most: Bytes that may be read from it in all; by default as :func:`most_of` says.
        most_files: Files that it may hold.

    Raises:
        CourseError: It is damaged or no archive, or it holds more, or a name leads out of it.
    """
    left = most_of(path) if most is None else most
    try:
        for count, (name, open_member) in enumerate(_entries(path)):
            if count >= most_files:
                raise too_much(path)
            _require_inside(path, name)
            if wanted(name):
                with open_member() as stream:
                    content = read_at_most(stream, left, path)
                left -= len(content)
                yield name, content
    except _BROKEN as problem:
        raise damaged(path) from problem


def expanded(path: Path, *, most: int | None = None) -> bytes:
    """Give what a single compressed file (.gz, .bz2, .xz) holds.

    Raises:
        CourseError: It is damaged, or holds more than ``most`` bytes.
    """
    openers: dict[str, Callable[..., Any]] = {
        ".gz": gzip.open,
        ".bz2": bz2.open,
        ".xz": lzma.open,
    }
    try:
        with openers.get(path.suffix, open)(path, "rb") as stream:
            return read_at_most(stream, most_of(path) if most is None else most, path)
    except _BROKEN as problem:
        raise damaged(path) from problem


def read_at_most(stream: IO[bytes], most: int, path: Path) -> bytes:
    """Read a stream to its end, which must come soon enough."""
    content = stream.read(most + 1)
    if len(content) > most:
        raise too_much(path)
    return content


def most_of(path: Path) -> int:
    """Give how many bytes may come out of a compressed file of this size: 100 times it, within limits."""
    return min(MOST, max(LEAST, FOLD * path.stat().st_size)) if path.exists() else LEAST


def damaged(path: Path) -> CourseError:
    """Give the sentence for a file that can't be read."""
    return CourseError(
        f"{path} is damaged or not what its name says: delete it and fetch it again.",
        f"{path} 已损坏，或者内容与文件名不符：请删除后重新下载。",
    )


def _entries(path: Path) -> Iterator[tuple[str, Callable[[], IO[bytes]]]]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if not entry.is_dir():
                    yield entry.filename, lambda entry=entry: archive.open(entry)  # type: ignore[misc]
        return
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isfile():  # no links, no devices
                yield member.name, lambda member=member: archive.extractfile(member)  # type: ignore


def _require_inside(path: Path, name: str) -> None:
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in parts.parts[0]:
        raise CourseError(
            f"{path} holds a file named {name!r}, which leads out of the archive: do not use it.",
            f"{path} 中有一个名为 {name!r} 的文件，指向压缩包之外：请不要使用它。",
        )


def too_much(path: Path) -> CourseError:
    """Give the sentence for a file that holds more than it may."""
    return CourseError(
        f"{path} holds more than such an archive should: do not use it.",
        f"{path} 解压后的内容远远超出应有的大小：请不要使用它。",
    )
