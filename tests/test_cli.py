"""The command line: thin, in both languages, with exit codes that mean something."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.testing import CliRunner

from course_lib import cli, testing
from course_lib.errors import CourseError
from tests.conftest import ROOT

COMMANDS = (
    *(
        "lab",
        "setup",
        "test",
        "doctor",
        "version",
        "build",
        "check",
        "pretrain",
        "demo",
        "bench",
        "serve",
        "lock",
    ),
)


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "course_lib.cli", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(cli.app, [command, "--help"])
    assert result.exit_code == 0
    assert len(result.output) > 60


def test_help_speaks_chinese_and_lists_every_command() -> None:
    done = _run("--help", COURSE_LANGUAGE="zh")
    assert done.returncode == 0
    assert "教师用" in done.stdout
    for command in (*COMMANDS, "teach"):
        assert f"  {command} " in done.stdout


def test_version_is_quick_to_ask() -> None:
    done = _run("version")
    assert done.returncode == 0 and done.stdout.strip()
    code = "import sys, course_lib.cli; print('numpy' in sys.modules, 'torch' in sys.modules)"
    imported = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert imported.stdout.split() == ["False", "False"]


def test_a_course_error_is_one_sentence_and_status_1() -> None:
    done = _run("bench", "nothing-like-this")
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1 and "nothing-like-this" in done.stderr


def test_a_wrong_option_is_status_2() -> None:
    assert _run("lab", "--colour").returncode == 2


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Give a benchmark that misses what it states."""
    module = ModuleType("benchmarks.sample")
    results: dict[str, Any] = {
        "run": lambda *, quick=False: {"accuracy": 0.5, "quick": quick},
        "table": lambda result: f"accuracy {result['accuracy']}",
        "misses": lambda result: ["accuracy: 0.5, stated 0.9"] if result["accuracy"] < 0.9 else [],
    }
    for name, value in results.items():
        setattr(module, name, value)
    monkeypatch.setitem(sys.modules, "benchmarks.sample", module)
    monkeypatch.setattr(cli, "find_spec", lambda name: name == "benchmarks.sample" or None)
    return module


def test_bench_draws_a_picture_where_there_is_one(benchmark: ModuleType, tmp_path: Path) -> None:
    wanted = ["bench", "sample", "--picture", str(tmp_path / "p.png")]
    refused = CliRunner().invoke(cli.app, wanted)
    assert isinstance(refused.exception, CourseError) and "no picture" in str(refused.exception)
    benchmark.picture = lambda result, path: path.write_text("drawn")  # type: ignore[attr-defined]
    assert CliRunner().invoke(cli.app, wanted).exit_code == 0
    assert (tmp_path / "p.png").read_text() == "drawn"


def test_bench_prints_a_table_or_json(benchmark: ModuleType) -> None:
    result = CliRunner().invoke(cli.app, ["bench", "sample"])
    assert (result.exit_code, result.output) == (0, "accuracy 0.5\n")
    result = CliRunner().invoke(cli.app, ["bench", "sample", "--json", "--quick"])
    assert json.loads(result.output) == {"accuracy": 0.5, "quick": True}


def test_bench_check_fails_and_says_by_how_much(benchmark: ModuleType) -> None:
    result = CliRunner().invoke(cli.app, ["bench", "sample", "--check"])
    assert result.exit_code == 1
    assert "accuracy: 0.5, stated 0.9" in result.output
    benchmark.run = lambda *, quick=False: {"accuracy": 0.95}  # type: ignore[attr-defined]
    assert CliRunner().invoke(cli.app, ["bench", "sample", "--check"]).exit_code == 0


@pytest.mark.parametrize("name", ["../setup", "os.path", ""])
def test_bench_runs_nothing_from_elsewhere(name: str) -> None:
    result = CliRunner().invoke(cli.app, ["bench", name])
    assert isinstance(result.exception, CourseError)


@pytest.mark.parametrize("status", [0, 1])
def test_test_runs_pytest_on_what_is_asked(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command[2:])
        return subprocess.CompletedProcess(command, status)

    monkeypatch.setattr(testing.subprocess, "run", run)
    result = CliRunner().invoke(cli.app, ["test", "--full"])
    assert result.exit_code == status
    assert commands.pop() == ["pytest", "--full", "-n", "2", "--dist", "loadfile"]
    result = CliRunner().invoke(cli.app, ["test", "tests/test_files.py", "-k", "lock", "-n0"])
    assert result.exit_code == status
    assert commands.pop() == ["pytest", "tests/test_files.py", "-k", "lock", "-n0"]
