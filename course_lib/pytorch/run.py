"""One training in progress: model, objective, optimizer and data on one device, and the record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.errors import CourseError
from course_lib.pytorch.devices import choose_device, choose_precision
from course_lib.pytorch.distributed import own_share, processes, rank, start_alike, together
from course_lib.pytorch.inference import as_read, input_dtype
from course_lib.pytorch.objectives import Objective
from course_lib.pytorch.optimizers import build_optimizer
from course_lib.pytorch.parts import named_parts
from course_lib.training.batches import TERMS, Arrays, cut, stream_of
from course_lib.training.callbacks import Callback, State, below, settings_of
from course_lib.training.draws import drawn
from course_lib.training.history import History
from course_lib.training.plan import Plan
from course_lib.training.prefetch import ReadAhead, examples, read_before, split
from course_lib.training.rates import FULL_RATE
from course_lib.training.settings import digest


class Run:
    """What ``fit`` works on and callbacks look at (see ``course_lib.training.callbacks.Run``).

    Attributes:
        parts: The model and the objective, the latter with networks of its own.
        plan: How many steps there are, and the learning rate of each.
        data: The training arrays as tensors, on the device where they fit.
        stored: Those that stay on disk.
        loss_of: Gives the objective's value for a batch (see ``distributed.py``).
    """

    def __init__(
        self,
        model: nn.Module,
        objective: Objective,
        plan: Plan,
        *,
        precision: str,
        device: str,
        callbacks: Iterable[Callback],
    ) -> None:
        self.device = choose_device(device)
        self.precision, self.dtype = precision, choose_precision(precision, self.device)
        self.parts = nn.ModuleDict({"model": model, "objective": objective}).to(self.device)
        start_alike(self.parts)
        self.loss_of = together(self.parts)
        self.model, self.objective, self.plan = model, objective, plan
        self.reads = input_dtype(model)
        in_memory, self.stored = split(plan.arrays)
        self.data = place_data(in_memory, self.device)
        require_trainable(self.parts)
        parts = named_parts(model, objective)
        self.optimizer = build_optimizer(plan.recipe, parts)
        self.learning = {part: learning(weights) for part, weights in parts.items()}
        self.callbacks = list(callbacks)
        self.history, self.stop, self.writes = History(), False, rank() == 0

    @property
    def part_names(self) -> list[str]:
        """The parts of the model that have something to learn, from input to output."""
        return [part for part, weights in self.learning.items() if weights]

    def let_learn(self, parts: Iterable[str]) -> None:
        """Let these parts of the model learn and hold the others; what was frozen stays so."""
        free = {*parts, *FULL_RATE}
        for part, weights in self.learning.items():
            for weight in weights:
                weight.requires_grad_(part in free)

    def epoch_rows(self, epoch: int) -> Iterator[tuple[float, dict[str, Tensor]]]:
        """Give this process's share of each batch of an epoch, and what it needs on the device.

        What is on disk is read ahead.
        """
        rows = self.plan.rows(self.objective, epoch, self.terms)
        if not self.stored:
            return map(own_share, cut(self.on_device(rows), self.plan.sizes))
        batches = [own_share(batch) for batch in cut(rows, self.plan.sizes)]

        def get(i: int) -> tuple[float, dict[str, Tensor]]:
            share, mine = batches[i]
            return share, self.on_device(mine | examples(self.stored, mine))

        return iter(ReadAhead(get, len(batches)))

    @cached_property
    def terms(self) -> np.ndarray | None:
        """How many terms of the mean each example brings; asked only where batches are cut."""
        whole = self.plan.accumulate == processes() == 1
        return None if whole else self.objective.terms(self.plan.arrays)

    def on_device(self, arrays: Arrays) -> dict[str, Any]:
        """Bring arrays to the device, each as a tensor; shares are reckoned without it."""
        return {
            name: array if name == TERMS else torch.from_numpy(array).to(self.device)
            for name, array in arrays.items()
        }

    def batch(self, rows: dict[str, Tensor], step: int) -> dict[str, Any]:
        """Give the data that the rows' indices name, the draws, and how far the training is."""
        data = {
            name: array[rows[stream_of(name)].to(array.device)].to(self.device)
            for name, array in self.data.items()
        }
        data |= read_before(rows)
        inputs = {name: x for name, x in data.items() if name.partition("_")[0] == "x"}
        data |= {name: as_read(x, self.reads) for name, x in inputs.items()}
        return data | drawn(rows) | {"progress": step / len(self.plan.rates)}

    @cached_property
    def settings(self) -> dict[str, object]:
        """What makes this run the one it is. Read it before the first step."""
        own: dict[str, object] = {
            "framework": f"torch {torch.__version__}",
            "precision": str(self.dtype),
            "processes": processes(),
        }
        objective = [type(self.objective).__name__, self.objective.settings()]
        free = {id(weight) for weights in self.learning.values() for weight in weights}
        moving = [name for name, w in self.parts.named_parameters() if id(w) in free]
        own |= {"objective": objective, "trainable": moving, "start": digest(self.weights())}
        return self.plan.settings | own | {"callbacks": settings_of(self.callbacks)}

    def weights(self) -> State:
        """Give copies of all weights and BatchNorm statistics, of the objective's networks too."""
        return {name: np.array(w.cpu()) for name, w in self.parts.state_dict().items()}

    def load_weights(self, weights: State) -> None:
        """Take back what :meth:`weights` gave."""
        self.parts.load_state_dict({name: torch.tensor(w) for name, w in weights.items()})

    def state(self) -> State:
        """Give everything that the rest of the run depends on."""
        state = {f"weights.{name}": w for name, w in self.weights().items()}
        for place, own in self.optimizer.state_dict()["state"].items():
            state |= {f"optimizer.{place}.{name}": np.array(v.cpu()) for name, v in own.items()}
        for i, callback in enumerate(self.callbacks):
            state |= {f"callback{i}.{name}": v for name, v in callback.state().items()}
        return state

    def load_state(self, state: State) -> None:
        """Take back what :meth:`state` gave."""
        self.load_weights(below("weights.", state))
        self._load_optimizer(below("optimizer.", state))
        for i, callback in enumerate(self.callbacks):
            callback.load_state(below(f"callback{i}.", state))

    def _load_optimizer(self, state: State) -> None:
        weights = [w for group in self.optimizer.param_groups for w in group["params"]]
        values: dict[int, dict[str, Tensor]] = {}
        for key, value in state.items():
            place, _, name = key.partition(".")
            values.setdefault(int(place), {})[name] = laid_out_like(weights[int(place)], value)
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": values, "param_groups": groups})


def laid_out_like(weight: Tensor, value: np.ndarray) -> Tensor:
    """Give an optimizer's value in its weight's memory layout (channels-last, perhaps).

    Fused optimizers walk through memory, not through indices: the two layouts must be the same.
    """
    tensor = torch.tensor(value)
    if tensor.shape != weight.shape:
        return tensor
    return torch.empty_like(weight, dtype=tensor.dtype).copy_(tensor).detach()


def place_data(arrays: Arrays, device: torch.device) -> dict[str, Tensor]:
    """Move the training data to the device where at most half of its free memory is enough.

    Uploading once and cutting batches there saves a transfer at every step. What does not fit
    stays in main memory and travels batch by batch.
    """
    tensors = {name: torch.tensor(array) for name, array in arrays.items()}
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        if sum(t.nbytes for t in tensors.values()) > free / 2:
            return {name: tensor.pin_memory() for name, tensor in tensors.items()}
    return {name: tensor.to(device) for name, tensor in tensors.items()}


def learning(weights: Iterable[nn.Parameter]) -> list[nn.Parameter]:
    """Give the weights that take a gradient."""
    return [weight for weight in weights if weight.requires_grad]


def require_trainable(module: nn.Module) -> None:
    """Make sure that there is something to learn."""
    if not learning(module.parameters()):
        raise CourseError(
            "Nothing can learn: every weight is frozen. Unfreeze the head, at least.",
            "没有可以学习的参数：所有权重都被冻结了。至少要解冻分类头。",
        )
