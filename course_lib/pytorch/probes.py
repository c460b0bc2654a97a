"""Probes: they run a student's function on a tiny model and report what state it left behind.

Exercises about state (what is frozen, which mode a layer is in) cannot be judged by a returned
value. A probe builds the model of ``course_lib/training/tiny.py`` from drawn arrays, lets the
student's function work on it, looks closely, and returns plain arrays and yes-or-no answers.
``course_lib.keras.probes`` has the same probes with the same answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from course_lib.training.tiny import Arrays, Notes


class TinyBackbone(nn.Module):
    """Images N×H×W×C → features N×D, and a note of how it was called."""

    def __init__(self, arrays: Arrays) -> None:
        super().__init__()
        channels, features = arrays["kernel"].shape
        self.mix = nn.Linear(channels, features, bias=False)
        self.norm = nn.BatchNorm2d(features)
        self.notes = Notes()
        _set(self.mix.weight, arrays["kernel"].T)
        _set(self.norm.weight, arrays["gamma"])
        _set(self.norm.bias, arrays["beta"])
        _set(self.norm.running_mean, arrays["mean"])
        _set(self.norm.running_var, arrays["variance"])

    def forward(self, x: Tensor) -> Tensor:
        self.notes.batch_sizes.append(len(x))
        places = self.norm(self.mix(x).permute(0, 3, 1, 2))  # N×D×H×W, as in a real backbone
        features = functional.relu(places).mean(dim=(2, 3))
        self.notes.gradients_recorded |= features.requires_grad
        return features


class TinyModel(nn.Module):
    """A tiny backbone with a linear head: images N×H×W×C → logits N×K."""

    def __init__(self, arrays: Arrays) -> None:
        super().__init__()
        self.backbone = TinyBackbone(arrays)
        self.head = nn.Linear(*arrays["head"].shape)
        _set(self.head.weight, arrays["head"].T)
        _set(self.head.bias, arrays["bias"])

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.backbone(x))


def model_to_freeze(
    *, images: np.ndarray, labels: np.ndarray, learning_rate: float, **arrays: np.ndarray
) -> dict[str, Any]:
    """Give what :func:`after_one_step` calls the student's function with: a model in training mode."""
    return {"model": TinyModel(arrays).train()}


def images_to_extract(
    *, images: np.ndarray, batch_size: int, **arrays: np.ndarray
) -> dict[str, Any]:
    """Give what :func:`extraction` calls the student's function with; the backbone is in training mode."""
    return {
        "backbone": TinyBackbone(arrays).train(),
        "images": images.copy(),
        "batch_size": batch_size,
    }


def two_models(**arrays: np.ndarray) -> dict[str, Any]:
    """Give what :func:`carrying` calls the student's function with: two models of one structure."""
    lender = {n.removeprefix("source_"): a for n, a in arrays.items() if n.startswith("source_")}
    return {"source": TinyModel(lender), "target": TinyModel(arrays)}


ARGUMENTS = {
    "after_one_step": model_to_freeze,
    "extraction": images_to_extract,
    "carrying": two_models,
}
"""For each probe, what makes the arguments that the student's function gets: for ``example()``."""


def after_one_step(
    freeze_backbone: Callable[[Any], Any],
    *,
    images: np.ndarray,
    labels: np.ndarray,
    learning_rate: float,
    **arrays: np.ndarray,
) -> dict[str, Any]:
    """Freeze, make one training step, and see what moved.

    The model is put into training mode, the student's function is called, then comes one step of
    gradient descent on the cross-entropy.

    Args:
        freeze_backbone: The student's function of a model with ``.backbone`` and ``.head``.
        images: N×H×W×C, float32.
        labels: N, int64.
        learning_rate: Of the step.
        arrays: As ``draw_tiny`` gives them.

    Returns:
        ``weights_moved``, ``statistics_moved`` (of the backbone, bit by bit), ``head_moved``,
        ``head_in_training_mode``, ``trainable`` (how many numbers take a gradient), ``head`` (D×K,
        after the step).
    """
    model = model_to_freeze(images=images, labels=labels, learning_rate=learning_rate, **arrays)[
        "model"
    ]
    before = _bits(model)
    freeze_backbone(model)
    trainable = [w for w in model.parameters() if w.requires_grad]
    if trainable:
        loss = functional.cross_entropy(model(torch.tensor(images)), torch.tensor(labels))
        loss.backward()
        # By hand: the first optimizer of a process makes PyTorch import its compiler, 3 seconds.
        with torch.no_grad():
            for w in trainable:
                if w.grad is not None:
                    w -= learning_rate * w.grad
    moved = {name for name, bits in _bits(model).items() if bits != before[name]}
    return {
        "weights_moved": any(name in moved for name in ("kernel", "gamma", "beta")),
        "statistics_moved": any(name in moved for name in ("mean", "variance")),
        "head_moved": "head" in moved,
        "head_in_training_mode": all(layer.training for layer in model.head.modules()),
        "trainable": sum(w.numel() for w in trainable),
        "head": model.head.weight.detach().numpy().T.copy(),
    }


def extraction(
    extract: Callable[[Any, np.ndarray, int], Any],
    *,
    images: np.ndarray,
    batch_size: int,
    **arrays: np.ndarray,
) -> dict[str, Any]:
    """Let the student's function extract features from a backbone in training mode, then in inference mode.

    Args:
        extract: The student's function ``extract(backbone, images, batch_size)``.
        images: N×H×W×C, float32.
        batch_size: The largest batch allowed.
        arrays: As ``draw_tiny`` gives them.

    Returns:
        ``features`` (N×D, what the function returned the first time), ``batch_size_matters`` (the
        second time, with another batch size, it returned others), ``statistics_moved``,
        ``training_restored`` and ``inference_restored`` (each mode, where the backbone came in it),
        ``gradients_recorded`` (while it ran), ``batch_too_large`` (some batch was).
    """
    given = images_to_extract(images=images, batch_size=batch_size, **arrays)
    first, second = given["backbone"], TinyBackbone(arrays).eval()
    before = _bits(first)
    features = _array(extract(first, given["images"], batch_size))
    after = _bits(first)
    others = _array(extract(second, images.copy(), batch_size + 1))
    same = features.shape == others.shape and np.allclose(features, others, rtol=1e-4, atol=1e-6)
    return {
        "features": features,
        "batch_size_matters": not same,
        "statistics_moved": any(after[name] != before[name] for name in ("mean", "variance")),
        "training_restored": all(layer.training for layer in first.modules()),
        "inference_restored": not any(layer.training for layer in second.modules()),
        "gradients_recorded": first.notes.gradients_recorded or second.notes.gradients_recorded,
        "batch_too_large": max(first.notes.batch_sizes, default=0) > batch_size,
    }


def carrying(carry_over: Callable[[Any, Any], Any], **arrays: np.ndarray) -> dict[str, Any]:
    """Let the student's function carry a backbone from one model to another, and look at both.

    Args:
        carry_over: The student's function ``carry_over(source, target)``.
        arrays: The target's, as ``draw_tiny`` gives them, and the source's, ``source_`` before each name.

    Returns:
        The target's arrays afterwards, under the names of ``draw_tiny``; ``source_unchanged``, bit by
        bit; ``independent``: what happens to the target's backbone then, the source's does not feel.
    """
    given = two_models(**arrays)
    source, target = given["source"], given["target"]
    before = _bits(source)
    carry_over(source, target)
    after = _bits(source)
    found = {name: array.detach().numpy().copy() for name, array in _tensors(target).items()}
    with torch.no_grad():
        for array in _tensors(target.backbone).values():
            array += 1
    return found | {"source_unchanged": after == before, "independent": _bits(source) == after}


def _set(target: Tensor | None, values: np.ndarray) -> None:
    assert target is not None
    with torch.no_grad():
        target.copy_(torch.tensor(np.ascontiguousarray(values)))


def _tensors(model: nn.Module) -> dict[str, Tensor]:
    """Give every array of a tiny model, or of its backbone alone, under the names of ``draw_tiny``."""
    backbone = getattr(model, "backbone", model)
    tensors = {
        "kernel": backbone.mix.weight.T,
        "gamma": backbone.norm.weight,
        "beta": backbone.norm.bias,
        "mean": backbone.norm.running_mean,
        "variance": backbone.norm.running_var,
    }
    if model is not backbone:
        tensors |= {"head": model.head.weight.T, "bias": model.head.bias}
    return tensors


def _bits(model: nn.Module) -> dict[str, bytes]:
    """Give the bytes of every array of a tiny model."""
    return {name: tensor.detach().numpy().tobytes() for name, tensor in _tensors(model).items()}


def _array(value: Any) -> np.ndarray:
    return value.detach().cpu().numpy() if isinstance(value, Tensor) else np.asarray(value)
