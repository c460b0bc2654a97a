"""The runs behind the worked reports of chapter 18: the starter itself, with each report's choices.

    ./course bench capstone                # run them and print what the reports quote
    ./course bench capstone --check        # fail where solutions/capstone/runs.json says otherwise
    ./course bench capstone --json         # what that file holds

The code that runs is the solved PyTorch edition's: its cells, with the cell ``choices`` changed. A fourth run
takes the texts, so that the other half of the starter is tried as well.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import chdir, redirect_stdout
from pathlib import Path
from typing import Any

import nbformat
import numpy as np

from course_lib.paths import repository_root

NOTEBOOK = "solutions/en/pytorch/18_capstone.ipynb"
RUNS_FILE = "solutions/capstone/runs.json"
# What each report's author changed.
CHOICES: dict[str, dict[str, Any]] = {
    "good": {},
    "borderline": {"by": "example", "seeds": [0, 1, 2], "skip": ["means", "scratch"]},
    "failing": {"by": "example"},
    "texts": {"data": "reviews"},
}
CELLS = ("imports", "load", "cut", "readouts", "methods", "plan", "run", "open", "record")
TOLERANCE = 0.02  # of a mean accuracy on another machine: other digits in a network's last places


def run(*, quick: bool = False) -> dict[str, Any]:
    """Run the starter with each report's choices.

    Args:
        quick: Only the texts, which train no network.
    """
    cells = {
        cell.id: cell.source
        for cell in nbformat.read(repository_root() / NOTEBOOK, as_version=4).cells
    }
    names = ["texts"] if quick else list(CHOICES)
    return {name: _run(cells, CHOICES[name]) for name in names}


def _run(cells: Mapping[str, str], changes: Mapping[str, Any]) -> dict[str, Any]:
    world: dict[str, Any] = {}
    before = os.environ.get("MPLBACKEND")
    os.environ["MPLBACKEND"] = "Agg"
    try:
        with tempfile.TemporaryDirectory() as folder, chdir(folder), redirect_stdout(io.StringIO()):
            exec(cells["imports"], world)
            exec(cells["choices"], world)
            world["CHOICES"].update(changes)
            for name in CELLS[1:]:
                exec(compile(cells[name], f"<{name}>", "exec"), world)
    finally:
        os.environ.pop("MPLBACKEND") if before is None else os.environ.update(MPLBACKEND=before)
    return _report(world)


def _report(world: Mapping[str, Any]) -> dict[str, Any]:
    """Collect the record, the errors on validation data, and what a peek at the test part would have shown."""
    validation, test, judges = world["validation"], world["test"], world["judges"]
    choice, domain = world["choice"], world["domain"]
    answers = np.array([judge(validation.x) for judge in judges[choice]])
    matrix = world["reports"].confusion_matrix(
        np.tile(validation.y, len(answers)), answers.ravel(), range(len(domain.classes))
    )
    wrong = matrix - np.diag(np.diag(matrix))
    most = np.argsort(wrong, axis=None)[::-1][:3]
    pairs = [np.unravel_index(place, wrong.shape) for place in most]
    peek = {
        name: [round(world["judging"].accuracy(test.y, judge(test.x)), 4) for judge in judges[name]]
        for name, (kind, _) in world["METHODS"].items()
        if kind == "transfer"
    }
    there = validation.y == pairs[0][0]  # behind the most frequent mistake
    per_class = 2 * world["CHOICES"]["per_class"]
    more = [
        world["data"].few_shot(world["train"], per_class, seed=s) for s in world["CHOICES"]["seeds"]
    ]
    twice = [judge(validation.x) for judge in world["METHODS"][choice][1](more)]
    right = (answers == validation.y).mean(axis=0)
    groups = (
        None if world["project"].groups is None else world["project"].groups[world["part"] == 1]
    )
    by_group = [] if groups is None else [right[groups == g].mean() for g in np.unique(groups)]
    return {
        "record": world["record"] | {"seconds": {}},  # of this machine: no fact
        "mistakes": [[domain.classes[i], domain.classes[k], int(wrong[i, k])] for i, k in pairs],
        "wrong": [int(wrong.sum()), int(matrix.sum())],
        "pictures": int((there & (answers == pairs[0][1])).any(axis=0).sum()),
        "times_wrong": np.bincount((answers != validation.y).sum(axis=0)).tolist(),
        "twice": [round(world["judging"].accuracy(validation.y, each), 4) for each in twice],
        "by_group": [round(float(each), 4) for each in by_group],
        "peek": peek,
    }


def table(result: Mapping[str, Any]) -> str:
    """Write the result as a table."""
    lines = [f"{'run':<12}{'method':<12}{'validation':>11}{'test':>8}"]
    for name, each in result.items():
        record = each["record"]
        for method, values in record["validation"].items():
            tested = record["test"].get(method)
            shown = f"{np.mean(tested):8.3f}" if tested else f"{'':>8}"
            mark = "  chosen" if method == record["chosen"] else ""
            lines.append(f"{name:<12}{method:<12}{np.mean(values):11.3f}{shown}{mark}")
        mean, low, high = record["gain"]
        lines.append(f"{name:<12}gain over {record['against']}: {mean:.3f} [{low:.3f}, {high:.3f}]")
        best = max((max(values), method) for method, values in each["peek"].items())
        lines.append(
            f"{name:<12}best single run on test, had one looked: {best[0]:.3f} ({best[1]})"
        )
    return "\n".join(lines)


def misses(result: Mapping[str, Any]) -> list[str]:
    """Say where a run differs from what the reports quote."""
    path = repository_root() / RUNS_FILE
    noted = json.loads(Path(path).read_text(encoding="utf-8"))
    found = []
    for name, each in result.items():
        for part in ("validation", "test"):
            if each["record"]["chosen"] != noted[name]["record"]["chosen"]:
                found.append(f"{name}: chosen {each['record']['chosen']}")
            for method, values in noted[name]["record"][part].items():
                now = each["record"][part].get(method)
                if now is None or abs(np.mean(now) - np.mean(values)) > TOLERANCE:
                    found.append(f"{name}: {method} on {part}: {now}, noted {values}")
    return found
