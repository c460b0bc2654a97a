"""Random numbers that an objective asks for (shares of mix-up, angles of rotations …).

NumPy draws them, each step's from its own place in the training. So both frameworks see the same
ones, and an interrupted training goes on with those that it would have had.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from course_lib.errors import CourseError
from course_lib.training.batches import Arrays

PREFIX = "draws."  # sets their names apart from the streams' beside which they travel


class Drawing(Protocol):
    """Whatever draws: every objective."""

    def draws(self, rng: np.random.Generator, batch_size: int) -> Arrays: ...


def epoch_draws(objective: Drawing, sizes: Sequence[int], seed: int, epoch: int) -> Arrays:
    """Give an epoch's draws: each array has one row for each example, in the epoch's order.

    Args:
        objective: Who draws. One that draws nothing costs nothing.
        sizes: The number of examples in each batch of the epoch.
        seed, epoch: Together with the step they decide what is drawn.
    """
    if not objective.draws(np.random.default_rng(seed), 1):
        return {}
    steps = [
        _one_row_each(objective.draws(_generator(seed, epoch, step), size), size)
        for step, size in enumerate(sizes)
    ]
    return {PREFIX + name: np.concatenate([drawn[name] for drawn in steps]) for name in steps[0]}


def drawn(rows: Mapping[str, Any]) -> dict[str, Any]:
    """Pick the draws from what travels for a batch, under the names that the objective gave."""
    return {name[len(PREFIX) :]: v for name, v in rows.items() if name.startswith(PREFIX)}


def _generator(seed: int, epoch: int, step: int) -> np.random.Generator:
    return np.random.default_rng([seed, epoch, step, *b"draws"])


def _one_row_each(draws: Arrays, size: int) -> Arrays:
    for name, array in draws.items():
        if np.shape(array)[:1] != (size,):
            raise CourseError(
                f"An objective drew {name!r} with the shape {np.shape(array)} for {size} examples: "
                "the first axis has one row for each example (repeat what they share).",
                f"目标函数为 {size} 个样本抽取的 {name!r} 形状是 {np.shape(array)}："
                "第一维应与样本一一对应（共用的数请重复写出）。",
            )
    narrow = {np.dtype("float64"): np.float32, np.dtype("int64"): np.int32}
    return {name: a.astype(narrow.get(a.dtype, a.dtype)) for name, a in draws.items()}
