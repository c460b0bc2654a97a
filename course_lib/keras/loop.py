"""The training loop: Keras's own, driving one model for the whole course.

What differs between methods is the objective, which becomes the ``compute_loss`` of the
``Learner``. Gradients, updates and compilation are Keras's.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from typing import Any

import keras
import numpy as np

from course_lib.arguments import require_made
from course_lib.keras.batch_norm import estimate_statistics, require_spread, statistics
from course_lib.keras.devices import choose_device, choose_precision, computing_in
from course_lib.keras.inference import evaluate, finish_building, taking
from course_lib.keras.learner import Rows, nobody
from course_lib.keras.objectives import Objective, require_objective
from course_lib.keras.run import Run
from course_lib.keras_backend.running import as_the_engine_reads
from course_lib.training.batches import as_arrays, as_held_out
from course_lib.training.callbacks import Callback
from course_lib.training.checkpoint import checkpoints_last
from course_lib.training.history import History
from course_lib.training.plan import Plan
from course_lib.training.progress import progress_bar
from course_lib.training.recipes import AdamW, Recipe


def fit(
    model: keras.Model,
    train: Any,
    *,
    objective: Objective | None = None,
    optimizer: Recipe | None = None,
    epochs: int,
    batch_size: int = 64,
    accumulate: int = 1,
    batch_norm: str = "moving",
    validation: Any = None,
    callbacks: Sequence[Callback] = (),
    precision: str = "auto",
    device: str = "auto",
    seed: int = 0,
    progress: bool = True,
) -> History:
    """Train a model in place and give the record of it.

    After ``share_batches()``, several devices share the work: see ``distributed.py``.

    Args:
        model: Anything that maps a batch of ``x`` to outputs. What is frozen stays as it is,
            BatchNorm statistics included.
        train: A ``Domain``, a pair ``(x, y)``, or a mapping of arrays for an objective that needs
            more (``{"x": …, "y": …, "x_t": …}``). What is on disk (``np.memmap``, a folder of images:
            see ``course_lib.training.stored``) is read batch by batch, with the same result.
        objective: What to make small; ``CrossEntropy()`` unless given.
        optimizer: A recipe, ``SGD``, ``Adam`` or ``AdamW`` (the default).
        epochs: How often the examples of ``x`` are seen.
        batch_size: Examples per step (the last batch may be smaller; a single one left over joins
            the batch before it), over all devices.
        accumulate: Into how many parts a batch is cut, to save memory: their gradients add up to
            the whole batch's, then comes one update. What looks across examples (BatchNorm in
            training, mix-up's partners) sees the parts, not the batch.
        batch_norm: What BatchNorm layers do where they are not frozen: ``"moving"``, they normalise
            by the batch and their statistics follow; ``"frozen"``, they normalise by the statistics
            that they have; ``"estimated"``, the same, after ``estimate_statistics`` on ``x``.
        validation: A ``Domain`` or a pair, measured after each epoch. Never used to train.
        callbacks: ``EarlyStopping``, ``Checkpoint`` or your own.
        precision: ``"auto"``, ``"float32"`` or ``"bfloat16"``.
        device: ``"auto"``, ``"cpu"``, ``"gpu"`` …
        seed: Decides the order of the examples and what dropout drops.
        progress: Whether to show a bar (never where a machine is looking).

    Raises:
        CourseError: For unusable data, a fully frozen model, or a loss that is no longer finite.
    """
    require_made("model", model, keras.Layer, "attach_head(backbone, 10)")
    recipe = AdamW() if optimizer is None else optimizer
    plan = Plan(as_arrays(train), recipe, epochs, batch_size, seed, accumulate, batch_norm)
    objective, validation = require_objective(objective), as_held_out(validation)
    objective.check(plan.arrays)
    callbacks = checkpoints_last(callbacks)
    finish_building(model, plan.arrays["x"])
    if plan.has_single and batch_norm == "moving":
        require_spread(model, plan.arrays["x"])
    if batch_norm == "estimated":
        estimate_statistics(model, plan.arrays["x"], device=device)
    with choose_device(device), computing_in(choose_precision(precision), model):
        run = Run(model, objective, plan, precision=precision, device=device, callbacks=callbacks)
        for callback in callbacks:
            callback.on_begin(run)
        try:
            with taking(model, plan.arrays["x"]):
                train_epochs(run, validation, progress)
        finally:
            run.let_learn(run.part_names)  # what a callback has held back is as free as before
        for callback in callbacks:
            callback.on_end(run)
    history = run.history
    del run
    gc.collect()  # Keras's objects hold on to one another: a dozen fits would keep a gigabyte
    return history


def train_epochs(run: Run, validation: Any, progress: bool) -> None:
    """Let Keras train epoch by epoch until the plan is done or a callback says stop."""
    first, parts = len(run.history.epochs), len(run.plan.sizes) * run.plan.accumulate
    if run.stop or first == run.plan.epochs:
        return
    todo = run.plan.epochs - first
    run.learner.step.assign(first * parts)
    rows = Rows(run.plan, run.objective, first, run.learner.terms)
    bar = progress_bar(todo * len(run.plan.sizes), "fit", show=progress)
    with closing(rows), bar, statistics_as_planned(run):
        run.learner.fit(
            as_the_engine_reads(rows, parts * todo),
            **calls(run, todo, BetweenEpochs(run, validation, bar)),
            initial_epoch=first,
            shuffle=False,  # the order is NumPy's
            verbose=0,
        )


def calls(run: Run, todo: int, between: BetweenEpochs) -> dict[str, Any]:
    """Say how Keras is to call the learner: for each step, for each epoch, or for all if nothing is between."""
    learner, parts = run.learner, len(run.plan.sizes) * run.plan.accumulate
    learner.make_train_function()
    if learner.many is None:
        return {"steps_per_epoch": parts, "epochs": run.plan.epochs, "callbacks": [between]}
    if run.callbacks or between.validation is not None or random_layers(learner):
        learner.steps_a_call, learner.tell = parts, nobody
        return {"steps_per_epoch": 1, "epochs": run.plan.epochs, "callbacks": [between]}
    learner.steps_a_call, learner.tell = parts * todo, between.record_epochs
    return {"steps_per_epoch": 1, "epochs": run.plan.epochs - todo + 1}


class BetweenEpochs(keras.callbacks.Callback):
    """What the PyTorch half does around an epoch, as Keras calls it."""

    def __init__(self, run: Run, validation: Any, bar: Any) -> None:
        super().__init__()
        self.run, self.validation, self.bar = run, validation, bar
        self.first, self.started = (
            len(run.history.epochs),
            time.perf_counter() - run.history.seconds,
        )

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        for callback in self.run.callbacks:
            callback.on_epoch_begin(self.run)
        reseed(self.run.learner, self.run.plan.seed, epoch)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        run = self.run
        measured = validate(run, self.validation)
        self.record(1, measured)
        for callback in run.callbacks:
            callback.on_epoch_end(run)
        self.model.stop_training = run.stop

    def record_epochs(self, done: int) -> None:
        """Record the epochs that are complete after so many of Keras's steps."""
        parts = len(self.run.plan.sizes) * self.run.plan.accumulate
        self.record(self.first + done // parts - len(self.run.history.epochs), {})

    def record(self, count: int, measured: dict[str, float]) -> None:
        """Record so many epochs; they share the time that has passed."""
        plan, history = self.run.plan, self.run.history
        each = (time.perf_counter() - self.started - history.seconds) / max(count, 1)
        per_epoch = len(plan.sizes)
        losses = self.run.learner.losses_from(len(history.loss), count * per_epoch) if count else []
        for i in range(count):
            own = losses[i * per_epoch : (i + 1) * per_epoch]
            plan.record(history, own, measured, history.seconds + each)
            self.bar.update(per_epoch)


def statistics_as_planned(run: Run) -> AbstractContextManager:
    """Give BatchNorm layers the plan's policy inside a ``with`` statement."""
    if run.plan.batch_norm == "moving":
        return nullcontext()
    return statistics(run.learner, "frozen")


def validate(run: Run, validation: Any) -> dict[str, float]:
    """Measure the validation data, if there is any."""
    if validation is None:
        return {}
    objective, precision, device = run.objective, run.precision, run.device
    return evaluate(run.model, validation, objective=objective, precision=precision, device=device)


def reseed(learner: keras.Model, seed: int, epoch: int) -> None:
    """Give every random layer its state for this epoch: resuming needs no more than the number."""
    for i, layer in enumerate(random_layers(learner)):
        state = layer.seed_generator.state
        drawn = np.random.default_rng([seed, epoch, i]).integers(2**31, size=state.shape)
        state.assign(drawn.astype(state.dtype))


def random_layers(learner: keras.Model) -> list[keras.Layer]:
    """Give the layers that draw random numbers."""
    return [layer for layer in learner._flatten_layers() if hasattr(layer, "seed_generator")]
