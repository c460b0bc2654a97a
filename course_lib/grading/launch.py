"""The first process inside the walls: gives up what is left of its powers, then becomes the kernel.

Standard library only: inside the sandbox this one file stands alone. It is called as
``python -I launch.py '{"uid": …, "limits": {…}, "command": […]}'``.
"""

from __future__ import annotations

import json
import os
import sys


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


def main() -> None:
    """Do as told on the command line; never returns."""
    order = json.loads(sys.argv[1])
    set_limits(order["limits"])
    if order["uid"] is not None:
        drop_to(order["uid"])
    os.umask(0o077)
    command = order["command"]
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
