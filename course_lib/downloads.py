"""One file from the network: from the first mirror that gives it whole, checked before it is used.

A download that breaks off goes on where it was, at the same mirror or the next. What lies in the folder
under the file's own name is always whole and has the right checksum: the rest stands beside it as
``name.part`` and is used or thrown away by whoever fetches next.
"""

from __future__ import annotations

import errno
import hashlib
import json
import queue
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

from course_lib.errors import CourseError
from course_lib.files import locked, sha256_of, write_atomically
from course_lib.language import both

if TYPE_CHECKING:
    import requests

T = TypeVar("T")

TIMEOUT = 20.0  # seconds in which an answer must begin, and over which SLOWEST is measured
RETRIES = 2  # further tries at one mirror, where the network failed and not the mirror
SLOWEST = 2_000.0  # bytes a second: less is a mirror that drips
MOST = 2 << 30  # bytes of a file whose size nobody stated
MOST_REDIRECTS = 10
ASKING = 5.0  # seconds for a mirror to say how large a file is
_PIECE = 1 << 18  # bytes at most: what has arrived is taken at once
_RECORD = "checksums.json"


@dataclass(frozen=True)
class RemoteFile:
    """A file that can be fetched.

    Attributes:
        name: Its name in the cache.
        urls: Where it is to be had, the preferred place first.
        checksum: As its publisher, or a well-kept library, states it: ``"sha256:…"`` or ``"md5:…"``.
            ``None``: nobody does; then the SHA-256 of the first download is recorded, and every
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


class _MirrorError(Exception):
    """Why a mirror did not give the file; ``again``: the same mirror may do better."""

    def __init__(self, en: str, zh: str, *, again: bool = False) -> None:
        super().__init__(en)
        self.en, self.zh, self.again = en, zh, again


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


def size_asked(file: RemoteFile, *, timeout: float = ASKING) -> int | None:
    """Give a file's size in bytes: as stated or, where nobody states it, as the first mirror that answers says."""
    import requests

    if file.size is not None:
        return file.size
    for url in file.urls:
        with (
            suppress(requests.exceptions.RequestException, _MirrorError),
            _opened(url, {"Accept-Encoding": "identity"}, timeout, file, "HEAD") as reply,
        ):
            length = reply.headers.get("Content-Length", "")
            if reply.status_code == 200 and length.isdigit():
                _require_the_file(reply)
                return int(length)
    return None


def megabytes(size: int | None) -> str:
    """Write a size for people."""
    if size is None:
        return both("size unknown", "大小未知")
    for unit, bytes_in_it in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= bytes_in_it:
            return f"{size / bytes_in_it:.3g} {unit}"
    return f"{size} B"


def _fetch(file: RemoteFile, folder: Path, timeout: float, progress: bool) -> None:
    failures: list[tuple[str, _MirrorError]] = []
    for url in file.urls:
        for _ in range(1 + RETRIES):
            try:
                _from(url, file, folder, timeout, progress)
                return
            except _MirrorError as failure:
                failed = failure
                if not failure.again:
                    break
        failures.append((urlsplit(url).hostname or url, failed))
    raise _nobody_gave_it(file, folder, failures)


def _from(url: str, file: RemoteFile, folder: Path, timeout: float, progress: bool) -> None:
    """Fetch from one mirror; go on with what is there already."""
    part = folder / f"{file.name}.part"
    start = part.stat().st_size if part.exists() else 0
    _write_part(url, file, part, start, timeout, progress)
    _tag_of(part).unlink(missing_ok=True)
    if file.checksum is not None and not _is_as_stated(part, file.checksum):
        part.unlink()
        raise _MirrorError("other bytes than published", "内容与公开发布的不一致", again=start > 0)
    known = recorded(file, folder)
    if file.checksum is None and known not in (None, sha256_of(part)):
        part.unlink()
        raise _MirrorError(
            "other bytes than the first time; a new edition? ./course data forget",
            "内容与第一次下载的不一致；若是新版本，可先运行 ./course data forget",
        )
    part.replace(folder / file.name)
    _remember(file, folder)


def _write_part(
    url: str, file: RemoteFile, part: Path, start: int, timeout: float, progress: bool
) -> None:
    import requests
    import urllib3

    headers = {"Accept-Encoding": "identity"} | _headers_to_go_on(url, file, part, start)
    arrived = start
    try:
        with _opened(url, headers, timeout, file) as reply:
            start = arrived = _where_it_goes_on(reply, part, start)
            _require_the_file(reply)
            length = reply.headers.get("Content-Length", "")
            total = start + int(length) if length.isdigit() else file.size
            _require_size(file, total)
            _note_version(url, reply, part)
            _take(_pieces(reply), file, part, start, total, timeout, progress)
    except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError):
        grown = part.exists() and part.stat().st_size > arrived
        raise _MirrorError("no answer", "没有响应", again=grown) from None
    except requests.exceptions.SSLError:
        raise _MirrorError("its certificate is not valid", "证书无效") from None
    except requests.exceptions.ConnectionError as problem:
        raise _MirrorError("not reached", "无法连接") from problem
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as problem:
        grown = part.exists() and part.stat().st_size > arrived
        raise _MirrorError("broken off", "中途断开", again=grown) from problem


@contextmanager
def _opened(
    url: str, headers: dict[str, str], timeout: float, file: RemoteFile, method: str = "GET"
) -> Iterator[requests.Response]:
    """Ask for a file; follow where the mirror sends, without reading what it says on the way."""
    import requests

    with requests.Session() as session:

        def ask() -> requests.Response:
            place = url
            for _ in range(MOST_REDIRECTS):
                reply = session.request(
                    method,
                    place,
                    headers=headers,
                    stream=True,
                    timeout=timeout,
                    allow_redirects=False,
                )
                if not reply.is_redirect:
                    return reply
                reply.close()
                place = _next_place(place, reply.headers["Location"], file)
            raise _MirrorError("it sends from one address to the next", "不断重定向")

        with _within(timeout, ask) as reply:
            yield reply


def _next_place(place: str, location: str, file: RemoteFile) -> str:
    """Give the address that a redirect leads to; without a checksum a certificate must vouch for it, too."""
    then = urljoin(place, location)
    if file.checksum is None and place.startswith("https:") and not then.startswith("https:"):
        raise _MirrorError("it sends to an address without a certificate", "重定向到没有证书的地址")
    return then


def _within(seconds: float, ask: Callable[[], T]) -> T:
    """Give what a call gives, if it does so in time.

    A socket's time-out is for each byte: a mirror could give its headers one by one, for ever.
    """
    import requests

    answers: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put((ask(), None))
        except Exception as problem:
            answers.put((None, problem))

    threading.Thread(target=run, daemon=True).start()
    try:
        answer, problem = answers.get(timeout=seconds)
    except queue.Empty:
        raise requests.exceptions.ReadTimeout from None
    if problem is not None:
        raise problem
    return answer  # type: ignore[return-value]


def _pieces(reply: requests.Response) -> Iterator[bytes]:
    """Give what has arrived as soon as it has: waiting for a full piece would wait for a drip for ever."""
    while piece := reply.raw.read1(_PIECE, decode_content=False):
        yield piece


def _headers_to_go_on(url: str, file: RemoteFile, part: Path, start: int) -> dict[str, str]:
    """Ask for the rest only. Without a checksum the mirror must vouch that it is the same file's rest."""
    if start == 0:
        return {}
    if file.checksum is not None:
        return {"Range": f"bytes={start}-"}
    with suppress(OSError, ValueError):
        place, version = json.loads(_tag_of(part).read_text(encoding="utf-8"))
        if place == url:
            return {"Range": f"bytes={start}-", "If-Range": str(version)}
    return {}


def _note_version(url: str, reply: requests.Response, part: Path) -> None:
    """Keep the version that a mirror gives its file; a weak one vouches for nothing."""
    version = reply.headers.get("ETag", "")
    if version.startswith('"'):
        write_atomically(_tag_of(part), json.dumps([url, version]))
    else:
        _tag_of(part).unlink(missing_ok=True)


def _tag_of(part: Path) -> Path:
    return part.with_name(part.name + ".version")


def _where_it_goes_on(reply: requests.Response, part: Path, start: int) -> int:
    """Give where the bytes of an answer belong: a mirror may begin anew, or know no such place."""
    status = reply.status_code
    if status == 416:  # what is here is as long as the file, or longer: not the beginning of it
        part.unlink(missing_ok=True)
        raise _MirrorError("another length", "长度不一致", again=True)
    if status not in (200, 206):
        busy = status in (408, 425, 429, 500, 502, 503, 504)
        raise _MirrorError(f"answer {status}", f"返回 {status}", again=busy)
    if status == 206:
        begins = reply.headers.get("Content-Range", "")
        if start and begins.startswith(f"bytes {start}-"):
            return start
        part.unlink(missing_ok=True)
        raise _MirrorError("another part than asked for", "返回的不是所请求的部分", again=True)
    return 0


def _require_the_file(reply: requests.Response) -> None:
    """Notice a page in the file's place: a log-in, a block, an apology."""
    kind = reply.headers.get("Content-Type", "")
    if kind.partition(";")[0].strip().lower() in ("text/html", "application/xhtml+xml"):
        raise _MirrorError(
            "a web page instead of the file: perhaps this network wants a log-in",
            "给的是网页而不是文件，也许这个网络需要先登录",
        )


def _require_size(file: RemoteFile, total: int | None) -> None:
    if file.size is not None and total is not None and total != file.size:
        raise _MirrorError(
            f"{total} bytes instead of {file.size}", f"{total} 字节，应为 {file.size} 字节"
        )


def _take(
    pieces: Iterator[bytes],
    file: RemoteFile,
    part: Path,
    start: int,
    total: int | None,
    timeout: float,
    progress: bool,
) -> None:
    """Write what comes behind what is there, as long as it comes fast enough and is not too much."""
    most = file.size or total or MOST
    slow = _slowness(timeout)
    done = start
    with open(part, "r+b" if start else "wb") as out, _bar(file, start, total, progress) as bar:
        out.seek(start)
        out.truncate()
        for piece in pieces:
            done += len(piece)
            if done > most:
                raise _MirrorError("more bytes than the file has", "字节数超过文件大小")
            out.write(piece)
            bar.update(len(piece))
            if slow(len(piece)) and done != total:
                raise _MirrorError("too slow", "速度太慢")
    if total is not None and done < total:
        raise _MirrorError("broken off", "中途断开", again=done > start)


def _slowness(seconds: float) -> Callable[[int], bool]:
    """Give what says, piece by piece, whether the last so many seconds brought less than ``SLOWEST``."""
    began, arrived = time.monotonic(), 0

    def slow(piece: int) -> bool:
        nonlocal began, arrived
        arrived += piece
        took = time.monotonic() - began
        if took < seconds:
            return False
        too_slow = arrived / took < SLOWEST
        began, arrived = time.monotonic(), 0
        return too_slow

    return slow


def _bar(file: RemoteFile, start: int, total: int | None, progress: bool) -> Any:
    from tqdm.auto import tqdm

    return tqdm(
        desc=file.name,
        initial=start,
        total=total,
        unit="B",
        unit_scale=True,
        disable=not progress,
        leave=False,
    )


def _nobody_gave_it(
    file: RemoteFile, folder: Path, failures: Sequence[tuple[str, _MirrorError]]
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
