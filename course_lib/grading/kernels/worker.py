"""A process that runs submissions for a grader: tasks come in by lines of JSON, results go out by lines.

It writes nothing but its answers, knows no course directory, and ends with its kernels when the grader
does: its input closes then, however that came about. Called as ``python -m course_lib.grading.kernels.worker 2``.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO, NoReturn

from course_lib.grading.kernels import kernel, rooms
from course_lib.grading.kernels.executors import Task, run, write_done


class _Answers:
    """Writes whole lines, from any thread."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._turn = stream, threading.Lock()

    def write(self, line: str) -> None:
        """Write a line; nobody listens any more: end."""
        try:
            with self._turn:
                self._stream.write(line.encode() + b"\n")
                self._stream.flush()
        except OSError:
            _end()


def main() -> None:
    """Run what comes in, as many kernels at a time as the command line says."""
    signal.signal(signal.SIGTERM, lambda *_: _end())
    answers = _Answers(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)  # whatever prints something does not print an answer
    pool = ThreadPoolExecutor(int(sys.argv[1]))
    handed_in: list[Future[None]] = []
    for line in sys.stdin.buffer:
        handed_in = [each for each in handed_in if not each.done()]
        handed_in.append(pool.submit(_serve, line, answers))
    if not all(each.done() for each in handed_in):
        _end()


def _serve(line: bytes, answers: _Answers) -> None:
    task = Task.from_json(line.decode())
    answers.write(json.dumps({"key": task.key, "begun": True}))
    answers.write(write_done(run(task)))


def _end() -> NoReturn:
    """End at once, waiting for no thread: leave no kernel and no folder behind.

    A zygote is killed by the operating system as soon as this process is gone.
    """
    kernel.kill_all()
    rooms.tear_down()
    os._exit(0)


if __name__ == "__main__":
    main()
