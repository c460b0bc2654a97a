"""Probes of chapter 06: one step on two domains, and how far two tasks agree about a shared trunk.

As in ``probes.py``, each runs a student's function on a tiny model and reports what it did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, layers, ops

from course_lib.keras.probes.tuning import slopes_of, values_of
from course_lib.keras.tiny_models import TinyBackbone, TinyModel, bits_of, flags_of
from course_lib.probing.shift import as_cosine, measure_shares


class TinyTasks(keras.Model):
    """A tiny backbone and a linear head for each of two tasks.

    Attributes:
        backbone: The shared trunk: images N×H×W×C → features N×D.
        first, second: The heads: features N×D → logits N×K.
    """

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        super().__init__()
        width_in, width_out = arrays["head"].shape
        self.backbone = TinyBackbone(arrays)
        self.first, self.second = layers.Dense(width_out), layers.Dense(width_out)
        for head, name in ((self.first, "head"), (self.second, "second")):
            head.build((None, width_in))
            head.set_weights([arrays[name], arrays["bias"]])
        self.built = True

    def call(self, x: KerasTensor, training: bool = False) -> list[KerasTensor]:
        f = self.backbone(x, training=training)
        return [self.first(f), self.second(f)]


def domains_to_step(
    *,
    x_s: np.ndarray,
    y_s: np.ndarray,
    x_t: np.ndarray,
    y_t: np.ndarray,
    share: float,
    learning_rate: float,
    **arrays: np.ndarray,
) -> dict[str, Any]:
    """Give what :func:`shares_of_steps` calls the student's function with."""
    given = {"x_s": x_s, "y_s": y_s, "x_t": x_t, "y_t": y_t}
    tensors = {name: ops.convert_to_tensor(value) for name, value in given.items()}
    numbers = {"share": share, "learning_rate": learning_rate}
    return {"model": TinyModel(arrays), **tensors, **numbers}


def tasks_to_compare(
    *, images: np.ndarray, labels: np.ndarray, **arrays: np.ndarray
) -> dict[str, Any]:
    """Give what :func:`agreement` calls the student's function with."""
    batch = {"images": ops.convert_to_tensor(images), "labels": ops.convert_to_tensor(labels)}
    return {"model": TinyTasks(arrays), **batch}


ARGUMENTS = {"shares_of_steps": domains_to_step, "agreement": tasks_to_compare}


def shares_of_steps(joint_step: Callable[..., Any], **given: Any) -> dict[str, Any]:
    """Let the student's function make two steps, and measure how much of each domain's gradient they hold.

    Args:
        joint_step: The student's ``joint_step(model, x_s, y_s, x_t, y_t, share, learning_rate)``.
        given: Its arguments but the model, as arrays, and arrays as ``draw_tiny`` gives them.

    Returns:
        ``first`` and ``second``: for each step the factors of the source's and the target's gradient;
        ``along`` (both steps were made of these two gradients alone), ``statistics_moved``.
    """
    arguments = domains_to_step(**given)
    model, found, straight = arguments["model"], [], []
    before = bits_of(model)
    for _ in range(2):
        old = values_of(model)
        slopes = [
            slopes_of(model, {"images": given[f"x_{d}"], "labels": given[f"y_{d}"]}) for d in "st"
        ]
        joint_step(*arguments.values())
        shares, along = measure_shares(old, values_of(model), slopes, given["learning_rate"])
        found.append(shares)
        straight.append(along)
    after = bits_of(model)
    return {
        "first": found[0],
        "second": found[1],
        "along": all(straight),
        "statistics_moved": any(after[name] != before[name] for name in ("mean", "variance")),
    }


def agreement(
    compare: Callable[..., Any], *, images: np.ndarray, labels: np.ndarray, **arrays: np.ndarray
) -> dict[str, Any]:
    """Let the student's function compare two tasks' gradients, and see whether it left the model alone.

    Args:
        compare: The student's ``agreement(model, images, labels)``; it gives the cosine.
        images: N×H×W×C, float32.
        labels: N×2, int64.
        arrays: As ``draw_tiny`` gives them, and ``second``, the second head, D×K.

    Returns:
        ``cosine``; ``weights_kept``, ``statistics_kept``, ``mode_kept`` (the ``trainable`` flags),
        ``gradients_left`` (never in Keras).
    """
    arguments = tasks_to_compare(images=images, labels=labels, **arrays)
    model = arguments["model"]
    before, heads, flags = bits_of(model.backbone), heads_of(model), both_flags_of(model)
    cosine = compare(*arguments.values())
    after = bits_of(model.backbone)
    same = {name: after[name] == before[name] for name in before}
    statistics = [same.pop("mean"), same.pop("variance")]
    return {
        "cosine": as_cosine(cosine),
        "weights_kept": all(same.values()) and heads_of(model) == heads,
        "statistics_kept": all(statistics),
        "mode_kept": both_flags_of(model) == flags,
        "gradients_left": False,
    }


def both_flags_of(model: keras.Model) -> list[bool]:
    """Give the ``trainable`` flags of a network with two heads and of its parts."""
    heads = [model.first.trainable, model.second.trainable]
    return [model.trainable, *heads, *flags_of(model.backbone)]


def heads_of(model: keras.Model) -> list[bytes]:
    """Give the bytes of both heads."""
    heads = (model.first, model.second)
    return [ops.convert_to_numpy(w).tobytes() for head in heads for w in head.weights]
