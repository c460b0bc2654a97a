"""Probes of chapter 07: a target's own statistics, and one step of domain-adversarial training.

As in ``probes.py``, each runs a student's function on a tiny model and reports what it did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from course_lib.probing.domains import measure_players
from course_lib.pytorch.probes.tuning import values_of
from course_lib.pytorch.tiny_models import (
    TinyModel,
    arrays_of,
    bits_of,
    flags_of,
    set_values,
    tensors_of,
)
from course_lib.training.tiny import PARTS

WEIGHTS = ("kernel", "gamma", "beta", "head", "bias")


def model_to_adapt(*, images: np.ndarray, **arrays: np.ndarray) -> dict[str, Any]:
    """Give what :func:`adapted_statistics` calls the student's function with."""
    return {"model": TinyModel(arrays).eval(), "images": torch.tensor(images)}


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
    discriminator = nn.Linear(*judge.shape)
    set_values(discriminator.weight, judge.T)
    set_values(discriminator.bias, judge_bias)
    return {
        "model": TinyModel(arrays).train(),
        "discriminator": discriminator.train(),
        "x_s": torch.tensor(x_s),
        "y_s": torch.tensor(y_s),
        "x_t": torch.tensor(x_t),
        "strength": strength,
        "learning_rate": learning_rate,
    }


ARGUMENTS = {"adapted_statistics": model_to_adapt, "adversarial_steps": players}


def adapted_statistics(
    adapt: Callable[[Any, Any], Any], *, images: np.ndarray, **arrays: np.ndarray
) -> dict[str, Any]:
    """Let the student's function give a model the statistics of a target's images.

    Args:
        adapt: The student's ``adapt(model, images)``; the model comes in inference mode.
        images: N×H×W×C, float32.
        arrays: As ``draw_tiny`` gives them.

    Returns:
        ``mean`` and ``variance`` of the BatchNorm layer afterwards; ``weights_moved``;
        ``mode_restored``: all layers are in inference mode again, with the momentum that they had, and
        the same weights learn.
    """
    given = model_to_adapt(images=images, **arrays)
    model = given["model"]
    before, flags, momentum = bits_of(model), flags_of(model), model.backbone.norm.momentum
    adapt(*given.values())
    after, found = bits_of(model), arrays_of(model)
    return {
        "mean": found["mean"],
        "variance": found["variance"],
        "weights_moved": any(after[name] != before[name] for name in WEIGHTS),
        "mode_restored": flags_of(model) == flags and model.backbone.norm.momentum == momentum,
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
        model.train()
    after = bits_of(model)
    return {
        "first": found[0],
        "second": found[1],
        "straight": all(straight),
        "statistics_moved": any(after[name] != before[name] for name in ("mean", "variance")),
    }


def weights_of_players(model: nn.Module, judge: nn.Module) -> dict[str, np.ndarray]:
    """Give the weights of backbone, head and discriminator, each as one row of numbers."""
    parts = values_of(model)
    own = [judge.weight.detach().numpy(), judge.bias.detach().numpy()]  # type: ignore[operator, union-attr]
    return {
        "backbone": flat([*parts["mix"], *parts["norm"]]),
        "head": flat(parts["head"]),
        "discriminator": flat(own),
    }


def slopes_of_players(
    model: nn.Module, judge: nn.Module, x_s: torch.Tensor, y_s: torch.Tensor, x_t: torch.Tensor
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Give the gradients of the classifier's loss and of the discriminator's, on a copy."""
    twin = TinyModel({n: t.detach().numpy() for n, t in tensors_of(model).items()}).train()
    f_s, f_t = twin.backbone(x_s), twin.backbone(x_t)
    z = judge(torch.cat([f_s, f_t]))
    is_target = torch.cat([torch.zeros(len(f_s), 1), torch.ones(len(f_t), 1)])
    own = list(judge.parameters())
    losses = (
        functional.cross_entropy(twin.head(f_s), y_s),
        functional.binary_cross_entropy_with_logits(z, is_target),
    )
    leaves = {"kernel": twin.backbone.mix.weight, "gamma": twin.backbone.norm.weight,
              "beta": twin.backbone.norm.bias, "head": twin.head.weight, "bias": twin.head.bias}  # fmt: skip
    found = []
    for loss in losses:
        weights = [*leaves.values(), *own]
        slopes = torch.autograd.grad(loss, weights, retain_graph=True, allow_unused=True)
        arrays = {
            n: None if g is None else g.numpy().T for n, g in zip(leaves, slopes, strict=False)
        }
        parts = {part: [arrays[name] for name in names] for part, names in PARTS.items()}
        found.append(
            {
                "backbone": flat([*parts["mix"], *parts["norm"]]),
                "head": flat(parts["head"]),
                "discriminator": flat([None if g is None else g.numpy() for g in slopes[-2:]]),
            }
        )
    return found[0], found[1]


def flat(arrays: list[Any]) -> np.ndarray:
    """Write arrays one after the other as one row of numbers; nothing where there is no gradient."""
    return np.concatenate(
        [np.zeros(0) if a is None else np.ravel(a).astype(np.float64) for a in arrays]
    )
