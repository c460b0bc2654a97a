"""One kernel process, in the sandbox or (only when told so) outside it: run this, by when, how much.

Everything that a kernel sends was made by the submission's process and is believed in nothing:
messages are limited in size, unsigned ones are dropped, and a clock outside decides when it is over.
"""

from __future__ import annotations

import hmac
import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import zmq
from jupyter_client import BlockingKernelClient
from nbformat import NotebookNode

from course_lib.grading.kernels.outputs import Outputs
from course_lib.grading.walls.cgroups import Group
from course_lib.grading.walls.processes import computed, family_pids, memory_mb
from course_lib.grading.walls.sandbox import Limits

TICK = 0.1
_GRACE = 3.0  # seconds that an interrupted cell has to stop by itself


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


opened: set[Kernel] = set()


def kill_all() -> None:
    """Kill every kernel that this process has open: for when it is told to stop."""
    for kernel in list(opened):
        kernel.kill("stopped")


class Process(Protocol):
    """A kernel's process, however it was started."""

    pid: int

    def ended(self) -> bool:
        """Say whether it is over."""

    def kill(self) -> None:
        """Kill it and everything that it started, and wait until that is so."""

    def last_words(self) -> str:
        """What it wrote to its standard error before it ended (for the instructor)."""

    def close(self) -> None:
        """Kill it and let go of it."""


class Kernel:
    """A running kernel; made by :func:`course_lib.grading.kernels.starting.open_kernel`."""

    def __init__(
        self, process: Process, client: BlockingKernelClient, private: Path, limits: Limits
    ) -> None:
        self.process = process
        self.client = client
        self.limits = limits
        self.why_dead: str | None = None
        self.group: Group | None = None
        self._last_computed = 0.0
        self._private = private
        self._folder: int | None = None
        self._watch = threading.Thread(target=self._watch_over, daemon=True)
        self._watch.start()
        opened.add(self)

    @property
    def alive(self) -> bool:
        return self.why_dead is None and not self.process.ended()

    def run(
        self, code: str, *, seconds: float, by: float = float("inf"), room: int | None = None
    ) -> Outcome:
        """Run a cell's code; when its time is over interrupt it, and kill the kernel if that fails.

        Args:
            code: The cell's source.
            seconds: Of computing; by the clock ``Limits.patience`` times as many.
            by: When it must be over in any case, by ``time.monotonic()``.
            room: How much it may show, in bytes; ``None``: what one cell may.
        """
        if not self.alive:
            return Outcome("dead")
        self._note_folder()
        request = self.client.execute(code, allow_stdin=False, stop_on_error=False)
        return self._follow(request, seconds, by, room)

    def ask(
        self, code: str, expression: str, *, seconds: float, by: float = float("inf")
    ) -> Outcome:
        """Run code without a trace in the notebook, then take the text that an expression gives."""
        if not self.alive:
            return Outcome("dead")
        self._note_folder()
        request = self.client.execute(
            code,
            silent=True,
            allow_stdin=False,
            stop_on_error=False,
            user_expressions={"answer": expression},
        )
        return self._follow(request, seconds, by)

    def computed(self) -> float:
        """Give the seconds of computing that it has had so far, with everything that it started."""
        return computed(self._pids()) if self.alive else self._last_computed

    def _pids(self) -> list[int]:
        """Give its processes' numbers, as the operating system counts them where it does."""
        inside = self.group.pids() if self.group is not None else []
        return inside or family_pids(self.process.pid)

    def kill(self, why: str) -> None:
        """End the kernel and everything that it started, now."""
        if self.why_dead is None:
            self.why_dead = why
        self.process.kill()

    def _follow(self, request: str, seconds: float, by: float, room: int | None = None) -> Outcome:
        """Collect what belongs to one request until it is answered, late, or the kernel is gone.

        After an interruption that includes the kernel's word that it has been carried out. A cell may end
        by itself in that very moment, and what comes next must not be stopped in its place.
        """
        limit = self.limits.output_bytes
        collected = Outputs(limit if room is None else min(limit, room))
        started, before = time.monotonic(), computed(self._pids())
        deadline, reply = min(started + seconds, by), None
        interruption, carried_out = "", True  # the message's number, and whether it lies behind us
        client = self.client
        channels = (client.shell_channel, client.iopub_channel, client.control_channel)
        sockets = {each.socket: each for each in channels}
        poller = zmq.Poller()
        for socket in sockets:
            poller.register(socket, zmq.POLLIN)
        settled = 0.0
        while True:
            for socket, _ in poller.poll(int(TICK * 1000)):
                message = receive(self.client, sockets[socket])
                if message is None:
                    continue
                cause, channel = message["parent_header"].get("msg_id"), sockets[socket]
                if channel is client.control_channel:
                    carried_out = carried_out or cause == interruption
                elif cause != request:
                    continue
                elif message["msg_type"] == "execute_reply":
                    reply, settled = message["content"], time.monotonic() + 1.0
                elif channel is client.iopub_channel:
                    collected.take(message)
            now = time.monotonic()
            if reply is not None and carried_out and (collected.idle or now > settled):
                if why := self._overstepped():  # now, lest the watch charges it to what comes next
                    self.kill(why)
                    return Outcome("dead", collected.outputs)
                return _outcome(reply, collected.outputs, interrupted=bool(interruption))
            if not self.alive:
                self.kill("memory" if self.group is not None and self.group.ran_out() else "died")
                return Outcome("dead", collected.outputs)
            if now > deadline and not interruption:
                unused = seconds - (computed(self._pids()) - before)
                latest = min(started + seconds * self.limits.patience, by)
                if unused > TICK and now < latest:  # the machine was busy with others, or it slept
                    deadline = min(now + unused, latest)
                    continue
                interruption, carried_out, deadline = self._interrupt(), False, now + _GRACE
            elif now > deadline:
                self.kill("timeout")
                return Outcome("dead", collected.outputs)

    def _note_folder(self) -> None:
        """Note, before the first byte of a submission, when its folder was changed last.

        The folder lies on the grader's disk, and nothing has to be made or removed in there any more. A
        file may be made and removed between two looks and hold gigabytes while it is open: the folder's
        own time of change, which nobody can set back, tells of that too.
        """
        if self._folder is None:
            self._folder = _changed(self._private)

    def _folder_was_changed(self) -> bool:
        return self._folder is not None and self._folder != _changed(self._private)

    def _interrupt(self) -> str:
        """Ask the kernel to stop what it is at, and give that message's number."""
        message = self.client.session.msg("interrupt_request", content={})
        self.client.control_channel.send(message)
        return str(message["header"]["msg_id"])

    def _watch_over(self) -> None:
        """Count memory, and see that only sockets lie in its folder, several times a second."""
        while self.alive:
            self._last_computed = computed(self._pids()) or self._last_computed
            if why := self._overstepped():
                self.kill(why)
            time.sleep(2 * TICK)

    def _overstepped(self) -> str | None:
        """Say which limit it has overstepped, if any."""
        if memory_mb(self._pids(), self.limits.memory_mb) > self.limits.memory_mb:
            return "memory"
        return "files" if self._folder_was_changed() else None


def _changed(folder: Path) -> int:
    """Give when a folder's entries were changed last, 0 where it is gone."""
    try:
        return folder.stat().st_ctime_ns
    except OSError:
        return 0


def receive(client: BlockingKernelClient, channel: Any) -> dict[str, Any] | None:
    """Take one message; one that is not signed or not well made is as if it had not come.

    jupyter_client's own way reads every date and keeps a list of what it has seen; here a message's kind,
    whose request it answers, and its content are all that counts.
    """
    try:
        _, parts = client.session.feed_identities(channel.socket.recv_multipart(zmq.NOBLOCK))
        signature, header, parent, _, content = parts[:5]
        if not hmac.compare_digest(client.session.sign(parts[1:5]), signature):
            return None
        header, parent, content = json.loads(header), json.loads(parent), json.loads(content)
        return {
            "header": header,
            "msg_type": header["msg_type"],
            "parent_header": {"msg_id": parent.get("msg_id")},
            "metadata": {},
            "content": dict(content),
        }
    except Exception:  # the submission's process may send anything at all
        return None


def _outcome(reply: dict[str, Any], outputs: list[NotebookNode], *, interrupted: bool) -> Outcome:
    if reply.get("status") == "ok" and not interrupted:
        answer = reply.get("user_expressions", {}).get("answer", {})
        data = answer.get("data", {}) if isinstance(answer, dict) else {}
        text = data.get("text/plain") if isinstance(data, dict) else None
        return Outcome("ok", outputs, text if isinstance(text, str) else None)
    return Outcome("timeout" if interrupted else "error", outputs)
