"""Digests of everything that a run depends on, so that what was run once need not run again."""

from __future__ import annotations

import hashlib
import os
import platform
from pathlib import Path

_NOT_RUN = {"authoring", "book", "grading", "__pycache__"}  # rooms that no notebook uses


def digest_of_course(root: Path) -> str:
    """Digest the course's code, weights, fonts and exercises, the locked versions and Python's."""
    engine = os.environ.get("KERAS_BACKEND", "")
    digest = hashlib.sha256(f"{platform.python_version()} {engine}".encode())
    files = [path for path in (root / "course_lib").rglob("*") if path.is_file()]
    for path in sorted([*files, *root.glob("requirements.lock")]):
        relative = path.relative_to(root)
        if not _NOT_RUN & set(relative.parts):
            digest.update(f"{relative.as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def digest_of(*parts: object) -> str:
    """Digest some values by what they look like; 32 hexadecimal digits."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
