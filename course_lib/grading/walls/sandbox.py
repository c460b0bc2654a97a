"""The walls around a submission, made with bubblewrap from Linux's own namespaces.

Inside there is Python, the installed packages, ``course_lib`` without its answers, and an empty home
of limited size. There is no network, no other process, no gradebook, no ``solutions/``, no home of
anybody, no environment variable of the instructor's, and the user inside owns nothing outside.

Two ways lead to an unprivileged user, tried in this order:

``dropped``
    A grader run by root: the kernel gets a user number of its own and none of root's powers.
``namespace``
    A grader run by anybody else (or by a root without the power to mount): a user namespace.
"""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.paths import repository_root

_MB = 1 << 20
# User numbers that no account has (systemd keeps this range for short-lived services).
_FIRST_UID, _UIDS = 61200, 4000
# What of the package stays outside: the graders' and authors' rooms, and the expected answers.
_KEPT_OUT = {"grading", "authoring", "exercises/public", "cli.py", "lab.py"}
HOME = "/home/student"
COURSE = "/course"
EXAMPLES = f"{COURSE}/course_lib/exercises/public"
KERNEL = "/kernel"
ROOMS = "/rooms"
# A kernel can mount its own /proc only where one stands with nothing of it covered.
WHOLE_PROC = "/whole-proc"
_INSIDE = "/inside"
SCRATCH = ("/tmp", HOME, "/dev/shm")
_HELPERS = ("launch.py", "seccomp.py", "nursery.py")


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Attributes:
        memory_mb: Resident memory of all its processes together.
        processes: Processes and threads.
        file_mb: The largest file it may write.
        scratch_mb: All files in its home and in ``/tmp`` together (each of the two).
        start_seconds: Time for a kernel to start.
        cell_seconds: Computing time for one cell: what its processes really got of the machine, so that
            marks do not depend on how busy that is. Plenty: the solved chapters take less than a tenth
            of it, for long cells are demos, which are not run.
        own_cell_seconds: The same in a notebook with an instructor's own test cells: nobody has
            measured what its cells take.
        question_seconds: The same for one question after the last cell; never more than a cell. The
            solved chapters' slowest answer takes about half a second.
        patience: How many times as long a cell may take by the clock, if it computes less than that:
            it waits for its turn, or sleeps.
        notebook_seconds: Time for the whole notebook, restarts and questions included.
        output_bytes: What one cell may print or show.
        notebook_output_bytes: What all cells of a notebook may show together.
        answer_bytes: The largest message taken from a kernel: one answer must fit.
        threads: Threads that the numerical libraries may use.
    """

    memory_mb: int = 4096
    processes: int = 1024
    file_mb: int = 128
    scratch_mb: int = 512
    start_seconds: float = 90.0
    cell_seconds: float = 10.0
    own_cell_seconds: float = 60.0
    question_seconds: float = 5.0
    patience: float = 4.0
    notebook_seconds: float = 600.0
    output_bytes: int = 500_000
    notebook_output_bytes: int = 20_000_000
    answer_bytes: int = 64 * _MB
    threads: int = 2

    def for_the_system(self) -> dict[str, int]:
        """Give the limits that the operating system enforces on each process of the submission."""
        return {
            "CORE": 0,
            "CPU": int(self.notebook_seconds * max(2, self.threads)),
            # TensorFlow and torch reserve tens of gigabytes of addresses and touch few of them:
            # RLIMIT_AS would refuse an honest import. The watch counts what is really used.
            "DATA": (2 * self.memory_mb + 4096) * _MB,
            "FSIZE": self.file_mb * _MB,
            "MEMLOCK": 0,
            "MSGQUEUE": 0,
            "NOFILE": 1024,
            "NPROC": self.processes,
        }


def mode() -> str:
    """Say which way leads to a sandbox here: ``"dropped"`` or ``"namespace"``.

    Raises:
        CourseError: Where there is none; the sentence names the ways out.
    """
    found = _found_mode()
    if found is None:
        raise CourseError(
            "Submissions run only inside a sandbox, and this machine offers none: use Linux with "
            "bubblewrap installed, or a container that allows user namespaces, or add "
            "--unsandboxed if you trust every submission (the audit log records it).",
            "学生的作业只能在沙箱里运行，而这台机器没有可用的沙箱：请改用装有 bubblewrap 的 Linux，"
            "或允许用户命名空间的容器；若确信每份作业都可信，可加 --unsandboxed（审计日志会如实记录）。",
        )
    return found


def available() -> bool:
    """Say whether a sandbox can be had on this machine."""
    return _found_mode() is not None


@lru_cache(maxsize=1)
def _found_mode() -> str | None:
    if sys.platform != "linux" or shutil.which("bwrap") is None:
        return None
    modes = ("dropped", "namespace") if os.geteuid() == 0 else ("namespace",)
    return next((each for each in modes if _works(each)), None)


def _works(chosen: str) -> bool:
    trial = ["bwrap", *_namespaces(chosen), *_system_files(), "--proc", "/proc", "--dev", "/dev"]
    code = "import os; os.setuid(61200)" if chosen == "dropped" else "pass"
    command = [*trial, *_python_files(), "--", sys.executable, "-I", "-S", "-c", code]
    try:
        done = subprocess.run(command, env={}, capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def new_uid() -> int | None:
    """Give a user number for the next kernel, or ``None`` where a user namespace makes it.

    Limits on processes count by user: a kernel's is not that of any other which runs now, of whatever
    grader, as far as the system lets us see.
    """
    if mode() != "dropped":
        return None
    taken = set()
    for process in os.scandir("/proc"):
        with suppress(OSError):
            taken.add(process.stat().st_uid)
    while (uid := _FIRST_UID + int.from_bytes(os.urandom(4), "big") % _UIDS) in taken:
        pass
    return uid


def command(
    inner: Sequence[str],
    *,
    uid: int | None,
    private: Path,
    limits: Limits,
    environment: dict[str, str],
    shown: Sequence[tuple[Path, str]] = (),
    socket: int | None = None,
) -> list[str]:
    """Give the command line that runs ``inner`` inside the walls.

    Args:
        inner: The command inside; its first word is an absolute path.
        uid: What :func:`new_uid` gave.
        private: This kernel's own folder outside: its sockets; seen inside as :data:`KERNEL`.
        limits: What it may use.
        environment: Its whole environment; nothing of the caller's goes in.
        shown: Further files or folders to show, read-only: (outside, inside).
        socket: The number of a socket by which ``inner`` asks whether to begin.
    """
    order = {"uid": uid, "limits": limits.for_the_system(), "command": list(inner)}
    order["socket"] = socket
    walls = _walls(_namespaces(_mode_of(uid)), uid, limits)
    walls += ["--bind", str(private), KERNEL]
    for outside, inside in [*course_files(), *shown]:
        walls += _show(outside, inside)
    launcher = [sys.executable, "-E", "-s", "-S", f"{_INSIDE}/launch.py", json.dumps(order)]
    return [*walls, *_ending(environment), *launcher]


def nursery_command(
    told: dict[str, object],
    *,
    rooms: Path,
    environment: dict[str, str],
    shown: Sequence[tuple[Path, str]] = (),
) -> list[str]:
    """Give the command line of a nursery: the same walls, with the powers to raise them for others.

    Args:
        told: What :mod:`.nursery` reads.
        rooms: The folder in which each kernel gets its own.
        environment: The kernels' whole environment.
        shown: Files to hold ready for the kernels: (outside, inside the nursery).
    """
    chosen = mode()
    # Trusted code only runs here; each kernel gives all of these up before it begins.
    powers = ["SYS_ADMIN", "NET_ADMIN", "SETPCAP"]
    powers += ["SETUID", "SETGID", "CHOWN"] if chosen == "dropped" else []
    walls = _walls(_namespaces(chosen, powers), None, Limits())
    walls += ["--bind", str(rooms), ROOMS, "--perms", "0755", "--dir", KERNEL]
    walls += ["--bind", "/proc", WHOLE_PROC]
    for outside, inside in [*course_files(), *shown]:
        walls += _show(outside, inside)
    nursery = [sys.executable, "-s", f"{_INSIDE}/nursery.py", json.dumps(told)]
    return [*walls, *_ending(environment), *nursery]


def _mode_of(uid: int | None) -> str:
    return "namespace" if uid is None else "dropped"


def _walls(namespaces: list[str], uid: int | None, limits: Limits) -> list[str]:
    """Give what every process inside sees: the system, Python, empty scratch folders, our helpers."""
    walls = ["bwrap", *namespaces, *_system_files()]
    walls += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    for folder in SCRATCH:
        walls += _scratch(folder, limits.scratch_mb, uid)
    walls += _python_files()  # after /tmp, since the course itself may lie there
    for name in _HELPERS:
        walls += _show(Path(__file__).with_name(name), f"{_INSIDE}/{name}")
    return walls


def _ending(environment: dict[str, str]) -> list[str]:
    ending = ["--remount-ro", "/", "--chdir", HOME, "--clearenv"]
    for name, value in environment.items():
        ending += ["--setenv", name, value]
    return [*ending, "--"]


def course_files() -> list[tuple[Path, str]]:
    """Give what of ``course_lib`` is seen inside, as (outside, inside): everything but the answers."""
    package = repository_root() / "course_lib"
    seen = []
    for entry in sorted(package.iterdir()):
        if entry.name == "exercises":
            seen += [(part, f"exercises/{part.name}") for part in sorted(entry.iterdir())]
        else:
            seen.append((entry, entry.name))
    return [
        (outside, f"{COURSE}/course_lib/{name}") for outside, name in seen if name not in _KEPT_OUT
    ]


def _namespaces(chosen: str, powers: Sequence[str] = ()) -> list[str]:
    """Give the namespaces and the powers left; ``dropped`` needs some for one step of the launcher."""
    if chosen == "dropped" and not powers:
        powers = ("SETUID", "SETGID", "SETPCAP")
    kept = ["--cap-drop", "ALL"]
    for power in powers:
        kept += ["--cap-add", f"CAP_{power}"]
    shared = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    shared += ["--unshare-cgroup-try", "--hostname", "course", "--die-with-parent", "--new-session"]
    if chosen == "dropped":
        return [*shared, *kept]
    user = ["--unshare-user", "--uid", "1000", "--gid", "1000", *kept]
    return [*shared, *user, *(["--disable-userns"] if _version() >= (0, 8) else [])]


@lru_cache(maxsize=1)
def _version() -> tuple[int, ...]:
    try:
        said = subprocess.run(["bwrap", "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return (0,)
    return tuple(int(part) for part in said.stdout.split()[-1].split(".") if part.isdigit())


def _scratch(folder: str, size_mb: int, uid: int | None) -> list[str]:
    """Give an empty folder in memory: of limited size where this bubblewrap can limit it."""
    limit = ["--size", str(size_mb * _MB)] if _version() >= (0, 7) else []
    # Root makes the folder before the kernel is somebody else: then everybody may write into it
    # (there is nobody else in there).
    open_to_all = ["--perms", "1777"] if uid is not None else []
    return [*_parents(folder), *open_to_all, *limit, "--tmpfs", folder]


def _system_files() -> list[str]:
    """Show the system's libraries, without which Python does not run, and nothing of its settings."""
    shown = ["--ro-bind", "/usr", "/usr"]
    for name in ("/bin", "/sbin", "/lib", "/lib64", "/lib32"):
        if os.path.islink(name):
            shown += ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            shown += ["--ro-bind", name, name]
    shown += ["--perms", "0755", "--dir", "/etc"]
    for name in ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime", "fonts"):
        shown += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return shown


def _python_files() -> list[str]:
    """Show the Python that runs here and its packages, at the same places."""
    places = {Path(sys.base_prefix), Path(sys.prefix), Path(sys.executable).resolve().parents[1]}
    places |= {Path(each) for each in site.getsitepackages() if Path(each).is_dir()}
    shown: list[str] = []
    for place in sorted(places):
        covered = any(place.is_relative_to(other) for other in places if other != place)
        if not covered and not place.is_relative_to("/usr"):
            shown += _show(place, str(place))
    return shown


def _show(outside: Path, inside: str) -> list[str]:
    return [*_parents(inside), "--ro-bind", str(outside), inside]


def _parents(inside: str) -> list[str]:
    """Make the folders above a place walkable: bubblewrap itself would make them for root only."""
    made: list[str] = []
    for parent in reversed(Path(inside).parents):
        if str(parent) != "/" and not parent.is_relative_to("/usr"):
            # Below the home they are the submission's own, whoever it is by then.
            rights = "1777" if parent.is_relative_to(HOME) and str(parent) != HOME else "0755"
            made += ["--perms", rights, "--dir", str(parent)]
    return made
