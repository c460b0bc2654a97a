"""A small residual network for tests: two convolutions with batch norm, and a head."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn


class SmallBackbone(nn.Module):
    """Images N×8×8×1 → features N×6. Smooth (tanh), so that rounding stays rounding."""

    def __init__(self, scaled: bool = True) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(6, affine=scaled)
        self.conv2 = nn.Conv2d(6, 6, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(6, affine=scaled)

    @property
    def blocks(self) -> list[nn.ModuleList]:
        return [nn.ModuleList([self.conv1, self.bn1]), nn.ModuleList([self.conv2, self.bn2])]

    def forward(self, x: Tensor) -> Tensor:
        x = torch.tanh(self.bn1(self.conv1(x.permute(0, 3, 1, 2))))
        return torch.tanh(x + self.bn2(self.conv2(x))).mean(dim=(2, 3))


class Small(nn.Module):
    """The small backbone and a linear head: images → logits N×3. ``scaled``: norms have weights."""

    def __init__(
        self, weights: dict[str, np.ndarray] | None = None, *, scaled: bool = True
    ) -> None:
        super().__init__()
        self.backbone, self.head = SmallBackbone(scaled), nn.Linear(6, 3)
        if weights:
            load(self.backbone, weights)
            load(self.head, weights, "head.")

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.backbone(x))


class Pairs(Small):
    """Two places with three logits each, N×2×3: a sequence model of sorts."""

    def forward(self, x: Tensor) -> Tensor:
        f = self.backbone(x)
        return torch.stack([self.head(f), self.head(-f)], dim=1)


def load(module: nn.Module, weights: dict[str, np.ndarray], prefix: str = "") -> nn.Module:
    tensors = {name: torch.tensor(w) for name, w in weights.items()}
    own = {name: tensors[prefix + name] for name in module.state_dict() if prefix + name in tensors}
    module.load_state_dict(own, strict=False)
    return module
