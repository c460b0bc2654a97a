"""A small model on features that were computed before: what is adapted in seconds."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from course_lib.arguments import require_count, require_seed
from course_lib.pytorch.heads import build_head
from course_lib.pytorch.multitask import Heads
from course_lib.training.tasks import require_tasks


class FeatureModel(nn.Module):
    """Features N×D → new features N×width → logits N×K.

    Attributes:
        backbone: Dense, BatchNorm, ReLU: the *bottleneck*, where the domains are brought together.
        head: The classifier on it.
    """

    def __init__(self, backbone: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.backbone, self.head = backbone, head

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.backbone(x))


def build_bottleneck(
    features: int, classes: int | Mapping[str, int], *, width: int = 128, seed: int = 0
) -> FeatureModel:
    """Build a bottleneck and a classifier, or one for each task, on features of a frozen backbone.

    Bring the features to a common scale first (``extract_features``, then the source's mean and standard
    deviation). The start is the same in both halves.

    Args:
        features: D.
        classes: K; or the number of classes of each task, by name, for ``MultiTask``.
        width: How many features the bottleneck gives.
        seed: Where the random start comes from.
    """
    width, seed = require_count("width", width), require_seed(seed)
    dense = build_head(features, width, seed=seed)
    backbone = nn.Sequential(*dense, nn.BatchNorm1d(width), nn.ReLU())
    if isinstance(classes, Mapping):
        tasks = require_tasks(classes).items()
        heads = {n: build_head(width, k, seed=seed + 1 + i) for i, (n, k) in enumerate(tasks)}
        return FeatureModel(backbone, Heads(heads, dict(tasks)))
    return FeatureModel(backbone, build_head(width, classes, seed=seed + 1))
