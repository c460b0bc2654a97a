"""Probes of what learns: one step with a rate for each part, unfreezing in stages, evaluation.

As in ``probes.py``, each runs a student's function on a tiny model and reports what it did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from course_lib.probing.tuning import measure_rates, whole_numbers
from course_lib.pytorch.tiny_models import TinyModel, bits_of, flags_of, set_values, tensors_of
from course_lib.training.tiny import PARTS


def model_to_step(
    *,
    images: np.ndarray,
    labels: np.ndarray,
    learning_rate: float,
    factor: float,
    **arrays: np.ndarray,
) -> dict[str, Any]:
    """Give what :func:`rates_of_steps` calls the student's function with."""
    batch = {"images": torch.tensor(images), "labels": torch.tensor(labels)}
    numbers = {"learning_rate": learning_rate, "factor": factor}
    return {"model": TinyModel(arrays).train(), **batch, **numbers}


def model_to_unfreeze(
    *, images: np.ndarray, free: Sequence[int], **arrays: np.ndarray
) -> dict[str, Any]:
    """Give what :func:`stages` calls the student's function with, the first time."""
    return {"model": TinyModel(arrays).train(), "free": int(free[0])}


def model_to_evaluate(
    *, images: np.ndarray, labels: np.ndarray, batch_size: int, **arrays: np.ndarray
) -> dict[str, Any]:
    """Give what :func:`evaluation` calls the student's function with: a model in training mode."""
    model = TinyModel(arrays).train()
    return {
        "model": model, "images": images.copy(), "labels": labels.copy(), "batch_size": batch_size
    }  # fmt: skip


def model_left_by_others(*, frozen: Sequence[str], **arrays: np.ndarray) -> dict[str, Any]:
    """Give what :func:`learning` calls the student's function with: these parts come frozen."""
    model = TinyModel(arrays).train()
    for name in frozen:
        parts_of(model)[name].requires_grad_(False)
    return {"model": model}


ARGUMENTS = {
    "learning": model_left_by_others,
    "rates_of_steps": model_to_step,
    "stages": model_to_unfreeze,
    "evaluation": model_to_evaluate,
}


def rates_of_steps(
    training_step: Callable[..., Any], *, learning_rate: float, factor: float, **given: np.ndarray
) -> dict[str, Any]:
    """Let the student's function make two steps of gradient descent, and measure the rate of each part.

    Args:
        training_step: The student's ``training_step(model, images, labels, learning_rate, factor)``.
        learning_rate, factor: Its arguments.
        given: ``images`` N×H×W×C, ``labels`` N, and arrays as ``draw_tiny`` gives them.

    Returns:
        ``first`` and ``second``: for each step the rates of ``mix``, ``norm`` and ``head``, in this
        order; ``downhill`` (both steps went along the gradient), ``statistics_moved``.
    """
    numbers = {"learning_rate": learning_rate, "factor": factor}
    arguments = model_to_step(**numbers, **given)  # type: ignore[arg-type]
    model, found, straight = arguments["model"], [], []
    before = bits_of(model)
    for _ in range(2):
        old, slopes = values_of(model), slopes_of(model, given)
        training_step(*arguments.values())
        rates, along = measure_rates(old, values_of(model), slopes)
        found.append(rates)
        straight.append(along)
        model.train()
    after = bits_of(model)
    return {
        "first": found[0],
        "second": found[1],
        "downhill": all(straight),
        "statistics_moved": any(after[name] != before[name] for name in ("mean", "variance")),
    }


def learning(
    only_the_head: Callable[[Any], Any], *, frozen: Sequence[str], **arrays: np.ndarray
) -> dict[str, Any]:
    """Let the student's function set and count what learns in a model that others have left.

    Args:
        only_the_head: The student's function of a model with ``.backbone`` and ``.head``; it gives two
            counts.
        frozen: The parts (``mix``, ``norm``, ``head``) that come frozen.
        arrays: As ``draw_tiny`` gives them.

    Returns:
        ``mix``, ``norm`` and ``head``: how many numbers of each take a gradient afterwards;
        ``returned`` (a list of whole numbers; -1, -1 where nothing was), ``values_kept``, bit by bit.
    """
    model = model_left_by_others(frozen=frozen, **arrays)["model"]
    before = bits_of(model)
    returned = only_the_head(model)
    return {
        **numbers_learning(model),
        "returned": whole_numbers(returned),
        "values_kept": bits_of(model) == before,
    }


def stages(
    unfreeze: Callable[[Any, int], Any],
    *,
    images: np.ndarray,
    free: Sequence[int],
    **arrays: np.ndarray,
) -> dict[str, Any]:
    """Call the student's function at one stage after another, and see what would learn in each.

    Before each stage the model is put into training mode; after it, one batch goes through.

    Args:
        unfreeze: The student's ``unfreeze(model, free)``.
        images: N×H×W×C, float32.
        free: For each stage, how many parts should learn, counted from the head.
        arrays: As ``draw_tiny`` gives them.

    Returns:
        ``trainable``: for each stage, how many numbers of ``mix``, ``norm`` and ``head`` take a
        gradient; ``statistics_moved``: for each stage, whether the batch moved them.
    """
    model = model_to_unfreeze(images=images, free=free, **arrays)["model"]
    counts, moved = [], []
    for stage in free:
        model.train()
        unfreeze(model, int(stage))
        counts.append(list(numbers_learning(model).values()))
        before = bits_of(model)
        with torch.no_grad():
            model(torch.tensor(images))
        after = bits_of(model)
        moved.append(any(after[name] != before[name] for name in ("mean", "variance")))
    return {"trainable": counts, "statistics_moved": moved}


def evaluation(
    evaluate: Callable[..., Any],
    *,
    images: np.ndarray,
    labels: np.ndarray,
    batch_size: int,
    **arrays: np.ndarray,
) -> dict[str, Any]:
    """Let the student's function measure a model that comes in training mode.

    Args:
        evaluate: The student's ``evaluate(model, images, labels, batch_size)``; it gives the mean
            loss and the accuracy.
        images: N×H×W×C, float32.
        labels: N, int64.
        batch_size: The largest batch allowed.
        arrays: As ``draw_tiny`` gives them.

    Returns:
        ``loss`` and ``accuracy``, ``statistics_moved``, ``mode_restored`` (and what learns, weight by
        weight), ``gradients_recorded``, ``batch_too_large``.
    """
    given = {"images": images, "labels": labels, "batch_size": batch_size}
    arguments = model_to_evaluate(**given, **arrays)  # type: ignore[arg-type]
    model = arguments["model"]
    before, flags = bits_of(model), flags_of(model)
    loss, accuracy = evaluate(*arguments.values())
    after, notes = bits_of(model), model.backbone.notes
    return {
        "loss": float(loss),
        "accuracy": float(accuracy),
        "statistics_moved": any(after[name] != before[name] for name in ("mean", "variance")),
        "mode_restored": flags_of(model) == flags,
        "gradients_recorded": notes.gradients_recorded,
        "batch_too_large": max(notes.batch_sizes, default=0) > batch_size,
    }


def parts_of(model: nn.Module) -> dict[str, nn.Module]:
    """Give the parts of a tiny model from input to output."""
    return {"mix": model.backbone.mix, "norm": model.backbone.norm, "head": model.head}


def numbers_learning(model: nn.Module) -> dict[str, int]:
    """Count, for each part of a tiny model, the numbers that take a gradient."""
    return {
        name: sum(w.numel() for w in part.parameters() if w.requires_grad)
        for name, part in parts_of(model).items()
    }


def values_of(model: nn.Module) -> dict[str, list[np.ndarray]]:
    """Give the weights of each part of a tiny model."""
    tensors = tensors_of(model)
    return {p: [tensors[n].detach().numpy().copy() for n in names] for p, names in PARTS.items()}


def slopes_of(model: nn.Module, given: dict[str, np.ndarray]) -> dict[str, list[np.ndarray]]:
    """Give the gradient of the mean cross-entropy for each part, in training mode, on a copy."""
    twin = TinyModel({n: t.detach().numpy() for n, t in tensors_of(model).items()}).train()
    for tensor, own in zip(tensors_of(twin).values(), tensors_of(model).values(), strict=True):
        set_values(tensor, own.detach().numpy())
    loss = functional.cross_entropy(
        twin(torch.tensor(given["images"])), torch.tensor(given["labels"])
    )
    loss.backward()
    leaves = {"kernel": twin.backbone.mix.weight, "gamma": twin.backbone.norm.weight,
              "beta": twin.backbone.norm.bias, "head": twin.head.weight, "bias": twin.head.bias}  # fmt: skip
    slopes = {n: w.grad.numpy().T.copy() for n, w in leaves.items() if w.grad is not None}
    return {part: [slopes[n] for n in names] for part, names in PARTS.items()}
