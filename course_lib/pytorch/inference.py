"""Asking a network without training it: predictions, and how good they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.arguments import require_count, require_made
from course_lib.pytorch.devices import (
    autocast,
    choose_device,
    choose_precision,
    device_of,
    threads_for,
)
from course_lib.pytorch.objectives import Objective, require_objective
from course_lib.training.batches import as_arrays, as_inputs, require_arrays
from course_lib.training.requirements import cannot_take
from course_lib.training.stored import in_parts, read, whole


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


def input_dtype(model: nn.Module) -> torch.dtype:
    """Give the type of a model's inputs: int64 where an ``Embedding`` looks tokens up, else its weights'."""
    if any(isinstance(layer, nn.Embedding) for layer in model.modules()):
        return torch.int64
    return next((weight.dtype for weight in model.parameters()), torch.float32)


def as_read(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Give inputs in a model's type; PyTorch itself refuses to multiply uint8 or float64 and float32."""
    return x if x.is_floating_point() and dtype == torch.int64 else x.to(dtype)


def predict(
    model: nn.Module,
    x: np.ndarray,
    *,
    batch_size: int = 256,
    precision: str = "auto",
    device: str = "auto",
) -> np.ndarray:
    """Give a model's outputs for inputs x (N×…): float32, N×K for a classifier."""
    require_made("model", model, nn.Module, "attach_head(backbone, 10)")
    x, batch_size = as_inputs(x), require_count("batch_size", batch_size)
    place = choose_device(device)
    dtype = choose_precision(precision, place)
    reads = input_dtype(model.to(place))
    with (
        taking(model, x), inference(model), autocast(place, dtype), threads_for(model, place)
    ):  # fmt: skip
        parts = [
            model(as_read(torch.from_numpy(part).to(place), reads)).float()
            for part in in_parts(x, batch_size)
        ]
    return torch.cat(parts).cpu().numpy()


def finish_building(model: nn.Module, x: np.ndarray) -> None:
    """Let layers that wait for their first input (``nn.LazyLinear``) see an example's shape."""
    if any(isinstance(w, nn.UninitializedParameter) for w in model.parameters()):
        with taking(model, x), inference(model):
            model(torch.from_numpy(read(x, np.arange(1))).float())


@contextmanager
def taking(model: nn.Module, x: np.ndarray) -> Iterator[None]:
    """Say in one sentence, inside a ``with`` statement, when a model cannot take such inputs at all."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        one = read(x, np.arange(1))
        try:
            with inference(model):
                model(as_read(torch.from_numpy(one).to(device_of(model)), input_dtype(model)))
        except Exception:
            raise cannot_take(x.shape, error) from error
        raise


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
    require_arrays(data, "x", "y")
    objective = require_objective(objective)
    outputs = predict(model, data["x"], batch_size=batch_size, precision=precision, device=device)
    return objective.measure(outputs, whole(data["y"]))
