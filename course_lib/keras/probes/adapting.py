"""Probes of chapter 08: how a low-rank change starts, and which single weights of a model learn.

As in ``probes.py``, each runs a student's function on something tiny and reports what it did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import KerasTensor, layers, ops

from course_lib.keras.differentiation import gradients
from course_lib.keras.tiny_models import TinyModel, as_array, variables_of
from course_lib.probing.adapting import adapted_report, is_linear


def layer_to_adapt(
    *, x: np.ndarray, targets: np.ndarray, kernel: np.ndarray, bias: np.ndarray, rank: int
) -> dict[str, Any]:
    """Give what :func:`low_rank_start` calls the student's function with."""
    layer = layers.Dense(kernel.shape[1])
    layer.build((None, kernel.shape[0]))
    layer.set_weights([kernel, bias])
    return {"layer": layer, "rank": rank}


def model_to_choose(**arrays: np.ndarray) -> dict[str, Any]:
    """Give what :func:`learning_arrays` calls the student's function with: all of the model learns."""
    return {"model": TinyModel(arrays)}


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
    x, targets = ops.convert_to_tensor(given["x"]), ops.convert_to_tensor(given["targets"])
    plain = given["x"] @ given["kernel"] + given["bias"]
    first = as_array(layer(x) + b(a(x)))  # the new layers have their weights from here on
    start = as_array(b.kernel)
    report = adapted_report(first, plain, as_array(a.kernel), start)
    parts = [part.trainable_weights for part in (layer, a, b)]

    def loss() -> KerasTensor:
        return ops.mean((layer(x) + b(a(x)) - targets) ** 2)

    weights = [w for part in parts for w in part]
    for _ in range(2 if weights else 0):
        for w, slope in zip(weights, gradients(loss, weights)[1], strict=True):
            w.assign_sub(0.1 * slope)
    now = layer.kernel, layer.bias
    same = [
        np.array_equal(as_array(w), given[n]) for w, n in zip(now, ("kernel", "bias"), strict=True)
    ]
    return report | {
        "trainable": [sum(int(np.prod(w.shape)) for w in part) for part in parts],
        "learns": not np.array_equal(as_array(b.kernel), start),
        "linear": all(is_linear(of_arrays(part), part.kernel.shape[0]) for part in (a, b)),
        "layer_moved": not all(same),
    }  # fmt: skip


def of_arrays(layer: Callable[[Any], Any]) -> Callable[[np.ndarray], np.ndarray]:
    """Give a layer as a function from an array to an array."""
    return lambda values: as_array(layer(values))


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
    learning = {id(w) for w in model.trainable_weights}
    found = variables_of(model)
    kept = all(np.allclose(as_array(v), arrays[n]) for n, v in found.items())
    return {n: id(v) in learning for n, v in found.items()} | {"values_kept": kept}
