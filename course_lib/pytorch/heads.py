"""New layers on top of a backbone, for a new task."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.arguments import require_seed
from course_lib.pytorch.backbones import Backbone
from course_lib.training.initial import head_weights
from course_lib.training.preprocessing import require_images
from course_lib.training.requirements import require_backbone, require_head


class TransferModel(nn.Module):
    """A backbone and a head: images N×H×W×C → features → logits N×K.

    Attributes:
        backbone: What was trained before.
        head: What is new.
        flatten: Whether the head sees every place of the last map, or only their mean.
    """

    def __init__(self, backbone: Backbone, head: nn.Module, *, flatten: bool = False) -> None:
        super().__init__()
        self.backbone, self.head, self.flatten = backbone, head, flatten

    def forward(self, x: Tensor) -> Tensor:
        if self.flatten:
            name, preprocessing = self.backbone.name, self.backbone.preprocessing
            require_images(name, preprocessing, x.shape, own_size=True)
            return self.head(self.backbone.feature_map(x).flatten(1))
        return self.head(self.backbone(x))


def build_head(
    features: int, classes: int, *, hidden: Sequence[int] = (), dropout: float = 0.0, seed: int = 0
) -> nn.Module:
    """Build a classifier: features N×D → logits N×K.

    Args:
        features: D.
        classes: K.
        hidden: Widths of the layers in between, each followed by ReLU and dropout.
        dropout: The part of each hidden layer (of the features, without one) that is dropped.
        seed: Where the random start comes from: the same in every call with this seed.

    The start is drawn in NumPy, hence the same in both halves: Glorot's uniform, zero biases.
    """
    require_head(features, classes, hidden, dropout)
    weights = head_weights([features, *hidden, classes], require_seed(seed))
    stack: list[nn.Module] = []
    for i, weight in enumerate(weights):
        if dropout and (i or not hidden):
            stack.append(nn.Dropout(dropout))
        stack.append(_linear(weight))
        if i < len(hidden):
            stack.append(nn.ReLU())
    return nn.Sequential(*stack)


def attach_head(
    backbone: Backbone,
    classes: int,
    *,
    hidden: Sequence[int] = (),
    dropout: float = 0.0,
    flatten: bool = False,
    seed: int = 0,
) -> TransferModel:
    """Put a new classifier on a backbone.

    Args:
        backbone: What ``load_backbone`` gives; it is used, not copied.
        classes: How many classes the new task has.
        hidden, dropout, seed: As for :func:`build_head`.
        flatten: Flatten the last feature map instead of averaging over its places. The head then
            fits images of ``backbone.preprocessing.size`` only, and is far larger.
    """
    require_backbone(backbone, "attach_head")
    h, w, c = backbone.map_shape
    features = h * w * c if flatten else backbone.feature_size
    head = build_head(features, classes, hidden=hidden, dropout=dropout, seed=seed)
    return TransferModel(backbone, head, flatten=flatten)


def _linear(weight: np.ndarray) -> nn.Linear:
    """Build a dense layer from a matrix in×out (PyTorch keeps it as out×in)."""
    layer = nn.Linear(*weight.shape)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight.T))
        layer.bias.zero_()
    return layer
