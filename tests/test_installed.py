"""The course as ``pip install --no-deps git+https://…`` puts it on somebody else's machine (Colab, Kaggle).

Only ``course_lib`` is there, no checkout around it, and none of the packages that such machines lack.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

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
    """Give a notebook's own first cells: the start, and all imports of the chapter."""
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


def test_the_recipe_in_chapter_00_names_what_is_needed_and_nothing_heavy() -> None:
    text = (ROOT / "solutions" / "source" / "00_start_here.md").read_text(encoding="utf-8")
    lines = set(re.findall(r"^%pip install .*$", text, re.MULTILINE))
    assert len(lines) == 1  # the same in both languages
    words = lines.pop().split()
    assert {"--no-deps", "git+https://github.com/OWNER/REPOSITORY"} < set(words)
    assert {"platformdirs", "safetensors", "threadpoolctl"} < set(words)
