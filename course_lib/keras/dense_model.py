"""A small dense network in two parts, for pictures as rows of numbers: what chapter 16 pre-trains."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import KerasTensor, layers

from course_lib.keras.heads import build_head


class DenseModel(keras.Model):
    """Rows N×D → features N×F → outputs N×K.

    Attributes:
        backbone: What is kept: dense layers, each followed by ReLU, so that features are never negative.
        head: What serves the training only.
    """

    def __init__(self, backbone: keras.Model, head: keras.Model) -> None:
        super().__init__()
        self.backbone, self.head = backbone, head
        self.built = True

    def call(self, x: KerasTensor, training: bool = False) -> KerasTensor:
        return self.head(self.backbone(x, training=training), training=training)


def build_dense(
    inputs: int,
    outputs: int,
    *,
    widths: Sequence[int] = (256, 128),
    hidden: Sequence[int] = (),
    seed: int = 0,
) -> DenseModel:
    """Build a dense network with random weights, the same ones in both halves.

    Args:
        inputs: D.
        outputs: K, the head's.
        widths: The backbone's layers; the last one is F.
        hidden: Widths inside the head.
        seed: Where the weights come from.
    """
    backbone = build_head(inputs, widths[-1], hidden=widths[:-1], seed=seed)
    backbone.add(layers.ReLU(name="last"))
    head = build_head(widths[-1], outputs, hidden=hidden, seed=seed)
    return DenseModel(backbone, head)
