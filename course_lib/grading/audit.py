"""The audit log: one line for each act, each holding a hash of the line before; lines are only added.

So a line that was changed, taken out or put in later is noticed, and so is an end that was cut off: the
number of lines and the last hash stand in a file of their own. Whoever can write here could make all of
it anew; against that, note the last hash elsewhere now and then (``teach audit`` shows it).
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from course_lib.files import locked, write_atomically
from course_lib.grading.course import Course
from course_lib.paths import repository_root

_BLOCK = 1 << 16
START = "0" * 64


def record(course: Course, entry: Mapping[str, Any]) -> None:
    """Add a line, with the time, who, and the environment; it is on the disk when this returns."""
    with locked(course.private / "audit.lock"):
        path = _path(course)
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "r+b") as file:
            before, cut_short = _last_line(file)
            number = _number_after(before, path)
            line = {
                "line": number,
                "time": datetime.now(UTC).isoformat(timespec="seconds"),
                "by": _who(),
                "environment": environment_hash(),
                **entry,
                "previous": _hash(before) if before is not None else START,
            }
            words = json.dumps(line, ensure_ascii=False, sort_keys=True).encode(
                "utf-8", "backslashreplace"
            )
            # A line that was cut short, by a power failure or a full disk, is ended and stays.
            file.write((b"\n" if cut_short else b"") + words + b"\n")
            file.flush()
            os.fsync(file.fileno())
        write_atomically(_head_path(course), json.dumps({"lines": number, "last": _hash(words)}))


def read(course: Course) -> Iterator[dict[str, Any]]:
    """Give the log's lines, oldest first; a line cut short by a power failure is left out."""
    for _, line in _lines(course):
        with suppress(ValueError):
            entry = json.loads(line)
            if isinstance(entry, dict):
                yield entry


@dataclass(frozen=True)
class Findings:
    """What a check of the log found.

    Attributes:
        lines: How many lines there are.
        last: The last line's hash, to be noted elsewhere.
        broken: Numbers of lines that do not follow from the line before as it stands now.
        cut_short: Numbers of lines that were cut short while being written.
        missing: How many lines are gone at the end, at least.
        headless: Whether the file with the number of lines and the last hash is gone.
        known: Whether the hash that was asked for is that of some line; ``None`` if none was.
    """

    lines: int
    last: str
    broken: tuple[int, ...] = ()
    cut_short: tuple[int, ...] = ()
    missing: int = 0
    headless: bool = False
    known: bool | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing speaks against the log."""
        return not (self.broken or self.missing or self.headless or self.known is False)


def verify(course: Course, noted: str | None = None) -> Findings:
    """Check the log from its first line to its last.

    Args:
        course: The course directory.
        noted: A last hash that was noted earlier, or its beginning: is that line still there, unchanged?
    """
    before, hashes, chained = START, [], False
    broken, cut_short = [], []
    for number, line in _lines(course):
        try:
            entry = json.loads(line)
            good = isinstance(entry, dict) and entry.get("previous") == before
            chained = chained or "previous" in entry
            good = good or not chained  # lines of a time before there were hashes
        except ValueError:
            cut_short.append(number)
            good = True  # whether it was like this from the beginning, the next line says
        if not good:
            broken.append(number)
        before = _hash(line)
        hashes.append(before)
    head = _read_head(course)
    expected = head.get("lines", 0) if isinstance(head.get("lines"), int) else 0
    missing = max(0, expected - len(hashes))
    if not missing and expected and hashes[expected - 1] != head.get("last"):
        broken.append(expected)  # the line that was the last one is another one now
    return Findings(
        len(hashes),
        before,
        tuple(sorted(set(broken))),
        tuple(cut_short),
        missing,
        len(hashes) > 1 and not expected,
        None if noted is None else any(each.startswith(noted.strip().lower()) for each in hashes),
    )


@lru_cache(maxsize=1)
def environment_hash() -> str:
    """Give a hash of everything installed, the course's own code, and Python itself."""
    digest = hashlib.sha256(f"{platform.platform()} {platform.python_version()}".encode())
    for name, version in sorted({(d.name or "", d.version) for d in distributions()}):
        digest.update(f"{name}=={version}\n".encode())
    package = repository_root() / "course_lib"
    for path in sorted(package.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:32]


def hash_of(*parts: str | bytes) -> str:
    """Give one hash of several texts, each kept apart from the next."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(f"{len(raw)}:".encode() + raw)
    return digest.hexdigest()


def _last_line(file: Any) -> tuple[bytes | None, bool]:
    """Give a file's last line, and whether it lacks its end; ``None`` for an empty file."""
    place = file.seek(0, os.SEEK_END)
    tail = b""
    while place > 0 and b"\n" not in tail[:-1]:
        step = min(_BLOCK, place)
        place = file.seek(place - step)
        tail = file.read(step) + tail
    if not tail:
        return None, False
    return tail.removesuffix(b"\n").rpartition(b"\n")[2], not tail.endswith(b"\n")


def _lines(course: Course) -> Iterator[tuple[int, bytes]]:
    with suppress(FileNotFoundError), open(_path(course), "rb") as file:
        for number, line in enumerate(file, start=1):
            yield number, line.removesuffix(b"\n")


def _number_after(before: bytes | None, path: Path) -> int:
    """Number the next line: by the line before, or by counting where that was cut short."""
    if before is None:
        return 1
    with suppress(ValueError, KeyError, TypeError):
        return int(json.loads(before)["line"]) + 1
    with open(path, "rb") as file:
        return sum(1 for _ in file) + 1


def _read_head(course: Course) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        head = json.loads(_head_path(course).read_text(encoding="utf-8"))
        if isinstance(head, dict):
            return head
    return {}


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a number without a name, in some containers
        return str(os.getuid()) if hasattr(os, "getuid") else ""


def _path(course: Course) -> Path:
    return course.private / "audit.jsonl"


def _head_path(course: Course) -> Path:
    return course.private / "audit.head"
