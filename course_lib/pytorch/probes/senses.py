"""Probes of chapter 11: a first layer for another number of channels, a policy read out of a network.

As in ``probes.py``, each runs a student's function on a tiny model and reports what it did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from course_lib.pytorch.tiny_models import as_array, set_values


def layer_to_narrow(
    *, kernel: np.ndarray, bias: np.ndarray, stride: int, images: np.ndarray
) -> dict[str, Any]:
    """Give what :func:`narrowing` calls the student's function with: a convolution of three channels."""
    high, wide, channels, features = kernel.shape
    layer = nn.Conv2d(channels, features, (high, wide), stride=stride)
    set_values(layer.weight, kernel.transpose(3, 2, 0, 1))
    set_values(layer.bias, bias)
    return {"layer": layer}


def network_to_read(
    *, w1: np.ndarray, b1: np.ndarray, w2: np.ndarray, b2: np.ndarray, states: np.ndarray
) -> dict[str, Any]:
    """Give what :func:`reading_out` calls the student's function with: dense → ReLU → dense."""
    model = nn.Sequential(nn.Linear(*w1.shape), nn.ReLU(), nn.Linear(*w2.shape))
    for layer, weight, bias in ((model[0], w1, b1), (model[2], w2, b2)):
        set_values(layer.weight, weight.T)
        set_values(layer.bias, bias)
    return {"model": model}


ARGUMENTS = {"narrowing": layer_to_narrow, "reading_out": network_to_read}


def narrowing(
    narrow: Callable[[Any], Any],
    *,
    kernel: np.ndarray,
    bias: np.ndarray,
    stride: int,
    images: np.ndarray,
) -> dict[str, Any]:
    """Let the student's function make a layer for one channel, and compare it with the one for three.

    Args:
        narrow: The student's function: a convolution of three channels → one of one channel.
        kernel: high×wide×3×D. bias: D. stride: of the convolution.
        images: N×H×W×1, float32.

    Returns:
        ``outputs`` (the new layer's, N×H'×W'×D), ``numbers`` (how many it has to learn), ``layer_unchanged``
        (the old one), ``independent`` (changing the new one does not change the old).
    """
    old = layer_to_narrow(kernel=kernel, bias=bias, stride=stride, images=images)["layer"]
    before = [w.detach().clone() for w in old.parameters()]
    new = narrow(old)
    unchanged = all(torch.equal(a, b) for a, b in zip(before, old.parameters(), strict=True))
    with torch.no_grad():
        outputs = new(torch.tensor(images).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).numpy()
        kept = [w.detach().clone() for w in old.parameters()]
        for w in new.parameters():
            w += 1
    alone = all(torch.equal(a, b) for a, b in zip(kept, old.parameters(), strict=True))
    return {
        "outputs": outputs,
        "numbers": sum(w.numel() for w in new.parameters() if w.requires_grad),
        "layer_unchanged": unchanged,
        "independent": alone,
    }


def reading_out(
    read: Callable[[Any], Any],
    *,
    w1: np.ndarray,
    b1: np.ndarray,
    w2: np.ndarray,
    b2: np.ndarray,
    states: np.ndarray,
) -> dict[str, Any]:
    """Let the student's function make a NumPy policy of a network, train the network on, and ask the policy.

    Args:
        read: The student's function: a network → a function of states N×4 that gives pushes N.
        w1, b1, w2, b2: The network's, inputs×outputs each.
        states: N×4, float32.

    Returns:
        ``pushes`` (N, before), ``one_state`` (the first state alone gets the same push), ``kept`` (the same
        after the network's weights have changed), ``numpy`` (no tensor came out, and the framework was not
        asked), ``network_unchanged``.
    """
    model = network_to_read(w1=w1, b1=b1, w2=w2, b2=b2, states=states)["model"]
    before = [w.detach().clone() for w in model.parameters()]
    policy = read(model)
    first, asked = _watch_policy(policy, states.copy())
    alone = as_array(policy(states[:1].copy()))
    unchanged = all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    with torch.no_grad():
        for w in model.parameters():
            w += 1
    later = as_array(policy(states.copy()))
    pushes = as_array(first)
    return {
        "pushes": pushes,
        "one_state": bool(alone.shape == pushes[:1].shape and np.allclose(alone, pushes[:1])),
        "kept": bool(later.shape == pushes.shape and np.allclose(later, pushes)),
        "numpy": not _has_tensor(first) and not asked,
        "network_unchanged": unchanged,
    }


def _has_tensor(pushes: Any) -> bool:
    parts = pushes if isinstance(pushes, list | tuple) else [pushes]
    return any(isinstance(part, torch.Tensor) for part in parts)


class _Asked(TorchFunctionMode):
    """Notes whether PyTorch computed anything meanwhile."""

    asked = False

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Note it, and let it happen."""
        self.asked = True
        return func(*args, **(kwargs or {}))


def _watch_policy(policy: Callable[[np.ndarray], Any], states: np.ndarray) -> tuple[Any, bool]:
    """Give a policy's pushes, and whether it asked PyTorch for them."""
    with _Asked() as watch:
        pushes = policy(states)
    return pushes, watch.asked
