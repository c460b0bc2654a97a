"""Binder's folder, as far as it can be checked without Docker."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT

BINDER = ROOT / "binder"


def test_the_python_is_a_supported_one() -> None:
    match = re.fullmatch(r"python-3\.(\d+)", (BINDER / "runtime.txt").read_text().strip())
    assert match and 11 <= int(match.group(1)) <= 13


@pytest.mark.skipif(os.name != "posix", reason="Binder is Linux")
def test_post_build_runs_to_its_end(tmp_path: Path) -> None:
    """Run it with stand-ins for both Pythons, which note what they are asked."""
    note = f'#!/bin/sh\necho "$0" "$@" | head -n 1 >> {tmp_path}/calls\n'
    for path in (tmp_path / "bin" / "python3", tmp_path / ".venv" / "bin" / "python"):
        path.parent.mkdir(parents=True)
        path.write_text(note)
        path.chmod(0o755)
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    environment = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "NB_PYTHON_PREFIX": "/srv/notebook"}
    subprocess.run([str(BINDER / "postBuild")], cwd=tmp_path, env=environment, check=True)
    calls = (tmp_path / "calls").read_text().replace(str(tmp_path), "")
    assert "/bin/python3 course setup --framework pytorch --cpu-if-possible" in calls
    assert "ipykernel install --prefix /srv/notebook --name python3" in calls
    assert re.search(r"--no-deps jupyterlab-language-pack-zh-cn==\S+$", calls, re.MULTILINE)
    assert calls.count("pip install") == 2
    assert calls.rstrip().endswith(
        "-c"
    )  # the last call copies the editions and writes the home pages


def test_what_post_build_calls_is_there() -> None:
    from course_lib.cli import app
    from course_lib.lab import copy_edition, write_home

    assert callable(copy_edition) and callable(write_home)
    told = (BINDER / "postBuild").read_text(encoding="utf-8")
    assert "import copy_edition, write_home" in told
    assert "setup" in {
        command.callback.__name__ for command in app.registered_commands if command.callback
    }


def test_a_dev_container_is_set_up_as_everything_else_is() -> None:
    """Editors read this file; a container itself is not started here."""
    told = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert re.fullmatch(r"python:3\.1[123]-\w+", told["image"])
    post_build = (BINDER / "postBuild").read_text(encoding="utf-8")
    assert told["postCreateCommand"] in post_build


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="Binder is Linux")
def test_post_build_makes_what_binder_shows(tmp_path: Path) -> None:
    """Run it whole on a fresh copy: everything is installed anew (minutes, and some gigabytes of disk)."""
    copy, notebook = tmp_path / "copy", tmp_path / "notebook"
    copy.mkdir()
    files = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], check=True, capture_output=True
    )
    for name in filter(None, files.stdout.decode().split("\0")):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name)
    # Binder's own environment of Jupyter, in so far as the script uses it.
    subprocess.run([sys.executable, "-m", "venv", str(notebook)], check=True)
    kept = {
        name: each for name, each in os.environ.items() if not name.startswith(("COURSE", "PYTHON"))
    }
    environment = {**kept, "PATH": f"{notebook}/bin:/usr/bin:/bin", "NB_PYTHON_PREFIX": str(notebook),
                   "HOME": str(tmp_path)}  # fmt: skip
    begun = time.monotonic()
    subprocess.run([str(copy / "binder" / "postBuild")], cwd=copy, env=environment, check=True)
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"postBuild: {time.monotonic() - begun:.0f} s, largest process {largest:.0f} MB")
    assert largest < 2000  # Binder's memory
    kernel = json.loads((notebook / "share/jupyter/kernels/python3/kernel.json").read_text())
    assert kernel["argv"][0] == str(copy / ".venv" / "bin" / "python")
    for language in ("en", "zh"):
        edition = copy / "my_course" / language / "pytorch"
        home = json.loads((edition / "home.ipynb").read_text(encoding="utf-8"))
        page = "".join(home["cells"][1]["outputs"][0]["data"]["text/html"])
        assert f'lang="{language}"' in page
        links = re.findall(r'href="([^"]+)"', page)
        assert len(links) > 15 and all((edition / link).exists() for link in links)
    starts = "import course_lib; course_lib.start('04', language='en', framework='pytorch')"
    subprocess.run([kernel["argv"][0], "-c", starts], cwd=tmp_path, env=environment, check=True)
