"""New layers on top of a backbone, for a new task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, layers, ops

from course_lib.arguments import require_seed
from course_lib.keras.backbones import Backbone
from course_lib.training.initial import head_weights
from course_lib.training.preprocessing import require_images
from course_lib.training.requirements import require_backbone, require_head


@keras.saving.register_keras_serializable("course")
class TransferModel(keras.Model):
    """A backbone and a head: images N×H×W×C → features → logits N×K.

    Attributes:
        backbone: What was trained before.
        head: What is new.
        flatten: Whether the head sees every place of the last map, or only their mean.
    """

    def __init__(self, backbone: Backbone, head: keras.Model, *, flatten: bool = False) -> None:
        super().__init__()
        self.backbone, self.head, self.flatten = backbone, head, flatten
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """Say how to build it again, without its weights: what a ``.keras`` file keeps of a layer."""
        parts = {"backbone": self.backbone, "head": self.head}
        kept = {name: keras.saving.serialize_keras_object(part) for name, part in parts.items()}
        return {**kept, "flatten": self.flatten}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> TransferModel:
        """Build one as :meth:`get_config` says; a ``.keras`` file fills in the weights afterwards."""
        parts = [keras.saving.deserialize_keras_object(config[n]) for n in ("backbone", "head")]
        return cls(*parts, flatten=config["flatten"])

    def call(self, x: KerasTensor, training: bool = False) -> KerasTensor:
        # A wholly frozen backbone is in inference mode, whatever the head does.
        learning = training and bool(self.backbone.trainable_weights)
        if self.flatten:
            name, preprocessing = self.backbone.name, self.backbone.preprocessing
            require_images(name, preprocessing, x.shape, own_size=True)
            maps = self.backbone.feature_map(x, training=learning)
            return self.head(ops.reshape(maps, (-1, *self.head.input_shape[1:])), training=training)
        return self.head(self.backbone(x, training=learning), training=training)


def build_head(
    features: int, classes: int, *, hidden: Sequence[int] = (), dropout: float = 0.0, seed: int = 0
) -> keras.Model:
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
    stack: list[keras.Layer] = [keras.Input((features,))]
    for i, weight in enumerate(weights):
        if dropout and (i or not hidden):
            stack.append(layers.Dropout(dropout, name=f"{len(stack) - 1}"))
        stack.append(_linear(weight, f"{len(stack) - 1}"))
        if i < len(hidden):
            stack.append(layers.ReLU(name=f"{len(stack) - 1}"))
    return keras.Sequential(stack)


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


def _linear(weight: np.ndarray, name: str) -> layers.Dense:
    """Build a dense layer from a matrix in×out; the bias starts at zero."""
    start = keras.initializers.Constant(weight)
    return layers.Dense(weight.shape[1], kernel_initializer=start, name=name)
