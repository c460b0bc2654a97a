"""Probes of chapter 09: a step that holds weights, and a head that grows.

As in ``probes.py``, each runs a student's function on a tiny model and reports what it did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from course_lib.probing.adapting import is_linear
from course_lib.probing.continual import HELD, TURNED, held_values
from course_lib.pytorch.tiny_models import TinyModel, bits_of, tensors_of


def model_to_hold(
    *,
    images: np.ndarray,
    labels: np.ndarray,
    strength: float,
    learning_rate: float,
    **arrays: np.ndarray,
) -> dict[str, Any]:
    """Give what :func:`held_steps` calls the student's function with: a model in inference mode."""
    model = TinyModel(arrays).eval()
    found = {
        "kernel": model.backbone.mix.weight, "gamma": model.backbone.norm.weight,
        "beta": model.backbone.norm.bias, "head": model.head.weight, "bias": model.head.bias,
    }  # fmt: skip
    anchor, fisher = (
        [torch.tensor(v.T.copy() if n in TURNED else v) for n, v in held_values(arrays, which)]
        for which in ("anchor", "fisher")
    )
    return {
        "model": model, "weights": [found[name] for name in HELD], "anchor": anchor,
        "fisher": fisher, "images": torch.tensor(images), "labels": torch.tensor(labels),
        "strength": strength, "learning_rate": learning_rate,
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
    before, copies = bits_of(model), [values.clone() for values in lists]
    for _ in range(2):
        ewc_step(*arguments.values())
    after, found = bits_of(model), tensors_of(model)
    arrays = {name: found[name].detach().numpy().copy() for name in HELD}
    return arrays | {
        "statistics_moved": any(after[name] != before[name] for name in ("mean", "variance")),
        "given_unchanged": all(torch.equal(*pair) for pair in zip(lists, copies, strict=True)),
    }


def growing(
    grown_head: Callable[[Any, int], Any], *, extra: int, **arrays: np.ndarray
) -> dict[str, Any]:
    """Let the student's function give a larger head, and look at both.

    Args:
        grown_head: The student's ``grown_head(head, extra)``; it gives a new linear layer.
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
    before = [w.detach().clone() for w in old.parameters()]
    new = grown_head(*given.values())
    unchanged = same(old, before) and all(w.requires_grad for w in old.parameters())
    kernel, bias = new.weight.detach().numpy().T.copy(), new.bias.detach().numpy().copy()
    report = {
        "kernel": kernel,
        "bias": bias,
        # What hangs on the old weights' graph is no leaf: an optimizer refuses it.
        "trainable": sum(w.numel() for w in new.parameters() if w.requires_grad and w.is_leaf),
        "linear": is_linear(lambda v: new(torch.tensor(v)).detach().numpy(), len(kernel)),
        "new_at_zero": not kernel[:, -extra:].any() and not bias[-extra:].any(),
    }
    with torch.no_grad():
        for w in new.parameters():
            w += 1
    return report | {"old_unchanged": unchanged, "independent": same(old, before)}


def same(layer: nn.Module, weights: list[torch.Tensor]) -> bool:
    """Say whether a layer still has these weights."""
    now = [*layer.parameters()]
    return len(now) == len(weights) and all(map(torch.equal, now, weights))
