"""What a process and its descendants use: counted often, so read straight from Linux's /proc there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

_MB = 1 << 20


def family(pid: int) -> list[psutil.Process]:
    """Give a process and all its descendants, as far as they can be found."""
    found = []
    for each in family_pids(pid):
        with suppress(psutil.Error):
            found.append(psutil.Process(each))
    return found


def family_pids(pid: int) -> list[int]:
    """Give the numbers of a process and all its descendants.

    Where the system lists each process's children this reads those lists alone; psutil looks at every
    process of the machine to find them.
    """
    try:
        found, seen = [pid], {pid}
        for each in found:
            for child in _children(each):
                if child not in seen:
                    seen.add(child)
                    found.append(child)
        return found
    except LookupError:
        with suppress(psutil.Error):
            children = psutil.Process(pid).children(recursive=True)
            return [pid, *(each.pid for each in children)]
        return [pid]


def memory_mb(pids: Iterable[int], limit_mb: float) -> float:
    """Add up the memory of processes.

    Resident memory is quick to read and counts in full what processes share, with each other and
    with a zygote; only where that sum is too much is the share of each worth the time to ask for.
    """
    pids, quick, exact = list(pids), 0, 0
    for pid in pids:
        with suppress(psutil.Error):
            quick += psutil.Process(pid).memory_info().rss
    if quick <= limit_mb * _MB:
        return quick / _MB
    for pid in pids:
        with suppress(psutil.Error):
            exact += psutil.Process(pid).memory_full_info().pss
    return exact / _MB


def computed(pids: Iterable[int]) -> float:
    """Add up the seconds of computing that processes, and their ended children, have had so far."""
    total = 0.0
    for pid in pids:
        if _TICKS:
            total += _computed(pid)
            continue
        with suppress(psutil.Error):
            times = psutil.Process(pid).cpu_times()
            total += times.user + times.system
            total += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return total


def _computed(pid: int) -> float:
    """Read it from the system's own list; 0 for a process that is gone."""
    try:
        words = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return sum(map(int, words[11:15])) / _TICKS
    except (OSError, ValueError):
        return 0.0


def _children(pid: int) -> list[int]:
    """Give a process's own children. LookupError: this system keeps no such list."""
    found: list[int] = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        if os.path.exists("/proc/self/task"):
            return []  # it is gone
        raise LookupError from None
    for thread in threads:
        try:
            listed = Path(f"/proc/{pid}/task/{thread}/children").read_text()
        except OSError:
            if not os.path.exists("/proc/self/task") or not _LISTS:
                raise LookupError from None
            continue  # the thread is gone
        found += map(int, listed.split())
    return found


# Seconds are counted in so many parts there; 0 where there is no such list.
_TICKS = os.sysconf("SC_CLK_TCK") if sys.platform == "linux" else 0
_LISTS = os.path.exists(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
