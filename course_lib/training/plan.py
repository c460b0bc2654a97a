"""A training as planned before its first step: the data, how many steps, the rate of each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from course_lib.arguments import require_count, require_made, require_seed
from course_lib.errors import CourseError
from course_lib.training.batches import TERMS, Arrays, batch_sizes, epoch_order
from course_lib.training.draws import Drawing, epoch_draws
from course_lib.training.history import History
from course_lib.training.recipes import SGD, Adam, AdamW, Recipe
from course_lib.training.schedules import as_schedule
from course_lib.training.settings import digest_of_data

BATCH_NORM = ("moving", "frozen", "estimated")


@dataclass(frozen=True)
class Plan:
    """What both halves must agree on to give the same losses.

    Attributes:
        arrays: The training data by name (see ``course_lib.training.batches``), perhaps on disk.
        recipe: The optimizer's numbers.
        epochs: How often the main stream is seen.
        batch_size: Examples per step; the last batch of an epoch may be smaller, or one larger: a
            single example left over joins the batch before it (see ``batch_sizes``).
        seed: Decides the order of the examples and the dropped units.
        accumulate: Into how many parts a batch is cut.
        batch_norm: Whose statistics BatchNorm layers use: see ``fit``.
    """

    arrays: Arrays
    recipe: Recipe
    epochs: int
    batch_size: int
    seed: int
    accumulate: int = 1
    batch_norm: str = "moving"

    def __post_init__(self) -> None:
        require_made("optimizer", self.recipe, (SGD, Adam, AdamW), "AdamW(1e-3)")
        for name in ("epochs", "batch_size", "accumulate"):
            object.__setattr__(self, name, require_count(name, getattr(self, name)))
        object.__setattr__(self, "seed", require_seed(self.seed))
        if self.batch_norm not in BATCH_NORM:
            raise CourseError(
                f"batch_norm is one of {', '.join(BATCH_NORM)}; it was {self.batch_norm!r}.",
                f"batch_norm 只能是 {'、'.join(BATCH_NORM)} 之一，现在是 {self.batch_norm!r}。",
            )

    @cached_property
    def sizes(self) -> list[int]:
        """The number of examples in each batch of an epoch."""
        return batch_sizes(self.arrays["x"].shape[0], self.batch_size)

    @property
    def has_single(self) -> bool:
        """Whether a batch, or a part of one, has one example alone: BatchNorm may not like it."""
        return min(self.sizes) < 2 * self.accumulate

    @cached_property
    def rates(self) -> np.ndarray:
        """The learning rate of every step of the whole training."""
        return as_schedule(self.recipe.learning_rate).rates(len(self.sizes) * self.epochs)

    @cached_property
    def settings(self) -> dict[str, object]:
        """What a checkpoint compares: JSON-able."""
        names = ("epochs", "batch_size", "seed", "accumulate", "batch_norm")
        numbers = {name: getattr(self, name) for name in names}
        return numbers | {"recipe": repr(self.recipe), "data": digest_of_data(self.arrays)}

    def rows(self, objective: Drawing, epoch: int, terms: np.ndarray | None = None) -> Arrays:
        """Give what an epoch needs for each example, in order: its index in each stream, what the
        objective draws for it (see ``course_lib.training.draws``), and how many of the ``terms`` of
        the loss are its own, where they differ."""
        orders = epoch_order(self.arrays, self.seed, epoch)
        counted = {} if terms is None else {TERMS: terms[orders[""]]}
        return orders | epoch_draws(objective, self.sizes, self.seed, epoch) | counted

    def record(
        self, history: History, losses: list[float], validation: dict[str, float], seconds: float
    ) -> None:
        """Write an epoch that just ended into the history.

        Raises:
            CourseError: When a loss is not a finite number.
        """
        epoch = len(history.epochs)
        _check_finite(losses, first_step=epoch * len(self.sizes))
        history.loss += losses
        history.seconds = seconds
        row = {
            "epoch": epoch,
            "loss": float(np.average(losses, weights=self.sizes)),
            "learning_rate": float(self.rates[(epoch + 1) * len(self.sizes) - 1]),
            "seconds": seconds,
        }
        history.epochs.append(row | {f"val_{name}": v for name, v in validation.items()})


def _check_finite(losses: list[float], *, first_step: int) -> None:
    broken = np.flatnonzero(~np.isfinite(losses))
    if len(broken):
        step = first_step + int(broken[0])
        raise CourseError(
            f"The loss is no longer a number at step {step}: try a smaller learning rate, look at "
            "the inputs' scale, and see that every label is below the number of classes.",
            f"第 {step} 步的损失已不是有限的数：请把学习率调小，检查输入的数值范围，"
            "并确认所有标签都小于类别数。",
        )
