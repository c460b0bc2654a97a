"""Training on several devices at once: one process for each, all started by ``torchrun``.

``torchrun --nproc-per-node 2 train.py`` runs a script twice at the same time; ``fit`` in it finds
the other process by itself. Every process has the whole model and learns from its share of each
batch, and PyTorch's ``DistributedDataParallel`` (DDP) averages the gradients: Li et al., *PyTorch
Distributed: Experiences on Accelerating Data Parallel Training*, VLDB 2020, arXiv:2006.15704.

With ``batch_size`` examples over all processes together, the losses are those of one process, but
for rounding: each share counts as much as it has of the batch's mean. What looks across examples
sees a share and not the batch, as with ``accumulate``: BatchNorm in training (after each epoch its
statistics are averaged), mix-up's partners, dropout.
Callbacks run in every process; ``Checkpoint`` writes in the first one only, to a place that all see.
DDP wants every weight that may learn to take part in every loss: freeze what does not.
"""

from __future__ import annotations

import atexit
import os
import warnings
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from course_lib.pytorch.batch_norm import norm_layers
from course_lib.training.batches import count_rows, share_of

T = TypeVar("T")


def processes() -> int:
    """Give how many processes train together: 1 unless ``torchrun`` has started more."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    """Give this process's number, from 0."""
    return int(os.environ["RANK"]) if processes() > 1 else 0


def share_batches() -> int:
    """Meet the other processes, once (``fit`` does so by itself); give how many there are.

    Each takes the GPU of its own number, where there are some.
    """
    if processes() == 1 or distributed.is_initialized():
        return processes()
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    on_gpu = torch.cuda.is_available() and distributed.is_nccl_available()
    distributed.init_process_group("cpu:gloo,cuda:nccl" if on_gpu else "gloo")
    atexit.register(distributed.destroy_process_group)
    return processes()


def own_share(rows: Mapping[str, Any]) -> tuple[float, dict[str, Any]]:
    """Give this process's rows of a batch, and their share in the mean over the batch.

    A process for which nothing is left takes the first row with a share of zero: DDP waits for all.
    """
    n, i, count = count_rows(rows), rank(), processes()
    start, end = n * i // count, n * (i + 1) // count
    if start == end:
        return 0.0, {name: array[:1] for name, array in rows.items()}
    mine = {name: array[start:end] for name, array in rows.items()}
    return share_of(mine, rows), mine


class LossOf(nn.Module):
    """An objective's value as a module, so that DDP sees the objective's own networks, too."""

    def __init__(self, parts: nn.ModuleDict) -> None:
        super().__init__()
        self.parts = parts

    def forward(self, batch: dict[str, Any]) -> Tensor:
        return self.parts["objective"].loss(self.parts["model"], batch)


def together(parts: nn.ModuleDict) -> nn.Module:
    """Give the loss as a module whose gradients are the means over all processes.

    It is to be made anew when other weights learn than before.
    """
    if processes() == 1:
        return LossOf(parts)
    with warnings.catch_warnings():
        # The new name of broadcast_buffers is not yet known to all versions of PyTorch.
        warnings.simplefilter("ignore", FutureWarning)
        return DistributedDataParallel(LossOf(parts), broadcast_buffers=False, init_sync=False)


def alone(loss_of: nn.Module) -> AbstractContextManager:
    """Keep gradients to oneself inside a ``with`` statement: more of them will be added."""
    return loss_of.no_sync() if isinstance(loss_of, DistributedDataParallel) else nullcontext()


def start_alike(parts: nn.Module) -> None:
    """Give every process the first one's weights."""
    if processes() > 1:
        for tensor in parts.state_dict().values():
            distributed.broadcast(tensor, 0)


def add_up(values: Tensor) -> Tensor:
    """Add the values of all processes, in place."""
    if processes() > 1:
        distributed.all_reduce(values)
    return values


def average_statistics(parts: nn.Module) -> None:
    """Give BatchNorm layers that follow their batches the mean of all processes' statistics."""
    if processes() == 1:
        return
    for norm in norm_layers(parts):
        if norm.training and norm.running_mean is not None and norm.running_var is not None:
            for statistic in (norm.running_mean, norm.running_var):
                add_up(statistic).div_(processes())
            if norm.num_batches_tracked is not None:  # who had no example left has counted less
                distributed.broadcast(norm.num_batches_tracked, 0)


def from_first(ask: Callable[[], T]) -> T:
    """Let the first process find something out, and tell the others."""
    if processes() == 1:
        return ask()
    answer = [ask() if rank() == 0 else None]
    distributed.broadcast_object_list(answer, 0)
    return answer[0]  # type: ignore[return-value]
