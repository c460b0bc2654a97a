"""Probes of chapter 08: how a low-rank change starts, and which single weights of a model learn.

As in ``probes.py``, each runs a student's function on something tiny and reports what it did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from course_lib.probing.adapting import adapted_report
from course_lib.pytorch.tiny_models import TinyModel, set_values, tensors_of


def layer_to_adapt(
    *, x: np.ndarray, targets: np.ndarray, kernel: np.ndarray, bias: np.ndarray, rank: int
) -> dict[str, Any]:
    """Give what :func:`low_rank_start` calls the student's function with."""
    layer = nn.Linear(*kernel.shape)
    set_values(layer.weight, kernel.T)
    set_values(layer.bias, bias)
    return {"layer": layer, "rank": rank}


def model_to_choose(**arrays: np.ndarray) -> dict[str, Any]:
    """Give what :func:`learning_arrays` calls the student's function with: all of the model learns."""
    return {"model": TinyModel(arrays).train()}


ARGUMENTS = {"low_rank_start": layer_to_adapt, "learning_arrays": model_to_choose}


def low_rank_start(
    start_low_rank: Callable[[Any, int], Any], *, rank: int, **given: np.ndarray
) -> dict[str, Any]:
    """Let the student's function prepare a low-rank change, then take two steps of gradient descent.

    Args:
        start_low_rank: The student's ``start_low_rank(layer, rank)``; it gives two layers, a and b.
        rank: r.
        given: ``x`` N×D, ``targets`` N×M, the layer's ``kernel`` D×M and ``bias`` M.

    Returns:
        ``trainable`` (how many numbers of the layer, of a and of b learn), ``unchanged`` (layer(x) +
        b(a(x)) is layer(x) at first), ``b_starts_at_zero``, ``rank_of_a`` (at first), ``learns`` (after
        two steps the sum has moved), ``layer_moved``, ``shapes`` (of A, D×r, and of B, r×M).
    """
    arguments = layer_to_adapt(rank=rank, **given)
    layer = arguments["layer"]
    a, b = start_low_rank(layer, rank)
    x, targets = torch.tensor(given["x"]), torch.tensor(given["targets"])
    parts = [[w for w in part.parameters() if w.requires_grad] for part in (layer, a, b)]
    first, plain = layer(x) + b(a(x)), layer(x)
    report = adapted_report(*(t.detach().numpy() for t in (first, plain, a.weight.T, b.weight.T)))
    before = layer.weight.detach().clone(), layer.bias.detach().clone()
    weights = [w for part in parts for w in part]
    for _ in range(2 if weights else 0):
        loss = ((layer(x) + b(a(x)) - targets) ** 2).mean()
        slopes = torch.autograd.grad(loss, weights, allow_unused=True)
        with torch.no_grad():
            for w, slope in zip(weights, slopes, strict=True):
                w -= 0.1 * slope if slope is not None else 0
    now = layer(x) + b(a(x))
    return report | {
        "trainable": [sum(w.numel() for w in part) for part in parts],
        "learns": not torch.allclose(now, first, atol=1e-6),
        "layer_moved": not (torch.equal(layer.weight, before[0]) and torch.equal(layer.bias, before[1])),
    }  # fmt: skip


def learning_arrays(choose: Callable[[Any], Any], **arrays: np.ndarray) -> dict[str, Any]:
    """Let the student's function choose what learns in a tiny model, and list it.

    Args:
        choose: The student's function of a model with ``.backbone`` and ``.head``.
        arrays: As ``draw_tiny`` gives them.

    Returns:
        By the names of ``draw_tiny``, without the statistics: whether this array learns.
    """
    model = model_to_choose(**arrays)["model"]
    choose(model)
    backbone, head = model.backbone, model.head
    weights = {
        "kernel": backbone.mix.weight, "gamma": backbone.norm.weight, "beta": backbone.norm.bias,
        "head": head.weight, "bias": head.bias,
    }  # fmt: skip
    kept = all(np.allclose(t.detach(), arrays[n]) for n, t in tensors_of(model).items())
    return {n: w.requires_grad for n, w in weights.items()} | {"values_kept": kept}
