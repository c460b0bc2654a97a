r"""Answers for every place of a picture: heads on maps instead of heads on features.

A head of :math:`1 \times 1` convolutions is the same small network at every place of a map
(Long, Shelhamer, Darrell, "Fully convolutional networks for semantic segmentation", CVPR 2015).
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import KerasTensor, ops

from course_lib.arguments import require_seed
from course_lib.keras import losses
from course_lib.keras.backbones import Backbone
from course_lib.keras.heads import build_head
from course_lib.keras.objectives import Batch, OfTargets
from course_lib.keras.torch_layout import torch_name
from course_lib.training.requirements import require_backbone
from course_lib.vision import places


class MapModel(keras.Model):
    """A backbone and a head that answers at every place: images N×H×W×C → N×h×w×K.

    Attributes:
        backbone: What was trained before.
        head: What is new, the same at every place.
        layers: Which of the backbone's maps it sees, the finest first.
    """

    def __init__(self, backbone: Backbone, head: keras.Model, layers: Sequence[str]) -> None:
        super().__init__()
        self.backbone, self.head, self.seen = backbone, head, tuple(layers)
        # The same layers, with more outputs: nothing is computed twice.
        self.inside = keras.Model(
            backbone.network.input, [output_of(backbone, layer) for layer in layers]
        )
        self.built = True

    def call(self, x: KerasTensor, training: bool = False) -> KerasTensor:
        # A wholly frozen backbone is in inference mode, whatever the head does.
        learning = training and bool(self.backbone.trainable_weights)
        maps = stack_maps(self.maps(x, training=learning))
        _, high, wide, channels = maps.shape
        answers = self.head(ops.reshape(maps, (-1, channels)), training=training)
        return ops.reshape(answers, (-1, high, wide, answers.shape[-1]))

    def maps(self, x: KerasTensor, training: bool = False) -> list[KerasTensor]:
        """Give the maps that the head sees, N×h×w×C each."""
        found = self.inside(self.backbone.preprocess(x), training=training)
        return list(found) if isinstance(found, list | tuple) else [found]


def output_of(backbone: Backbone, layer: str) -> KerasTensor:
    """Give where in a backbone's network a layer's or a whole block's map comes out."""
    # glyphnet itself ends in the mean; its map is one layer before.
    if layer == "maps":
        ends_in_mean = len(backbone.network.output.shape) == 2
        return backbone.network.layers[-2 if ends_in_mean else -1].output
    named = f"{layer}."
    return [p for p in backbone.network.layers if f"{torch_name(p)}.".startswith(named)][-1].output


def stack_maps(maps: Sequence[KerasTensor]) -> KerasTensor:
    """Bring maps N×h×w×C to the size of the first by repeating places, and lay their channels side by side.

    What stands at one place of the result, from fine to coarse, is a *hypercolumn* (Hariharan et
    al., CVPR 2015).
    """
    size = maps[0].shape[1:3]
    up = [
        ops.repeat(
            ops.repeat(m, size[0] // m.shape[1], axis=1), size[1] // m.shape[2], axis=2
        )
        for m in maps
    ]  # fmt: skip
    return ops.concatenate(up, axis=-1)


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

    def loss(self, model: keras.Layer, batch: Batch) -> KerasTensor:
        z = model(batch["x"], training=True)
        return losses.cross_entropy(
            ops.reshape(z, (-1, z.shape[-1])), ops.reshape(batch["y"], (-1,))
        )

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

    def loss(self, model: keras.Layer, batch: Batch) -> KerasTensor:
        z, y = model(batch["x"], training=True), batch["y"]
        there = y[..., 0]
        surprise = losses.log_softmax(z[..., 1:-4])
        right = ops.one_hot(ops.cast(y[..., 1], "int32"), surprise.shape[-1], dtype=surprise.dtype)
        of_class = -ops.sum(surprise * right, axis=-1)
        of_sides = ops.mean(ops.abs(z[..., -4:] - y[..., 2:]), axis=-1)
        objects = ops.maximum(ops.sum(there), 1.0)
        where = ops.sum((of_class + self.sides * of_sides) * there) / objects
        cells = y.shape[1] * y.shape[2]
        return cells * losses.binary_cross_entropy(z[..., 0], there) / 4 + where

    def measure(self, outputs: np.ndarray, y: np.ndarray) -> dict[str, float]:
        return places.measure_cells(outputs, y)

    def settings(self) -> dict[str, object]:
        return {"sides": self.sides}
