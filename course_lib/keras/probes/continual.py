"""Probes of chapter 09: a step that holds weights, and a head that grows.

As in ``probes.py``, each runs a student's function on a tiny model and reports what it did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from course_lib.keras.tiny_models import TinyModel, as_array, bits_of, variables_of
from course_lib.probing.adapting import is_linear
from course_lib.probing.continual import HELD, held_values


def model_to_hold(
    *,
    images: np.ndarray,
    labels: np.ndarray,
    strength: float,
    learning_rate: float,
    **arrays: np.ndarray,
) -> dict[str, Any]:
    """Give what :func:`held_steps` calls the student's function with."""
    model = TinyModel(arrays)
    found = variables_of(model)
    anchor, fisher = (
        [ops.convert_to_tensor(values) for _, values in held_values(arrays, which)]
        for which in ("anchor", "fisher")
    )
    return {
        "model": model, "weights": [found[name] for name in HELD], "anchor": anchor,
        "fisher": fisher, "images": ops.convert_to_tensor(images),
        "labels": ops.convert_to_tensor(labels), "strength": strength,
        "learning_rate": learning_rate,
    }  # fmt: skip


def head_to_grow(*, extra: int, **arrays: np.ndarray) -> dict[str, Any]:
    """Give what :func:`growing` calls the student's function with."""
    return {"head": TinyModel(arrays).head, "extra": extra}


ARGUMENTS = {"held_steps": model_to_hold, "growing": head_to_grow}


def held_steps(ewc_step: Callable[..., Any], **given: Any) -> dict[str, Any]:
    """Let the student's function make two steps of descent with a quadratic penalty.

    Args:
        ewc_step: The student's ``ewc_step(model, weights, anchor, fisher, images, labels, strength,
            learning_rate)``.
        given: What :func:`model_to_hold` takes; ``anchor_kernel``, ``fisher_kernel`` … among it.

    Returns:
        The arrays of ``HELD`` after the second step, under their names; ``statistics_moved``;
        ``given_unchanged``: anchor and Fisher are what they were.
    """
    arguments = model_to_hold(**given)
    model, lists = arguments["model"], [*arguments["anchor"], *arguments["fisher"]]
    before, copies = bits_of(model), [as_array(values) for values in lists]
    for _ in range(2):
        ewc_step(*arguments.values())
    after, found = bits_of(model), variables_of(model)
    kept = [np.array_equal(as_array(now), was) for now, was in zip(lists, copies, strict=True)]
    return {name: as_array(found[name]) for name in HELD} | {
        "statistics_moved": any(after[name] != before[name] for name in ("mean", "variance")),
        "given_unchanged": all(kept),
    }


def growing(
    grown_head: Callable[[Any, int], Any], *, extra: int, **arrays: np.ndarray
) -> dict[str, Any]:
    """Let the student's function give a larger head, and look at both.

    Args:
        grown_head: The student's ``grown_head(head, extra)``; it gives a new ``Dense`` layer.
        extra: How many outputs more.
        arrays: As ``draw_tiny`` gives them.

    Returns:
        ``kernel`` (D×(K+extra)) and ``bias`` of the new layer; ``trainable`` (how many of its numbers
        take a gradient), ``linear`` (the new layer is), ``new_at_zero`` (the last ``extra`` outputs),
        ``old_unchanged`` (its weights bit by bit, and which of them learn), ``independent`` (what
        happens to the new layer, the old one does not feel).
    """
    given = head_to_grow(extra=extra, **arrays)
    old = given["head"]
    before = old.get_weights()
    new = grown_head(*given.values())
    if not new.built:
        new(np.zeros((1, len(before[0])), np.float32))
    unchanged = same(old, before) and len(old.trainable_weights) == len(before)
    kernel, bias = (np.array(w) for w in new.get_weights())
    trainable = sum(int(np.prod(w.shape)) for w in new.trainable_weights)
    linear = is_linear(lambda v: as_array(new(v)), len(kernel))
    new.set_weights([kernel + 1, bias + 1])
    at_zero = not kernel[:, -extra:].any() and not bias[-extra:].any()
    return {
        "kernel": kernel, "bias": bias, "trainable": trainable, "linear": linear,
        "new_at_zero": at_zero, "old_unchanged": unchanged, "independent": same(old, before),
    }  # fmt: skip


def same(layer: keras.Layer, weights: list[np.ndarray]) -> bool:
    """Say whether a layer still has these weights."""
    now = layer.get_weights()
    return len(now) == len(weights) and all(map(np.array_equal, now, weights))
