"""The audit log: one line for each submission that was graded; lines are only ever added."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from course_lib.files import locked
from course_lib.grading.course import Course


def record(course: Course, entry: Mapping[str, Any]) -> None:
    """Add a line, with the time and the environment; it is on the disk when this returns."""
    line = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": environment_hash(),
        **entry,
    }
    words = json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n"
    path = course.private / "audit.jsonl"
    with locked(course.private / "audit.lock"):
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "ab") as file:
            file.write(words.encode())
            file.flush()
            os.fsync(file.fileno())


def read(course: Course) -> Iterator[dict[str, Any]]:
    """Give the log's lines, oldest first; a line cut short by a power failure is left out."""
    path = course.private / "audit.jsonl"
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue


@lru_cache(maxsize=1)
def environment_hash() -> str:
    """Give a hash of everything installed, the course's own code, and Python itself."""
    digest = hashlib.sha256(f"{platform.platform()} {platform.python_version()}".encode())
    for name, version in sorted({(d.name or "", d.version) for d in distributions()}):
        digest.update(f"{name}=={version}\n".encode())
    package = Path(__file__).resolve().parent.parent
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
