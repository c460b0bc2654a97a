"""Where the arithmetic happens, at which precision, and from which seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from course_lib.arguments import require_device, require_seed
from course_lib.errors import CourseError

PRECISIONS = ("auto", "float32", "bfloat16")
SMALL = 1_000_000  # weights; glyphnet has 307,008, ResNet-18 has eleven million


def choose_device(device: str = "auto") -> torch.device:
    """Give the device for a name; ``"auto"`` prefers an NVIDIA GPU, then Apple's, then the CPU."""
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    asked = require_device(device, gpus)
    if asked != "auto":
        return torch.device(asked.replace("gpu", "cuda"))
    if gpus:
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def choose_precision(precision: str, device: torch.device) -> torch.dtype:
    """Give the dtype of the heavy arithmetic; ``"auto"`` is bfloat16 on a GPU that has it.

    Weights stay float32 either way: only convolutions and matrix products are rounded.
    """
    if precision not in PRECISIONS:
        raise CourseError(
            f"precision is one of {', '.join(PRECISIONS)}; it was {precision!r}.",
            f"precision 只能是 {'、'.join(PRECISIONS)} 之一，现在是 {precision!r}。",
        )
    if precision == "auto":
        has_bfloat16 = device.type == "cuda" and torch.cuda.is_bf16_supported()
        return torch.bfloat16 if has_bfloat16 else torch.float32
    return torch.bfloat16 if precision == "bfloat16" else torch.float32


def autocast(device: torch.device, dtype: torch.dtype) -> torch.autocast:
    """Round convolutions and matrix products to ``dtype`` inside a ``with`` statement."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=dtype is torch.bfloat16)


@contextmanager
def threads_for(model: nn.Module, device: torch.device) -> Iterator[None]:
    """Compute a small network with one thread inside a ``with`` statement, if it is on the CPU.

    Cutting each of its layers among threads, and waiting for the last one, takes longer than the layer:
    with two threads, a step of glyphnet takes twice as long as with one.
    """
    threads = torch.get_num_threads()
    if device.type != "cpu" or sum(weight.numel() for weight in model.parameters()) >= SMALL:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def device_of(module: nn.Module) -> torch.device:
    """Give the device that a module's weights are on (the CPU for a module without any)."""
    return next((p.device for p in module.parameters()), torch.device("cpu"))


def seed_everything(seed: int) -> None:
    """Start Python's, NumPy's and PyTorch's random generators from one seed."""
    random.seed(require_seed(seed))
    np.random.seed(seed)
    torch.manual_seed(seed)
