"""One file from the network: from the first mirror that gives it whole, checked before it is used.

A download that breaks off goes on where it was, at the same mirror or the next. What lies in the folder
under the file's own name is always whole and has the right checksum: the rest stands beside it as
``name.part`` and is used or thrown away by whoever fetches next.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from course_lib.errors import CourseError
from course_lib.files import locked, sha256_of, write_atomically
from course_lib.language import both
from course_lib.mirrors import TIMEOUT, MirrorError, take_rest, version_of

RETRIES = 2  # further tries at one mirror, where the network failed and not the mirror
_RECORD = "checksums.json"


@dataclass(frozen=True)
class RemoteFile:
    """A file that can be fetched.

    Attributes:
        name: Its name in the cache.
        urls: Where it is to be had, the preferred place first.
        checksum: As its publisher, or a well-kept library, states it: ``"sha256:…"`` or ``"md5:…"``,
            or its first digits. ``None``: nobody does; then the SHA-256 of the first download is recorded, and every
            later one must have the same.
        size: Its size in bytes, where that is known.
        stated_by: Who states the checksum, such as ``"torchvision"``.
        about_bytes: Its size more or less, where it is not known exactly: to be shown, not relied on.
    """

    name: str
    urls: tuple[str, ...]
    checksum: str | None = None
    size: int | None = None
    stated_by: str = ""
    about_bytes: int | None = None


def fetch(
    file: RemoteFile, folder: Path, *, timeout: float = TIMEOUT, progress: bool = True
) -> Path:
    """Give the file's path; fetch it before, where it is not there whole.

    Two processes may ask at once: one fetches, the other waits for it.

    Args:
        file: What to fetch.
        folder: Where to keep it.
        timeout: Seconds after which a mirror is left alone that gives no answer, or less than ``SLOWEST``.
        progress: Show a bar.

    Raises:
        CourseError: No mirror gave it, or the folder can't be written or is full.
    """
    path = folder / file.name
    if is_whole(file, folder):
        return path
    part = folder / f"{file.name}.part"
    with _said_of(part), locked(folder / f".{file.name}.lock", timeout=6 * 3600):
        if is_whole(file, folder):
            return path
        path.unlink(missing_ok=True)
        _fetch(file, folder, timeout, progress)
    return path


def is_whole(file: RemoteFile, folder: Path, *, read_again: bool = False) -> bool:
    """Say whether the file is there with the right checksum: the stated one, or the recorded one.

    A file is read again only when its size or time has changed since it was last found whole, or when
    that is asked for: a disk that fails changes neither.
    """
    path = folder / file.name
    try:
        stat = path.stat()
    except OSError:
        return False
    record = _read_record(folder).get(file.name, {})
    unchanged = record.get("seen") == [stat.st_size, stat.st_mtime_ns]
    if unchanged and not read_again and _fits(file, record):
        return True
    if record and file.checksum is None:
        return sha256_of(path) == record.get("sha256")
    return file.checksum is not None and _is_as_stated(path, file.checksum)


def keep(file: RemoteFile, path: Path, folder: Path) -> Path:
    """Take a file from elsewhere (a USB stick, another machine) as if it had been fetched.

    Raises:
        CourseError: It is not the file that its publisher means, or, where nobody states a checksum, not
            the one that was here first.
    """
    if file.checksum is not None and not _is_as_stated(path, file.checksum):
        raise CourseError(
            f"{path} is not {file.name} as published (its checksum differs): copy it again.",
            f"{path} 与公开发布的 {file.name} 不一致（校验和不同）：请重新复制。",
        )
    known = recorded(file, folder)
    if file.checksum is None and known not in (None, sha256_of(path)):
        raise CourseError(
            f"{path} is not the {file.name} that was here first (its SHA-256 differs): copy it again or, "
            "if the publisher has a new edition, first  ./course data forget.",
            f"{path} 与第一次得到的 {file.name} 不一致（SHA-256 不同）：请重新复制；"
            "如果发布方出了新版本，请先运行  ./course data forget。",
        )
    part = folder / f"{file.name}.part"
    with _said_of(part), locked(folder / f".{file.name}.lock"):
        if path.resolve() != (folder / file.name).resolve():
            shutil.copyfile(path, part)
            part.replace(folder / file.name)
        _remember(file, folder)
    return folder / file.name


def fits(file: RemoteFile, path: Path) -> bool:
    """Say whether a file from anywhere has the stated checksum; ``False`` where nobody states one."""
    return file.checksum is not None and _is_as_stated(path, file.checksum)


def _is_as_stated(path: Path, checksum: str) -> bool:
    """Compare with a checksum, or with its first digits: torchvision's names state eight of them."""
    kind, _, digits = checksum.partition(":")
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, kind).hexdigest().startswith(digits)


def recorded(file: RemoteFile, folder: Path) -> str | None:
    """Give the SHA-256 that was recorded when the file was first there."""
    found = _read_record(folder).get(file.name, {}).get("sha256")
    return found if isinstance(found, str) else None


def forget(file: RemoteFile, folder: Path) -> None:
    """Forget what was recorded of a file, so that another edition of it may come in its place."""
    with _said_of(folder / file.name), locked(folder / f".{_RECORD}.lock"):
        record = _read_record(folder)
        if record.pop(file.name, None) is not None:
            write_atomically(folder / _RECORD, json.dumps(record, indent=1, sort_keys=True))


def megabytes(size: int | None) -> str:
    """Write a size for people."""
    if size is None:
        return both("size unknown", "大小未知")
    for unit, bytes_in_it in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= bytes_in_it:
            return f"{size / bytes_in_it:.3g} {unit}"
    return f"{size} B"


def _fetch(file: RemoteFile, folder: Path, timeout: float, progress: bool) -> None:
    failures: list[tuple[str, MirrorError]] = []
    for url in file.urls:
        for _ in range(1 + RETRIES):
            try:
                _from(url, file, folder, timeout, progress)
                return
            except MirrorError as failure:
                failed = failure
                if not failure.again:
                    break
        failures.append((urlsplit(url).hostname or url, failed))
    raise _nobody_gave_it(file, folder, failures)


def _from(url: str, file: RemoteFile, folder: Path, timeout: float, progress: bool) -> None:
    """Fetch from one mirror; go on with what is there already."""
    part = folder / f"{file.name}.part"
    start = part.stat().st_size if part.exists() else 0
    take_rest(url, file, part, start, timeout, progress)
    version_of(part).unlink(missing_ok=True)
    if file.checksum is not None and not _is_as_stated(part, file.checksum):
        part.unlink()
        raise MirrorError("other bytes than published", "内容与公开发布的不一致", again=start > 0)
    known = recorded(file, folder)
    if file.checksum is None and known not in (None, sha256_of(part)):
        part.unlink()
        raise MirrorError(
            "other bytes than the first time; a new edition? ./course data forget",
            "内容与第一次下载的不一致；若是新版本，可先运行 ./course data forget",
        )
    part.replace(folder / file.name)
    _remember(file, folder)


def _nobody_gave_it(
    file: RemoteFile, folder: Path, failures: Sequence[tuple[str, MirrorError]]
) -> CourseError:
    en = "; ".join(f"{host}: {failure.en}" for host, failure in failures)
    zh = "；".join(f"{host}：{failure.zh}" for host, failure in failures)
    part = folder / f"{file.name}.part"
    kept = part.exists() and part.stat().st_size > 0
    en_kept, zh_kept = (
        (" (what has arrived is kept)", "（已收到的部分会保留）") if kept else ("", "")
    )
    return CourseError(
        f"{file.name} could not be fetched ({en}). Try again later{en_kept}, "
        f"or bring the file from elsewhere:  ./course data import PATH",
        f"无法下载 {file.name}（{zh}）。可以稍后再试{zh_kept}，"
        f"或者从别处把文件拷来：  ./course data import PATH",
    )


@contextmanager
def _said_of(part: Path) -> Iterator[None]:
    """Turn a folder that can't be written, or is full, into a sentence; make it where it is missing."""
    folder = part.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            with suppress(OSError):
                part.unlink()
            raise CourseError(
                f"There is no room left for a download in {folder}: make room, or set COURSE_HOME "
                "to a folder on another disk.",
                f"{folder} 已没有空间存放下载的文件：请腾出空间，或把 COURSE_HOME 设为另一块磁盘上的目录。",
            ) from problem
        raise CourseError(
            f"{folder} can't be written ({problem.strerror}): set COURSE_HOME to a folder of yours.",
            f"无法写入 {folder}（{problem.strerror}）：请把 COURSE_HOME 设为自己有权限的目录。",
        ) from problem


def _fits(file: RemoteFile, record: dict[str, object]) -> bool:
    return file.checksum is None or record.get("checksum") == file.checksum


def _remember(file: RemoteFile, folder: Path) -> None:
    """Record that the file is whole: what it was checked against, and its SHA-256 from now on."""
    path = folder / file.name
    stat = path.stat()
    with locked(folder / f".{_RECORD}.lock"):
        record = _read_record(folder)
        record[file.name] = {
            "sha256": sha256_of(path),
            "checksum": file.checksum,
            "seen": [stat.st_size, stat.st_mtime_ns],
        }
        write_atomically(folder / _RECORD, json.dumps(record, indent=1, sort_keys=True))


def _read_record(folder: Path) -> dict[str, dict[str, object]]:
    try:
        record = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
