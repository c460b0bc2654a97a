r"""Answers for every place of a picture: heads on maps instead of heads on features.

A head of :math:`1 \times 1` convolutions is the same small network at every place of a map
(Long, Shelhamer, Darrell, "Fully convolutional networks for semantic segmentation", CVPR 2015).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from course_lib.arguments import require_seed
from course_lib.pytorch import losses
from course_lib.pytorch.backbones import Backbone
from course_lib.pytorch.heads import build_head
from course_lib.pytorch.objectives import Batch, OfTargets
from course_lib.training.requirements import require_backbone
from course_lib.vision import places


class MapModel(nn.Module):
    """A backbone and a head that answers at every place: images N×H×W×C → N×h×w×K.

    Attributes:
        backbone: What was trained before.
        head: What is new, the same at every place.
        layers: Which of the backbone's maps it sees, the finest first.
    """

    def __init__(self, backbone: Backbone, head: nn.Module, layers: Sequence[str]) -> None:
        super().__init__()
        self.backbone, self.head, self.layers = backbone, head, tuple(layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(stack_maps(self.maps(x)))

    def maps(self, x: Tensor) -> list[Tensor]:
        """Give the maps that the head sees, N×h×w×C each."""
        inner = dict(self.backbone.network.named_modules())
        seen: dict[str, Tensor] = {}
        hooks = [
            inner[name].register_forward_hook(
                lambda _layer, _inputs, output, name=name: seen.update({name: output})
            )
            for name in self.layers
            if name != "maps"
        ]
        try:
            last = self.backbone.feature_map(x)
        finally:
            for hook in hooks:
                hook.remove()
        return [last if name == "maps" else seen[name].permute(0, 2, 3, 1) for name in self.layers]


def stack_maps(maps: Sequence[Tensor]) -> Tensor:
    """Bring maps N×h×w×C to the size of the first by repeating places, and lay their channels side by side.

    What stands at one place of the result, from fine to coarse, is a *hypercolumn* (Hariharan et
    al., CVPR 2015).
    """
    size = maps[0].shape[1:3]
    up = [functional.interpolate(m.permute(0, 3, 1, 2), size=size) for m in maps]
    return torch.cat(up, dim=1).permute(0, 2, 3, 1)


def attach_map_head(
    backbone: Backbone,
    outputs: int,
    *,
    layers: Sequence[str] = ("maps",),
    hidden: Sequence[int] = (),
    seed: int = 0,
) -> MapModel:
    """Put a head on a backbone's maps that answers at every place.

    Args:
        backbone: What ``load_backbone`` gives; it is used, not copied.
        outputs: K, how many numbers at each place.
        layers: Whose maps the head sees, the finest first; ``"maps"`` is the last map.
        hidden: Widths of the layers in between, each followed by ReLU.
        seed: Where the random start comes from.
    """
    require_backbone(backbone, "attach_map_head")
    channels = sum(places.channels_of(backbone, layer) for layer in layers)
    head = build_head(channels, outputs, hidden=hidden, seed=require_seed(seed))
    return MapModel(backbone, head, layers)


class PlaceCrossEntropy(OfTargets):
    r"""Mean surprise at the right class of every place: segmentation.

    .. math:: L = -\frac{1}{N h w} \sum_{i, p} \log \mathrm{softmax}(z_{ip})_{y_{ip}}

    Logits N×h×w×K, labels N×h×w. ``evaluate`` reports ``loss``, ``accuracy`` (of places) and ``mean_iou``.
    """

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        z = model(batch["x"])
        return losses.cross_entropy(z.flatten(0, 2), batch["y"].flatten())

    def measure(self, outputs: np.ndarray, y: np.ndarray) -> dict[str, float]:
        return places.measure_places(outputs, y)


class DetectionLoss(OfTargets):
    r"""What a detection head is taught in each cell: is there an object, which, and where its sides are.

    .. math::
        L = \frac{1}{4N} \sum_c \mathrm{BCE}(o_c, z_c) + \frac{1}{M} \sum_{c:\, o_c = 1}
            \Bigl( \mathrm{CE}(k_c) + \tfrac{\lambda}{4} \lVert \hat s_c - s_c \rVert_1 \Bigr)

    Outputs N×h×w×(1 + K + 4); targets N×h×w×6 as ``vision.encode_boxes`` gives them. c counts the cells
    of all N pictures, M of them hold an object; sides are in strides.

    Args:
        sides: :math:`\lambda`, the weight of the sides.
    """

    def __init__(self, sides: float = 1.0) -> None:
        super().__init__()
        self.sides = sides

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        z, y = model(batch["x"]), batch["y"]
        there = y[..., 0]
        surprise = losses.log_softmax(z[..., 1:-4])
        right = functional.one_hot(y[..., 1].long(), surprise.shape[-1])
        of_class = -(surprise * right).sum(dim=-1)
        of_sides = (z[..., -4:] - y[..., 2:]).abs().mean(dim=-1)
        objects = there.sum().clamp(min=1)
        where = ((of_class + self.sides * of_sides) * there).sum() / objects
        cells = there.shape[1] * there.shape[2]
        return cells * losses.binary_cross_entropy(z[..., 0], there) / 4 + where

    def measure(self, outputs: np.ndarray, y: np.ndarray) -> dict[str, float]:
        return places.measure_cells(outputs, y)

    def settings(self) -> dict[str, object]:
        return {"sides": self.sides}
