"""A long command says what it is doing to a terminal, and nothing to anybody else."""

from __future__ import annotations

import io
import sys

import pytest

from course_lib.waiting import steps


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _work(monkeypatch: pytest.MonkeyPatch, out: io.StringIO, err: io.StringIO) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    with steps(2) as step:
        for name in ("glyphnet [1]", "resnet18"):
            step(name)


def test_a_terminal_sees_each_step_on_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = Terminal(), Terminal()
    _work(monkeypatch, out, err)
    assert out.getvalue() == ""
    for seen in ("0/2", "glyphnet [1]", "1/2", "resnet18"):
        assert seen in err.getvalue()


@pytest.mark.parametrize("piped", ["stdout", "stderr"])
def test_a_pipe_sees_nothing(monkeypatch: pytest.MonkeyPatch, piped: str) -> None:
    out = io.StringIO() if piped == "stdout" else Terminal()
    err = io.StringIO() if piped == "stderr" else Terminal()
    _work(monkeypatch, out, err)
    assert out.getvalue() == "" and err.getvalue() == ""
