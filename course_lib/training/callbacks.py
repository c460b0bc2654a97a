"""What happens between epochs. A callback sees the run, never a framework."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np

from course_lib.arguments import require_all_made, require_count, require_number
from course_lib.errors import CourseError
from course_lib.training.history import History

State = dict[str, np.ndarray]


class Run(Protocol):
    """A training in progress, as callbacks see it. Both halves have one.

    Attributes:
        history: The record so far; its last epoch is the one that just ended.
        stop: Set it to end the training after this epoch.
        writes: Whether this process writes files: of several that train together, the first one.
        settings: What makes this run the one it is (epochs, data, recipe …), as JSON-able values.
        part_names: The parts of the model that have something to learn, from input to output.
    """

    history: History
    stop: bool
    writes: bool

    @property
    def settings(self) -> dict[str, object]: ...
    @property
    def part_names(self) -> list[str]: ...
    def let_learn(self, parts: Sequence[str]) -> None: ...
    def weights(self) -> State: ...
    def load_weights(self, weights: State) -> None: ...
    def state(self) -> State: ...
    def load_state(self, state: State) -> None: ...


class Callback:
    """Does nothing, at four moments. Subclass it and fill in the ones that matter."""

    def on_begin(self, run: Run) -> None:
        """Called once before the first epoch."""

    def on_epoch_begin(self, run: Run) -> None:
        """Called before each epoch."""

    def on_epoch_end(self, run: Run) -> None:
        """Called after each epoch and its validation."""

    def on_end(self, run: Run) -> None:
        """Called once after the last epoch."""

    def settings(self) -> dict[str, object]:
        """Give the numbers that a resumed run must share, for what changes the training itself."""
        return {}

    def state(self) -> State:
        """Give what a resumed run must know of this callback."""
        return {}

    def load_state(self, state: State) -> None:
        """Take back what :meth:`state` gave."""


class EarlyStopping(Callback):
    """Stop when the validation no longer gets better, and go back to the best epoch's weights.

    Prechelt, *Early Stopping – But When?*, 1998.

    Args:
        monitor: An entry of ``History.epochs``; names with ``accuracy`` should rise, others fall.
        patience: How many epochs without improvement to wait, at least one.
        min_delta: An improvement smaller than this does not count.
        restore_best: Whether to put the best weights back at the end.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        *,
        patience: int = 3,
        min_delta: float = 0.0,
        restore_best: bool = True,
    ) -> None:
        self.monitor, self.patience = monitor, require_count("patience", patience)
        self.min_delta = require_number("min_delta", min_delta)
        self.restore_best = bool(restore_best)

    def on_begin(self, run: Run) -> None:
        self.best, self.waited = -np.inf, 0
        self.best_weights: State = {}

    def on_epoch_end(self, run: Run) -> None:
        score = self._score(run.history)
        if score > self.best + self.min_delta:
            self.best, self.waited = score, 0
            self.best_weights = run.weights() if self.restore_best else {}
        else:
            self.waited += 1
        run.stop = run.stop or self.waited >= self.patience

    def on_end(self, run: Run) -> None:
        if self.best_weights:
            run.load_weights(self.best_weights)

    def settings(self) -> dict[str, object]:
        names = ("monitor", "patience", "min_delta", "restore_best")
        return {name: getattr(self, name) for name in names}

    def state(self) -> State:
        numbers = {"best": np.array(self.best), "waited": np.array(self.waited)}
        return numbers | {f"weights.{name}": w for name, w in self.best_weights.items()}

    def load_state(self, state: State) -> None:
        self.best, self.waited = float(state["best"]), int(state["waited"])
        self.best_weights = below("weights.", state)

    def _score(self, history: History) -> float:
        """Give the monitored value with its sign turned so that more is better."""
        epoch = history.epochs[-1]
        if self.monitor not in epoch:
            raise CourseError(
                f"EarlyStopping watches {self.monitor!r}, but an epoch records only {sorted(epoch)}: "
                "pass validation= to fit, or choose another monitor.",
                f"EarlyStopping 要看 {self.monitor!r}，但每轮只记录了 {sorted(epoch)}："
                "请在 fit 中给出 validation=，或换一个 monitor。",
            )
        return epoch[self.monitor] * (1 if "accuracy" in self.monitor else -1)


def as_callbacks(callbacks: Any) -> list[Callback]:
    """Give the callbacks of a training as a list: objects, not classes, and not one alone."""
    return require_all_made("callbacks", callbacks, Callback, "EarlyStopping()")


def settings_of(callbacks: Iterable[Callback]) -> list[list[object]]:
    """Give kind and settings of each callback that has some: what a checkpoint compares."""
    return [[type(c).__name__, c.settings()] for c in callbacks if c.settings()]


def below(prefix: str, state: State) -> State:
    """Give the entries whose names start with a prefix, without it."""
    return {key[len(prefix) :]: v for key, v in state.items() if key.startswith(prefix)}
