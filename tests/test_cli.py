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
import typer
from typer.testing import CliRunner

from course_lib import cli, testing, usage
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


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("lab --colour", "没有选项 --colour"),
        ("teach nothing", "没有命令 nothing"),
        ("teach capacity --students many", "--students 的值不合适（应为整数）"),
        ("teach capacity --kernels 0", "--kernels 的值不合适（应不小于 1）"),
        ("teach capacity --students", "选项 --students 后面要有一个值"),
        ("teach items", "缺少 chapter"),
        ("version of-what", "多了 of-what"),
    ],
)
def test_a_wrong_command_line_is_one_chinese_sentence_for_who_reads_chinese(
    arguments: str, words: str
) -> None:
    done = _run(*arguments.split(), COURSE_LANGUAGE="zh")
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2 and done.stdout == ""
    assert line.startswith(words) and line.endswith("--help")
    english = _run(*arguments.split(), COURSE_LANGUAGE="en")
    assert english.returncode == 2 and "Error: " in english.stderr


def test_no_command_at_all_shows_the_help_and_a_status_is_handed_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for language in ("en", "zh"):
        done = _run(COURSE_LANGUAGE=language)
        assert done.returncode == 2 and "  lab " in done.stdout + done.stderr
    for give, status in ((lambda: None, 0), (lambda: _leave(3), 3), (lambda: 5 / 0, None)):
        app = typer.Typer()
        app.command()(give)
        monkeypatch.setattr(sys, "argv", ["course"])
        if status is None:
            with pytest.raises(ZeroDivisionError):
                usage.run(app)
        else:
            assert usage.run(app) == status


def _leave(status: int) -> None:
    raise typer.Exit(status)


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
