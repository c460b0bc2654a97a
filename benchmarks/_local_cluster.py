"""A Dask cluster on this machine, each scheduler and worker a process of its own, started as by hand."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

_LONGEST = 120.0  # seconds that anything here is waited for, on a busy machine


class LocalCluster:
    """A scheduler and workers; a context manager that leaves no process behind."""

    def __init__(self, folder: Path, *, environment: Mapping[str, str] | None = None) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.port = taken.getsockname()[1]
        self.folder, self._more = folder, dict(environment or {})
        self.scheme = "tls" if self._more else "tcp"
        self._started: list[subprocess.Popen[bytes]] = []

    @property
    def address(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def __enter__(self) -> LocalCluster:
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._started):
            process.kill()
            process.wait()

    def start_scheduler(self) -> subprocess.Popen[bytes]:
        """Start a scheduler; it listens when this returns."""
        options = ["--host", self.address.rpartition(":")[0], "--port", str(self.port)]
        process = self._start("scheduler", options, {})
        deadline = time.monotonic() + _LONGEST
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return process
            time.sleep(0.1)
        raise AssertionError(self._words("scheduler"))

    def start_worker(
        self, name: str, *, nanny: bool = False, threads: int = 1, **environment: str
    ) -> subprocess.Popen[bytes]:
        """Start a worker for as many kernels as it has threads; it joins when it is ready.

        With a nanny the process given is that one.
        """
        host = self.address.rpartition(":")[0]
        options = [self.address, "--nthreads", f"{threads}", "--host", host, "--name", name]
        options += ["--nanny" if nanny else "--no-nanny"]
        home = {"COURSE_HOME": str(self.folder / name)}
        return self._start("worker", options, home | environment, name)

    def process_at(self, address: str) -> subprocess.Popen[bytes] | None:
        """Give the worker that listens at an address, without its nanny."""
        port = int(address.rpartition(":")[2])
        for process in self._started:
            with suppress(psutil.Error):
                if any(c.laddr.port == port and c.status == psutil.CONN_LISTEN
                       for c in psutil.Process(process.pid).net_connections("tcp")):  # fmt: skip
                    return process
        return None

    def _start(
        self, what: str, options: list[str], environment: Mapping[str, str], name: str = ""
    ) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *options, "--no-dashboard"]
        with open(self.folder / f"{name or what}.log", "ab") as log:
            process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, **self._more, **environment},
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def _words(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()[-2000:]


def sandboxes(process: subprocess.Popen[bytes] | psutil.Process) -> list[psutil.Process]:
    """Give the sandboxes that a worker has running, warm ones and kernels."""
    with suppress(psutil.Error):
        return [each for each in psutil.Process(process.pid).children() if each.name() == "bwrap"]
    return []


def worker_below(nanny: subprocess.Popen[bytes]) -> psutil.Process | None:
    """Give the worker that a nanny looks after, once it has a sandbox running."""
    with suppress(psutil.Error):
        return next(filter(sandboxes, psutil.Process(nanny.pid).children()), None)
    return None
