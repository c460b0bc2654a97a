"""How big a network is, and what stands where in it."""

from __future__ import annotations

import copy
from typing import NamedTuple

import torch
from torch import Tensor, nn

from course_lib.training.requirements import require_backbone


class Row(NamedTuple):
    """One line of :func:`describe`.

    Attributes:
        layer: The layer's name.
        shape: Its output for one image: (H, W, C) of a map, (D,) of features.
        parameters: How many numbers it learns.
    """

    layer: str
    shape: tuple[int, ...]
    parameters: int


def count_parameters(module: nn.Module) -> dict[str, int]:
    """Give the numbers of weights: ``total``, and ``trainable``, those that take a gradient.

    BatchNorm statistics are not counted: no gradient ever reaches them.
    """
    sizes = [(w.numel(), w.requires_grad) for w in module.parameters()]
    return {
        "total": sum(n for n, _ in sizes),
        "trainable": sum(n for n, takes_gradient in sizes if takes_gradient),
    }


def describe(module: nn.Module, *, depth: int | None = None) -> list[Row]:
    """Give one row per part of a backbone, or of a model with a head, from input to output.

    Args:
        module: What ``load_backbone`` or ``attach_head`` gives.
        depth: 1 lists ``layer1``, 2 lists ``layer1.0`` … ``None``: the first that lists more than one.

    No image is computed: the shapes come from PyTorch's "meta" device, which has no numbers.
    """
    require_backbone(getattr(module, "backbone", module), "describe")
    on_paper = copy.deepcopy(module).to("meta").eval()
    backbone = getattr(on_paper, "backbone", on_paper)
    shapes: dict[str, tuple[int, ...]] = {}
    depth = depth or (1 if len(list(backbone.network.children())) > 1 else 2)
    parts = _parts("", backbone.network, depth)
    if backbone is not on_paper:
        parts |= _parts("head.", on_paper.head, 1)
    for name, part in parts.items():
        part.register_forward_hook(_note_shape(name, shapes))
    size = backbone.preprocessing.size
    on_paper(torch.empty(1, size, size, backbone.preprocessing.channels, device="meta"))
    rows = [Row(n, shapes[n], count_parameters(parts[n])["total"]) for n in shapes]
    return _outside(backbone.network, parts) + rows


def _outside(network: nn.Module, parts: dict[str, nn.Module]) -> list[Row]:
    """Give a row for each weight that lies in none of the parts, as a transformer's class token."""
    inside = {id(w) for part in parts.values() for w in part.parameters()}
    weights = [(name, w) for name, w in network.named_parameters() if id(w) not in inside]
    return [Row(name, tuple(w.shape[1:]), w.numel()) for name, w in weights]


def _parts(prefix: str, module: nn.Module, depth: int) -> dict[str, nn.Module]:
    """Give the parts at a depth, and those above it that have no parts of their own."""
    return {
        prefix + name: part
        for name, part in module.named_modules()
        if name
        and (name.count(".") + 1 == depth or (name.count(".") + 1 < depth and _is_leaf(part)))
    }


def _is_leaf(module: nn.Module) -> bool:
    return next(module.children(), None) is None


def _note_shape(name: str, shapes: dict[str, tuple[int, ...]]):  # type: ignore[no-untyped-def]
    def note(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        n_channels_last = output.permute(0, 2, 3, 1) if output.ndim == 4 else output
        shapes[name] = tuple(n_channels_last.shape[1:])

    return note
