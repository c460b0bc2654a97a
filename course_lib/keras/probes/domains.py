"""Probes of chapter 07: a target's own statistics, and one step of domain-adversarial training.

As in ``probes.py``, each runs a student's function on a tiny model and reports what it did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, layers, ops

from course_lib.keras.differentiation import gradients
from course_lib.keras.losses import binary_cross_entropy, cross_entropy
from course_lib.keras.probes.tuning import values_of
from course_lib.keras.tiny_models import TinyModel, all_flags_of, arrays_of, bits_of, variables_of
from course_lib.probing.domains import measure_players
from course_lib.training.tiny import PARTS

WEIGHTS = ("kernel", "gamma", "beta", "head", "bias")


def model_to_adapt(*, images: np.ndarray, **arrays: np.ndarray) -> dict[str, Any]:
    """Give what :func:`adapted_statistics` calls the student's function with."""
    return {"model": TinyModel(arrays), "images": ops.convert_to_tensor(images)}


def players(
    *,
    x_s: np.ndarray,
    y_s: np.ndarray,
    x_t: np.ndarray,
    strength: float,
    learning_rate: float,
    judge: np.ndarray,
    judge_bias: np.ndarray,
    **arrays: np.ndarray,
) -> dict[str, Any]:
    """Give what :func:`adversarial_steps` calls the student's function with."""
    discriminator = layers.Dense(1)
    discriminator.build((None, len(judge)))
    discriminator.set_weights([judge, judge_bias])
    return {
        "model": TinyModel(arrays),
        "discriminator": discriminator,
        "x_s": ops.convert_to_tensor(x_s),
        "y_s": ops.convert_to_tensor(y_s),
        "x_t": ops.convert_to_tensor(x_t),
        "strength": strength,
        "learning_rate": learning_rate,
    }


ARGUMENTS = {"adapted_statistics": model_to_adapt, "adversarial_steps": players}


def adapted_statistics(
    adapt: Callable[[Any, Any], Any], *, images: np.ndarray, **arrays: np.ndarray
) -> dict[str, Any]:
    """Let the student's function give a model the statistics of a target's images.

    Args:
        adapt: The student's ``adapt(model, images)``.
        images: N×H×W×C, float32.
        arrays: As ``draw_tiny`` gives them.

    Returns:
        ``mean`` and ``variance`` of the BatchNorm layer afterwards; ``weights_moved``;
        ``mode_restored``: ``trainable`` flags and momentum are what they were.
    """
    given = model_to_adapt(images=images, **arrays)
    model = given["model"]
    before, momentum = bits_of(model), model.backbone.norm.momentum
    adapt(*given.values())
    after, found = bits_of(model), arrays_of(model)
    same_flags = all(all_flags_of(model))
    return {
        "mean": found["mean"],
        "variance": found["variance"],
        "weights_moved": any(after[name] != before[name] for name in WEIGHTS),
        "mode_restored": same_flags and model.backbone.norm.momentum == momentum,
    }


def adversarial_steps(
    dann_step: Callable[..., Any], *, strength: float, learning_rate: float, **given: np.ndarray
) -> dict[str, Any]:
    """Let the student's function make two steps of domain-adversarial training, and see who went where.

    Args:
        dann_step: The student's
            ``dann_step(model, discriminator, x_s, y_s, x_t, strength, learning_rate)``.
        strength, learning_rate: Its arguments.
        given: ``x_s`` n×H×W×C, ``y_s`` n, ``x_t`` n×H×W×C, the discriminator's ``judge`` D×1 and
            ``judge_bias`` 1, and arrays as ``draw_tiny`` gives them.

    Returns:
        ``first`` and ``second``: for each step what ``measure_players`` gives; ``straight`` (nothing
        moved along anything else), ``statistics_moved``.
    """
    arguments = players(strength=strength, learning_rate=learning_rate, **given)  # type: ignore[arg-type]
    model, judge = arguments["model"], arguments["discriminator"]
    found, straight, before = [], [], bits_of(model)
    for _ in range(2):
        slopes = slopes_of_players(
            model, judge, arguments["x_s"], arguments["y_s"], arguments["x_t"]
        )
        old = weights_of_players(model, judge)
        dann_step(*arguments.values())
        new = weights_of_players(model, judge)
        moved = {part: (old[part] - new[part]) / learning_rate for part in old}
        multiples, along = measure_players(moved, *slopes)
        found.append(multiples)
        straight.append(along)
    after = bits_of(model)
    return {
        "first": found[0],
        "second": found[1],
        "straight": all(straight),
        "statistics_moved": any(after[name] != before[name] for name in ("mean", "variance")),
    }


def weights_of_players(model: keras.Model, judge: layers.Layer) -> dict[str, np.ndarray]:
    """Give the weights of backbone, head and discriminator, each as one row of numbers."""
    parts = values_of(model)
    return {
        "backbone": flat([*parts["mix"], *parts["norm"]]),
        "head": flat(parts["head"]),
        "discriminator": flat(judge.get_weights()),
    }


def slopes_of_players(
    model: keras.Model, judge: layers.Layer, x_s: KerasTensor, y_s: KerasTensor, x_t: KerasTensor
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Give the gradients of the classifier's loss and of the discriminator's, on a copy."""
    twin = TinyModel(arrays_of(model))
    variables = variables_of(twin)
    parts = {part: [variables[name] for name in names] for part, names in PARTS.items()}
    backbone, head = [*parts["mix"], *parts["norm"]], parts["head"]
    own = [judge.kernel, judge.bias]

    def classify() -> KerasTensor:
        return cross_entropy(twin.head(twin.backbone(x_s, training=True)), y_s)

    def tell_apart() -> KerasTensor:
        f_s, f_t = (twin.backbone(x, training=True) for x in (x_s, x_t))
        is_target = ops.concatenate([ops.zeros_like(f_s[:, :1]), ops.ones_like(f_t[:, :1])])
        return binary_cross_entropy(judge(ops.concatenate([f_s, f_t])), is_target)

    _, of_classes = gradients(classify, [*backbone, *head])
    _, of_domains = gradients(tell_apart, [*backbone, *own])
    n = len(backbone)
    return (
        {"backbone": as_row(of_classes[:n]), "head": as_row(of_classes[n:])},
        {"backbone": as_row(of_domains[:n]), "discriminator": as_row(of_domains[n:])},
    )


def as_row(tensors: list[KerasTensor]) -> np.ndarray:
    """Write tensors one after the other as one row of numbers."""
    return flat([ops.convert_to_numpy(tensor) for tensor in tensors])


def flat(arrays: list[np.ndarray]) -> np.ndarray:
    """Write arrays one after the other as one row of numbers."""
    return np.concatenate([np.ravel(a).astype(np.float64) for a in arrays])
