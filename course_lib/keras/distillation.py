r"""Learning from another network's answers: distillation, and learning without forgetting."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import KerasTensor, ops

from course_lib.arguments import require_made, require_number
from course_lib.keras.freezing import freeze
from course_lib.keras.incremental import TaskCrossEntropy
from course_lib.keras.inference import predict
from course_lib.keras.losses import cross_entropy, distillation_loss
from course_lib.keras.objectives import Batch, OfTargets
from course_lib.training.batches import Arrays, as_arrays, require_arrays
from course_lib.training.incremental import Groups, old_groups


class Distillation(OfTargets):
    r"""Learn from labels and from a teacher's soft answers to the same inputs.

    .. math:: (1 - s) \, L_\text{labels} + s \, T^2 \,
              \mathrm{KL}\bigl( \mathrm{softmax}(z^t / T) \,\|\, \mathrm{softmax}(z / T) \bigr)

    Hinton, Vinyals & Dean, *Distilling the Knowledge in a Neural Network*, 2015, arXiv:1503.02531;
    see :func:`~course_lib.keras.losses.distillation_loss`.

    Args:
        teacher: A network with the same outputs N×K. It is frozen, and in inference mode.
        temperature: T, above 0.
        share: s, from 0 to 1: what of the goal is the teacher's.
    """

    def __init__(
        self, teacher: keras.Layer, *, temperature: float = 4.0, share: float = 0.9
    ) -> None:
        super().__init__()
        self.teacher = freeze(
            require_made("teacher", teacher, keras.Layer, "attach_head(backbone, 10)")
        )
        self.temperature = require_number("temperature", temperature, ends="()")
        self.share = require_number("share", share, 0, 1)

    def loss(self, model: keras.Layer, batch: Batch) -> KerasTensor:
        z = model(batch["x"], training=True)
        answers = self.teacher(batch["x"], training=False)
        soft = distillation_loss(z, answers, temperature=self.temperature)
        return (1 - self.share) * cross_entropy(z, batch["y"]) + self.share * soft

    def settings(self) -> dict[str, object]:
        return {"temperature": self.temperature, "share": self.share}


class LwF(TaskCrossEntropy):
    r"""Learn a new task, and keep to the answers that the old model gave to the *new* examples.

    .. math:: L_\text{new} + \lambda \, T^2 \sum_t
              \mathrm{KL}\bigl( \mathrm{softmax}(z^\text{old}_t / T) \,\|\, \mathrm{softmax}(z_t / T) \bigr)

    No example of the old tasks is needed. The old answers are recorded before the first step, as in
    the paper: train on ``record_answers(model, task)``, whose array ``old`` has them. Li & Hoiem,
    *Learning without Forgetting*, ECCV 2016, arXiv:1606.09282.

    Args:
        groups: The labels of each task so far, the new one's among them: the sum runs over the old
            tasks t, each with its own softmax, and :math:`L_\text{new}` chooses among the new task's
            classes (task-incremental). None: one softmax over all old classes, and the new loss
            among all classes (class-incremental).
        temperature: T, above 0.
        strength: :math:`\lambda`, 0 or more.
    """

    def __init__(
        self, groups: Groups | None = None, *, temperature: float = 2.0, strength: float = 1.0
    ) -> None:
        super().__init__(groups)
        self.temperature = require_number("temperature", temperature, ends="()")
        self.strength = require_number("strength", strength)

    def loss(self, model: keras.Layer, batch: Batch) -> KerasTensor:
        z, old = model(batch["x"], training=True), batch["old"]
        kept = [
            distillation_loss(
                ops.take(z, task, axis=1), ops.take(old, task, axis=1), temperature=self.temperature
            )
            for task in old_groups(self.groups, old.shape[1])
        ]
        return self.of_outputs(z, batch["y"]) + self.strength * sum(kept)

    def check(self, arrays: Arrays) -> None:
        super().check(arrays)
        require_arrays(arrays, "old")

    def settings(self) -> dict[str, object]:
        own = {"temperature": self.temperature, "strength": self.strength}
        return super().settings() | own


def record_answers(model: keras.Layer, task: Any) -> Arrays:
    """Give a task's ``x`` and ``y`` and, as ``old``, what the model says of x now: logits N×K.

    Ask before the model learns the task, and before its head grows for it.

    Args:
        model: The model as the earlier tasks left it.
        task: A ``Domain`` or a pair.
    """
    arrays = as_arrays(task)
    return arrays | {"old": predict(model, arrays["x"]).astype(np.float32)}
