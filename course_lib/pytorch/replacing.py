"""Put another layer in a layer's place, anywhere in a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from course_lib.pytorch.named import inner_network

Replace = Callable[[str, Any], nn.Module | None]


def replace_layers(model: nn.Module, replace: Replace) -> nn.Module:
    """Ask about every layer of a model's backbone what shall stand in its place.

    Args:
        model: What ``attach_head`` gives (the head is left alone), a backbone, or any module.
        replace: Gets a layer's name (such as ``"block1.conv1"``) and the layer; gives the new one,
            or None to keep it. What is put in is not asked about again.

    Returns:
        The model: the same object, unless it is a single layer that was replaced.
    """
    network = inner_network(model)
    replaced = _walk(network, replace, "")
    return replaced if network is model else model


def _walk(module: nn.Module, replace: Replace, name: str) -> nn.Module:
    for own, child in list(module.named_children()):
        setattr(module, own, _walk(child, replace, f"{name}.{own}".lstrip(".")))
    return replace(name, module) or module
