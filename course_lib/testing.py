"""Runs everything that `./course test` stands for, ending with pytest's own summary."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence

from course_lib.language import both
from course_lib.paths import repository_root

# Name and arguments of what is checked before the tests.
STATIC_CHECKS = (
    ("ruff check", ("ruff", "check", "--quiet")),
    ("ruff format", ("ruff", "format", "--check", "--quiet")),
    ("mypy", ("mypy", "--no-error-summary")),
)


def run_tests(*, full: bool = False, arguments: Sequence[str] = ()) -> int:
    """Run the static checks and pytest; give the exit status: 0 when all is well.

    Args:
        full: Run the slow tests as well.
        arguments: Given to pytest. With any, only pytest runs.
    """
    failed = (
        [] if arguments else [name for name, command in STATIC_CHECKS if not _passes(name, command)]
    )
    status = _pytest([*(["--full"] if full else []), *arguments], also_failed=failed)
    return status or (1 if failed else 0)


def _passes(name: str, command: Sequence[str]) -> bool:
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-m", *command], cwd=repository_root(), check=False)
    verdict = both("ok", "通过") if done.returncode == 0 else both("FAILED", "未通过")
    print(f"{name}: {verdict} ({time.monotonic() - began:.0f} s)", flush=True)
    return done.returncode == 0


def _pytest(arguments: Sequence[str], *, also_failed: Sequence[str]) -> int:
    command = [sys.executable, "-m", "pytest", *arguments]
    # Two workers; a file stays with one of them, so that each framework is imported once or twice.
    if not any(word.startswith(("-n", "--pdb")) for word in arguments):
        command += ["-n", "2", "--dist", "loadfile"]
    environment = dict(os.environ)
    if also_failed:  # the tests' own summary comes last: let it name these too
        environment["COURSE_FAILED_CHECKS"] = ", ".join(also_failed)
    return subprocess.run(command, cwd=repository_root(), env=environment, check=False).returncode
