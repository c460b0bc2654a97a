"""One kernel process, in the sandbox or (only when told so) outside it: run this, by when, how much.

Everything that a kernel sends was made by the submission's process and is believed in nothing:
messages are limited in size, unsigned ones are dropped, and a clock outside decides when it is over.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import psutil
import zmq
from jupyter_client import BlockingKernelClient
from jupyter_client.connect import write_connection_file
from nbformat import NotebookNode

from course_lib.errors import CourseError
from course_lib.grading import sandbox
from course_lib.grading.sandbox import Limits

_TICK = 0.1
_GRACE = 3.0  # seconds that an interrupted cell has to stop by itself
_LONGEST_SOCKET = 100


@dataclass
class Outcome:
    """What came of running one piece of code.

    Attributes:
        state: ``"ok"``, ``"error"`` (it raised), ``"timeout"`` (it was stopped and the kernel
            lives), ``"dead"`` (the kernel is gone; ``Kernel.why_dead`` says how).
        outputs: What it showed, as nbformat outputs, limited in size.
        answer: The value of the expression asked for, as the text that the kernel sent.
    """

    state: str
    outputs: list[NotebookNode] = field(default_factory=list)
    answer: str | None = None


_open: set[Kernel] = set()


def kill_all() -> None:
    """Kill every kernel that this process has open: for when it is told to stop."""
    for kernel in list(_open):
        kernel.kill("stopped")


class Kernel:
    """A running kernel; made by :func:`open_kernel`."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        client: BlockingKernelClient,
        private: Path,
        limits: Limits,
    ) -> None:
        self.process = process
        self.client = client
        self.limits = limits
        self.why_dead: str | None = None
        self._said: deque[bytes] = deque(maxlen=40)
        self._watch = threading.Thread(target=self._watch_over, args=(private,), daemon=True)
        self._listen = threading.Thread(target=self._listen_to, daemon=True)
        self._watch.start()
        self._listen.start()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None and self.why_dead is None

    @property
    def last_words(self) -> str:
        """What the process wrote to its standard error before it ended (for the instructor)."""
        return b"".join(self._said).decode("utf-8", "replace")[-2000:]

    def run(self, code: str, *, seconds: float) -> Outcome:
        """Run a cell's code; past the deadline interrupt it, and kill the kernel if that fails."""
        if not self.alive:
            return Outcome("dead")
        request = self.client.execute(code, allow_stdin=False, stop_on_error=False)
        return self._follow(request, seconds)

    def ask(self, code: str, expression: str, *, seconds: float) -> Outcome:
        """Run code without a trace in the notebook, then take the text that an expression gives."""
        if not self.alive:
            return Outcome("dead")
        request = self.client.execute(
            code,
            silent=True,
            allow_stdin=False,
            stop_on_error=False,
            user_expressions={"answer": expression},
        )
        return self._follow(request, seconds)

    def kill(self, why: str) -> None:
        """End the kernel and everything that it started, now."""
        if self.why_dead is None:
            self.why_dead = why
        _kill_all(self.process)

    def _follow(self, request: str, seconds: float) -> Outcome:
        """Collect what belongs to one request until it is answered, late, or the kernel is gone."""
        collected = _Outputs(request, self.limits.output_bytes)
        deadline, interrupted, reply = time.monotonic() + seconds, False, None
        sockets = {
            self.client.shell_channel.socket: self.client.shell_channel,
            self.client.iopub_channel.socket: self.client.iopub_channel,
        }
        poller = zmq.Poller()
        for socket in sockets:
            poller.register(socket, zmq.POLLIN)
        settled = 0.0
        while True:
            for socket, _ in poller.poll(int(_TICK * 1000)):
                message = _receive(sockets[socket])
                if message is None or message["parent_header"].get("msg_id") != request:
                    continue
                if message["msg_type"] == "execute_reply":
                    reply, settled = message["content"], time.monotonic() + 1.0
                elif sockets[socket] is self.client.iopub_channel:
                    collected.take(message)
            now = time.monotonic()
            if reply is not None and (collected.idle or now > settled):
                return _outcome(reply, collected.outputs, interrupted)
            if not self.alive:
                self.kill("died")
                return Outcome("dead", collected.outputs)
            if now > deadline and not interrupted:
                interrupted, deadline = True, now + _GRACE
                self._interrupt()
            elif now > deadline:
                self.kill("timeout")
                return Outcome("dead", collected.outputs)

    def _interrupt(self) -> None:
        message = self.client.session.msg("interrupt_request", content={})
        self.client.control_channel.send(message)

    def _watch_over(self, private: Path) -> None:
        """Count memory, and files where only sockets belong, several times a second."""
        while self.process.poll() is None and self.why_dead is None:
            if _memory_mb(self.process.pid) > self.limits.memory_mb:
                self.kill("memory")
            elif sandboxed_files(private) > 0:
                self.kill("files")
            time.sleep(2 * _TICK)

    def _listen_to(self) -> None:
        """Keep the pipe empty and the last few lines."""
        assert self.process.stderr is not None
        with suppress(ValueError, OSError):
            while piece := os.read(self.process.stderr.fileno(), 4096):
                self._said.append(piece)


@contextmanager
def open_kernel(
    *, limits: Limits | None = None, sandboxed: bool = True, shown: Sequence[tuple[Path, str]] = ()
) -> Iterator[Kernel]:
    """Start a kernel, give it, and leave nothing of it behind.

    Args:
        limits: What it may use.
        sandboxed: False runs it as an ordinary process of this user, with a cleaned environment.
        shown: Further files that it may read: (outside, inside); ignored without a sandbox.

    Raises:
        CourseError: No sandbox here, or the kernel does not start (with what it said).
    """
    limits = limits or Limits()
    uid = sandbox.new_uid() if sandboxed else None
    private = _private_folder()
    kernel = process = client = None
    try:
        connection = _connect_by(private, inside=sandbox.KERNEL if sandboxed else None)
        process = _start(private, uid, limits, sandboxed, shown)
        client = _make_client(connection, limits)
        kernel = Kernel(process, client, private, limits)
        _open.add(kernel)
        _wait_until_ready(kernel, private, connection)
        yield kernel
    finally:
        if kernel is not None:
            kernel.kill("closed")
            _open.discard(kernel)
        elif process is not None:
            _kill_all(process)
        if client is not None:
            _close(client)
        shutil.rmtree(private, ignore_errors=True)


def sandboxed_files(private: Path) -> int:
    """Count what in a kernel's own folder is neither a socket nor our connection file."""
    with suppress(OSError), os.scandir(private) as entries:
        return sum(
            1
            for entry in entries
            if entry.name not in {"connection.json", "home"}
            and not (entry.name.startswith("k-") and not entry.is_symlink())
        )
    return 0


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


def _private_folder() -> Path:
    """Make this kernel's own folder; a socket's name must fit in about 100 characters."""
    made = Path(tempfile.mkdtemp(prefix="course-kernel-"))
    if len(str(made)) > _LONGEST_SOCKET - 10 and os.path.isdir("/tmp"):
        made.rmdir()
        made = Path(tempfile.mkdtemp(prefix="course-kernel-", dir="/tmp"))
    return made


def _connect_by(private: Path, *, inside: str | None) -> dict[str, Any]:
    """Write the kernel's connection file and give the client's view of the same sockets."""
    how = {"transport": "tcp"}
    if sys.platform != "win32":
        how = {"transport": "ipc", "ip": f"{inside or private}/k"}
    _, connection = write_connection_file(str(private / "connection.json"), **how)
    if how["transport"] == "ipc":
        connection["ip"] = f"{private}/k"
    return connection


def _start(
    private: Path,
    uid: int | None,
    limits: Limits,
    sandboxed: bool,
    shown: Sequence[tuple[Path, str]],
) -> subprocess.Popen[bytes]:
    if sandboxed:
        if uid is not None:
            for path in (private, private / "connection.json"):
                os.chown(path, uid, uid)
        environment = kernel_environment(limits, home=sandbox.HOME, course=sandbox.COURSE)
        inner = _kernel_command(f"{sandbox.KERNEL}/connection.json")
        command = sandbox.command(
            inner, uid=uid, private=private, limits=limits, environment=environment, shown=shown
        )
        environment, folder = {"PATH": os.defpath}, None
    else:
        folder = private / "home"
        folder.mkdir()
        command = _kernel_command(str(private / "connection.json"))
        course = str(Path(__file__).resolve().parents[2])
        environment = kernel_environment(limits, home=str(folder), course=course)
        kept = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH")
        environment |= {name: os.environ[name] for name in kept if name in os.environ}
    return subprocess.Popen(
        command,
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def _kernel_command(connection_file: str) -> list[str]:
    history = "--HistoryManager.hist_file=:memory:"
    return [sys.executable, "-m", "ipykernel_launcher", "-f", connection_file, history]


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
    kernel._listen.join(timeout=1.0)
    words = kernel.last_words.strip().splitlines()
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
            if channel.socket.poll(int(_TICK * 500)) and _receive(channel) is not None:
                heard.add(name)
        if len(heard) == len(channels):
            return True
    return False


def _receive(channel: Any) -> dict[str, Any] | None:
    """Take one message; one that is not signed or not well made is as if it had not come."""
    try:
        return channel.get_msg(timeout=0)
    except Exception:  # the submission's process may send anything at all
        return None


def _outcome(reply: dict[str, Any], outputs: list[NotebookNode], interrupted: bool) -> Outcome:
    if reply.get("status") == "ok" and not interrupted:
        answer = reply.get("user_expressions", {}).get("answer", {})
        data = answer.get("data", {}) if isinstance(answer, dict) else {}
        text = data.get("text/plain") if isinstance(data, dict) else None
        return Outcome("ok", outputs, text if isinstance(text, str) else None)
    return Outcome("timeout" if interrupted else "error", outputs)


class _Outputs:
    """The outputs of one request, merged as a notebook shows them, and no more than a limit."""

    def __init__(self, request: str, limit: int) -> None:
        self.outputs: list[NotebookNode] = []
        self.idle = False
        self._left = limit
        self._clear_next = False

    def take(self, message: dict[str, Any]) -> None:
        kind, content = message["msg_type"], message["content"]
        if kind == "status":
            self.idle = content.get("execution_state") == "idle"
        elif kind == "clear_output":
            self._clear_next = bool(content.get("wait"))
            if not self._clear_next:
                self.outputs.clear()
        elif kind in {"stream", "display_data", "execute_result", "error"}:
            with suppress(Exception):  # badly made by the submission: not shown
                self._add(nbformat.v4.output_from_msg(message))

    def _add(self, output: NotebookNode) -> None:
        if self._clear_next:
            self.outputs.clear()
            self._clear_next = False
        if self._left <= 0:
            return
        size = len(str(output))
        if size > self._left:
            output = nbformat.v4.new_output("stream", name="stdout", text=_cut(output, self._left))
        self._left -= size
        last = self.outputs[-1] if self.outputs else None
        if (
            output.output_type == "stream"
            and last is not None
            and last.output_type == "stream"
            and last.name == output.name
        ):
            last.text += output.text
        else:
            self.outputs.append(output)


def _cut(output: NotebookNode, left: int) -> str:
    text = output.text[:left] if output.output_type == "stream" else ""
    return text + "\n… (the rest of this cell's output was too long / 此后的输出过长，已截去)\n"


def _memory_mb(pid: int) -> float:
    """Add up the resident memory of a process and all its descendants."""
    total = 0
    for process in _family(pid):
        with suppress(psutil.Error):
            memory = process.memory_info()
            total += memory.rss - getattr(memory, "shared", 0) // 2
    return total / (1 << 20)


def _family(pid: int) -> list[psutil.Process]:
    with suppress(psutil.Error):
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    return []


def _kill_all(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all its descendants. In the sandbox the first kill takes them all along."""
    family = _family(process.pid) if process.poll() is None else []
    with suppress(OSError):
        process.kill()
    for each in family:
        with suppress(psutil.Error):
            each.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=5)
    deadline = time.monotonic() + 5
    while any(_runs(each) for each in family) and time.monotonic() < deadline:
        time.sleep(0.01)


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
