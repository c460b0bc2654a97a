"""The runs behind the worked reports of chapter 18: the starter itself, with each report's choices.

    ./course bench capstone                # run them and print what the reports quote
    ./course bench capstone --check        # fail where solutions/capstone/runs.json says otherwise
    ./course bench capstone --json         # what that file holds
    ./course bench capstone --part recipe  # how the starter's rates and epochs were chosen

The code that runs is the solved PyTorch edition's: its cells, with the cell ``choices`` changed. A fourth run
takes the texts, so that the other half of the starter is tried as well.

*recipe*: nine recipes for each of the two networks, by a rule fixed beforehand, inside the starter's **train** part:
its hands are cut once more, learned from on one side, judged on the other, with draws of labels that the starter
does not use. Neither validation nor test is looked at. Forty epochs were tried, too, and brought both networks
a little further there; the starter has no time for them.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager, redirect_stdout
from itertools import product
from pathlib import Path
from typing import Any

import nbformat
import numpy as np

from course_lib.paths import repository_root

NOTEBOOK = "solutions/en/pytorch/18_capstone.ipynb"
RUNS_FILE = "solutions/capstone/runs.json"
# What each report's author changed. All but the good one cut with seed 0 and took both recipes from the air.
OWN_SETTINGS: dict[str, Any] = {
    "cut_seed": 0,
    "batch_size": 25,
    "recipes": {"fine_tune": (0.003, 40), "scratch": (0.003, 40)},
}
CHOICES: dict[str, dict[str, Any]] = {
    "good": {},
    "borderline": OWN_SETTINGS
    | {"by": "example", "seeds": [0, 1, 2], "skip": ["means", "scratch"]},
    "failing": OWN_SETTINGS | {"by": "example"},
    "texts": OWN_SETTINGS | {"data": "reviews"},
}
PEEKS = "failing"  # the one run that looks at the test part under every method
PARTS = ("reports", "recipe")
RATES, EPOCHS = (0.001, 0.003, 0.01), (5, 10, 20)
RECIPE_SEEDS = (100, 101, 102, 103, 104)  # the starter draws with 0 to 4
CELLS = ("imports", "load", "cut", "readouts", "methods", "plan", "run", "open", "record")
TOLERANCE = 0.02  # of a mean accuracy on another machine: other digits in a network's last places


def run(*, quick: bool = False, parts: Sequence[str] = ("reports",)) -> dict[str, Any]:
    """Run the starter with each report's choices.

    Args:
        quick: Only the texts, which train no network, and one recipe.
        parts: Which of ``PARTS``.
    """
    cells = {
        cell.id: cell.source
        for cell in nbformat.read(repository_root() / NOTEBOOK, as_version=4).cells
    }
    names = ["texts"] if quick else list(CHOICES)
    result = (
        {name: _run(cells, CHOICES[name], peek=name == PEEKS) for name in names}
        if "reports" in parts
        else {}
    )
    if "recipe" in parts:
        result["recipe"] = _try_recipes(
            cells, (RATES[:1], EPOCHS[:1]) if quick else (RATES, EPOCHS)
        )
    return result


def _run(cells: Mapping[str, str], changes: Mapping[str, Any], *, peek: bool) -> dict[str, Any]:
    with _aside():
        return _report(_play(cells, CELLS, changes), peek=peek)


@contextmanager
def _aside() -> Iterator[None]:
    """Work in a folder of its own, draw nothing, print nothing."""
    before = os.environ.get("MPLBACKEND")
    os.environ["MPLBACKEND"] = "Agg"
    try:
        with tempfile.TemporaryDirectory() as folder, chdir(folder), redirect_stdout(io.StringIO()):
            yield
    finally:
        os.environ.pop("MPLBACKEND") if before is None else os.environ.update(MPLBACKEND=before)


def _play(
    cells: Mapping[str, str], names: Sequence[str], changes: Mapping[str, Any]
) -> dict[str, Any]:
    """Run some of the starter's cells, with its choices changed, and give what they made."""
    world: dict[str, Any] = {}
    exec(cells["imports"], world)
    exec(cells["choices"], world)
    world["CHOICES"].update(changes)
    for name in names[1:]:
        exec(compile(cells[name], f"<{name}>", "exec"), world)
    return world


def _try_recipes(
    cells: Mapping[str, str], grid: tuple[Sequence[float], Sequence[int]]
) -> dict[str, Any]:
    """Judge each recipe inside the train part; take the shortest within one standard error of the best."""
    tried: dict[str, list[Any]] = {"fine_tune": [], "scratch": []}
    with _aside():
        world = _play(cells, CELLS[:4], {"seeds": list(RECIPE_SEEDS)})
        train, groups = world["train"], world["project"].groups[world["part"] == 0]
        inner = world["projects"].cut_parts(
            len(train), by="group", groups=groups, seed=world["CHOICES"]["cut_seed"]
        )
        learn, judged = train.take(inner == 0), train.take(inner > 0)
        draws = [
            world["data"].few_shot(learn, world["CHOICES"]["per_class"], seed=seed)
            for seed in RECIPE_SEEDS
        ]
        for rate, epochs in product(*grid):
            world["CHOICES"]["recipes"] = dict.fromkeys(tried, (rate, epochs))
            exec(compile(cells["methods"], "<methods>", "exec"), world)
            for name, rows in tried.items():
                judges = world["METHODS"][name][1](draws)
                scores = [world["judging"].accuracy(judged.y, judge(judged.x)) for judge in judges]
                rows.append([rate, epochs, [round(score, 4) for score in scores]])
    return {name: {"tried": rows, "chosen": _shortest(rows)} for name, rows in tried.items()}


def _shortest(rows: Sequence[Any]) -> list[float]:
    """Of rate, epochs, scores: the fewest epochs within one standard error of the best; there the highest mean."""
    best = np.array(max((scores for *_, scores in rows), key=np.mean))
    bar = best.mean() - best.std(ddof=1) / len(best) ** 0.5
    reach = [row for row in rows if np.mean(row[2]) >= bar]
    rate, epochs, _ = min(reach, key=lambda row: (row[1], -np.mean(row[2])))
    return [rate, epochs]


def _report(world: Mapping[str, Any], *, peek: bool) -> dict[str, Any]:
    """Collect the record, the errors on validation data and, for the report that peeks, what the test part showed."""
    validation, test, judges = world["validation"], world["test"], world["judges"]
    choice, domain = world["choice"], world["domain"]
    answers = np.array([judge(validation.x) for judge in judges[choice]])
    matrix = world["reports"].confusion_matrix(
        np.tile(validation.y, len(answers)), answers.ravel(), range(len(domain.classes))
    )
    wrong = matrix - np.diag(np.diag(matrix))
    most = np.argsort(wrong, axis=None)[::-1][:3]
    pairs = [np.unravel_index(place, wrong.shape) for place in most]
    seen = {
        name: [round(world["judging"].accuracy(test.y, judge(test.x)), 4) for judge in judges[name]]
        for name, (kind, _) in world["METHODS"].items()
        if peek and kind == "transfer"
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
        "peek": seen,
    }


def table(result: Mapping[str, Any]) -> str:
    """Write the result as a table."""
    lines = [f"{'run':<12}{'method':<12}{'validation':>11}{'test':>8}"]
    for name, each in result.items():
        if name == "recipe":
            lines += _recipe_lines(each)
            continue
        record = each["record"]
        for method, values in record["validation"].items():
            tested = record["test"].get(method)
            shown = f"{np.mean(tested):8.3f}" if tested else f"{'':>8}"
            mark = "  chosen" if method == record["chosen"] else ""
            lines.append(f"{name:<12}{method:<12}{np.mean(values):11.3f}{shown}{mark}")
        mean, low, high = record["gain"]
        lines.append(f"{name:<12}gain over {record['against']}: {mean:.3f} [{low:.3f}, {high:.3f}]")
        if not each["peek"]:
            continue
        best = max((max(values), method) for method, values in each["peek"].items())
        lines.append(
            f"{name:<12}best single run on test, after looking at all: {best[0]:.3f} ({best[1]})"
        )
    return "\n".join(lines)


def _recipe_lines(found: Mapping[str, Any]) -> list[str]:
    lines = [f"{'recipe of':<12}{'rate':>8}{'epochs':>8}{'inside train':>14}"]
    for method, each in found.items():
        for rate, epochs, scores in each["tried"]:
            mark = "  chosen" if [rate, epochs] == each["chosen"] else ""
            lines.append(f"{method:<12}{rate:>8}{epochs:>8}{np.mean(scores):>14.3f}{mark}")
    return lines


def misses(result: Mapping[str, Any]) -> list[str]:
    """Say where a run differs from what the reports quote."""
    path = repository_root() / RUNS_FILE
    noted = json.loads(Path(path).read_text(encoding="utf-8"))
    found = []
    for name, each in result.items():
        if name == "recipe":
            found += [
                f"recipe of {method}: chosen {now['chosen']}, noted {noted[name][method]['chosen']}"
                for method, now in each.items()
                if now["chosen"] != noted[name][method]["chosen"]
            ]
            continue
        for part in ("validation", "test"):
            if each["record"]["chosen"] != noted[name]["record"]["chosen"]:
                found.append(f"{name}: chosen {each['record']['chosen']}")
            for method, values in noted[name]["record"][part].items():
                now = each["record"][part].get(method)
                if now is None or abs(np.mean(now) - np.mean(values)) > TOLERANCE:
                    found.append(f"{name}: {method} on {part}: {now}, noted {values}")
    return found
