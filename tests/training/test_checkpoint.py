"""Checkpoints and early stopping, on a run without any framework."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.training import Checkpoint, EarlyStopping, History
from course_lib.training.callbacks import Callback, State, below
from course_lib.training.checkpoint import checkpoints_last


class FakeRun:
    """A run whose weight is the number of epochs and whose validation is given."""

    def __init__(self, callbacks: list[Callback], epochs: int = 6, **settings: object) -> None:
        self.history, self.stop, self.writes, self.w = History(), False, True, 0.0
        self.settings: dict[str, object] = {"epochs": epochs, **settings}
        self.callbacks = checkpoints_last(callbacks)

    def weights(self) -> State:
        return {"w": np.array([self.w])}

    def load_weights(self, weights: State) -> None:
        self.w = float(weights["w"][0])

    def state(self) -> State:
        state = {f"weights.{n}": w for n, w in self.weights().items()}
        for i, callback in enumerate(self.callbacks):
            state |= {f"callback{i}.{n}": v for n, v in callback.state().items()}
        return state

    def load_state(self, state: State) -> None:
        self.load_weights(below("weights.", state))
        for i, callback in enumerate(self.callbacks):
            callback.load_state(below(f"callback{i}.", state))

    def go(self, scores: list[float], until: int | None = None) -> FakeRun:
        for callback in self.callbacks:
            callback.on_begin(self)
        for epoch in range(len(self.history.epochs), until or len(scores)):
            if self.stop:
                break
            self.w += 1
            self.history.epochs.append({"epoch": epoch, "val_loss": scores[epoch]})
            for callback in self.callbacks:
                callback.on_epoch_end(self)
        if until is None:
            for callback in self.callbacks:
                callback.on_end(self)
        return self


SCORES = [3.0, 2.0, 2.5, 2.4, 1.0, 0.5]


def test_early_stopping_waits_then_restores_the_best() -> None:
    run = FakeRun([EarlyStopping(patience=2)]).go(SCORES)
    assert len(run.history.epochs) == 4 and run.w == 2.0


def test_early_stopping_can_keep_the_last_weights_and_demand_more() -> None:
    stopping = EarlyStopping(patience=1, min_delta=1.5, restore_best=False)
    assert FakeRun([stopping]).go(SCORES).w == 2.0


def test_early_stopping_says_what_there_is_to_watch() -> None:
    with pytest.raises(CourseError, match="val_accuracy"):
        FakeRun([EarlyStopping("val_accuracy")]).go(SCORES)


@pytest.mark.parametrize("cut", range(1, 5))
def test_a_resumed_run_ends_as_an_uninterrupted_one(cut: int, tmp_path: Path) -> None:
    whole = FakeRun([EarlyStopping(patience=2)]).go(SCORES)
    path = tmp_path / "run.safetensors"
    FakeRun([Checkpoint(path), EarlyStopping(patience=2)]).go(SCORES, until=cut)
    resumed = FakeRun([Checkpoint(path), EarlyStopping(patience=2)]).go(SCORES)
    assert resumed.w == whole.w and resumed.history == whole.history


def test_it_is_written_every_few_epochs_and_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    FakeRun([Checkpoint(path, every=4)]).go(SCORES, until=3)
    assert not path.exists()
    FakeRun([Checkpoint(path, every=4)]).go(SCORES)
    assert FakeRun([Checkpoint(path)]).go(SCORES).w == 6.0


def test_a_checkpoint_of_another_run_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    FakeRun([Checkpoint(path)], seed=0).go(SCORES)
    with pytest.raises(CourseError, match="seed"):
        FakeRun([Checkpoint(path)], seed=1).go(SCORES)


class TrainedRun(FakeRun):
    """A run that works its settings out when first asked, from its weights: as the real ones do."""

    settings = cached_property(lambda run: {"epochs": 6, "start": run.w})  # type: ignore[assignment]

    def __init__(self, callbacks: list[Callback], start: float) -> None:
        self.history, self.stop, self.writes, self.w = History(), False, True, start
        self.callbacks = checkpoints_last(callbacks)


def test_a_run_is_known_by_the_weights_it_starts_with_not_by_those_it_has_when_it_saves(
    tmp_path: Path,
) -> None:
    path = tmp_path / "run.safetensors"
    TrainedRun([Checkpoint(path)], start=0.5).go(SCORES, until=2)
    resumed = TrainedRun([Checkpoint(path)], start=0.5).go(SCORES)
    assert resumed.w == 6.5 and len(resumed.history.epochs) == 6
    with pytest.raises(CourseError, match=r"differs in: start\)"):
        TrainedRun([Checkpoint(path)], start=2.5).go(SCORES)  # what the first had when it saved


def test_another_file_is_not_a_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not tensors at all")
    with pytest.raises(CourseError, match="not a checkpoint"):
        FakeRun([Checkpoint(path)]).go(SCORES)
