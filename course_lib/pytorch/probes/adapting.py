"""Probes of chapter 08: how a low-rank change starts, and which single weights of a model learn.

As in ``probes.py``, each runs a student's function on something tiny and reports what it did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from course_lib.probing.adapting import adapted_report, is_linear
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
        b(a(x)) is at first what the given layer gives), ``b_starts_at_zero``, ``rank_of_a`` (at first),
        ``learns`` (two steps have moved b), ``linear`` (a and b are), ``layer_moved`` (its weights are
        not the given ones), ``shapes`` (of A, D×r, and of B, r×M).
    """
    arguments = layer_to_adapt(rank=rank, **given)
    layer = arguments["layer"]
    a, b = start_low_rank(layer, rank)
    x, targets = torch.tensor(given["x"]), torch.tensor(given["targets"])
    parts = [[w for w in part.parameters() if w.requires_grad] for part in (layer, a, b)]
    plain = given["x"] @ given["kernel"] + given["bias"]
    first, start = layer(x) + b(a(x)), b.weight.detach().clone()
    report = adapted_report(
        first.detach().numpy(), plain, a.weight.detach().numpy().T, start.numpy().T
    )
    weights = [w for part in parts for w in part]
    for _ in range(2 if weights else 0):
        loss = ((layer(x) + b(a(x)) - targets) ** 2).mean()
        slopes = torch.autograd.grad(loss, weights, allow_unused=True)
        with torch.no_grad():
            for w, slope in zip(weights, slopes, strict=True):
                w -= 0.1 * slope if slope is not None else 0
    now = layer.weight.detach().numpy().T, layer.bias.detach().numpy()
    same = [np.array_equal(w, given[name]) for w, name in zip(now, ("kernel", "bias"), strict=True)]
    return report | {
        "trainable": [sum(w.numel() for w in part) for part in parts],
        "learns": not torch.equal(b.weight, start),
        "linear": all(is_linear(of_arrays(part), part.weight.shape[1]) for part in (a, b)),
        "layer_moved": not all(same),
    }  # fmt: skip


def of_arrays(layer: Callable[[Any], Any]) -> Callable[[np.ndarray], np.ndarray]:
    """Give a layer as a function from an array to an array."""
    return lambda values: layer(torch.tensor(values)).detach().numpy()


def learning_arrays(choose: Callable[[Any], Any], **arrays: np.ndarray) -> dict[str, Any]:
    """Let the student's function choose what learns in a tiny model, and list it.

    Args:
        choose: The student's function of a model with ``.backbone`` and ``.head``.
        arrays: As ``draw_tiny`` gives them.

    Returns:
        By the names of ``draw_tiny``: whether this array learns.
    """
    model = model_to_choose(**arrays)["model"]
    choose(model)
    found = tensors_of(model)
    kept = all(np.allclose(t.detach(), arrays[n]) for n, t in found.items())
    return {n: t.requires_grad for n, t in found.items()} | {"values_kept": kept}
