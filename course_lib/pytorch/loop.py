"""The training loop: one for the whole course. What differs between methods is the objective."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.arguments import require_made
from course_lib.pytorch import distributed
from course_lib.pytorch.batch_norm import (
    estimate_statistics,
    freeze_statistics,
    require_spread,
    still,
)
from course_lib.pytorch.devices import autocast, threads_for
from course_lib.pytorch.freezing import train_mode, train_mode_by_block
from course_lib.pytorch.inference import evaluate, finish_building, taking
from course_lib.pytorch.objectives import Objective, require_objective
from course_lib.pytorch.optimizers import set_learning_rate
from course_lib.pytorch.run import Run
from course_lib.training.batches import as_arrays, as_held_out, shares
from course_lib.training.callbacks import Callback
from course_lib.training.checkpoint import checkpoints_last
from course_lib.training.history import History
from course_lib.training.plan import Plan
from course_lib.training.progress import progress_bar
from course_lib.training.recipes import AdamW, Recipe


def fit(
    model: nn.Module,
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

    Started by ``torchrun``, several processes share the work: see ``distributed.py``.

    Args:
        model: Anything that maps a batch of ``x`` to outputs. What is frozen stays as it is,
            BatchNorm statistics included. Afterwards the model is in inference mode.
        train: A ``Domain``, a pair ``(x, y)``, or a mapping of arrays for an objective that needs
            more (``{"x": …, "y": …, "x_t": …}``). What is on disk (``np.memmap``, a folder of images:
            see ``course_lib.training.stored``) is read batch by batch, with the same result.
        objective: What to make small; ``CrossEntropy()`` unless given.
        optimizer: A recipe, ``SGD``, ``Adam`` or ``AdamW`` (the default).
        epochs: How often the examples of ``x`` are seen.
        batch_size: Examples per step (the last batch may be smaller; a single one left over joins
            the batch before it), over all processes.
        accumulate: Into how many parts a batch is cut, to save memory: their gradients add up to
            the whole batch's, then comes one update. What looks across examples (BatchNorm in
            training, mix-up's partners) sees the parts, not the batch.
        batch_norm: What BatchNorm layers do where they are not frozen: ``"moving"``, they normalise
            by the batch and their statistics follow; ``"frozen"``, they normalise by the statistics
            that they have; ``"estimated"``, the same, after ``estimate_statistics`` on ``x``.
        validation: A ``Domain`` or a pair, measured after each epoch. Never used to train.
        callbacks: ``EarlyStopping``, ``Checkpoint`` or your own.
        precision: ``"auto"``, ``"float32"`` or ``"bfloat16"``.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` …
        seed: Decides the order of the examples and what dropout drops.
        progress: Whether to show a bar (never where a machine is looking).

    Raises:
        CourseError: For unusable data, a fully frozen model, or a loss that is no longer finite.
    """
    distributed.share_batches()
    require_made("model", model, nn.Module, "attach_head(backbone, 10)")
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
    run = Run(model, objective, plan, precision=precision, device=device, callbacks=callbacks)
    for callback in callbacks:
        callback.on_begin(run)
    try:
        with taking(model, plan.arrays["x"]), threads_for(model, run.device):
            train_epochs(run, validation, progress)
    finally:
        run.let_learn(run.part_names)  # what a callback has held back is as free as before
    for callback in callbacks:
        callback.on_end(run)
    model.eval()
    return run.history


def train_epochs(run: Run, validation: Any, progress: bool) -> None:
    """Train epoch by epoch until the plan is done or a callback says stop."""
    first, started = len(run.history.epochs), time.perf_counter() - run.history.seconds
    todo = run.plan.epochs - first
    with (
        progress_bar(todo * len(run.plan.sizes), "fit", show=progress and run.writes) as bar,
        own_randomness(run),
    ):
        for epoch in range(first, run.plan.epochs):
            if run.stop:
                break
            for callback in run.callbacks:
                callback.on_epoch_begin(run)
            losses = train_epoch(run, epoch, bar).tolist()  # the one transfer from the device
            measured = validate(run, validation)
            run.plan.record(run.history, losses, measured, time.perf_counter() - started)
            for callback in run.callbacks:
                callback.on_epoch_end(run)


def train_epoch(run: Run, epoch: int, bar: Any) -> Tensor:
    """See every example once; give the losses of all steps, still on the device."""
    # Each epoch its own: resuming needs no more. And each process: they drop different units.
    torch.manual_seed(run.plan.seed * 100_003 + epoch + distributed.rank() * 2**40)
    train_mode(run.parts)
    train_mode_by_block(run.model)
    if run.plan.batch_norm != "moving":
        freeze_statistics(run.parts)
    losses = torch.empty(len(run.plan.sizes), device=run.device)
    run.loss_of = distributed.together(run.parts)
    for i, (share, rows) in enumerate(run.epoch_rows(epoch)):
        losses[i] = train_step(run, rows, share, epoch * len(losses) + i)
        bar.update()
    distributed.average_statistics(run.parts)
    return distributed.add_up(losses)


def train_step(run: Run, rows: dict[str, Tensor], share: float, step: int) -> Tensor:
    """Forward, backward, update. Nothing here waits for the device."""
    set_learning_rate(run.optimizer, run.plan.rates[step])
    run.optimizer.zero_grad()
    *before, last = shares(rows, run.plan.accumulate)
    with distributed.alone(run.loss_of):
        losses = [add_gradients(run, part, share * of_it, step) for of_it, part in before]
    losses.append(add_gradients(run, last[1], share * last[0], step))
    run.optimizer.step()
    return torch.stack(losses).sum() if before else losses[0]


def add_gradients(run: Run, rows: dict[str, Tensor], share: float, step: int) -> Tensor:
    """Forward and backward: add ``share`` times the gradient to what the weights have of it.

    What has no share moves nothing, BatchNorm statistics included.
    """
    with autocast(run.device, run.dtype), still(run.parts) if share == 0 else nullcontext():
        loss = run.loss_of(run.batch(rows, step))
    loss = loss if share == 1 else share * loss
    count = distributed.processes()
    (loss if count == 1 else count * loss).backward()  # of several processes' gradients, the mean
    return loss.detach()


def validate(run: Run, validation: Any) -> dict[str, float]:
    """Measure the validation data, if there is any."""
    if validation is None:
        return {}
    objective, precision, device = run.objective, run.precision, str(run.device)
    return distributed.from_first(
        lambda: evaluate(
            run.model, validation, objective=objective, precision=precision, device=device
        )
    )


def own_randomness(run: Run) -> Any:
    """Draw from a random state of our own inside a ``with``; the caller's is left as it was."""
    devices = [torch.cuda.current_device()] if run.device.type == "cuda" else []
    return torch.random.fork_rng(devices=devices)
