"""Starting a kernel: warm from a zygote, cold in the sandbox, or (only when told so) outside it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import zmq
from jupyter_client import BlockingKernelClient
from jupyter_client.connect import write_connection_file

from course_lib.errors import CourseError
from course_lib.grading.kernels import zygote
from course_lib.grading.kernels.kernel import TICK, Kernel, Process, opened, receive
from course_lib.grading.kernels.rooms import make_room
from course_lib.grading.walls import cgroups, sandbox
from course_lib.grading.walls.processes import family, family_pids
from course_lib.grading.walls.sandbox import Limits
from course_lib.paths import repository_root


class ColdProcess:
    """A kernel started as a program of its own."""

    def __init__(self, started: subprocess.Popen[bytes]) -> None:
        self._process = started
        self.pid = started.pid
        self._said: deque[bytes] = deque(maxlen=40)
        self._listen = threading.Thread(target=self._listen_to, daemon=True)
        self._listen.start()

    def ended(self) -> bool:
        """Say whether it is over."""
        return self._process.poll() is not None

    def kill(self) -> None:
        """Kill it and all its descendants. In the sandbox the first kill takes them all along."""
        everyone = family(self.pid) if not self.ended() else []
        with suppress(OSError):
            self._process.kill()
        for each in everyone:
            with suppress(psutil.Error):
                each.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)
        deadline = time.monotonic() + 5
        while any(_runs(each) for each in everyone) and time.monotonic() < deadline:
            time.sleep(0.01)

    def last_words(self) -> str:
        """What it wrote to its standard error lately."""
        self._listen.join(timeout=1.0)
        return b"".join(self._said).decode("utf-8", "replace")[-2000:]

    def close(self) -> None:
        """Kill it."""
        self.kill()

    def _listen_to(self) -> None:
        """Keep the pipe empty and the last few lines."""
        assert self._process.stderr is not None
        with suppress(ValueError, OSError):
            while piece := os.read(self._process.stderr.fileno(), 4096):
                self._said.append(piece)


@contextmanager
def open_kernel(
    *,
    limits: Limits | None = None,
    sandboxed: bool = True,
    shown: Sequence[tuple[Path, str]] = (),
    imports: Sequence[str] | None = None,
) -> Iterator[Kernel]:
    """Start a kernel, give it, and leave nothing of it behind.

    Args:
        limits: What it may use.
        sandboxed: False runs it as an ordinary process of this user, with a cleaned environment.
        shown: Further files that it may read: (outside, inside); ignored without a sandbox.
        imports: The modules that a warm kernel has imported; ``None`` for a cold one.

    Raises:
        CourseError: No sandbox here, or the kernel does not start (with what it said).
    """
    plan = _Plan(limits or Limits(), sandboxed, tuple(shown))
    if imports is not None and sandboxed:
        with ExitStack() as stack:
            kernel = stack.enter_context(_warm_kernel(plan, tuple(imports)))
            if kernel is not None:
                yield kernel
                return
    with _kernel_in(plan, _start_cold) as kernel:
        yield kernel


@dataclass(frozen=True)
class _Plan:
    """What kind of kernel to start."""

    limits: Limits
    sandboxed: bool
    shown: tuple[tuple[Path, str], ...]

    @property
    def environment(self) -> dict[str, str]:
        return kernel_environment(self.limits, home=sandbox.HOME, course=sandbox.COURSE)


@dataclass(frozen=True)
class _Place:
    """Where one kernel lives: its folder, its user, its cgroup."""

    private: Path
    uid: int | None
    group: cgroups.Group | None


@contextmanager
def _warm_kernel(plan: _Plan, imports: tuple[str, ...]) -> Iterator[Kernel | None]:
    """Give a warm kernel, or ``None`` where none comes to life: before any student's code ran."""
    shown = tuple((str(outside), inside) for outside, inside in plan.shown)
    kind = zygote.Kind(imports, tuple(plan.environment.items()), shown)
    with ExitStack() as stack:
        kernel = None
        for _ in range(2):  # a zygote may have died since its last kernel
            bearer = zygote.warm(kind)
            if bearer is None:
                break
            try:
                start = partial(_start_warm, bearer=bearer)
                kernel = stack.enter_context(_kernel_in(plan, start))
                bearer.has_borne = True
                break
            except CourseError:
                if bearer.alive and not bearer.has_borne:
                    zygote.doubt(kind, bearer)
        yield kernel


@contextmanager
def _kernel_in(plan: _Plan, start: Callable[[_Plan, _Place], Process]) -> Iterator[Kernel]:
    """Start a kernel in a place of its own, give it, and leave nothing of it behind."""
    uid = sandbox.new_uid() if plan.sandboxed else None
    private = make_room()
    kernel = process = client = group = None
    try:
        connection = _connect_by(private, inside=sandbox.KERNEL if plan.sandboxed else None)
        if uid is not None:
            for path in (private, private / "connection.json"):
                os.chown(path, uid, uid)
        group = cgroups.make(private.name, plan.limits) if plan.sandboxed else None
        process = start(plan, _Place(private, uid, group))
        client = _make_client(connection, plan.limits)
        kernel = Kernel(process, client, private, plan.limits)
        kernel.group = group
        _wait_until_ready(kernel, private, connection)
        if group is not None:
            group.add(*family_pids(process.pid))
        yield kernel
    finally:
        if kernel is not None:
            kernel.kill("closed")
            opened.discard(kernel)
        if process is not None:
            process.close()
        if client is not None:
            _close(client)
        if group is not None:
            group.remove()
        shutil.rmtree(private, ignore_errors=True)


def kernel_environment(limits: Limits, *, home: str, course: str) -> dict[str, str]:
    """Give a kernel's whole environment: nothing of the instructor's own is in it."""
    threads = str(limits.threads)
    return {
        "COURSE_GRADING": "1",
        "COURSE_HOME": f"{home}/.course",
        "CUDA_VISIBLE_DEVICES": "",
        "HOME": home,
        "IPYTHONDIR": f"{home}/.ipython",
        "KERAS_BACKEND": os.environ.get("KERAS_BACKEND", "tensorflow"),
        "LANG": "C.UTF-8",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": f"{home}/.matplotlib",
        "OMP_NUM_THREADS": threads,
        "PATH": "/usr/bin:/bin",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        "PYTHONPATH": course,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": threads,
    }


def _connect_by(private: Path, *, inside: str | None) -> dict[str, Any]:
    """Write the kernel's connection file and give the client's view of the same sockets."""
    how = {"transport": "tcp"}
    if sys.platform != "win32":
        how = {"transport": "ipc", "ip": f"{inside or private}/k"}
    _, connection = write_connection_file(str(private / "connection.json"), **how)
    if how["transport"] == "ipc":
        connection["ip"] = f"{private}/k"
    return connection


def _start_warm(plan: _Plan, place: _Place, *, bearer: zygote.Zygote) -> Process:
    argv = _kernel_command(f"{sandbox.KERNEL}/connection.json")[3:]
    waiting = bearer.fork(place.private, place.uid, plan.limits, argv)
    if place.group is not None:
        place.group.add(waiting.process.pid)
    return waiting.begin()


def _start_cold(plan: _Plan, place: _Place) -> Process:
    if not plan.sandboxed:
        return _start_outside(plan, place)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        command = sandbox.command(
            _kernel_command(f"{sandbox.KERNEL}/connection.json"),
            uid=place.uid,
            private=place.private,
            limits=plan.limits,
            environment=plan.environment,
            shown=plan.shown,
            socket=theirs.fileno(),
        )
        process = _run(command, {"PATH": os.defpath}, None, theirs.fileno())
        theirs.close()
        ours.settimeout(plan.limits.start_seconds)
        with suppress(OSError):  # it ended before: whoever waits for its sockets will say so
            if ours.recv(1):
                ours.sendall(b"!")
        return process


def _start_outside(plan: _Plan, place: _Place) -> Process:
    folder = place.private / "home"
    folder.mkdir()
    command = _kernel_command(str(place.private / "connection.json"))
    course = str(repository_root())
    environment = kernel_environment(plan.limits, home=str(folder), course=course)
    kept = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH")
    environment |= {name: os.environ[name] for name in kept if name in os.environ}
    environment["JPY_PARENT_PID"] = str(os.getpid())  # ipykernel ends when that is gone
    return _run(command, environment, folder)


def _run(
    command: list[str], environment: dict[str, str], folder: Path | None, *passed: int
) -> ColdProcess:
    return ColdProcess(
        subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=passed,
            start_new_session=True,
        )
    )


def _kernel_command(connection_file: str) -> list[str]:
    no_history = "--HistoryManager.enabled=False"  # nor the thread that writes it
    return [sys.executable, "-m", "ipykernel_launcher", "-f", connection_file, no_history]


def _make_client(connection: dict[str, Any], limits: Limits) -> BlockingKernelClient:
    context = zmq.Context()
    # A larger message is never read into our memory: the connection it comes by is cut.
    context.setsockopt(zmq.MAXMSGSIZE, limits.answer_bytes)
    client = BlockingKernelClient(context=context)
    client.load_connection_info(connection)
    client.allow_stdin = False
    return client


def _wait_until_ready(kernel: Kernel, private: Path, connection: dict[str, Any]) -> None:
    """Wait for the kernel's sockets, then for its first answer."""
    deadline = time.monotonic() + kernel.limits.start_seconds
    last_socket = private / f"k-{connection['control_port']}"
    waits_for_socket = connection["transport"] == "ipc"
    while kernel.alive and time.monotonic() < deadline:
        if not waits_for_socket or last_socket.exists():
            kernel.client.start_channels(stdin=False, hb=False)
            if _answers(kernel, deadline):
                return
            break
        time.sleep(0.02)
    kernel.kill("start")
    words = kernel.process.last_words().strip().splitlines()
    reason = words[-1] if words else "it said nothing"
    raise CourseError(
        f"The kernel for a submission did not start ({reason}): run  ./course doctor  to see what "
        "is missing, and check that everybody may read the course's .venv.",
        f"为作业启动内核失败（{reason}）：请运行  ./course doctor  查看缺少什么，"
        "并确认课程的 .venv 对所有用户可读。",
    )


def _answers(kernel: Kernel, deadline: float) -> bool:
    """Ask until an answer has come by both ways: what is sent before both are joined gets lost.

    jupyter_client's own ``wait_for_ready`` asks once a second, which is as long as a start takes.
    """
    channels = {"shell": kernel.client.shell_channel, "iopub": kernel.client.iopub_channel}
    heard: set[str] = set()
    while kernel.alive and time.monotonic() < deadline:
        kernel.client.kernel_info()
        for name, channel in channels.items():
            if channel.socket.poll(int(TICK * 500)) and receive(kernel.client, channel) is not None:
                heard.add(name)
        if len(heard) == len(channels):
            return True
    return False


def _runs(process: psutil.Process) -> bool:
    """Say whether a process still does anything. One that only waits to be counted does not."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _close(client: BlockingKernelClient) -> None:
    with suppress(Exception):
        client.stop_channels()
    client.context.destroy(linger=0)
