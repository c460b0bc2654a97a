"""Where a backbone's weights are on this machine: its default ones, a file by path, the head that came along."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from course_lib.arguments import require_path
from course_lib.errors import CourseError
from course_lib.training import published


def weights_file(name: str, weights: str | Path | None) -> Path | None:
    """Give the file that ``load_backbone(name, weights=weights)`` reads; ``None`` for random weights.

    Raises:
        CourseError: It is not there, or this framework has no such weights.
    """
    if weights is None:
        return None
    if weights == "keras":
        return _keras_weights(name)
    return _default_weights(name) if weights == "default" else require_path("weights", weights)


def first_available(*names: str) -> str:
    """Give the first of these backbones whose published weights are on this machine.

    Where none is, it is the first of all: loading it then says in a sentence what to do.
    """
    return published.first_of(list(names), partial(_default_weights, fetch=False))


def load_head(name: str, *, weights: str | Path = "default") -> tuple[np.ndarray, np.ndarray]:
    """Give the classifier that published weights bring along, which ``load_backbone`` leaves out.

    Args:
        name: ``"resnet18"``, ``"resnet50"``, ``"mobilenet_v2"`` or ``"vit_b_16"``.
        weights: As for ``load_backbone``: a file with torchvision's names.

    Returns:
        Weights C×D and biases C: the logits of features N×D are ``h @ weights.T + biases``. For ImageNet
        C is 1,000.

    Raises:
        CourseError: There are no such weights, or the file has no such classifier.
    """
    path = weights_file(name, weights)
    assert path is not None
    return published.head_of(name, path)


def _default_weights(name: str, *, fetch: bool = True) -> Path:
    if name not in published.TORCHVISION:
        return published.find_embedded(name)
    files = published.TORCHVISION[name]
    folders = [*published.torch_folders(), *published.keras_folders()]
    if name != "vgg16":
        return published.find_published(name, files, folders, fetch=fetch)
    # One network in both: the smaller file, without the dense layers, goes first.
    files = published.KERAS_APPLICATIONS[name] + files
    return published.find_published(name, files, folders, f"{name}_keras", fetch=fetch)


def _keras_weights(name: str) -> Path:
    if name not in published.KERAS_APPLICATIONS:
        known = published.KERAS_APPLICATIONS
        raise CourseError(
            f"weights='keras' is there for {', '.join(known)}, not for {name}: take 'default'.",
            f"weights='keras' 只用于 {'、'.join(known)}，不用于 {name}：请用 'default'。",
        )
    files, folders = published.KERAS_APPLICATIONS[name], published.keras_folders()
    return published.find_published(name, files, folders, f"{name}_keras")
