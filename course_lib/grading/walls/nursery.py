"""Inside the walls: imports a chapter's libraries once, then forks a kernel for each submission.

This process is trusted and runs nothing of any submission: it imports, and forks. Each child, before
it reads the first byte of a submission, walls itself off from here and from its siblings: process,
mount, network and IPC namespaces of its own, empty scratch folders, its own sockets and nobody
else's, a user of its own, no capability, the filter of system calls.

It *only* imports. A process that has computed once with TensorFlow or torch has threads and locks that
a fork leaves hanging.

Orders come as JSON through a socket (its number is in ``argv``); for each the answer is a line of JSON
with a pidfd, by which the grader outside watches and kills, and a pipe that waits for its word to go on.
Standard library only. Called as ``python nursery.py '{"socket": 3, "imports": […]}'``.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import gc
import importlib
import json
import os
import select
import signal
import socket
import struct
import sys
import traceback
from typing import Any, NoReturn

_NEW_MOUNTS, _NEW_IPC, _NEW_PIDS, _NEW_NETWORK = 0x20000, 0x08000000, 0x20000000, 0x40000000
_NO_SUID, _NO_DEVICES, _NO_EXEC, _READ_ONLY = 2, 4, 8, 1
_BIND, _RECURSIVE, _PRIVATE = 4096, 16384, 1 << 18


def main() -> None:
    """Import what is asked for, then fork a kernel for each order, until the socket closes."""
    told = json.loads(sys.argv[1])
    control = socket.socket(fileno=told["socket"])
    missing = _import_all(told["imports"], control)
    gc.collect()
    gc.freeze()  # what is there now is never written to by a collection in a child
    threads = len(os.listdir("/proc/self/task"))
    control.send(json.dumps({"ready": True, "missing": missing, "threads": threads}).encode())
    own = os.open("/proc/self/ns/pid", os.O_RDONLY)
    comes_back = _return_to(own)
    while order := control.recv(1 << 20):
        if comes_back:
            _bear_kernel(control, json.loads(order))
            _return_to(own)
        elif os.fork() == 0:  # somebody else has to go there, who does not come back
            _bear_kernel(control, json.loads(order))
            os._exit(0)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG if comes_back else 0)[0]:  # those that have ended
                pass


def _import_all(names: list[str], control: socket.socket) -> list[str]:
    """Import modules by name; a name that is none (``from x import function``) does no harm.

    Between two of them it looks whether the grader is still there: one that was killed before
    bubblewrap had bound its life to it leaves nobody else to say so.
    """
    missing = []
    for name in names:
        if select.select([control], [], [], 0)[0] and not control.recv(1, socket.MSG_PEEK):
            os._exit(1)
        try:
            importlib.import_module(name)
        except Exception:
            missing.append(name)
    return missing


def _bear_kernel(control: socket.socket, order: dict[str, Any]) -> None:
    """Fork a kernel as the first process of a process namespace, and hand its handles out.

    Who opens such a namespace stays outside, and the next child is inside.
    """
    handles: list[int] = []
    try:
        _unshare(_NEW_PIDS)
        wait, go = os.pipe()
        handles += [wait, go]
        child = os.fork()
        if child == 0:
            os.close(go)
            control.close()
            _live(order, wait)
        handles.append(os.pidfd_open(child))
        socket.send_fds(control, [b'{"kernel": true}'], [handles[-1], go])
    except OSError:
        traceback.print_exc()
        with contextlib.suppress(OSError):
            control.send(json.dumps({"failed": traceback.format_exc()[-500:]}).encode())
    finally:
        for handle in handles:
            os.close(handle)


def _return_to(own: int) -> bool:
    """Let the next children be in this process's own namespace again; False where that is forbidden.

    Before it has done so a process may open no second one.
    """
    return bool(ctypes.CDLL(None, use_errno=True).setns(own, _NEW_PIDS) == 0)


def _live(order: dict[str, Any], wait: int) -> NoReturn:
    """The kernel's own process: wait for the word, raise the walls, run ipykernel."""
    try:
        os.setsid()
        if os.read(wait, 1) != b"!":  # the grader is gone
            os._exit(1)
        _unshare(_NEW_MOUNTS | _NEW_IPC | _NEW_NETWORK)
        _raise_walls(order)
        _run_kernel(order["argv"])
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def _raise_walls(order: dict[str, Any]) -> None:
    launch = importlib.import_module("launch")
    uid = order["uid"]
    _mount(None, "/", None, _RECURSIVE | _PRIVATE)
    _mount(f"{order['rooms']}/{order['room']}", order["kernel"], None, _BIND)
    for folder in order["scratch"]:
        kept = _folders_mounted_below(folder)
        limits = f"size={order['scratch_mb']}m,nr_inodes=65536,mode=0700"
        _mount("none", folder, "tmpfs", _NO_SUID | _NO_DEVICES, limits)
        for place, handle in kept:
            os.makedirs(place, exist_ok=True)
            _mount(f"/proc/self/fd/{handle}", place, None, _BIND)
            os.close(handle)
    _open_loopback()
    _mount("proc", "/proc", "proc", _NO_SUID | _NO_DEVICES | _NO_EXEC)
    nothing = _NO_SUID | _NO_DEVICES | _NO_EXEC | _READ_ONLY
    for folder in order["covered"]:
        _mount("none", folder, "tmpfs", nothing, "size=4k,mode=0555")
    os.umask(0o022)
    for held, inside in order["shown"]:
        _show(held, inside)
    for folder in order["scratch"]:
        _give(folder, uid)
    launch.set_limits(order["limits"])
    launch.give_up_powers(uid)
    launch.filter_calls()
    os.umask(0o077)
    os.chdir(order["home"])
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    os.closerange(3, 1024)


def _open_loopback() -> None:
    """Let ``localhost`` work in here: the new network has nothing else, and even this is switched off."""
    with socket.socket() as any_socket:
        request = struct.pack("16sh", b"lo", 1)  # up
        fcntl.ioctl(any_socket, 0x8914, request.ljust(40, b"\0"))


def _folders_mounted_below(folder: str) -> list[tuple[str, int]]:
    """Open what is mounted below a folder that will be emptied: Python itself may lie there."""
    with open("/proc/self/mountinfo", encoding="utf-8") as lines:
        places = {line.split()[4].replace("\\040", " ") for line in lines}
    below = sorted(each for each in places if each.startswith(f"{folder}/") and os.path.isdir(each))
    return [(place, os.open(place, os.O_PATH)) for place in below]


def _show(held: str, inside: str) -> None:
    """Let a file that is held ready, read-only, appear at its place in a scratch folder."""
    os.makedirs(os.path.dirname(inside), exist_ok=True)
    os.close(os.open(inside, os.O_CREAT | os.O_WRONLY))
    _mount(held, inside, None, _BIND)


def _give(folder: str, uid: int | None) -> None:
    """Make a folder and the folders in it the submission's own."""
    if uid is None:
        return
    for here, folders, _ in os.walk(folder):
        folders[:] = [each for each in folders if not os.path.ismount(os.path.join(here, each))]
        os.chown(here, uid, uid)


def _run_kernel(argv: list[str]) -> None:
    """Be an ordinary ipykernel, as ``python -m ipykernel_launcher`` would be."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["ipykernel_launcher", *argv]
    # What belongs to the nursery is nothing that a notebook should meet.
    for name in ("launch", "seccomp", "nursery"):
        sys.modules.pop(name, None)
    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance(argv=argv)


def _unshare(flags: int) -> None:
    _check(ctypes.CDLL(None, use_errno=True).unshare(flags), "unshare")


def _mount(what: str | None, where: str, kind: str | None, flags: int, data: str = "") -> None:
    def word(text: str | None) -> bytes | None:
        return text.encode() if text is not None else None

    libc = ctypes.CDLL(None, use_errno=True)
    done = libc.mount(
        word(what), word(where), word(kind), ctypes.c_ulong(flags), word(data or None)
    )
    _check(done, f"mount {kind or what} on {where}")


def _check(done: int, what: str) -> None:
    if done != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    for helper in ("launch", "seccomp"):
        importlib.import_module(helper)
    # The folder of this file is not where a notebook's imports may look.
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [place for place in sys.path if os.path.abspath(place) != here]
    main()
