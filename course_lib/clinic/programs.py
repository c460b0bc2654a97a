"""Small programs that keep a record: what the clinic's probes hand to a student's function.

No framework is needed: a "model" is a number, and what was done with it is written down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

PARTS = ("train", "validation", "test")


@dataclass
class Trials:
    """Candidates with the losses that they would have, and a record of who looked at what.

    Attributes:
        losses: By part of the data, one loss for each of ``candidates``.
        fitted_on: The parts that models were fitted on, in this order.
        looks: The parts that losses were asked for, in this order.
    """

    losses: dict[str, np.ndarray]
    fitted_on: list[str] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)

    @property
    def candidates(self) -> list[int]:
        """The candidates' names: 10, 20, …, so that none is its own place in the list."""
        return [10 * (place + 1) for place in range(len(self.losses["validation"]))]

    def fit(self, candidate: int, part: str) -> tuple[int, str]:
        """Fit a candidate on a part; the model remembers both."""
        require_part(part)
        if candidate not in self.candidates:
            raise ValueError(
                f"there is no candidate {candidate!r}: choose one of {self.candidates}"
            )
        self.fitted_on.append(part)
        return int(candidate), part

    def loss(self, model: tuple[int, str], part: str) -> float:
        """Give a model's loss on a part; on the part that it was fitted on, one that flatters."""
        require_part(part)
        self.looks.append(part)
        candidate, own = model
        factor = 0.5 if part == own != "train" else 1.0
        return factor * float(self.losses[part][self.candidates.index(candidate)])


def require_part(part: str) -> None:
    """Raise a ValueError unless this is a part of the data."""
    if part not in PARTS:
        raise ValueError(f"there is no part {part!r}: choose one of {', '.join(PARTS)}")


VERDICTS = ("sound", "deaf", "not repeatable")
"""What a program's seed can be; the verdict of each of ``KINDS`` stands in it."""

KINDS = {
    "sound": "sound",
    "sound_whole": "sound",
    "sound_late": "sound",
    "deaf": "deaf",
    "loose": "not repeatable",
    "late": "not repeatable",
    "shuffled": "not repeatable",
    "faint": "not repeatable",
    "warm": "not repeatable",
}
"""Kinds of programs with a seed, and what is to be said of each."""


def make_run(kind: str, seed: int) -> Callable[[int], np.ndarray]:
    """Make a program ``run(seed)`` that gives six numbers, as a training gives its losses.

    Args:
        kind: ``"sound"``; ``"sound_whole"``, the same with whole numbers; ``"sound_late"``, only the last
            number depends on the seed; ``"deaf"``, the seed is ignored; ``"loose"``, a generator that no seed
            reaches; ``"late"``, only the last number is from there; ``"shuffled"``, the same numbers in another
            order each time, with the same sum; ``"faint"``, one number is one bit larger each time, as sums in
            another order are; ``"warm"``, the first run leaves something behind for all that follow.
        seed: Makes one such program differ from another.
    """
    stream, calls = np.random.default_rng([seed, 1]), []

    def run(own: int) -> np.ndarray:
        calls.append(own)
        rng = np.random.default_rng([seed, 2, 0 if kind in ("deaf", "sound_late") else int(own)])
        values = np.sort(rng.uniform(0.5, 2.0, size=6))[::-1].copy()
        if kind == "sound_late":
            values[-1] = np.random.default_rng([seed, 3, int(own)]).uniform(0.0, 0.5)
        if kind == "loose":
            values = np.sort(stream.uniform(0.5, 2.0, size=6))[::-1].copy()
        if kind == "late":
            values[-1] = stream.uniform(0.0, 0.5)
        if kind == "shuffled":
            values = np.roll(np.round(1024 * values) / 1024, len(calls))
        if kind == "faint":
            values[3] += len(calls) * np.spacing(values[3])
        if kind == "warm" and len(calls) > 1:
            values -= 0.25
        return np.floor(1000 * values).astype(int) if kind == "sound_whole" else values

    return run
