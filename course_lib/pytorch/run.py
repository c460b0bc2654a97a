"""One training in progress: model, objective, optimizer and data on one device, and the record."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.errors import CourseError
from course_lib.pytorch.devices import choose_device, choose_precision
from course_lib.pytorch.objectives import Objective
from course_lib.pytorch.optimizers import build_optimizer
from course_lib.training.batches import Arrays, stream_of
from course_lib.training.callbacks import Callback, State, below
from course_lib.training.history import History
from course_lib.training.plan import Plan
from course_lib.training.settings import digest


class Run:
    """What ``fit`` works on and callbacks look at (see ``course_lib.training.callbacks.Run``).

    Attributes:
        parts: The model and the objective, the latter with networks of its own.
        plan: How many steps there are, and the learning rate of each.
        data: The training arrays as tensors, on the device where they fit.
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
        self.model, self.objective, self.plan = model, objective, plan
        self.data = place_data(plan.arrays, self.device)
        self.optimizer = build_optimizer(plan.recipe, trainable_parameters(self.parts))
        self.callbacks = list(callbacks)
        self.history, self.stop = History(), False

    def batch(self, indices: dict[str, Tensor], step: int) -> dict[str, Any]:
        """Give the rows that the indices name, on the device, and how far the training is."""
        rows = {
            name: array[indices[stream_of(name)].to(array.device)].to(self.device)
            for name, array in self.data.items()
        }
        return rows | {"progress": step / len(self.plan.rates)}

    @cached_property
    def settings(self) -> dict[str, object]:
        """What makes this run the one it is. Read it before the first step."""
        own = {"framework": f"torch {torch.__version__}", "precision": str(self.dtype)}
        objective = [type(self.objective).__name__, self.objective.settings()]
        moving = [name for name, w in self.parts.named_parameters() if w.requires_grad]
        start = digest(self.weights())
        return (
            self.plan.settings | own | {"objective": objective, "trainable": moving, "start": start}
        )

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


def trainable_parameters(module: nn.Module) -> list[nn.Parameter]:
    """Give the parameters that take a gradient; there must be some."""
    parameters = [w for w in module.parameters() if w.requires_grad]
    if not parameters:
        raise CourseError(
            "Nothing can learn: every weight is frozen. Unfreeze the head, at least.",
            "没有可以学习的参数：所有权重都被冻结了。至少要解冻分类头。",
        )
    return parameters
