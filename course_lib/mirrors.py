"""One mirror at a time: ask it for a file, take what it gives, and notice when it gives something else.

A mirror may be silent, drip, break off, send a page in the file's place or another part of it than was asked
for. Each ends in a :class:`MirrorError`, which says why and whether asking again is of use.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin

from course_lib.files import write_atomically

if TYPE_CHECKING:
    import requests

    from course_lib.downloads import RemoteFile

T = TypeVar("T")

TIMEOUT = 20.0  # seconds in which an answer must begin, and over which SLOWEST is measured
SLOWEST = 2_000.0  # bytes a second: less is a mirror that drips
MOST = 2 << 30  # bytes of a file whose size nobody stated
MOST_REDIRECTS = 10
ASKING = 5.0  # seconds for a mirror to say how large a file is
_PIECE = 1 << 18  # bytes at most: what has arrived is taken at once


class MirrorError(Exception):
    """Why a mirror did not give the file; ``again``: the same mirror may do better."""

    def __init__(self, en: str, zh: str, *, again: bool = False) -> None:
        super().__init__(en)
        self.en, self.zh, self.again = en, zh, again


def take_rest(
    url: str, file: RemoteFile, part: Path, start: int, timeout: float, progress: bool
) -> None:
    """Take what a mirror has of a file from byte ``start`` on, behind what is in ``part``.

    Args:
        url: The file's address there.
        file: What is known of it.
        part: What has arrived so far.
        start: How many bytes of it are good; 0: begin anew.
        timeout: As for :func:`course_lib.downloads.fetch`.
        progress: Show a bar.

    Raises:
        MirrorError: The mirror does not give it; what has arrived stays in ``part`` where it is of use.
    """
    import requests
    import urllib3

    headers = {"Accept-Encoding": "identity"} | _headers_to_go_on(url, file, part, start)
    arrived = start
    try:
        with _opened(url, headers, timeout, file) as reply:
            start = arrived = _where_it_goes_on(reply, part, start)
            _require_the_file(reply)
            length = _length_of(reply)
            total = file.size if length is None else start + length
            _require_size(file, total)
            _note_version(url, reply, part)
            _take(_pieces(reply), file, part, start, total, timeout, progress)
    except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError):
        grown = part.exists() and part.stat().st_size > arrived
        raise MirrorError("no answer", "没有响应", again=grown) from None
    except requests.exceptions.SSLError:
        raise MirrorError("its certificate is not valid", "证书无效") from None
    except requests.exceptions.ConnectionError as problem:
        raise MirrorError("not reached", "无法连接") from problem
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as problem:
        grown = part.exists() and part.stat().st_size > arrived
        raise MirrorError("broken off", "中途断开", again=grown) from problem


def size_asked(file: RemoteFile, *, timeout: float = ASKING) -> int | None:
    """Give a file's size in bytes: as stated or, where nobody states it, as the first mirror that answers says."""
    import requests

    if file.size is not None:
        return file.size
    for url in file.urls:
        with (
            suppress(requests.exceptions.RequestException, MirrorError),
            _opened(url, {"Accept-Encoding": "identity"}, timeout, file, "HEAD") as reply,
        ):
            if reply.status_code == 200:
                _require_the_file(reply)
                if (length := _length_of(reply)) is not None:
                    return length
    return None


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
            raise MirrorError("it sends from one address to the next", "不断重定向")

        with _within(timeout, ask) as reply:
            yield reply


def _next_place(place: str, location: str, file: RemoteFile) -> str:
    """Give the address that a redirect leads to; without a checksum a certificate must vouch for it, too."""
    try:
        then = urljoin(place, location)
    except ValueError:
        raise MirrorError("it sends to no address", "重定向的地址无效") from None
    if file.checksum is None and place.startswith("https:") and not then.startswith("https:"):
        raise MirrorError("it sends to an address without a certificate", "重定向到没有证书的地址")
    return then


def _length_of(reply: requests.Response) -> int | None:
    """Give how many bytes a mirror says will come; nonsense counts as nothing said."""
    said = reply.headers.get("Content-Length", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 20 else None


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
        place, version = json.loads(version_of(part).read_text(encoding="utf-8"))
        if place == url:
            return {"Range": f"bytes={start}-", "If-Range": str(version)}
    return {}


def _note_version(url: str, reply: requests.Response, part: Path) -> None:
    """Keep the version that a mirror gives its file; a weak one vouches for nothing."""
    version = reply.headers.get("ETag", "")
    if version.startswith('"'):
        write_atomically(version_of(part), json.dumps([url, version]))
    else:
        version_of(part).unlink(missing_ok=True)


def version_of(part: Path) -> Path:
    """Give where the version is noted that a mirror gave with the bytes in ``part``."""
    return part.with_name(part.name + ".version")


def _where_it_goes_on(reply: requests.Response, part: Path, start: int) -> int:
    """Give where the bytes of an answer belong: a mirror may begin anew, or know no such place."""
    status = reply.status_code
    if status == 416:  # what is here is as long as the file, or longer: not the beginning of it
        part.unlink(missing_ok=True)
        raise MirrorError("another length", "长度不一致", again=True)
    if status not in (200, 206):
        busy = status in (408, 425, 429, 500, 502, 503, 504)
        raise MirrorError(f"answer {status}", f"返回 {status}", again=busy)
    if status == 206:
        begins = reply.headers.get("Content-Range", "")
        if start and begins.startswith(f"bytes {start}-"):
            return start
        part.unlink(missing_ok=True)
        raise MirrorError("another part than asked for", "返回的不是所请求的部分", again=True)
    return 0


def _require_the_file(reply: requests.Response) -> None:
    """Notice a page in the file's place: a log-in, a block, an apology."""
    kind = reply.headers.get("Content-Type", "")
    if kind.partition(";")[0].strip().lower() in ("text/html", "application/xhtml+xml"):
        raise MirrorError(
            "a web page instead of the file: perhaps this network wants a log-in",
            "给的是网页而不是文件，也许这个网络需要先登录",
        )


def _require_size(file: RemoteFile, total: int | None) -> None:
    if file.size is not None and total is not None and total != file.size:
        raise MirrorError(
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
                raise MirrorError("more bytes than the file has", "字节数超过文件大小")
            out.write(piece)
            bar.update(len(piece))
            if slow(len(piece)) and done != total:
                raise MirrorError("too slow", "速度太慢")
    if total is not None and done < total:
        raise MirrorError("broken off", "中途断开", again=done > start)


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
