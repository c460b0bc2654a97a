"""A whole model in one file that both halves read: backbone, head, preprocessing, classes.

The backbone's tensors stand under their own names, so that ``load_backbone(name, weights=path)``
reads the same file; the head's dense layers stand beside them as ``head.0.weight``, ``head.0.bias``,
``head.1.weight`` … (out×in, as PyTorch has them). What is no tensor is text in the metadata. Dropout
is left out: it does nothing in a model that answers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.errors import CourseError
from course_lib.training.preprocessing import Preprocessing
from course_lib.training.weight_files import read_notes, read_weights, require_file, write_weights

NOTE = "transfer_model"


@dataclass(frozen=True)
class StoredHead:
    """What a file of :func:`write_model` says beside the backbone's weights.

    Attributes:
        backbone: The backbone's name.
        classes: What each output means; empty where the file does not say.
        flatten: Whether the head sees every place of the last map.
        layers: For each dense layer its weight (out×in) and bias (out).
    """

    backbone: str
    classes: tuple[str, ...]
    flatten: bool
    layers: tuple[tuple[np.ndarray, np.ndarray], ...]

    @property
    def widths(self) -> tuple[int, ...]:
        """The features, the hidden widths, the number of classes."""
        return (self.layers[0][0].shape[1], *(len(bias) for _, bias in self.layers))


def write_model(
    path: Path,
    backbone: Mapping[str, np.ndarray],
    layers: Sequence[tuple[np.ndarray, np.ndarray]],
    preprocessing: Preprocessing,
    about: Mapping[str, Any],
) -> Path:
    """Write a backbone's tensors and a head's dense layers into one safetensors file.

    Args:
        layers: For each dense layer its weight (out×in) and bias (out), from input to output.
        about: ``backbone`` (its name), ``classes`` and ``flatten``.
    """
    if not layers:
        raise CourseError(
            "This model's head has no dense layer: save_model takes what attach_head builds.",
            "这个模型的分类头没有全连接层：save_model 接受由 attach_head 建立的模型。",
        )
    tensors = dict(backbone)
    for i, (weight, bias) in enumerate(layers):
        tensors |= {f"head.{i}.weight": weight, f"head.{i}.bias": bias}
    notes = {NOTE: json.dumps(dict(about), ensure_ascii=False)}
    return write_weights(path, tensors, preprocessing, notes)


def read_head(path: Path) -> StoredHead:
    """Read what a model file holds beside its backbone.

    Raises:
        CourseError: Where the file is not there, or holds a backbone only.
    """
    require_file(path)
    tensors = read_weights(path)
    notes = read_notes(path)
    if NOTE not in notes:
        raise CourseError(
            f"{path} holds no model with a head: write it with save_model.",
            f"{path} 里没有带分类头的模型：请用 save_model 写出。",
        )
    count = sum(name.startswith("head.") and name.endswith(".weight") for name in tensors)
    try:
        about = json.loads(notes[NOTE])
        backbone, classes = str(about["backbone"]), tuple(str(name) for name in about["classes"])
        layers = tuple(
            (tensors[f"head.{i}.weight"], tensors[f"head.{i}.bias"]) for i in range(count)
        )
        return StoredHead(backbone, classes, bool(about["flatten"]), layers)
    except (ValueError, KeyError, TypeError) as error:
        raise CourseError(
            f"What {path} says of its model cannot be understood: write it again with save_model.",
            f"{path} 对模型的说明无法理解：请用 save_model 重新写出。",
        ) from error


def require_classes_named(classes: Sequence[str], outputs: int) -> list[str]:
    """Make sure that there is one name for each output, or none at all."""
    names = [str(name) for name in classes]
    if names and len(names) != outputs:
        raise CourseError(
            f"The model has {outputs} outputs, but {len(names)} classes are named.",
            f"模型有 {outputs} 个输出，却给了 {len(names)} 个类别名。",
        )
    return names
