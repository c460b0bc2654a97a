"""The course as ``pip install --no-deps git+https://…`` puts it on somebody else's machine (Colab, Kaggle).

Only ``course_lib`` is there, no checkout around it, and none of the packages that such machines lack.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from course_lib.authoring.elsewhere import install_line, repository_named
from tests.conftest import ROOT

LACKING = (
    "jupyterlab",
    "nbgrader",
    "jupytext",
    "openpyxl",
    "nbval",
    "onnx",
    "onnxruntime",
)
# Looks missing to whoever imports it.
WITHOUT = f"import sys; sys.modules.update(dict.fromkeys({LACKING!r}))\n"


def first_cells(path: Path) -> str:
    """Give a notebook's own first cells: the setup, and all imports of the chapter."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    chosen = [cell for cell in cells if cell.get("id") in ("setup", "imports")]
    assert chosen, path.name
    return "\n".join("".join(cell["source"]) for cell in chosen)


def test_every_chapter_starts_and_checks(tmp_path: Path) -> None:
    package = tmp_path / "installed"
    hidden = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "course_lib", package / "course_lib", ignore=hidden)
    notebooks = sorted((ROOT / "notebooks" / "en" / "pytorch").glob("[01]*.ipynb"))
    parts = [first_cells(path) for path in notebooks]
    exercise = (
        "import numpy as np\nfrom course_lib.exercises import check\n"
        "course_lib.start('02', language='en', framework='pytorch')\n"
        "def forward(x, w1, b1, w2, b2):\n"
        "    hidden = (x @ w1 + b1).clip(0)\n    return hidden, hidden @ w2 + b2\n"
        "print(repr(check('02.1', forward)))\n"
    )
    code = "\n".join([WITHOUT, *parts, exercise])
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(package), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.search(r"✓.*02\.1", done.stdout), done.stdout[-500:]


def start_cell(language: str) -> str:
    """Give the cell that a notebook opened on Colab begins with."""
    path = next((ROOT / "notebooks" / language / "pytorch").glob("04_*.ipynb"))
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    first, second = [cell for cell in cells if cell["cell_type"] == "code"][:2]
    assert (first["id"], second["id"]) == ("elsewhere", "setup")
    return "".join(first["source"])


def test_every_student_edition_begins_with_the_start_cell() -> None:
    """Colab's link in the book leads to these files."""
    for path in (ROOT / "notebooks").rglob("*.ipynb"):
        codes = [
            c
            for c in json.loads(path.read_text(encoding="utf-8"))["cells"]
            if c["cell_type"] == "code"
        ]
        source = "".join(codes[0]["source"])
        assert codes[0]["id"] == "elsewhere" and install_line(repository_named(ROOT)) in source, (
            path
        )
        assert codes[0]["metadata"]["jupyter"] == {"source_hidden": True}, path
    text = (ROOT / "solutions" / "source" / "00_start_here.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^%(pip install .*)$", text, re.MULTILINE)) == {f"pip {install_line()}"}


def test_a_start_cell_names_the_repository_of_pyproject(tmp_path: Path) -> None:
    assert repository_named(tmp_path) == "OWNER/REPOSITORY"
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\nurls = {Repository = "https://github.com/someone/course.git"}\n'
    )
    assert repository_named(tmp_path) == "someone/course"


@pytest.mark.skipif(os.name != "posix", reason="links to folders, and Colab is Linux")
def test_the_start_cell_installs_the_course_from_its_wheel(tmp_path: Path) -> None:
    """In an environment that has what Colab has and not the course: one cell, and chapter 04 begins.

    Instead of an address at GitHub, pip is told of a wheel that was built as pip would build it.
    """
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.stat().st_size < 30e6
    place = tmp_path / "colab"
    venv.create(place, with_pip=False)
    packages = sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)})
    there = tmp_path / "there"
    there.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if (
            "deep_transfer" not in path.name and path.suffix != ".pth"
        ):  # the course stays out of sight
            (there / path.name).symlink_to(path)
    Path(packages, "there.pth").write_text(str(there))
    python = place / ("Scripts" if os.name == "nt" else "bin") / "python"
    cell = re.sub(r"git\+https://\S+(?=\")", wheel.as_uri(), start_cell("en"))
    assert cell.count(wheel.name) == 1
    chapter = first_cells(next((ROOT / "notebooks" / "en" / "pytorch").glob("04_*.ipynb")))
    code = (
        "import importlib.util\nassert importlib.util.find_spec('course_lib') is None\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        f"shell = InteractiveShell.instance()\nfor cell in {[cell, chapter, cell]!r}:\n"
        "    shell.run_cell(cell).raise_error()\n"
        "import course_lib\nprint(course_lib.__file__)\n"
    )
    kept = {
        name: each
        for name, each in os.environ.items()
        if not name.startswith(("PYTHON", "COURSE", "VIRTUAL_ENV"))
    }
    done = subprocess.run(
        [str(python), "-c", code],
        cwd=tmp_path,
        env={**kept, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "chapter 04" in done.stdout
    assert str(place) in done.stdout.splitlines()[-1]
