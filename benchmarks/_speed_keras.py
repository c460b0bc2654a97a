"""The Keras half of the ``speed`` benchmark, a process of its own: ``fit`` against ``keras.fit``.

``python -m benchmarks._speed_keras IMAGES TURNS`` prints the rows as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.keras import AdamW, attach_head, fit, load_backbone  # settles Keras's backend

import keras  # isort: skip

from benchmarks._side_by_side import in_turns
from course_lib import data
from course_lib.data import Domain

BATCH, EPOCHS, RATE = 64, 5, 1e-3
FIRST, LATER = "first epoch", "later epoch"
Train = Callable[[keras.Model, Domain, int], list[float]]


def rows(images: int, turns: int) -> list[dict[str, Any]]:
    """Measure both ways: a first epoch, with all that a call needs beside, and a later one."""
    digits = data.split(data.load("digits"))[0].take(range(images))
    ways: dict[str, Train] = {"fit": by_course, "keras.fit": by_keras}
    found: dict[str, list[float]] = {f"{name}, {e}": [] for e in (LATER, FIRST) for name in ways}

    def measure(name: str) -> float:
        model = attach_head(load_backbone("glyphnet"), len(digits.classes))
        started = time.perf_counter()
        ends = ways[name](model, digits, EPOCHS)
        seconds = time.perf_counter() - started
        found[f"{name}, {LATER}"].append(float(np.median(np.diff(ends))))
        found[f"{name}, {FIRST}"].append(seconds - (ends[-1] - ends[0]))
        return seconds

    in_turns({name: lambda name=name: measure(name) for name in ways}, turns)  # type: ignore[misc]
    half = f"Keras ({keras.backend.backend()})"
    return [
        {"half": half, "way": way, "images": images, "seconds": seconds,
         "against": f"fit, {way.partition(', ')[2]}"}
        for way, seconds in found.items()
    ]  # fmt: skip


def by_course(model: keras.Model, digits: Domain, epochs: int) -> list[float]:
    """Train with the course's ``fit``; give the seconds at which epochs ended."""
    recipe = AdamW(RATE, weight_decay=0.0)
    settings = {"precision": "float32", "progress": False}
    history = fit(model, digits, optimizer=recipe, epochs=epochs, batch_size=BATCH, **settings)  # type: ignore[arg-type]
    return [row["seconds"] for row in history.epochs]


def by_keras(model: keras.Model, digits: Domain, epochs: int) -> list[float]:
    """Train with Keras's own ``fit``, as its guide has it."""
    model.trainable = True
    model.compile(
        optimizer=keras.optimizers.AdamW(RATE, weight_decay=0.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    clock = Clock()
    model.fit(digits.x, digits.y, batch_size=BATCH, epochs=epochs, verbose=0, callbacks=[clock])
    return clock.ends


class Clock(keras.callbacks.Callback):
    """Look at the clock whenever an epoch ends."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[float] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.ends.append(time.perf_counter())


if __name__ == "__main__":
    print(json.dumps(rows(int(sys.argv[1]), int(sys.argv[2]))))
