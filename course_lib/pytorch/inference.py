"""Asking a network without training it: predictions, and how good they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from course_lib.pytorch.devices import autocast, choose_device, choose_precision
from course_lib.pytorch.objectives import CrossEntropy, Objective
from course_lib.training.batches import as_arrays
from course_lib.training.stored import in_parts, whole


@contextmanager
def inference(module: nn.Module) -> Iterator[None]:
    """Inference mode and no gradients inside; afterwards every layer is in the mode it was in."""
    modes = {layer: layer.training for layer in module.modules()}
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for layer, training in modes.items():
            layer.training = training


def predict(
    model: nn.Module,
    x: np.ndarray,
    *,
    batch_size: int = 256,
    precision: str = "auto",
    device: str = "auto",
) -> np.ndarray:
    """Give a model's outputs for inputs x (N×…): float32, N×K for a classifier."""
    place = choose_device(device)
    dtype = choose_precision(precision, place)
    model.to(place)
    with inference(model), autocast(place, dtype):
        parts = [
            model(torch.from_numpy(part).to(place)).float() for part in in_parts(x, batch_size)
        ]
    return torch.cat(parts).cpu().numpy()


def evaluate(
    model: nn.Module,
    domain: Any,
    *,
    objective: Objective | None = None,
    batch_size: int = 256,
    precision: str = "auto",
    device: str = "auto",
) -> dict[str, float]:
    """Give the objective's measures over all examples, by default ``loss`` and ``accuracy``.

    Args:
        model: A model whose outputs are N×K.
        domain: A ``Domain`` or a pair ``(x, y)``.
    """
    data = as_arrays(domain)
    outputs = predict(model, data["x"], batch_size=batch_size, precision=precision, device=device)
    return (objective or CrossEntropy()).measure(outputs, whole(data["y"]))
