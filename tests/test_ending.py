"""Ending in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from course_lib.ending import ends_on_request
from course_lib.paths import repository_root

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")

STARTS = """
import os, sys
from pathlib import Path
from course_lib.ending import run_until_told
command = [sys.executable, "-c", sys.argv[1]]
sys.exit(run_until_told(command, environment=os.environ, folder=Path(".")))
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_request_to_end_is_like_ctrl_c_and_only_meanwhile(name: str) -> None:
    number = getattr(signal, name)
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), ends_on_request():
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def start(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", STARTS, code],
        cwd=repository_root(),
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_what_was_started_is_told_and_ends_in_order(number: signal.Signals, tmp_path: Path) -> None:
    mark = tmp_path / "in order"
    code = (
        "import pathlib, signal, sys, time\n"
        "def end(*_):\n"
        f"    pathlib.Path({str(mark)!r}).touch()\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('here', flush=True)\n"
        "time.sleep(60)\n"
    )
    outer = start(code)
    assert outer.stdout and outer.stdout.readline() == "here\n"
    children = psutil.Process(outer.pid).children()
    outer.send_signal(number)
    assert outer.wait(timeout=20) == 0
    assert mark.exists()
    deadline = time.monotonic() + 5
    while any(child.is_running() for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(child.is_running() for child in children)


def test_its_exit_status_is_handed_on() -> None:
    assert start("raise SystemExit(3)").wait(timeout=20) == 3
