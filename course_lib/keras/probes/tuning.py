"""Probes of what learns: one step with a rate for each part, unfreezing in stages, evaluation.

As in ``probes.py``, each runs a student's function on a tiny model and reports what it did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, ops

from course_lib.keras.differentiation import gradients
from course_lib.keras.losses import cross_entropy
from course_lib.keras.tiny_models import TinyModel, all_flags_of, bits_of, variables_of
from course_lib.probing.tuning import measure_rates, whole_numbers
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
    batch = {"images": ops.convert_to_tensor(images), "labels": ops.convert_to_tensor(labels)}
    numbers = {"learning_rate": learning_rate, "factor": factor}
    return {"model": TinyModel(arrays), **batch, **numbers}


def model_to_unfreeze(
    *, images: np.ndarray, free: Sequence[int], **arrays: np.ndarray
) -> dict[str, Any]:
    """Give what :func:`stages` calls the student's function with, the first time."""
    return {"model": TinyModel(arrays), "free": int(free[0])}


def model_to_evaluate(
    *, images: np.ndarray, labels: np.ndarray, batch_size: int, **arrays: np.ndarray
) -> dict[str, Any]:
    """Give what :func:`evaluation` calls the student's function with."""
    model = TinyModel(arrays)
    return {
        "model": model, "images": images.copy(), "labels": labels.copy(), "batch_size": batch_size
    }  # fmt: skip


def model_left_by_others(*, frozen: Sequence[str], **arrays: np.ndarray) -> dict[str, Any]:
    """Give what :func:`learning` calls the student's function with: these parts come frozen."""
    model = TinyModel(arrays)
    for name in frozen:
        parts_of(model)[name].trainable = False
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

    After each stage, one batch goes through in training mode.

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
        unfreeze(model, int(stage))
        counts.append(list(numbers_learning(model).values()))
        before = bits_of(model)
        model(images, training=True)
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
    """Let the student's function measure a model.

    Args:
        evaluate: The student's ``evaluate(model, images, labels, batch_size)``; it gives the mean
            loss and the accuracy.
        images: N×H×W×C, float32.
        labels: N, int64.
        batch_size: The largest batch allowed.
        arrays: As ``draw_tiny`` gives them.

    Returns:
        ``loss`` and ``accuracy``, ``statistics_moved``, ``mode_restored`` (the ``trainable`` flags),
        ``gradients_recorded`` (never seen in Keras), ``batch_too_large``.
    """
    given = {"images": images, "labels": labels, "batch_size": batch_size}
    arguments = model_to_evaluate(**given, **arrays)  # type: ignore[arg-type]
    model = arguments["model"]
    before, flags = bits_of(model), all_flags_of(model)
    loss, accuracy = evaluate(*arguments.values())
    after, notes = bits_of(model), model.backbone.notes
    return {
        "loss": float(loss),
        "accuracy": float(accuracy),
        "statistics_moved": any(after[name] != before[name] for name in ("mean", "variance")),
        "mode_restored": all_flags_of(model) == flags,
        "gradients_recorded": False,
        "batch_too_large": max(notes.batch_sizes, default=0) > batch_size,
    }


def numbers_of(weights: Any) -> int:
    """Count the numbers in some weights."""
    return sum(int(np.prod(w.shape)) for w in weights)


def parts_of(model: keras.Model) -> dict[str, keras.Layer]:
    """Give the parts of a tiny model from input to output."""
    return {"mix": model.backbone.mix, "norm": model.backbone.norm, "head": model.head}


def numbers_learning(model: keras.Model) -> dict[str, int]:
    """Count, for each part of a tiny model, the numbers that take a gradient."""
    free = {id(w) for w in model.trainable_weights}
    return {
        name: numbers_of(w for w in part.weights if id(w) in free)
        for name, part in parts_of(model).items()
    }


def values_of(model: keras.Model) -> dict[str, list[np.ndarray]]:
    """Give the weights of each part of a tiny model."""
    found = variables_of(model)
    return {p: [np.array(ops.convert_to_numpy(found[n])) for n in ns] for p, ns in PARTS.items()}


def slopes_of(model: keras.Model, given: dict[str, np.ndarray]) -> dict[str, list[np.ndarray]]:
    """Give the gradient of the mean cross-entropy for each part, in training mode, on a copy."""
    twin = TinyModel({n: ops.convert_to_numpy(v) for n, v in variables_of(model).items()})
    names = [name for part in PARTS.values() for name in part]
    weights = [variables_of(twin)[name] for name in names]

    def loss() -> KerasTensor:
        return cross_entropy(twin(given["images"], training=True), given["labels"])

    found = [np.array(ops.convert_to_numpy(g)) for g in gradients(loss, weights)[1]]
    slopes = dict(zip(names, found, strict=True))
    return {part: [slopes[name] for name in names] for part, names in PARTS.items()}
