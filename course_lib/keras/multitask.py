r"""Several tasks learnt together: one trunk, a head for each, and do their gradients agree?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
from keras import KerasTensor, ops

from course_lib.keras.backbones import Backbone
from course_lib.keras.differentiation import gradients
from course_lib.keras.heads import TransferModel, build_head
from course_lib.keras.losses import cross_entropy
from course_lib.keras.objectives import Batch, Objective
from course_lib.training import tasks as of_tasks
from course_lib.training.batches import Arrays
from course_lib.training.requirements import require_backbone


class Heads(keras.Model):
    """A head for each task: features N×D → logits side by side, N×(K₁ + K₂ + …).

    Attributes:
        tasks: The number of classes of each task.
        each: The head of each task, by name.
    """

    def __init__(self, heads: Mapping[str, keras.Model], tasks: Mapping[str, int]) -> None:
        super().__init__()
        self.tasks, self.each = dict(tasks), dict(heads)
        self.built = True

    def call(self, f: KerasTensor, training: bool = False) -> KerasTensor:
        z = [head(f, training=training) for head in self.each.values()]
        return ops.concatenate(z, axis=1)


def attach_heads(
    backbone: Backbone,
    tasks: Mapping[str, int],
    *,
    hidden: Sequence[int] = (),
    dropout: float = 0.0,
    seed: int = 0,
) -> TransferModel:
    """Put a classifier for each task on one backbone, the *trunk* that they share.

    Args:
        backbone: What ``load_backbone`` gives; it is used, not copied.
        tasks: The number of classes of each task, by name.
        hidden, dropout: Of each head, as for ``build_head``.
        seed: Decides where the first head starts; each has the next one.
    """
    require_backbone(backbone, "attach_heads")
    tasks, size = of_tasks.require_tasks(tasks), backbone.feature_size
    heads = {
        name: build_head(size, classes, hidden=hidden, dropout=dropout, seed=seed + i)
        for i, (name, classes) in enumerate(tasks.items())
    }
    return TransferModel(backbone, Heads(heads, tasks))


class MultiTask(Objective):
    r"""The weighted sum of each task's cross-entropy.

    .. math:: L = \sum_k w_k \, L_\mathrm{CE}(z^{(k)}, y^{(k)})

    Train it on ``x`` and labels ``y`` N×T, one column for each task in the order of ``tasks``. A label of
    −1 is unknown: :math:`L_\mathrm{CE}` is the mean over the examples that have one.
    ``evaluate`` reports the ``loss``, the mean ``accuracy``, and ``accuracy.NAME`` of each task. Caruana,
    *Multitask Learning*, Machine Learning 28, 1997.

    Args:
        tasks: The number of classes of each task, as for :func:`attach_heads`.
        weights: :math:`w_k` by name; 1 unless given. A task of weight 0 moves nothing.
    """

    def __init__(
        self, tasks: Mapping[str, int], weights: Mapping[str, float] | None = None
    ) -> None:
        super().__init__()
        self.tasks = of_tasks.require_tasks(tasks)
        self.task_weights = of_tasks.require_task_weights(self.tasks, weights or {})

    def check(self, arrays: Arrays) -> None:
        of_tasks.require_task_labels(arrays, self.tasks)

    def loss(self, model: keras.Layer, batch: Batch) -> KerasTensor:
        losses = task_losses(model(batch["x"], training=True), batch["y"], self.tasks)
        return ops.sum(ops.stack([self.task_weights[name] * loss for name, loss in losses.items()]))

    def measure(self, outputs: np.ndarray, y: np.ndarray) -> dict[str, float]:
        return of_tasks.measure(outputs, y, self.tasks, self.task_weights)

    def settings(self) -> dict[str, object]:
        return {"tasks": self.tasks, "weights": self.task_weights}


def task_losses(z: KerasTensor, y: KerasTensor, tasks: Mapping[str, int]) -> dict[str, KerasTensor]:
    """Give the cross-entropy of each task, from logits N×(K₁ + …) and labels N×T; −1: unknown."""
    parts = of_tasks.columns(tasks).items()
    return {name: loss_where_known(z[:, part], y[:, i]) for i, (name, part) in enumerate(parts)}


def loss_where_known(z: KerasTensor, y: KerasTensor) -> KerasTensor:
    """Give the mean cross-entropy of the examples that have a label, 0 when none has."""
    known = ops.cast(y >= 0, z.dtype)
    weight = known / ops.maximum(ops.mean(known), 1e-9)
    return cross_entropy(z, ops.maximum(y, 0), weight=weight)


def gradient_cosine(
    first: Callable[[], KerasTensor],
    second: Callable[[], KerasTensor],
    weights: Sequence[keras.Variable],
) -> float:
    r"""Give the cosine between the gradients of two losses: do they pull the shared weights one way?

    .. math:: \cos(g_1, g_2) = \frac{g_1 \cdot g_2}{\lVert g_1 \rVert \, \lVert g_2 \rVert}

    1: a step for one is a step for the other. Below 0 they are in *conflict*: a small step that helps
    one harms the other. Yu et al., *Gradient Surgery for Multi-Task Learning*, NeurIPS 2020,
    arXiv:2001.06782.

    Args:
        first, second: Each computes one number from the weights when it is called.
        weights: The shared ones: ``list(model.backbone.parameters())``, in Keras
            ``model.backbone.trainable_weights``.
    """
    (_, one), (_, other) = gradients(first, weights), gradients(second, weights)
    a, b = (ops.concatenate([ops.reshape(g, (-1,)) for g in found]) for found in (one, other))
    return float(ops.sum(a * b) / ops.maximum(ops.norm(a) * ops.norm(b), 1e-12))
