"""Warm kernels: a process that has imported a chapter's libraries, and forks a kernel when asked.

A cold kernel takes seconds to import PyTorch or TensorFlow; a fork of a process that has done so is
ready in a fraction. What runs in there, and how each kernel walls itself off before the first byte of
a submission, stands in ``walls.nursery``. This is the grader's side of it.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.grading.kernels import kernel, rooms
from course_lib.grading.walls import sandbox
from course_lib.grading.walls.sandbox import Limits

_SHOWN = "/shown"
_IDLE = 600.0  # seconds that a zygote is kept for a next kernel: it holds a framework in memory


class ZygoteError(CourseError):
    """No warm kernel can be had: a cold one may still start."""


@dataclass(frozen=True)
class Kind:
    """What kernels a zygote bears: all that is the same for all of them.

    Attributes:
        imports: The modules that they have imported.
        environment: Their whole environment.
        shown: Files that they may read: (outside, inside).
    """

    imports: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    shown: tuple[tuple[str, str], ...] = ()


class WarmProcess:
    """A forked kernel's process, held by a pidfd: no other process can ever be meant by it.

    Who runs it and who watches over it are two threads; what one closes the other must not use, for the
    number may be another kernel's by then.
    """

    def __init__(self, pidfd: int, zygote: Zygote) -> None:
        self._pidfd = pidfd
        self._zygote = zygote
        self._ended = False
        self._turn = threading.RLock()
        self.pid = _pid_of(pidfd)

    def ended(self) -> bool:
        """Say whether it is over; so is then everything that it started."""
        with self._turn:
            if not self._ended:
                self._ended = _is_over(self._pidfd, seconds=0)
            return self._ended

    def kill(self) -> None:
        """Kill it, and with it everything in its process namespace; wait until that is so."""
        with self._turn:
            if not self._ended:
                with suppress(OSError):
                    signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
                self._ended = _is_over(self._pidfd, seconds=5)

    def close(self) -> None:
        """Kill it and let go of it."""
        with self._turn:
            self.kill()
            if self._pidfd >= 0:
                os.close(self._pidfd)
                self._pidfd, self._ended = -1, True

    def last_words(self) -> str:
        """What came on standard error lately, from any of the zygote's children before they began."""
        return self._zygote.last_words()


def _is_over(pidfd: int, *, seconds: float) -> bool:
    """Wait for a process's end; unlike ``select`` for handles of any number."""
    poller = select.poll()
    poller.register(pidfd, select.POLLIN)
    return bool(poller.poll(seconds * 1000))


class Zygote:
    """A running nursery; made by :func:`warm` and shared by all threads that grade."""

    def __init__(self, kind: Kind, *, seconds: float) -> None:
        self._turn = threading.Lock()
        self.has_borne = False  # a kernel that came to life
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control = ours
        # What is to stand in the kernels' own scratch folders is held ready elsewhere; the rest is
        # the same for all, and simply there.
        self._shown: list[tuple[str, str]] = []
        held: list[tuple[Path, str]] = []
        for number, (outside, inside) in enumerate(kind.shown):
            place = f"{_SHOWN}/{number}" if inside.startswith(sandbox.HOME) else inside
            held.append((Path(outside), place))
            if place != inside:
                self._shown.append((place, inside))
                held.append((Path(outside), inside))  # the imports may want it already
        told: dict[str, object] = {"socket": theirs.fileno(), "imports": list(kind.imports)}
        command = sandbox.nursery_command(
            told, rooms=rooms.house(), environment=dict(kind.environment), shown=held
        )
        read, write = os.pipe()
        self._errors = read
        for end in (read, write):  # a full pipe must stop nobody
            os.set_blocking(end, False)
        self.process = subprocess.Popen(
            command,
            env={"PATH": os.defpath},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=write,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
        os.close(write)
        theirs.close()
        ours.settimeout(seconds)
        try:
            self.born = json.loads(ours.recv(1 << 20) or b"{}")
        except (OSError, ValueError):
            self.born = {}
        if not self.born.get("ready"):
            self.close()
            raise ZygoteError(f"No warm kernels: {self.last_words().strip()[-300:]}")
        ours.settimeout(20)

    @property
    def alive(self) -> bool:
        return self.process.poll() is None and self._control.fileno() >= 0

    def fork(self, room: Path, uid: int | None, limits: Limits, argv: Sequence[str]) -> _Waiting:
        """Fork a kernel that waits for the word to begin.

        Raises:
            ZygoteError: The nursery is gone or can't wall a kernel off.
        """
        order: Mapping[str, object] = {
            "uid": uid,
            "room": room.name,
            "rooms": sandbox.ROOMS,
            "kernel": sandbox.KERNEL,
            "covered": [sandbox.ROOMS, sandbox.WHOLE_PROC],
            "home": sandbox.HOME,
            "scratch": sandbox.SCRATCH,
            "scratch_mb": limits.scratch_mb,
            "limits": limits.for_the_system(),
            "shown": self._shown,
            "argv": list(argv),
        }
        with self._turn:
            try:
                self._control.send(json.dumps(order).encode())
                answer, handles, _, _ = socket.recv_fds(self._control, 4096, 2)
            except OSError:
                self.close()
                answer, handles = b"", []
        if len(handles) != 2:
            for handle in handles:
                os.close(handle)
            raise ZygoteError(f"No warm kernel: {answer.decode(errors='replace')[-300:]}")
        return _Waiting(WarmProcess(handles[0], self), handles[1])

    def last_words(self) -> str:
        """What the nursery and its children wrote on standard error."""
        with suppress(OSError):
            return os.read(self._errors, 1 << 16).decode("utf-8", "replace")
        return ""

    def close(self) -> None:
        """End the nursery, and with it every kernel that it bore."""
        self._control.close()  # it hears that, and goes by itself
        for end in (lambda: None, self.process.kill):
            end()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=2)
                break


@dataclass
class _Waiting:
    """A forked kernel that has not begun yet."""

    process: WarmProcess
    _go: int

    def begin(self) -> WarmProcess:
        """Let it begin."""
        with suppress(OSError):  # already dead: its handle says so
            os.write(self._go, b"!")
        os.close(self._go)
        return self.process


_zygotes: dict[Kind, Zygote] = {}
_failures: Counter[Kind] = Counter()
_ENOUGH_FAILURES = (
    2  # a busy machine may be too slow once; one that allows no warm kernels always is
)
_guard = threading.Lock()
_alarm: threading.Timer | None = None
_keeper = ThreadPoolExecutor(max_workers=1, thread_name_prefix="zygotes")


def warm(kind: Kind, *, seconds: float = 120.0) -> Zygote | None:
    """Give this process's zygote of a kind: the running one, or a new one where that has died.

    Returns:
        ``None`` where this machine allows no warm kernels: take cold ones.
    """
    _set_alarm()
    with _guard:
        running = _zygotes.get(kind)
        if running is not None and running.alive:
            return running
        if _failures[kind] >= _ENOUGH_FAILURES:
            return None
        for other in [each for each in _zygotes if each != kind]:
            _zygotes.pop(other).close()  # one at a time: each holds a framework in memory
        try:
            # Whoever starts it must not end before it does: it dies with the *thread* that did.
            _zygotes[kind] = _keeper.submit(partial(Zygote, kind, seconds=seconds)).result()
        except ZygoteError:
            _failures[kind] += 1
            return None
        return _zygotes[kind]


def doubt(kind: Kind, zygote: Zygote) -> None:
    """Note that a zygote bore no kernel that lives, and end it; a second time is the last."""
    with _guard:
        _failures[kind] += 1
        if _zygotes.get(kind) is zygote:
            _zygotes.pop(kind).close()


def close_all() -> None:
    """End every zygote of this process."""
    with _guard:
        while _zygotes:
            _zygotes.popitem()[1].close()


atexit.register(close_all)


def _set_alarm() -> None:
    """Look in some minutes whether anybody still needs a zygote: the formgrader's server runs for days."""
    global _alarm
    if _alarm is not None:
        _alarm.cancel()
    _alarm = threading.Timer(_IDLE, _close_if_idle)
    _alarm.daemon = True
    _alarm.start()


def _close_if_idle() -> None:
    if kernel.opened:
        _set_alarm()
    else:
        close_all()


def _pid_of(pidfd: int) -> int:
    """Give the number by which we know the process that a pidfd holds; 0 when it is gone."""
    with suppress(OSError), open(f"/proc/self/fdinfo/{pidfd}", encoding="ascii") as file:
        for line in file:
            if line.startswith("Pid:"):
                return max(0, int(line.split()[1]))
    return 0
