"""Where kernels meet their grader: a folder for each kernel's sockets, and nothing left of it later.

One process that grades has one folder, locked for as long as it lives; its kernels' own folders stand
in there. The operating system gives the lock back when the process ends, however it ends, so whoever
grades next on this machine can tell which folders are nobody's any more, and clears them away.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import stat
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

_PREFIX = "course-kernels-"
_BEGUN = "course-begun-"
_MINUTE = 60.0
_LONGEST = 60  # of the folder's name: a socket in it must stay below about 100 characters

_guard = threading.Lock()
_mine: tuple[int, Path] | None = None  # the process that made it, and where


def make_room() -> Path:
    """Make an empty folder for one kernel."""
    return Path(tempfile.mkdtemp(prefix="k", dir=house()))


def house() -> Path:
    """Give this process's folder of folders; the first call makes it and clears away dead ones'."""
    global _mine
    with _guard:
        if _mine is None or _mine[0] != os.getpid():
            parent = _parent()
            clear_away(parent)
            _mine = (os.getpid(), _build(parent))
        return _mine[1]


def clear_away(parent: Path) -> list[Path]:
    """Remove the folders of graders that live no more; give what was removed.

    Only folders that this user made are looked at, and of those only ones that nobody holds.
    """
    removed = []
    if sys.platform == "win32":
        return removed
    for folder in parent.glob(f"{_BEGUN}*"):  # killed while making one: nothing is in it yet
        with suppress(OSError):
            if _is_ours(folder) and time.time() - folder.lstat().st_mtime > _MINUTE:
                shutil.rmtree(folder, ignore_errors=True)
    for folder in sorted(parent.glob(f"{_PREFIX}*")):
        held = _hold(folder) if _is_ours(folder) else None
        if held is not None:
            _end_strays(folder)
            shutil.rmtree(folder, ignore_errors=True)
            os.close(held)
            removed.append(folder)
    return removed


def _end_strays(folder: Path) -> None:
    """Kill what still runs in a dead grader's folder: there should be nothing, and now there is nothing.

    A kernel's outermost processes have the folder in their command line.
    """
    mark = f"{folder}/".encode()
    with suppress(OSError):
        for entry in os.scandir("/proc"):
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            with suppress(OSError):
                ours = entry.stat().st_uid == os.getuid()
                words = Path(entry.path, "cmdline").read_bytes() + b"/"
                kernels = b"bwrap" in words or b"ipykernel_launcher" in words
                if ours and kernels and (mark in words or mark.rstrip(b"/") + b"\0" in words):
                    os.kill(int(entry.name), signal.SIGKILL)


def _parent() -> Path:
    usual = Path(tempfile.gettempdir())
    return usual if len(str(usual)) < _LONGEST - 20 or not os.path.isdir("/tmp") else Path("/tmp")


def _build(parent: Path) -> Path:
    """Make the folder; it gets its name when its lock is there and held, so nobody clears it away."""
    began = Path(tempfile.mkdtemp(prefix=_BEGUN, dir=parent))
    lock = os.open(began / "lock", os.O_RDWR | os.O_CREAT, 0o600)  # stays open while we live
    made = began
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX)
        made = began.rename(parent / began.name.replace(_BEGUN, _PREFIX))
    made.chmod(0o711)  # a kernel's user passes through, to its own folder only
    atexit.register(_tear_down, os.getpid(), made)
    return made


def tear_down() -> None:
    """Remove this process's own folder: for when it ends without Python's own farewell."""
    if _mine is not None:
        _tear_down(*_mine)


def _tear_down(owner: int, folder: Path) -> None:
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    with suppress(OSError):
        found = folder.lstat()
        return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    return False


def _hold(folder: Path) -> int | None:
    """Take a folder's lock, ``None`` where somebody holds it or it has none yet."""
    import fcntl

    try:
        lock = os.open(folder / "lock", os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock
