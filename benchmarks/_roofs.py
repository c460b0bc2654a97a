"""What a device can do at most, and what a step of training asks of it.

A step cannot be shorter than its arithmetic takes at the speed of a large matrix product, nor than
its memory traffic takes at the speed of a large copy. The longer of the two is the binding roof
(Williams, Waterman & Patterson, *Roofline*, Communications of the ACM 52, 2009).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode, flop_registry

from benchmarks._loops import Task
from course_lib.pytorch.devices import autocast

BYTES_OF_UPDATE = 7 * 4  # AdamW reads weight, gradient and two moments, and writes all but one


class Roofs(NamedTuple):
    """What a device does in a second: floating-point operations, and bytes read and written."""

    flops: float
    bytes: float


class Work(NamedTuple):
    """What training on one image asks for: operations and bytes, forward, backward and update."""

    flops: float
    bytes: float


def measure_roofs(
    device: torch.device, dtype: torch.dtype, *, side: int, megabytes: int, times: int = 10
) -> Roofs:
    """Measure a square matrix product and a copy; of five tries the best counts.

    Args:
        side: Rows and columns of the matrices.
        megabytes: The size of what is copied (it is read and written).
        times: How often in each try.
    """
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    source = torch.zeros(megabytes * 2**20, dtype=torch.uint8, device=device)
    target = torch.zeros_like(source)
    product = _fastest(lambda: a @ b, device, times)
    copy = _fastest(lambda: target.copy_(source), device, times)
    return Roofs(2 * side**3 / product, 2 * source.nbytes / copy)


def work_per_image(model: nn.Module, task: Task) -> Work:
    """Count one step of training.

    Operations are PyTorch's own count. Bytes are the least that a perfect compiler could not avoid:
    convolutions, matrix products and attention read and write their arrays once, everything between
    them costs nothing, and the update passes once over the weights.
    """
    x, y = task.x[: task.batch_size].float(), task.y[: task.batch_size]
    model.train()
    with FlopCounterMode(display=False) as operations, Traffic() as traffic:
        with autocast(task.device, task.dtype):
            loss = cross_entropy(model(x), y)
        loss.backward()
    model.zero_grad()
    update = BYTES_OF_UPDATE * sum(weight.numel() for weight in model.parameters())
    return Work(operations.get_total_flops() / len(y), (traffic.bytes + update) / len(y))


class Traffic(TorchDispatchMode):
    """Add up the sizes of what large operations read and write: those that PyTorch counts."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func._overloadpacket in flop_registry:
            arrays = tree_leaves((args, kwargs, result))
            self.bytes += sum(a.nbytes for a in arrays if isinstance(a, torch.Tensor))
        return result


def binding_roof(roofs: Roofs, work: Work) -> tuple[str, float]:
    """Give the name of the lower roof and how many images a second it allows."""
    allowed = {"arithmetic": roofs.flops / work.flops, "memory": roofs.bytes / work.bytes}
    name = min(allowed, key=allowed.__getitem__)
    return name, allowed[name]


def _fastest(work: Callable[[], object], device: torch.device, times: int) -> float:
    """Give the seconds that some work takes at best."""
    tries = []
    for _ in range(6):  # the first of them is for finding everything
        _wait(device)
        started = time.perf_counter()
        for _ in range(times):
            work()
        _wait(device)
        tries.append((time.perf_counter() - started) / times)
    return min(tries)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
