"""What a task has of its own, taken out of a model and put back: one backbone, many tasks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from torch import nn

from course_lib.pytorch.adapting import LowRank
from course_lib.pytorch.freezing import NORMS, is_frozen
from course_lib.pytorch.named import named_arrays, named_weights, plain, put_arrays
from course_lib.training.merging import STATISTICS, Arrays
from course_lib.training.small_parts import count_bytes, read_part, write_part


def small_part(model: nn.Module) -> Arrays:
    """Give copies of what learns in a model, by name: what its task adds to the frozen rest.

    With LoRA, A, B and the head; with ``freeze_plan(model, "bias")``, the biases and the head; with
    everything free, everything. The statistics of BatchNorm layers that learn are among it.
    """
    free = {name for name, weight in named_weights(model).items() if weight.requires_grad}
    norms = [n for n, m in model.named_modules() if isinstance(m, NORMS) and not is_frozen(m)]
    free |= {plain(f"{norm}.{statistic}") for norm in norms for statistic in STATISTICS}
    return {name: array for name, array in named_arrays(model).items() if name in free}


def put_small_part(model: nn.Module, part: Mapping[str, np.ndarray]) -> nn.Module:
    """Put a task's own weights into a model, whichever task's were there. Gives the model back.

    Args:
        model: Built as the one that :func:`small_part` was asked about.
        part: What it gave. What is not in it, as the backbone's own weights, is not touched.

    Raises:
        CourseError: Where something does not fit.
    """
    return put_arrays(model, part)


def save_small_part(model: nn.Module, path: str | Path) -> Path:
    """Write what :func:`small_part` gives as a small ``*.safetensors``; either half reads it."""
    return write_part(path, small_part(model), lora_scales(model))


def load_small_part(model: nn.Module, path: str | Path) -> nn.Module:
    """Put what :func:`save_small_part` wrote into a model built alike. Gives the model back.

    Raises:
        CourseError: Where something does not fit: the names, the shapes, or LoRA's alpha / rank.
    """
    return put_small_part(model, read_part(path, lora_scales(model)))


def stored_bytes(model: nn.Module) -> int:
    """Give how many bytes a task's own weights take: those of :func:`small_part`."""
    return count_bytes(small_part(model))


def lora_scales(model: nn.Module) -> dict[str, float]:
    """Give α/r of each layer that has LoRA, by the name of its A."""
    layers = [(name, m) for name, m in model.named_modules() if isinstance(m, LowRank)]
    return {f"{name}.lora_a.weight": layer.scale for name, layer in layers}
