"""Many machines: Dask distributed as the executor of ``teach grade --scheduler tcp://host:port``.

The scheduler and the workers are Dask's own, started by whoever runs the cluster. A worker is used when it
says that it can do as this machine does: with a sandbox, the same course, the same packages. What it then
runs is a sandboxed child of its own (:mod:`.worker_side`), what it gives back is a line of JSON, and that
is read here as something that anybody may have sent.

Dask itself pickles what its processes say to each other, the exceptions of a failed task among it; the values
that workers give back are kept out of that: this client asks for text and refuses objects. So nothing that a
submission makes is unpickled anywhere, but a worker that somebody has taken over could harm the grader, and
whoever reaches the scheduler can run programs on the workers: the cluster is trusted as a whole. It
stands in a trusted network or behind Dask's own TLS, which is set where Dask always looks for it
(``distributed.comm.tls`` in ``~/.config/dask``, or ``DASK_DISTRIBUTED__COMM__TLS__…``).

The gradebook has one writer as ever, the process that this runs in. A worker or a scheduler that ends takes
nothing along but what was running there, which is run again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import queue
import re
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from nbformat import NotebookNode

from course_lib.errors import CourseError
from course_lib.grading.cluster import worker_side
from course_lib.grading.judging import assignment
from course_lib.grading.kernels.execution import Answer, CellRun, Execution, Work
from course_lib.grading.kernels.executors import Done, MachineError, Task, read_done
from course_lib.language import both

# Seconds that grading waits for a scheduler, or for a worker that can be used.
PATIENCE = float(os.environ.get("COURSE_CLUSTER_PATIENCE", "60"))
_LOOK_EVERY = 1.0
_SPARE = 2  # tasks that wait at a worker, for each that runs there
_STRIKES = 3  # after all its workers have gone so many times a submission is not tried again
_LONGEST = 256 << 20  # characters of one answer: a notebook's outputs and all its values
_ADDRESS = re.compile(r"(tcp|tls|ws|wss|ucx)://(\[[0-9a-fA-F:]+\]|[^\s/:@]+):(\d{1,5})/?")
_LOCAL = ("localhost", "127.", "[::1]")
_STATES = ("ok", "error", "timeout", "dead", "skipped", "not_run", "tampered")
_OUTPUTS = ("stream", "display_data", "execute_result", "error")


@dataclass
class _Worker:
    """One of Dask's workers: what is under way with it, and what speaks against it."""

    kernels: int
    asked: Any  # a future: of what it is, then of files that it keeps
    describes: bool = True  # which of the two
    ready: bool = False
    refused: str = ""


@dataclass
class _Sent:
    """A task under way: as text, its present future, and which workers may take it."""

    task: Task
    text: str
    future: Any = None
    places: frozenset[str] = frozenset()
    since: float = 0.0
    strikes: int = 0


class Cluster:
    """Runs tasks on the workers of a Dask scheduler, each in a sandboxed kernel there."""

    def __init__(
        self,
        address: str,
        *,
        say: Callable[[str], object] = lambda _: None,
        patience: float | None = None,
    ) -> None:
        """Get ready; the scheduler is asked when the first task is there.

        Args:
            address: The scheduler's, such as ``tcp://10.0.0.5:8786`` or ``tls://…``.
            say: Is told of workers that are not used, and of a restart.
            patience: Seconds to wait for the scheduler or for a worker; ``None``: :data:`PATIENCE`.

        Raises:
            CourseError: Dask distributed is not installed, or this is no address.
        """
        if find_spec("distributed") is None:
            raise CourseError(
                "Grading on a cluster needs the optional part `cluster`: run "
                '`.venv/bin/python -m pip install "distributed>=2025.1"` in the course\'s folder, here and '
                "for the workers.",
                "在集群上评分需要可选部分 cluster：请在课程目录中运行 "
                '`.venv/bin/python -m pip install "distributed>=2025.1"`，工作节点上也要安装。',
            )
        found = _ADDRESS.fullmatch(address)
        if found is None:
            raise CourseError(
                f"{address!r} is no scheduler's address: it looks like tcp://10.0.0.5:8786 or tls://host:8786.",
                f"{address!r} 不是调度器地址：应形如 tcp://10.0.0.5:8786 或 tls://主机名:8786。",
            )
        if found[1] == "tcp" and not found[2].startswith(_LOCAL):
            say(
                both(
                    "tcp:// is not encrypted and asks nobody who they are: use it in a trusted network only, "
                    "else tls://.",
                    "tcp:// 不加密，也不验证身份：只能用于可信网络，否则请用 tls://。",
                )
            )
        self._address, self._say = address, say
        self._patience = PATIENCE if patience is None else patience
        self._client: Any = None
        self._workers: dict[str, _Worker] = {}
        self._tasks: dict[str, _Sent] = {}
        self._files: dict[str, Path] = {}  # what kernels are shown, by hash
        self._names: tuple[tuple[str, str], ...] | None = None  # (hash, inside)
        self._ended: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._looked = self._usable = 0.0
        self._told: set[str] = set()
        self._imports: tuple[str, ...] = ()
        self._given_up: list[Done] = []

    def has_room(self) -> bool:
        """Say whether a worker would run another task soon."""
        kernels = sum(each.kernels for each in self._workers.values() if each.ready)
        return len(self._tasks) < max(1, kernels) * _SPARE

    def submit(self, task: Task) -> None:
        """Take a task; it goes out as soon as there is a worker for it."""
        if not task.sandboxed:
            raise CourseError(
                "On a cluster every submission runs in a sandbox: leave --unsandboxed out.",
                "在集群上，每份作业都在沙箱里运行：请去掉 --unsandboxed。",
            )
        if self._names is None:
            self._names = self._hold(task.work.shown)
        sent = replace(task, work=replace(task.work, shown=self._names))
        self._tasks[task.key] = _Sent(task, sent.to_json())
        self._imports = tuple(
            name for name in task.work.imports or () if worker_side.can_import(name)
        )
        self._look_around()

    def collect(self, *, wait: bool) -> list[Done]:
        """Give what is done by now; ``wait``: not before something is, if anything is under way."""
        found: list[Done] = []
        while self._tasks:
            try:
                key, future = self._ended.get(timeout=0.2 if wait and not found else 0.0)
            except queue.Empty:
                self._look_around()
                if wait and not (found or self._given_up):
                    continue
                break
            found += self._hear(key, future)
        given_up, self._given_up = self._given_up, []
        return [*found, *given_up]

    def wait_for(self, count: int) -> None:
        """Wait until so many workers have joined, whatever they are."""
        self._connect()
        self._client.wait_for_workers(count, timeout=self._patience)

    def close(self) -> None:
        """Let go of the cluster; what is running there is called off. The workers stay as they are."""
        for sent in self._tasks.values():
            self._call_off(sent)
        self._tasks.clear()
        self._leave()

    # -- the cluster ------------------------------------------------------------------------------

    def _look_around(self) -> None:
        """See who is there, once a second: ask who is new, send what waits, count what was lost."""
        if self._client is not None and time.monotonic() - self._looked < _LOOK_EVERY:
            return
        there = self._who_is_there()
        self._looked = time.monotonic()
        for address in self._workers.keys() - there.keys():
            del self._workers[address]
        for address, kernels in there.items():
            if address not in self._workers:
                asked = self._ask_who(address)
                self._workers[address] = _Worker(max(1, int(kernels)), asked)
        for address, worker in self._workers.items():
            if not (worker.ready or worker.refused) and worker.asked.done():
                self._hear_of(address, worker)
        ready = frozenset(address for address, each in self._workers.items() if each.ready)
        if ready:
            self._usable = time.monotonic()
        elif time.monotonic() - self._usable > self._patience:
            raise self._nobody()
        self._send(ready)

    def _who_is_there(self) -> Mapping[str, int]:
        """Give Dask's workers and how many kernels each may run; come back to a restarted scheduler.

        While a scheduler goes, Dask raises that a connection broke, was closed or timed out (each an OSError), and
        RuntimeError once the client has given up and closed its own. Anything else is no restart, and is not hidden.
        """
        for _ in range(2):
            if self._client is None:
                self._connect()
            with suppress(OSError, RuntimeError):
                if self._client.status == "running":
                    return cast(Mapping[str, int], self._client.nthreads())
            self._leave()
        return {}

    def _connect(self) -> None:
        from distributed import Client

        _quieten()
        deadline = time.monotonic() + self._patience
        while self._client is None:
            try:
                self._client = Client(
                    self._address,
                    timeout=max(1.0, min(5.0, self._patience)),
                    set_as_default=False,
                    name="course-grading",
                    # Values come back as text: objects are refused.
                    serializers=["msgpack", "error"],
                    deserializers=["msgpack", "error"],
                )
            except (TypeError, ValueError, ImportError, RuntimeError) as problem:
                raise MachineError(
                    f"The scheduler at {self._address} cannot be used ({_first_line(problem)}): for tls:// give "
                    "Dask its certificates in ~/.config/dask (distributed.comm.tls).",
                    f"无法使用 {self._address} 上的调度器（{_first_line(problem)}）：使用 tls:// 时，"
                    "请在 ~/.config/dask 中为 Dask 配置证书（distributed.comm.tls）。",
                ) from None
            except (OSError, TimeoutError) as problem:
                if time.monotonic() > deadline:
                    raise MachineError(
                        f"No scheduler answers at {self._address} ({_first_line(problem)}): start it with  dask "
                        "scheduler  and run the same command again; what is graded by now is kept.",
                        f"{self._address} 上没有调度器应答（{_first_line(problem)}）：请用  dask scheduler  启动，"
                        "再运行同一命令；已评好的都会保留。",
                    ) from None
                time.sleep(0.2)
        self._usable = time.monotonic()

    def _leave(self) -> None:
        """Let go of the scheduler; whatever was under way there has to be sent again."""
        client, self._client = self._client, None
        self._workers.clear()
        for sent in self._tasks.values():
            sent.future, sent.places = None, frozenset()
        if client is not None:
            with suppress(Exception):
                client.close(timeout=2)

    def _ask_who(self, address: str) -> Any:
        told = json.dumps({"imports": self._imports, "files": sorted(self._files)})
        return self._run(worker_side.describe, told, places=[address])

    def _run(self, function: Callable[..., str], *values: Any, places: Any) -> Any:
        """Let one of some workers run a function of ours; give Dask's future."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sending large graph")
            return self._client.submit(
                function,
                *values,
                key=f"course-{function.__name__}-{uuid4().hex}",  # nothing is taken for run already
                workers=sorted(places),
                allow_other_workers=False,
                pure=False,
            )

    def _hear_of(self, address: str, worker: _Worker) -> None:
        """Take what a worker says of itself, or that it keeps the files now."""
        lacks: list[str] = []
        try:
            said = _read_object(worker.asked.result(timeout=10))
            if not worker.describes:
                worker.ready = said["kept"] is not None
                return
            worker.refused = _complaint(said, worker_side.facts(), self._imports)
            lacks = [name for name in self._files if name in said["files"]]
        except Exception as problem:  # it may be anything: another course, another Dask, an end
            worker.refused = both(
                f"it cannot run the course ({_first_line(problem)})",
                f"无法运行本课程（{_first_line(problem)}）",
            )
        if worker.refused:
            words = both(
                f"Worker {address} is not used: {worker.refused}.",
                f"不使用工作节点 {address}：{worker.refused}。",
            )
            if words not in self._told:
                self._told.add(words)
                self._say(words)
        elif lacks:
            files = {name: self._files[name].read_bytes() for name in lacks}
            worker.asked = self._run(worker_side.keep_files, files, places=[address])
            worker.describes = False
        else:
            worker.ready = True

    def _nobody(self) -> MachineError:
        """Say that there is no worker to be had, and what to do."""
        refused = [f"{name}: {each.refused}" for name, each in self._workers.items()]
        if refused:
            words = "; ".join(refused[:3])
            return MachineError(
                f"None of the {len(refused)} workers at {self._address} can be used ({words}): put that right and "
                "run the same command again; what is graded by now is kept.",
                f"{self._address} 上的 {len(refused)} 个工作节点都不能用（{words}）：请解决后再运行同一命令；"
                "已评好的都会保留。",
            )
        return MachineError(
            f"No worker has joined {self._address} for {self._patience:.0f} s: start one with  dask worker "
            f"{self._address}  in the course's environment and run the same command again; what is graded "
            "by now is kept.",
            f"{self._patience:.0f} 秒内没有工作节点加入 {self._address}：请在课程环境中用  dask worker "
            f"{self._address}  启动一个，再运行同一命令；已评好的都会保留。",
        )

    # -- the tasks --------------------------------------------------------------------------------

    def _hold(self, shown: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        """Name what kernels are shown by its hash, so that each worker can keep its own copy.

        Lists of fonts stay here: they name this machine's files, and each worker has its own.
        """
        names = []
        for outside, inside in shown:
            if not inside.startswith(f"{assignment.FONTS}/"):
                name = hashlib.sha256(Path(outside).read_bytes()).hexdigest()
                self._files[name] = Path(outside)
                names.append((name, inside))
        return tuple(names)

    def _send(self, ready: frozenset[str]) -> None:
        """Send what waits for a worker, and again what none of its workers is there for any more."""
        for key, sent in list(self._tasks.items()):
            lost = sent.future is not None and not sent.places & self._workers.keys()
            late = sent.future is not None and time.monotonic() - sent.since > _longest(sent.task)
            if lost or late:
                self._call_off(sent)
                sent.strikes += 1
                if sent.strikes >= _STRIKES:
                    del self._tasks[key]
                    self._given_up.append(Done(key, problem=_gave_up()))
                    continue
            if sent.future is None and ready:
                self._send_one(key, sent, ready)

    def _send_one(self, key: str, sent: _Sent, ready: frozenset[str]) -> None:
        kernels = max(self._workers[address].kernels for address in ready)
        sent.places, sent.since = ready, time.monotonic()
        sent.future = self._run(worker_side.serve, sent.text, kernels, places=ready)
        sent.future.add_done_callback(lambda future: self._ended.put((key, future)))

    def _call_off(self, sent: _Sent) -> None:
        future, sent.future, sent.places = sent.future, None, frozenset()
        if future is not None:
            with suppress(Exception):
                future.cancel()

    def _hear(self, key: str, future: Any) -> list[Done]:
        """Take what came of a task; of one that was called off, or is done already, nothing."""
        sent = self._tasks.get(key)
        if sent is None or sent.future is not future:
            return []
        if future.status == "cancelled":  # with its scheduler: it is sent again
            sent.future, sent.places = None, frozenset()
            return []
        try:
            text = future.result(timeout=60)
            if _read_object(text).get("no_sandbox"):  # it had one a moment ago
                self._call_off(sent)
                self._workers.clear()
                return []
            done = read_answer(text, sent.task)
        except Exception as problem:
            if type(problem).__name__ == "KilledWorker":
                done = Done(key, problem=_gave_up())
            elif isinstance(problem, OSError | TimeoutError):  # its worker went, with the answer
                self._call_off(sent)
                return []
            else:
                done = Done(key, problem=_no_answer(problem))
        del self._tasks[key]
        return [done]


def read_answer(text: object, task: Task) -> Done:
    """Read what a worker gave back for a task, as something that anybody may have sent.

    Raises:
        ValueError: It is no answer to this task: too long, no JSON, another form.
    """
    data = _read_object(text)
    if data.get("key") != task.key:
        raise ValueError("the answer is another one's")
    if "execution" not in data:
        en, zh, halts = data["problem"]
        if not (isinstance(en, str) and isinstance(zh, str) and isinstance(halts, bool)):
            raise ValueError("no problem is told")
        return read_done({"key": task.key, "problem": [en[:500], zh[:500], halts]})
    done = read_done({"key": task.key, "execution": data["execution"]})
    assert done.execution is not None
    _require_form(done.execution, task.work)
    return done


def _read_object(text: object) -> dict[str, Any]:
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise ValueError("no text of ours")
    data = json.loads(text)
    if not isinstance(data, dict):
        raise ValueError("no object")
    return data


def _require_form(done: Execution, work: Work) -> None:
    """Raise a ValueError unless this can be what came of running that."""
    numbers = (done.kernels, done.seconds, done.computed, done.starts)
    good = (
        done.sandboxed is True
        and len(done.cells) == len(work.cells)
        and done.answers.keys() == work.questions.keys()
        and all(map(_is_cell, done.cells))
        and all(map(_is_answer, done.answers.values()))
        and all(isinstance(each, int | float) and 0 <= each < 1e9 for each in numbers)
        and isinstance(done.deaths, list)
        and all(isinstance(each, str) for each in done.deaths)
    )
    if not good:
        raise ValueError("another form than an execution has")


def _is_cell(cell: CellRun) -> bool:
    outputs = cell.outputs
    return (
        cell.state in _STATES
        and isinstance(outputs, list)
        and all(isinstance(o, NotebookNode) and o.get("output_type") in _OUTPUTS for o in outputs)
    )


def _is_answer(answer: Answer) -> bool:
    return (
        answer.state in _STATES
        and (answer.text is None or isinstance(answer.text, str))
        and isinstance(answer.why, str)
    )


def _complaint(said: Mapping[str, Any], ours: Mapping[str, Any], imports: tuple[str, ...]) -> str:
    """Say why a worker must not be used, ``""`` where nothing speaks against it."""
    if said["sandbox"] is not True:
        return both(
            "it has no sandbox (install bubblewrap there)", "没有沙箱（请在该节点安装 bubblewrap）"
        )
    if said["course"] != ours["course"]:
        return both("it has another version of the course", "课程版本不同")
    for name in ("python", "keras"):
        if said[name] != ours[name]:
            return both(
                f"{name} is {said[name]!s:.40} there and {ours[name]} here",
                f"{name} 不一致：该节点为 {said[name]!s:.40}，本机为 {ours[name]}",
            )
    lacks = sorted({name.partition(".")[0] for name in imports if name not in said["imports"]})
    there, here = dict(said["packages"]), ours["packages"]
    differ = [
        f"{name} {there[name]!s:.20} ≠ {here[name]}"
        for name in sorted(here.keys() & there.keys())
        if there[name] != here[name]
    ]
    if lacks or differ:
        words = ", ".join([*lacks, *differ][:4])
        return both(f"its packages differ ({words})", f"软件包不一致（{words}）")
    return ""


def _longest(task: Task) -> float:
    """Give the seconds after which a task cannot still be under way: its turn, and itself."""
    return 4 * (task.limits.notebook_seconds + task.limits.start_seconds)


def _first_line(problem: BaseException) -> str:
    words = str(problem).strip().splitlines()
    return (words[0] if words else type(problem).__name__)[:200]


def _gave_up() -> CourseError:
    return CourseError(
        "The workers that ran it ended again and again during this submission.",
        "运行这份作业的工作节点一再意外结束。",
    )


def _no_answer(problem: Exception) -> CourseError:
    words = _first_line(problem)
    return CourseError(
        f"What the worker gave back for it cannot be read ({words}).",
        f"工作节点返回的结果无法读取（{words}）。",
    )


def _quieten() -> None:
    """Let Dask say nothing: what an instructor has to know is said in our own sentences."""
    for name in ("distributed", "distributed.client", "distributed.core", "distributed.comm"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
