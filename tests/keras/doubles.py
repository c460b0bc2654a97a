"""One objective of each kind that later chapters bring, as small as possible."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import KerasTensor, ops

from course_lib.keras.freezing import freeze
from course_lib.keras.losses import cross_entropy
from course_lib.keras.objectives import Batch, Objective
from course_lib.keras.wrappers import Wrapper, parameters


def reverse_gradient(f: KerasTensor, strength: KerasTensor) -> KerasTensor:
    """Give ``f``; its gradient comes back times ``-strength``."""
    return (1 + strength) * ops.stop_gradient(f) - strength * f


class DANN(Objective):
    """Two domains in a batch, and a second network that learns to tell them apart."""

    def __init__(self, discriminator: keras.Layer) -> None:
        super().__init__()
        self.discriminator = discriminator

    def loss(self, model: keras.Model, batch: Batch) -> KerasTensor:
        f_s = model.backbone(batch["x"], training=bool(model.backbone.trainable_weights))
        f_t = model.backbone(batch["x_t"], training=bool(model.backbone.trainable_weights))
        f = reverse_gradient(ops.concatenate([f_s, f_t]), batch["progress"])
        domain = ops.concatenate([ops.zeros_like(f_s[:, 0]), ops.ones_like(f_t[:, 0])])
        domain = ops.cast(domain, "int32")
        told_apart = cross_entropy(self.discriminator(f), domain)
        return cross_entropy(model.head(f_s), batch["y"]) + told_apart


class EWC(Wrapper):
    """State from an earlier task: where the weights were, and how much each mattered."""

    def __init__(
        self,
        objective: Objective,
        model: keras.Model,
        fisher: Sequence[np.ndarray],
        strength: float,
    ) -> None:
        super().__init__(objective)
        self.strength = strength
        values = [ops.convert_to_numpy(w) for w in parameters(model)]
        self.anchor = [keras.Variable(value, trainable=False) for value in values]
        self.fisher = [keras.Variable(value, trainable=False) for value in fisher]

    def loss(self, model: keras.Model, batch: Batch) -> KerasTensor:
        weights = zip(parameters(model), self.anchor, self.fisher, strict=True)
        penalty = sum(ops.sum(fisher * (w - anchor) ** 2) for w, anchor, fisher in weights)
        return self.objective.loss(model, batch) + self.strength / 2 * penalty

    def own_settings(self) -> dict[str, object]:
        return {"strength": self.strength}


class Distillation(Objective):
    """A second, frozen network whose soft answers are part of the goal."""

    def __init__(self, teacher: keras.Model, temperature: float) -> None:
        super().__init__()
        self.teacher, self.temperature = freeze(teacher), temperature

    def loss(self, model: keras.Model, batch: Batch) -> KerasTensor:
        z, T = model(batch["x"], training=True), self.temperature
        q = ops.stop_gradient(ops.softmax(self.teacher(batch["x"], training=False) / T))
        soft = -ops.mean(ops.sum(q * ops.log_softmax(z / T), axis=-1))
        return cross_entropy(z, batch["y"]) + T**2 * soft

    def settings(self) -> dict[str, object]:
        return {"temperature": self.temperature}
