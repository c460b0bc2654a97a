"""Limits on a kernel and all its descendants together, where this machine lets us set them (cgroups).

The watch in ``kernels.kernel`` counts memory a few times a second and the system limits each process; a
cgroup, v1 or v2, does both at once and to the byte. It needs a writable cgroup file system: root on
a machine or in a privileged container, or a delegated one. Elsewhere there is simply none.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from course_lib.grading.walls.sandbox import Limits

_PREFIX = "course-kernel-"
_MB = 1 << 20


@dataclass(frozen=True)
class Group:
    """One kernel's cgroup: its folder in each hierarchy that counts something."""

    folders: tuple[Path, ...]

    def add(self, *pids: int) -> None:
        """Put processes under the limits; whatever they start later is under them too."""
        for folder in self.folders:
            for pid in pids:
                with suppress(OSError):  # it is gone already
                    (folder / "cgroup.procs").write_text(str(pid))

    def pids(self) -> list[int]:
        """Give the numbers of the processes in it."""
        with suppress(OSError, ValueError):
            return [int(line) for line in (self.folders[0] / "cgroup.procs").read_text().split()]
        return []

    def ran_out(self) -> bool:
        """Say whether the system killed something in here for lack of memory."""
        for folder in self.folders:
            for name in ("memory.oom_control", "memory.events"):
                with suppress(OSError, ValueError):
                    lines = (folder / name).read_text().splitlines()
                    counts = dict(line.split(None, 1) for line in lines)
                    if int(counts.get("oom_kill", 0)) > 0:
                        return True
        return False

    def remove(self) -> None:
        """Take the group away; everything in it is dead by now."""
        for folder in self.folders:
            for _ in range(20):
                try:
                    folder.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:  # the system has not yet counted the dead
                    time.sleep(0.01)


def make(name: str, limits: Limits) -> Group | None:
    """Make a group for a kernel, ``None`` where none can be had."""
    made = []
    for parent, files in _parents():
        folder = parent / f"{_PREFIX}{os.getpid()}-{name}"
        values = {
            "memory.limit_in_bytes": limits.memory_mb * _MB,
            "memory.max": limits.memory_mb * _MB,
            "pids.max": limits.processes,
        }
        try:
            folder.mkdir()
            for file in files:
                (folder / file).write_text(str(values[file]))
            _no_swap(folder, limits.memory_mb * _MB)
            made.append(folder)
        except OSError:
            with suppress(OSError):
                folder.rmdir()
    return Group(tuple(made)) if made else None


def _no_swap(folder: Path, most: int) -> None:
    """Let memory that is written out to the disk count as well, where the system counts that."""
    for file, value in (("memory.memsw.limit_in_bytes", most), ("memory.swap.max", 0)):
        with suppress(OSError):
            if (folder / file).exists():
                (folder / file).write_text(str(value))


@lru_cache(maxsize=1)
def _parents() -> tuple[tuple[Path, tuple[str, ...]], ...]:
    """Find this process's own place in each hierarchy where a group can be made; clear old ones."""
    if sys.platform != "linux":
        return ()
    found = []
    with suppress(OSError, ValueError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, place = line.split(":", 2)
            for root, files in _hierarchies(set(controllers.split(","))):
                parent = Path(root + place)
                if _can_make(parent, files):
                    _clear_away(parent)
                    found.append((parent, files))
    return tuple(found)


def _hierarchies(controllers: set[str]) -> list[tuple[str, tuple[str, ...]]]:
    if controllers == {""}:  # version 2
        return [("/sys/fs/cgroup", ("memory.max", "pids.max"))]
    known = {"memory": "memory.limit_in_bytes", "pids": "pids.max"}
    return [
        (f"/sys/fs/cgroup/{name}", (file,)) for name, file in known.items() if name in controllers
    ]


def _can_make(parent: Path, files: tuple[str, ...]) -> bool:
    trial = parent / f"{_PREFIX}{os.getpid()}-trial"
    try:
        trial.mkdir()
    except OSError:
        return False
    there = all((trial / file).exists() for file in files)
    with suppress(OSError):
        trial.rmdir()
    return there


def _clear_away(parent: Path) -> None:
    """Remove what a killed grader has left: a group without processes can be removed, others not."""
    for folder in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if not (folder / "cgroup.procs").read_text().strip() and _is_dead(folder.name):
                folder.rmdir()


def _is_dead(name: str) -> bool:
    owner = name.removeprefix(_PREFIX).split("-")[0]
    return not (owner.isdigit() and Path(f"/proc/{owner}").exists())
