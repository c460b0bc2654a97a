"""How fast ``fit`` is on a CPU, beside other loops on the same model and data.

    ./course bench speed

Trains glyphnet on the handwritten digits, everything of it, with AdamW in batches of 64. In each turn
all ways do the same work once, beginning with another one each time; what is compared is the
seconds of a way over ``fit``'s seconds in the same turn, by their median. Building the optimizer and
whatever else a call needs counts.

* *plain loop*: written by hand, and well: tensors in memory, batches by index.
* *Fabric*, *Accelerate*: that loop, with the engine's model, optimizer and backward in it.
* *documents' style*: a DataLoader of four, each image made float alone, ``.item()`` at each step.
  Its seconds are per image, on a part of the images.
* *fit, once more*: how far from 1 two measurements of the same lie.

The Keras half is measured in the same way in a process of its own, against ``keras.fit`` on a compiled
Keras model: per epoch, once the first is over (tracing and compiling is the first's), and the first.
TensorFlow runs graphs as they were written, as everywhere in the course: ``keras.fit`` starts sooner so,
and is as fast afterwards.

``./course bench speed_gpu`` is the part for a GPU.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from benchmarks._side_by_side import in_turns, median_ratio, seconds_of
from course_lib import data
from course_lib.data import Domain
from course_lib.errors import CourseError
from course_lib.paths import repository_root
from course_lib.waiting import steps

TURNS, EPOCHS, BATCH = 9, 2, 64
FIT, AGAIN, PLAIN, OFTEN_SEEN = "fit", "fit, once more", "plain loop", "documents' style"
FASTEST = 1.0  # the other way's seconds over fit's, for every way …
OFTEN_SEEN_SLOWER = 1.5  # … and for the documents' style
TOLERANCE = 0.03  # what two measurements of the same may differ by, here


def run(*, quick: bool = False, backend: str | None = None) -> dict[str, Any]:
    """Measure both halves, one after the other.

    Args:
        quick: Few images, two turns: to see that it works.
        backend: Keras's; the one that the course chooses unless given.

    Returns:
        ``rows``: half, way, seconds (of each turn, for ``images`` images), against (the name of the
        row it is compared with), and ``largest_difference_of_losses`` where the batches are the
        same. A way that is not installed has ``missing``, a sentence, instead.
    """
    digits, _ = data.split(data.load("digits"))
    digits = digits.take(range(80)) if quick else digits
    turns = 2 if quick else TURNS
    with steps(turns + 2) as step:
        rows = pytorch_rows(digits, turns, step)
        step("the Keras half")
        rows += keras_rows(len(digits), turns, backend=backend)
    return {"rows": rows, "turns": turns, "images": len(digits), "quick": quick}


def pytorch_rows(digits: Domain, turns: int, step: Callable[[str], None]) -> list[dict[str, Any]]:
    """Measure all ways of the PyTorch half."""
    from benchmarks._loops import ENGINES, missing

    losses: dict[str, list[float]] = {}
    ways = pytorch_ways(digits, losses)
    step("warming up")
    in_turns(ways, 1)
    rows = []
    for name, seconds in in_turns(ways, turns, step).items():
        row: dict[str, Any] = {"half": "PyTorch", "way": name, "against": FIT}
        row |= {"images": EPOCHS * len(digits), "seconds": seconds}
        if name in losses:
            row["largest_difference_of_losses"] = furthest(losses[name], losses[FIT])
        rows.append(row)
    absent = {name: missing(name) for name in ENGINES if missing(name)}
    return rows + [{"half": "PyTorch", "way": n, "missing": m} for n, m in absent.items()]


def pytorch_ways(digits: Domain, losses: dict[str, list[float]]) -> dict[str, Callable[[], float]]:
    """Give what each way does, by its name: train from the same start, and give its seconds.

    Args:
        digits: What is learnt.
        losses: Here each way leaves the losses of its steps.
    """
    import torch

    from benchmarks import _loops
    from course_lib.pytorch import AdamW, attach_head, fit, load_backbone

    start = attach_head(load_backbone("glyphnet"), len(digits.classes))
    task = _loops.Task(torch.tensor(digits.x), torch.tensor(digits.y), EPOCHS, BATCH)
    recipe = AdamW(_loops.RATE, weight_decay=0.0)
    settings: dict[str, Any] = {"precision": "float32", "device": "cpu", "progress": False}

    def course(model: Any) -> list[float]:
        return fit(
            model, digits, optimizer=recipe, epochs=EPOCHS, batch_size=BATCH, **settings
        ).loss

    def by_hand(model: Any) -> list[float]:
        return _loops.by_hand(model, task).losses

    def by_engine(name: str) -> Callable[[Any], list[float]]:
        return lambda model: _loops.by_engine(name, model, task).losses

    def measured(name: str, train: Callable[[Any], list[float]]) -> Callable[[], float]:
        def measure() -> float:
            model = deepcopy(start)
            return seconds_of(lambda: losses.update({name: train(model)}))

        return measure

    def often_seen() -> float:
        count = min(100, len(digits) // 4 - 1)
        record = _loops.as_often_seen(deepcopy(start), task, steps=count)
        return (record.seconds[1] - record.seconds[0]) * EPOCHS * len(digits) / (4 * count)

    trains = {FIT: course, PLAIN: by_hand}
    trains |= {name: by_engine(name) for name in _loops.ENGINES if not _loops.missing(name)}
    trains[AGAIN] = course
    return {name: measured(name, train) for name, train in trains.items()} | {
        OFTEN_SEEN: often_seen
    }


def furthest(a: list[float], b: list[float]) -> float:
    """Give the largest difference of two rows of losses, as a part of the larger loss."""
    return max(abs(p - q) / max(abs(p), abs(q)) for p, q in zip(a, b, strict=True))


def keras_rows(images: int, turns: int, *, backend: str | None = None) -> list[dict[str, Any]]:
    """Measure the Keras half in a process of its own.

    Args:
        images: How many of the digits.
        backend: Keras's engine; left alone unless given.
    """
    environment = os.environ | ({"KERAS_BACKEND": backend} if backend else {})
    command = [sys.executable, "-m", "benchmarks._speed_keras", str(images), str(turns)]
    done = subprocess.run(
        command, cwd=repository_root(), env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CourseError(
            f"The process that measures the Keras half failed:\n{done.stderr.strip()}",
            f"测量 Keras 部分的进程出错：\n{done.stderr.strip()}",
        )
    return json.loads(done.stdout.splitlines()[-1])


def table(result: dict[str, Any]) -> str:
    """Write the result as a table."""
    lines = [
        f"training glyphnet on {result['images']} digits, batches of {BATCH}, CPU; "
        f"{result['turns']} turns",
        f"{'half':20}{'way':24}{'images/s':>10}  "
        f"{'its seconds over fit’s: median [95 %]':>38}{'Δ loss':>9}",
    ]
    for row in result["rows"]:
        if "missing" in row:
            lines.append(f"{row['half']:20}{row['way']:24}{row['missing']}; not counted")
            continue
        best = row["images"] / sorted(row["seconds"])[len(row["seconds"]) // 2]
        ratio = "" if row["way"] == row["against"] else str(ratio_of(result, row))
        apart = row.get("largest_difference_of_losses")
        shown = "" if apart is None else f"{apart:.0e}"
        lines.append(f"{row['half']:20}{row['way']:24}{best:10.0f}  {ratio:>38}{shown:>9}")
    goal = (
        f"aim: {FASTEST} or more for every way (less {TOLERANCE:.0%}, the measurement's own "
        f"tolerance), {OFTEN_SEEN_SLOWER} or more for the {OFTEN_SEEN}"
    )
    if result["quick"]:
        goal = "a quick run, to see that it works: its numbers mean nothing"
    return "\n".join([*lines, goal, *(f"missed: {miss}" for miss in misses(result))])


def misses(result: dict[str, Any]) -> list[str]:
    """Say which stated figure was missed, and by how much. A quick run promises nothing."""
    if result["quick"]:
        return []
    found = []
    for row in result["rows"]:
        if "missing" in row or row["way"] in (row["against"], AGAIN):
            continue
        ratio = ratio_of(result, row)
        aim, tolerance = (
            (OFTEN_SEEN_SLOWER, 0.0) if row["way"] == OFTEN_SEEN else (FASTEST, TOLERANCE)
        )
        if ratio.median < aim - tolerance:
            found.append(f"{row['half']}, {row['way']}: {ratio} of fit's seconds, promised {aim}")
    return found


def ratio_of(result: dict[str, Any], row: dict[str, Any]) -> Any:
    """Give a row's seconds over those of the row that it is compared with, turn by turn."""
    (base,) = (r for r in result["rows"] if (r["half"], r["way"]) == (row["half"], row["against"]))
    return median_ratio(row["seconds"], base["seconds"])
