r"""Tasks one after another: what is held (EWC), what is repeated (replay), among what is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.arguments import require_number
from course_lib.pytorch.losses import cross_entropy
from course_lib.pytorch.named import named_weights
from course_lib.pytorch.objectives import Batch, Objective, OfTargets
from course_lib.pytorch.wrappers import Wrapper
from course_lib.training import measures
from course_lib.training.batches import Arrays, require_arrays
from course_lib.training.incremental import Groups, require_importances, same_task
from course_lib.training.requirements import require_same_shape


class TaskCrossEntropy(OfTargets):
    r"""Cross-entropy among the classes of each example's own task: task-incremental learning.

    .. math:: L = -\frac{1}{N} \sum_i \log \frac{e^{z_{i y_i}}}{\sum_{k \in t(y_i)} e^{z_{ik}}}

    Somebody says which task an example belongs to, in training and, with ``evaluate(…,
    objective=TaskCrossEntropy(groups))``, in the test. One linear layer with all classes then is a
    head for each task: the rows of other tasks get no gradient. Where nobody says it
    (class-incremental learning), use ``CrossEntropy()``. Van de Ven, Tuytelaars & Tolias, *Three
    types of incremental learning*, Nature Machine Intelligence 2022.

    Args:
        groups: The labels of each task; together they are all the model's classes, 0 … K-1. None:
            all classes are one task's.
    """

    def __init__(self, groups: Groups | None = None) -> None:
        super().__init__()
        self.groups = None if groups is None else [[int(k) for k in group] for group in groups]
        self.own: Tensor | None
        own = None if groups is None else torch.from_numpy(same_task(groups))
        self.register_buffer("own", own, persistent=False)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        return self.of_outputs(model(batch["x"]), batch["y"])

    def of_outputs(self, z: Tensor, y: Tensor) -> Tensor:
        """Give the loss from logits N×K and labels N."""
        if self.own is None:
            return cross_entropy(z, y)
        require_same_shape("logits", z.shape[1:], self.own.shape[1:])
        return cross_entropy(z + self.own[y], y)

    def measure(self, outputs: np.ndarray, y: np.ndarray) -> dict[str, float]:
        own = 0 if self.groups is None else same_task(self.groups)[y]
        return measures.classification(outputs + own, y)

    def settings(self) -> dict[str, object]:
        return {"groups": self.groups}


class EWC(Wrapper):
    r"""Hold each weight where it is, as firmly as it matters to what was learnt: elastic weights.

    .. math:: L + \frac{\lambda}{2} \sum_i F_i \, (\theta_i - \theta^*_i)^2

    To the second order the penalty is how far the old answers move (see ``fisher_diagonal``): it is
    what a Gaussian around :math:`\theta^*`, all that is kept of the old data, says of new weights.
    Kirkpatrick et al., *Overcoming catastrophic forgetting in neural networks*, PNAS 2017,
    arXiv:1612.00796. Give the optimizer ``weight_decay=0``. After several tasks, either nest one
    ``EWC`` for each, as in the paper, or add their Fishers up and hold the last weights: Huszár, *Note
    on the quadratic penalties in elastic weight consolidation*, PNAS 2018, arXiv:1712.03847.

    Args:
        objective: What else to make small.
        model: The model as the earlier task left it: :math:`\theta^*` is what its weights are now.
        fisher: F, by name, as ``fisher_diagonal(model, earlier_task)`` gives it. A weight that is not
            in it is free. Where a head has grown since, its old rows are held.
        strength: :math:`\lambda`, 0 or more.
    """

    def __init__(
        self,
        objective: Objective,
        model: nn.Module,
        fisher: Mapping[str, np.ndarray],
        *,
        strength: float = 1.0,
    ) -> None:
        super().__init__(objective)
        self.strength, self.names = require_number("strength", strength), [*fisher]
        weights = named_weights(model)
        shapes = {name: tuple(w.shape) for name, w in weights.items()}
        require_importances(shapes, fisher)
        for i, (name, values) in enumerate(fisher.items()):
            old = part_of(weights[name], values.shape).detach()
            self.register_buffer(f"anchor{i}", old.clone())
            self.register_buffer(f"fisher{i}", torch.from_numpy(values).to(old.device))

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        weights = named_weights(model)
        penalty = torch.zeros((), device=batch["x"].device)
        for i, name in enumerate(self.names):
            anchor, fisher = self.get_buffer(f"anchor{i}"), self.get_buffer(f"fisher{i}")
            moved = part_of(weights[name], anchor.shape) - anchor
            penalty = penalty + (fisher * moved.square()).sum()
        return self.objective.loss(model, batch) + self.strength / 2 * penalty

    def own_settings(self) -> dict[str, object]:
        return {"strength": self.strength}


class Replay(Wrapper):
    r"""Learn from the new task's examples and, in each step, from as many of a memory.

    .. math:: L(x, y) + \lambda \, L(x_m, y_m), \qquad \text{or} \quad L(x \cup x_m, \, y \cup y_m)

    Train on ``{"x": …, "y": …, **memory.arrays()}``; see ``course_lib.training.memory.Memory``. Robins,
    *Catastrophic Forgetting, Rehearsal and Pseudorehearsal*, Connection Science 7(2), 1995; Rolnick et
    al., *Experience Replay for Continual Learning*, NeurIPS 2019, arXiv:1811.11682.

    Args:
        objective: What to make small on both.
        strength: :math:`\lambda`, 0 or more: both are asked one after the other. None: one batch of
            both, which BatchNorm then normalises together (not with an objective that draws).
    """

    def __init__(self, objective: Objective, *, strength: float | None = None) -> None:
        super().__init__(objective)
        self.strength = None if strength is None else require_number("strength", strength)

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        new, old = batch, {**batch, "x": batch["x_m"], "y": batch["y_m"]}
        if self.strength is not None:
            again = self.objective.loss(model, old)
            return self.objective.loss(model, new) + self.strength * again
        mixed = {name: torch.cat([new[name], old[name]]) for name in ("x", "y")}
        return self.objective.loss(model, {**batch, **mixed})

    def check(self, arrays: Arrays) -> None:
        super().check(arrays)
        require_arrays(arrays, "x_m", "y_m")

    def own_settings(self) -> dict[str, object]:
        return {"strength": self.strength}


def part_of(weight: Tensor, shape: Sequence[int]) -> Tensor:
    """Give what was there of a weight before it grew: its first rows (columns …)."""
    return weight[tuple(slice(size) for size in shape)]
