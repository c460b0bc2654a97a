"""Probes of what leaves the notebook: the weights that are shipped, the answers that are served."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from course_lib.keras.tiny_models import TinyModel, bits_of, variables_of
from course_lib.probing.serving import report_answers, report_shipped


def model_to_ship(*, images: np.ndarray, **arrays: np.ndarray) -> dict[str, Any]:
    """Give what :func:`shipping` calls the student's function with."""
    return {"model": TinyModel(arrays)}


def model_to_serve(*, images: np.ndarray, batch_size: int, **arrays: np.ndarray) -> dict[str, Any]:
    """Give what :func:`answering` calls the student's function with."""
    return {"model": TinyModel(arrays), "images": images.copy(), "batch_size": batch_size}


ARGUMENTS = {"shipping": model_to_ship, "answering": model_to_serve}


def shipping(
    weights_to_ship: Callable[..., Any], *, images: np.ndarray, **arrays: np.ndarray
) -> dict[str, Any]:
    """Let the student's function take the weights out of a model, spoil the model, and use them.

    Args:
        weights_to_ship: The student's function of a model.
        images: N×H×W×C, float32.
        arrays: As ``draw_tiny`` gives them.

    Returns:
        See :func:`course_lib.probing.serving.report_shipped`.
    """
    model = model_to_ship(images=images, **arrays)["model"]
    shipped = weights_to_ship(model)
    for variable in variables_of(model).values():
        variable.assign(ops.full_like(variable, 0.5))  # training goes on: what was shipped must not
    return report_shipped(shipped, images, arrays)


def answering(
    answer: Callable[..., Any], *, images: np.ndarray, batch_size: int, **arrays: np.ndarray
) -> dict[str, Any]:
    """Let the student's function answer for several images, then for the first one alone.

    Args:
        answer: The student's ``answer(model, images, batch_size)``; it gives probabilities N×K.
        images: N×H×W×C, float32.
        batch_size: The largest batch allowed.
        arrays: As ``draw_tiny`` gives them.

    Returns:
        ``together`` N×K, ``alone`` 1×K, ``statistics_moved``, ``gradients_recorded``,
        ``batch_too_large`` (in one of the calls, the last of which allows one picture at a time),
        ``left_as_found`` (what learns, and in which layers). Keras records no gradient
        of its own accord.
    """
    model = model_to_serve(images=images, batch_size=batch_size, **arrays)["model"]
    before, notes = bits_of(model), model.backbone.notes
    learns = {id(w) for w in model.trainable_weights}
    together = answer(model, images.copy(), batch_size)
    alone = answer(model, images[:1].copy(), batch_size)
    too_large = max(notes.batch_sizes, default=0) > batch_size
    notes.batch_sizes.clear()
    answer(model, images[:2].copy(), 1)
    after = bits_of(model)
    return report_answers(
        together,
        alone,
        statistics_moved=any(after[name] != before[name] for name in ("mean", "variance")),
        gradients_recorded=False,
        batch_too_large=too_large or max(notes.batch_sizes, default=0) > 1,
        left_as_found={id(w) for w in model.trainable_weights} == learns,
    )
