"""The tiny models of the state exercises, in PyTorch: what the probes build, and how they look inside."""

from __future__ import annotations

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
        set_values(self.mix.weight, arrays["kernel"].T)
        set_values(self.norm.weight, arrays["gamma"])
        set_values(self.norm.bias, arrays["beta"])
        set_values(self.norm.running_mean, arrays["mean"])
        set_values(self.norm.running_var, arrays["variance"])

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
        set_values(self.head.weight, arrays["head"].T)
        set_values(self.head.bias, arrays["bias"])

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.backbone(x))


class DenseModel(nn.Module):
    """Rows of pixels N×D → dense, ReLU (the backbone) → dense (the head): logits N×K."""

    def __init__(self, arrays: Arrays) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(*arrays["w1"].shape), nn.ReLU())
        self.head = nn.Linear(*arrays["w2"].shape)
        for name, tensor in tensors_of_dense(self).items():
            set_values(tensor, arrays[name])

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.backbone(x))


def tensors_of_dense(model: nn.Module) -> dict[str, Tensor]:
    """Give every array of a dense model."""
    hidden, head = model.backbone[0], model.head
    return {"w1": hidden.weight.T, "b1": hidden.bias, "w2": head.weight.T, "b2": head.bias}


def arrays_of(model: nn.Module) -> Arrays:
    """Give copies of every array of a model."""
    tensors = tensors_of(model) if isinstance(model, TinyModel) else tensors_of_dense(model)
    return {name: tensor.detach().numpy().copy() for name, tensor in tensors.items()}


def set_values(target: Tensor | None, values: np.ndarray) -> None:
    """Put an array's values into a tensor."""
    assert target is not None
    with torch.no_grad():
        target.copy_(torch.tensor(np.ascontiguousarray(values)))


def tensors_of(model: nn.Module) -> dict[str, Tensor]:
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


def bits_of(model: nn.Module) -> dict[str, bytes]:
    """Give the bytes of every array of a tiny model."""
    return {name: tensor.detach().numpy().tobytes() for name, tensor in tensors_of(model).items()}


def flags_of(model: nn.Module) -> list[bool]:
    """Give what learns, weight by weight, and which parts are in training mode."""
    learning = [weight.requires_grad for weight in model.parameters()]
    return learning + [part.training for part in model.modules()]


def as_array(value: Any) -> np.ndarray:
    """Give a tensor or a number as an array."""
    return value.detach().cpu().numpy() if isinstance(value, Tensor) else np.asarray(value)
