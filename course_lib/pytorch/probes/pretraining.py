"""Probes of pre-training: which program pre-trained what, and how far a training moves each layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from course_lib.probing.pretraining import Ledger, draw_dense, rows_of
from course_lib.pytorch.tiny_models import (
    DenseModel,
    TinyModel,
    arrays_of,
    as_array,
    set_values,
    tensors_of,
)


def tools_to_transfer(**given: Any) -> dict[str, Any]:
    """Give what :func:`transferring` calls the student's function with."""
    return _transfer_tools(**given)[0]


def model_to_move(**arrays: np.ndarray) -> dict[str, Any]:
    """Give what :func:`moving` calls the student's function with."""
    return _model_to_move(**arrays)[0]


def transferring(
    transfer: Callable[..., Any],
    *,
    source_images: np.ndarray,
    source_labels: np.ndarray,
    images: np.ndarray,
    labels: np.ndarray,
    test_images: np.ndarray,
    test_labels: np.ndarray,
    hidden: int,
    seed: int,
) -> dict[str, Any]:
    """Let the student's program pre-train a network, carry it to a target, and score it.

    Args:
        transfer: The student's function ``transfer(build, train, predict, source, target, test)``.
        source_images, source_labels: N×H×W and N; ``images``, ``labels`` are the target's few.
        test_images, test_labels: The target's test part.
        hidden: Width of the hidden layer.
        seed: Where the networks' random starts come from.

    Returns:
        ``trained_on`` (``["source", "target"]`` in this order), ``starts_with_source`` (the last
        training began with the backbone that the first one made), ``new_head`` (and with a head as
        new as built), ``score`` (what was returned; -1 where that is no number).
    """
    given, ledger = _transfer_tools(
        source_images=source_images, source_labels=source_labels, images=images, labels=labels,
        test_images=test_images, test_labels=test_labels, hidden=hidden, seed=seed,
    )  # fmt: skip
    score = transfer(*given.values())
    classes = int(labels.max()) + 1
    return ledger.report(score, draw_dense(seed, images[0].size, hidden, classes)["w2"])


def moving(how_far: Callable[[Any, Any], Any], **arrays: np.ndarray) -> dict[str, Any]:
    """Let the student's function measure how far a training moves a backbone.

    Args:
        how_far: The student's function ``how_far(model, train)``; ``train()`` moves every array of the
            model to its later value.
        arrays: As ``draw_tiny`` gives them, and the later ones, ``later_`` before each name.

    Returns:
        ``moved`` (what was returned, as an array), ``trained`` (how often), ``left_alone`` (the model
        ended as the training left it).
    """
    given, times = _model_to_move(**arrays)
    moved = how_far(*given.values())
    found = arrays_of(given["model"])
    later = {n.removeprefix("later_"): a for n, a in arrays.items() if n.startswith("later_")}
    return {
        "moved": np.array([float(each) for each in moved]),
        "trained": len(times),
        "left_alone": all(np.array_equal(found[name], later[name]) for name in later),
    }


def _transfer_tools(
    *,
    source_images: np.ndarray,
    source_labels: np.ndarray,
    images: np.ndarray,
    labels: np.ndarray,
    test_images: np.ndarray,
    test_labels: np.ndarray,
    hidden: int,
    seed: int,
) -> tuple[dict[str, Any], Ledger]:
    parts = {
        "source": (source_images, source_labels),
        "target": (images, labels),
        "test": (test_images, test_labels),
    }
    ledger = Ledger({name: (rows_of(x), y) for name, (x, y) in parts.items()})

    def build(classes: int) -> nn.Module:
        return DenseModel(draw_dense(seed, images[0].size, hidden, classes))

    def train(model: nn.Module, x: Any, y: Any) -> None:
        x, y = as_array(x), as_array(y)
        start = arrays_of(model)
        _descend(model, x, y)  # first of all: what does not fit stops here
        ledger.starts.append(start)
        ledger.trained_on.append(ledger.name(x, y))
        ledger.ends.append(arrays_of(model))

    def predict(model: nn.Module, x: Any) -> np.ndarray:
        return model(torch.tensor(as_array(x), dtype=torch.float32)).detach().numpy()

    tools = {"build": build, "train": train, "predict": predict}
    return tools | {name: (x.copy(), y.copy()) for name, (x, y) in parts.items()}, ledger


def _model_to_move(**arrays: np.ndarray) -> tuple[dict[str, Any], list[bool]]:
    later = {n.removeprefix("later_"): a for n, a in arrays.items() if n.startswith("later_")}
    model, times = TinyModel(arrays), []

    def train() -> None:
        times.append(True)
        for name, tensor in tensors_of(model).items():
            set_values(tensor, later[name])

    return {"model": model, "train": train}, times


def _descend(model: nn.Module, x: np.ndarray, y: np.ndarray) -> None:
    """Make twenty steps of gradient descent on the cross-entropy, all examples at once."""
    rows, labels = torch.tensor(x, dtype=torch.float32), torch.tensor(y)
    for _ in range(20):
        loss = functional.cross_entropy(model(rows), labels)
        slopes = torch.autograd.grad(loss, list(model.parameters()))
        with torch.no_grad():
            for w, slope in zip(model.parameters(), slopes, strict=True):
                w -= 0.5 * slope


ARGUMENTS = {"transferring": tools_to_transfer, "moving": model_to_move}
