"""Probes of chapter 06: one step on two domains, and how far two tasks agree about a shared trunk.

As in ``probes.py``, each runs a student's function on a tiny model and reports what it did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from course_lib.probing.shift import as_cosine, measure_shares
from course_lib.pytorch.probes.tuning import slopes_of, values_of
from course_lib.pytorch.tiny_models import TinyBackbone, TinyModel, bits_of, flags_of, set_values


class TinyTasks(nn.Module):
    """A tiny backbone and a linear head for each of two tasks.

    Attributes:
        backbone: The shared trunk: images N×H×W×C → features N×D.
        first, second: The heads: features N×D → logits N×K.
    """

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        super().__init__()
        self.backbone = TinyBackbone(arrays)
        self.first, self.second = (nn.Linear(*arrays["head"].shape) for _ in range(2))
        for head, name in ((self.first, "head"), (self.second, "second")):
            set_values(head.weight, arrays[name].T)
            set_values(head.bias, arrays["bias"])


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
    tensors = {name: torch.tensor(value) for name, value in given.items()}
    numbers = {"share": share, "learning_rate": learning_rate}
    return {"model": TinyModel(arrays).train(), **tensors, **numbers}


def tasks_to_compare(
    *, images: np.ndarray, labels: np.ndarray, **arrays: np.ndarray
) -> dict[str, Any]:
    """Give what :func:`agreement` calls the student's function with: a model in training mode."""
    batch = {"images": torch.tensor(images), "labels": torch.tensor(labels)}
    return {"model": TinyTasks(arrays).train(), **batch}


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
        model.train()
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
        ``cosine``; ``weights_kept``, ``statistics_kept``, ``mode_kept`` (and what learns, weight by
        weight), ``gradients_left``.
    """
    arguments = tasks_to_compare(images=images, labels=labels, **arrays)
    model = arguments["model"]
    before, heads, flags = bits_of(model.backbone), heads_of(model), flags_of(model)
    cosine = compare(*arguments.values())
    after = bits_of(model.backbone)
    same = {name: after[name] == before[name] for name in before}
    statistics = [same.pop("mean"), same.pop("variance")]
    return {
        "cosine": as_cosine(cosine),
        "weights_kept": all(same.values()) and heads_of(model) == heads,
        "statistics_kept": all(statistics),
        "mode_kept": flags_of(model) == flags,
        "gradients_left": any(
            w.grad is not None and bool(w.grad.any()) for w in model.parameters()
        ),
    }


def heads_of(model: nn.Module) -> list[bytes]:
    """Give the bytes of both heads."""
    heads = (model.first, model.second)
    return [w.detach().numpy().tobytes() for head in heads for w in head.parameters()]
