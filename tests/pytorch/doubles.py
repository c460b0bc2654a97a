"""One objective of each kind that later chapters bring, as small as possible."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from course_lib.pytorch.freezing import freeze
from course_lib.pytorch.losses import cross_entropy
from course_lib.pytorch.objectives import Batch, Objective
from course_lib.pytorch.wrappers import Wrapper


def reverse_gradient(f: Tensor, strength: float) -> Tensor:
    """Give ``f``; its gradient comes back times ``-strength``."""
    return (1 + strength) * f.detach() - strength * f


class DANN(Objective):
    """Two domains in a batch, and a second network that learns to tell them apart."""

    def __init__(self, discriminator: nn.Module) -> None:
        super().__init__()
        self.discriminator = discriminator

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        f_s, f_t = model.backbone(batch["x"]), model.backbone(batch["x_t"])
        f = reverse_gradient(torch.cat([f_s, f_t]), float(batch["progress"]))
        domain = torch.cat([torch.zeros(len(f_s)), torch.ones(len(f_t))]).long().to(f.device)
        told_apart = cross_entropy(self.discriminator(f), domain)
        return cross_entropy(model.head(f_s), batch["y"]) + told_apart


class EWC(Wrapper):
    """State from an earlier task: where the weights were, and how much each mattered."""

    def __init__(
        self,
        objective: Objective,
        model: nn.Module,
        fisher: Mapping[str, Tensor],
        strength: float,
    ) -> None:
        super().__init__(objective)
        self.strength = strength
        for i, (name, weight) in enumerate(model.named_parameters()):
            self.register_buffer(f"anchor{i}", weight.detach().clone())
            self.register_buffer(f"fisher{i}", fisher[name])

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        penalty = torch.zeros((), device=batch["x"].device)
        for i, weight in enumerate(model.parameters()):
            moved = weight - self.get_buffer(f"anchor{i}")
            penalty = penalty + (self.get_buffer(f"fisher{i}") * moved**2).sum()
        return self.objective.loss(model, batch) + self.strength / 2 * penalty

    def own_settings(self) -> dict[str, object]:
        return {"strength": self.strength}


class Distillation(Objective):
    """A second, frozen network whose soft answers are part of the goal."""

    def __init__(self, teacher: nn.Module, temperature: float) -> None:
        super().__init__()
        self.teacher, self.temperature = freeze(teacher), temperature

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        z, T = model(batch["x"]), self.temperature
        with torch.no_grad():
            q = torch.softmax(self.teacher(batch["x"]) / T, dim=1)
        soft = -(q * torch.log_softmax(z / T, dim=1)).sum(dim=1).mean()
        return cross_entropy(z, batch["y"]) + T**2 * soft

    def settings(self) -> dict[str, object]:
        return {"temperature": self.temperature}
