"""Ending in order: a request to end is one like Ctrl-C, and what was started ends with whoever started it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

_PATIENCE = 15.0  # seconds that a program gets to end by itself


@contextmanager
def ends_on_request() -> Iterator[None]:
    """Let a request to end (a closed terminal, a ``kill``) be one like Ctrl-C: in order, and soon."""

    def interrupt(number: int, frame: FrameType | None) -> Any:
        raise KeyboardInterrupt

    before = {}
    for name in ("SIGTERM", "SIGHUP"):
        with suppress(AttributeError, ValueError):  # none on this system; not the main thread
            number = getattr(signal, name)
            before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_until_told(command: Sequence[str], *, environment: Mapping[str, str], folder: Path) -> int:
    """Run a program until it ends or this one is told to; then it is told, too. Give its exit status.

    JupyterLab, for one, ends its kernels when it is told to, and leaves them behind when it is killed.
    """
    with ends_on_request():
        process = subprocess.Popen(command, env=dict(environment), cwd=folder)
        try:
            return process.wait()
        except KeyboardInterrupt:
            _tell(process)
            return 0


def _tell(process: subprocess.Popen[bytes]) -> None:
    """Let a program end, and end it if it does not: a second Ctrl-C does so at once."""
    process.terminate()
    try:
        process.wait(timeout=_PATIENCE)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        process.kill()
        process.wait()
