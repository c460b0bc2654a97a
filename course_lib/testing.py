"""Runs everything that `./course test` stands for: style, types, tests, editions, in one pytest run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from course_lib.paths import repository_root


def run_tests(*, full: bool = False, arguments: Sequence[str] = ()) -> int:
    """Run pytest, whose summary comes last; give its exit status.

    Args:
        full: Run the slow tests as well.
        arguments: Given to pytest, such as ``["tests/data", "-k", "letters"]``.
    """
    command = [sys.executable, "-m", "pytest", *(["--full"] if full else []), *arguments]
    # Two workers. A file stays with one of them, so that few import both frameworks: TensorFlow
    # costs 9 s and 0.9 GB each time. (Tests of whole chapters are spread: see tests/conftest.py.)
    if not any(word.startswith(("-n", "--pdb", "--co")) for word in arguments):
        command += ["-n", "2", "--dist", "loadfile"]
    return subprocess.run(command, cwd=repository_root(), check=False).returncode
