"""The loops that ``fit`` is compared with, in PyTorch: by hand, by two engines, and as often seen.

All but the last see the batches that ``fit`` sees and update by the same formula, so their losses
are ``fit``'s: the benchmarks look at that, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import repeat
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader

from course_lib.pytorch import augment
from course_lib.pytorch.devices import autocast, threads_for
from course_lib.training.augmentation import Transform, draw_transforms
from course_lib.training.batches import order

RATE, CPU = 1e-3, torch.device("cpu")
# What to import, and what to install for it.
ENGINES = {"Fabric": ("lightning_fabric", "lightning-fabric"), "Accelerate": ("accelerate",) * 2}


@dataclass(frozen=True)
class Task:
    """What is to be learnt, alike for all loops.

    Attributes:
        x, y: Images N×H×W×C (uint8) and labels N (int64), on the device or in main memory.
        epochs, batch_size: How often all images are seen, and how many per step.
        dtype: Of convolutions and matrix products: float32, or bfloat16 under autocast.
        transforms: How images are changed at random, batch by batch on the device.
        compiler: A backend of ``torch.compile`` for the model, or None: as it is.
        workers: Processes that load batches, where a DataLoader does.
    """

    x: Tensor
    y: Tensor
    epochs: int
    batch_size: int
    device: torch.device = CPU
    dtype: torch.dtype = torch.float32
    transforms: tuple[Transform, ...] = ()
    compiler: str | None = None
    workers: int = 0


@dataclass
class Record:
    """What a loop leaves: the loss of each step, and the seconds at the end of each epoch."""

    losses: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    started: float = field(default_factory=time.perf_counter)

    def end_epoch(self, losses: Iterable[Tensor | float]) -> None:
        """Fetch an epoch's losses from the device, which ends its work, and look at the clock."""
        self.losses += torch.stack([torch.as_tensor(loss) for loss in losses]).tolist()
        self.seconds.append(time.perf_counter() - self.started)


Step = Callable[[Tensor, Tensor], Tensor]
Batches = Callable[[int], Iterable[tuple[Tensor, Tensor]]]


def by_hand(model: nn.Module, task: Task, batches: Batches | None = None) -> Record:
    """A plain loop, written well: data on the device, batches by index, no waiting for a loss.

    Args:
        batches: Gives an epoch's batches; cut by index from the task's images unless given.
    """
    optimizer = adamw(model)
    compile_model(model, task)

    def step(x: Tensor, y: Tensor) -> Tensor:
        optimizer.zero_grad()
        with autocast(task.device, task.dtype):
            loss = cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return train(model.train(), task, step, batches or (lambda epoch: indexed(task, epoch)))


def on_one_batch(model: nn.Module, task: Task) -> Record:
    """The plain loop on synthetic data: one batch, ready on the device, again and again.

    What it is faster by is the cost of picking and changing images.
    """
    batch = (task.x[: task.batch_size].float(), task.y[: task.batch_size])
    steps = len(task.y) // task.batch_size
    return by_hand(model, task, lambda epoch: repeat(batch, steps))


def by_engine(name: str, model: nn.Module, task: Task, *, loader: bool = False) -> Record:
    """The same loop with an engine's parts in it.

    Args:
        name: ``"Fabric"`` or ``"Accelerate"``.
        loader: Batches come from a DataLoader in main memory that the engine has set up, as its
            guide has it; else by index from where the data lies, as above.
    """
    prepare, backward = ENGINE[name](task)
    ready, optimizer, batches = prepare(model, adamw(model), loader_of(task) if loader else None)
    compile_model(model, task)

    def step(x: Tensor, y: Tensor) -> Tensor:
        optimizer.zero_grad()
        loss = cross_entropy(ready(x), y)
        backward(loss)
        optimizer.step()
        return loss.detach()

    def loaded(epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        rng = np.random.default_rng(epoch)
        for x, y in batches:
            yield changed(x, drawn(task, rng, len(x))), y

    return train(
        ready.train(), task, step, loaded if loader else lambda epoch: indexed(task, epoch)
    )


def fabric(task: Task) -> tuple[Callable[..., Any], Callable[[Tensor], Any]]:
    """Lightning Fabric: what prepares model, optimizer and loader, and what goes backward."""
    from lightning_fabric import Fabric

    precision = "bf16-mixed" if task.dtype is torch.bfloat16 else "32-true"
    engine = Fabric(accelerator=task.device.type, devices=1, precision=precision)

    def prepare(model: nn.Module, optimizer: Any, loader: DataLoader | None) -> tuple[Any, ...]:
        return *engine.setup(model, optimizer), loader and engine.setup_dataloaders(loader)

    return prepare, engine.backward


def accelerate(task: Task) -> tuple[Callable[..., Any], Callable[[Tensor], Any]]:
    """Hugging Face Accelerate: the same two."""
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState

    AcceleratorState._reset_state(reset_partial_state=True)  # else the first precision is the last
    precision = "bf16" if task.dtype is torch.bfloat16 else "no"
    engine = Accelerator(cpu=task.device.type == "cpu", mixed_precision=precision)

    def prepare(model: nn.Module, optimizer: Any, loader: DataLoader | None) -> tuple[Any, ...]:
        return *engine.prepare(model, optimizer), loader and engine.prepare(loader)

    return prepare, engine.backward


ENGINE = {"Fabric": fabric, "Accelerate": accelerate}


def as_often_seen(model: nn.Module, task: Task, *, steps: int) -> Record:
    """The documents' style: a DataLoader of four, each image made float alone, ``.item()`` each step.

    Only so many steps as say how fast it is; their seconds count as one epoch.
    """
    loader = DataLoader(Samples(task), batch_size=4, shuffle=True, num_workers=task.workers)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.0)
    model.train()
    record, losses = Record(), []
    for inputs, labels in loader:
        inputs, labels = inputs.to(task.device), labels.to(task.device)
        optimizer.zero_grad()
        loss = cross_entropy(model(inputs), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if not record.losses:
            record.end_epoch(losses)  # the loader's processes have started, the first step is over
        if len(losses) > steps:
            break
    record.end_epoch(losses[1:])
    return record


class Samples(torch.utils.data.Dataset):
    """Images one at a time, each changed and made float by itself."""

    def __init__(self, task: Task) -> None:
        self.x, self.y, self.transforms = (
            task.x.cpu().numpy(),
            task.y.cpu().numpy(),
            task.transforms,
        )

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        x = torch.tensor(self.x[i], dtype=torch.float32)
        if self.transforms:
            draws = draw_transforms(self.transforms, np.random.default_rng(i), 1)
            x = augment(x[None], draws)[0]
        return x, int(self.y[i])


def train(model: nn.Module, task: Task, step: Step, batches: Batches) -> Record:
    """Go through the epochs. Nothing waits for the device but the end of each."""
    record = Record()
    with threads_for(model, task.x.device):  # as fit does: loops are compared here, not threads
        for epoch in range(task.epochs):
            record.end_epoch([step(x, y) for x, y in batches(epoch)])
    return record


def indexed(task: Task, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Give an epoch's batches, cut by index where the data lies, in the order that ``fit`` has."""
    place, n = task.x.device, len(task.y)
    rows = torch.from_numpy(order(n, 0, epoch)).to(place).split(task.batch_size)
    draws = drawn(task, np.random.default_rng(epoch), n)
    for i, some in enumerate(rows):
        mine = slice(i * task.batch_size, (i + 1) * task.batch_size)
        x = changed(task.x[some], {kind: values[mine] for kind, values in draws.items()})
        yield x, task.y[some]


def loader_of(task: Task) -> DataLoader:
    """Give a DataLoader set up well: whole batches by index, from pinned memory, workers kept."""
    return DataLoader(
        WholeBatches(task),
        task.batch_size,
        shuffle=True,
        num_workers=task.workers,
        collate_fn=as_it_is,
        persistent_workers=task.workers > 0,
        pin_memory=task.device.type == "cuda",
    )


class WholeBatches(torch.utils.data.Dataset):
    """Images in main memory, of which a DataLoader gets a batch in one go."""

    def __init__(self, task: Task) -> None:
        self.x, self.y = task.x.cpu(), task.y.cpu()

    def __len__(self) -> int:
        return len(self.y)

    def __getitems__(self, rows: list[int]) -> tuple[Tensor, Tensor]:
        return self.x[rows], self.y[rows]


def as_it_is(batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Collate what is a batch already."""
    return batch


def drawn(task: Task, rng: np.random.Generator, n: int) -> dict[str, Tensor]:
    """Give what is drawn for n images, on the device."""
    draws = draw_transforms(task.transforms, rng, n) if task.transforms else {}
    return {kind: torch.from_numpy(values).to(task.device) for kind, values in draws.items()}


def changed(x: Tensor, draws: dict[str, Tensor]) -> Tensor:
    """Give a batch of images, changed at random where they are."""
    return augment(x, draws) if draws else x


def adamw(model: nn.Module) -> torch.optim.Optimizer:
    """Give the optimizer of all loops, in one kernel for all weights, as ``fit`` has it."""
    return torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.0, fused=True)


def compile_model(model: nn.Module, task: Task) -> None:
    """Let PyTorch compile the model at its first call, in place; what was compiled before is gone."""
    if task.compiler:
        torch.compiler.reset()
        model.compile(backend=task.compiler, dynamic=False)


def missing(name: str) -> str:
    """Give the sentence about an engine that is not installed; empty when it is."""
    module, package = ENGINES[name]
    return "" if find_spec(module) else f"not installed: pip install {package}"
