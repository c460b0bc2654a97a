"""The system calls that no submission needs, as a filter for Linux's kernel (seccomp, classic BPF).

A list of what is refused, not of what is allowed: the frameworks' own calls change with every release,
and the walls stand without this filter too. It takes away what has opened such walls before: new
namespaces and mounts, other processes' memory, kernel keys, BPF, performance counters, io_uring, and
the rarely used kinds of sockets; and the ways to hold memory that is counted as nobody's. Standard
library only: it is used inside the walls as well.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

# Numbers by call: (x86-64, arm64); None where an architecture does not have it.
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "syslog": (103, 116),
    # Memory that no process shows as its own, and no count of processes' memory finds.
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "lookup_dcookie": (212, 18),
    "fanotify_init": (300, 262),
    "vhangup": (153, 58),
    "ioperm": (173, None),
    "iopl": (172, None),
    "modify_ldt": (154, None),
    "uselib": (134, None),
    "personality": (135, 92),
}
_CLONE3 = 435
_CLONE = {"x86_64": 56, "aarch64": 220}
_SOCKET = {"x86_64": 41, "aarch64": 198}
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_ALLOWED_FAMILIES = (1, 2, 10)  # unix, inet, inet6: the last two lead nowhere without a network
# CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET}
_NEW_NAMESPACES = 0x7E020000

_LOAD, _EQUAL, _AT_LEAST, _BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16


def build(machine: str | None = None) -> bytes | None:
    """Give the filter for a machine, as the kernel takes it; ``None`` where we have none.

    Refused calls fail with "operation not permitted", other sockets with "no such family". ``clone3``,
    whose flags no filter can see, fails with "not there": the C library falls back to ``clone``.
    """
    machine = machine or platform.machine()
    if machine not in _AUDIT:
        return None
    column = 0 if machine == "x86_64" else 1
    refuse = _ERRNO | errno.EPERM
    program = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, _AUDIT[machine], yes=1),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER),
    ]
    if machine == "x86_64":  # the x32 calls are the same ones by other numbers
        program += [_step(_AT_LEAST, 0x40000000, no=1), _step(_RETURN, refuse)]
    for numbers in _REFUSED.values():
        if numbers[column] is not None:
            program += [_step(_EQUAL, numbers[column], no=1), _step(_RETURN, refuse)]
    program += [_step(_EQUAL, _CLONE3, no=1), _step(_RETURN, _ERRNO | errno.ENOSYS)]
    program += [
        _step(_EQUAL, _CLONE[machine], no=4),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(_BITS, _NEW_NAMESPACES, no=1),
        _step(_RETURN, refuse),
        _step(_RETURN, _ALLOW),
    ]
    families = len(_ALLOWED_FAMILIES)
    program += [
        _step(_EQUAL, _SOCKET[machine], no=families + 2),
        _step(_LOAD, _FIRST_ARGUMENT),
        *(_step(_EQUAL, each, yes=families - i) for i, each in enumerate(_ALLOWED_FAMILIES)),
        # "No such family": ZeroMQ asks for a netlink socket, and goes on without one when it hears this.
        _step(_RETURN, _ERRNO | errno.EINVAL),
        _step(_RETURN, _ALLOW),
    ]
    return b"".join(program)


def install(program: bytes) -> None:
    """Put this process and its future children behind the filter, for good."""

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]

    libc = ctypes.CDLL(None, use_errno=True)
    given = Program(len(program) // 8, program)
    if libc.prctl(38, 1, 0, 0, 0) != 0:  # PR_SET_NO_NEW_PRIVS
        raise OSError(ctypes.get_errno(), "no_new_privs")
    if libc.prctl(22, 2, ctypes.byref(given), 0, 0) != 0:  # PR_SET_SECCOMP, a filter
        raise OSError(ctypes.get_errno(), "seccomp")


def _step(code: int, value: int | None, *, yes: int = 0, no: int = 0) -> bytes:
    """Give one instruction; ``yes`` and ``no`` say how many of the next ones are left out."""
    return struct.pack("=HBBI", code, yes, no, value)
