"""The first process inside the walls: gives up what is left of its powers, then becomes the kernel.

Standard library only: inside the sandbox it stands alone, beside :mod:`.seccomp` and :mod:`.nursery`.
It is called as ``python -S launch.py '{"uid": …, "socket": …, "limits": {…}, "command": […]}'``.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import socket
import sys

_SET_DUMPABLE, _DROP_FROM_BOUND, _AMBIENT, _CLEAR_AMBIENT = 4, 24, 47, 4
_CAPABILITIES = 0x20080522  # the version of capset's arguments


def wait_for_word(number: int) -> None:
    """Ask the grader, by a socket, whether to begin; end here and now if it is gone.

    bubblewrap binds its own life to that of whoever started it, but only some milliseconds after its
    start: a grader killed before that would leave a kernel that nobody ever ends. By now it is bound,
    so whoever answers is alive, and whatever happens to it later takes this kernel along.
    """
    grader = socket.socket(fileno=number)
    try:
        grader.sendall(b"?")
        word = grader.recv(1)
    except OSError:
        word = b""
    grader.close()
    if word != b"!":
        os._exit(1)


def set_limits(limits: dict[str, int]) -> None:
    """Set the limits that the operating system itself enforces, by their ``RLIMIT_`` names."""
    try:
        import resource
    except ImportError:  # Windows has none; the watch over memory and time still stands
        return
    for name, value in limits.items():
        number = getattr(resource, f"RLIMIT_{name}", None)
        if number is None:
            continue
        _, highest = resource.getrlimit(number)
        allowed = value if highest == resource.RLIM_INFINITY else min(value, highest)
        resource.setrlimit(number, (allowed, allowed))


def drop_to(uid: int) -> None:
    """Become an ordinary user that owns nothing on this machine, for good."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def give_up_powers(uid: int | None) -> None:
    """Become powerless for good: another user where one is given, without any capability.

    Raises:
        OSError: A power is left. Nothing of a submission may run then.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    for number in range(64):  # fails where there is no right to do so; then there is none to drop
        libc.prctl(_DROP_FROM_BOUND, number, 0, 0, 0)
    libc.prctl(_AMBIENT, _CLEAR_AMBIENT, 0, 0, 0)
    if uid is not None:
        drop_to(uid)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES, 0)
    libc.capset(header, (ctypes.c_uint32 * 6)())
    libc.prctl(_SET_DUMPABLE, 1, 0, 0, 0)  # its own /proc/self is its own
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:
        left = dict(line.split(":", 1) for line in status if line.startswith("Cap"))
    for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        if int(left[kind], 16):
            raise PermissionError(f"{kind} is {left[kind].strip()} and should be 0")
    if uid is not None and uid not in (os.getuid(), 0):
        raise PermissionError(f"still user {os.getuid()}")


def filter_calls() -> None:
    """Put the process behind the filter of system calls, where this machine has one."""
    seccomp = importlib.import_module("seccomp")  # beside this file, inside the walls
    program = seccomp.build()
    if program is not None:
        seccomp.install(program)


def main() -> None:
    """Do as told on the command line; never returns."""
    order = json.loads(sys.argv[1])
    if order.get("socket") is not None:
        wait_for_word(order["socket"])
    set_limits(order["limits"])
    give_up_powers(order["uid"])
    filter_calls()
    os.umask(0o077)
    command = order["command"]
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
