"""Probes of chapter 14: maps of evidence, and networks that forget from the top down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from course_lib.pytorch.tiny_models import (
    TinyBackbone,
    TinyModel,
    as_array,
    bits_of,
    set_values,
)
from course_lib.training.forgetting import draw_fresh


class Witness(nn.Module):
    """A network in two halves: ``look`` (images → maps N×H×W×D) and ``judge`` (maps → logits N×K).

    ``judge`` weighs places unequally (``shares``, H×W), so the slopes differ from place to place.
    """

    def __init__(
        self, arrays: dict[str, np.ndarray], hidden: np.ndarray, shares: np.ndarray
    ) -> None:
        super().__init__()
        self.backbone = TinyBackbone(arrays)
        self.hidden = nn.Linear(*hidden.shape, bias=False)
        self.head = nn.Linear(*arrays["head"].shape)
        set_values(self.hidden.weight, hidden.T)
        set_values(self.head.weight, arrays["head"].T)
        set_values(self.head.bias, arrays["bias"])
        self.register_buffer("shares", torch.tensor(shares)[..., None])

    def look(self, x: Tensor) -> Tensor:
        """Give the last map: images N×H×W×C → N×H×W×D, none negative."""
        places = self.backbone.norm(self.backbone.mix(x).permute(0, 3, 1, 2))
        return functional.relu(places).permute(0, 2, 3, 1)

    def judge(self, maps: Tensor) -> Tensor:
        """Give logits N×K of maps: weighted mean over places, a hidden layer, the head."""
        return self.head(functional.relu(self.hidden((maps * self.shares).sum(dim=(1, 2)))))

    def forward(self, x: Tensor) -> Tensor:
        return self.judge(self.look(x))


def network_to_explain(
    *,
    images: np.ndarray,
    classes: np.ndarray,
    shares: np.ndarray,
    hidden: np.ndarray,
    **arrays: np.ndarray,
) -> dict[str, Any]:
    """Give what :func:`explaining` calls the student's function with: a network in inference mode."""
    given = {"images": torch.tensor(images), "classes": torch.tensor(classes)}
    return {"model": Witness(arrays, hidden, shares).eval(), **given}


def networks_to_mix(*, images: np.ndarray, fresh_seed: int, **arrays: np.ndarray) -> dict[str, Any]:
    """Give what :func:`forgetting` calls the student's function with: a trained and a fresh model."""
    fresh = TinyModel(draw_fresh(arrays, fresh_seed)).eval()
    return {"model": TinyModel(arrays).eval(), "fresh": fresh, "parts": 2}


ARGUMENTS = {"explaining": network_to_explain, "forgetting": networks_to_mix}


def explaining(
    evidence_map: Callable[..., Any],
    *,
    images: np.ndarray,
    classes: np.ndarray,
    shares: np.ndarray,
    hidden: np.ndarray,
    **arrays: np.ndarray,
) -> dict[str, Any]:
    """Let the student's function map the evidence for a class.

    Args:
        evidence_map: The student's function of a network, images and one class for each.
        images: N×H×W×C, float32. classes: N. shares: H×W, how much each place counts in the mean.
        hidden: D×D, the layer between mean and head.
        arrays: As ``draw_tiny`` gives them.

    Returns:
        ``maps`` (N×H×W, what it returned), ``network_unchanged`` (weights and statistics, bit by bit,
        and what may learn; a gradient in ``.grad`` is left by the textbook's own way, and no fault).
    """
    given = network_to_explain(
        images=images, classes=classes, shares=shares, hidden=hidden, **arrays
    )
    network = given["model"]
    before = _state_of(network)
    maps = as_array(evidence_map(network, given["images"], given["classes"]))
    return {"maps": maps, "network_unchanged": _state_of(network) == before}


def forgetting(
    forget: Callable[..., Any], *, images: np.ndarray, fresh_seed: int, **arrays: np.ndarray
) -> dict[str, Any]:
    """Let the student's function make a network forget one, two, then three parts, from the top down.

    Args:
        forget: The student's function of a trained model, a fresh one, and how many parts.
        images: N×H×W×C, float32, what the network is asked afterwards.
        fresh_seed: Where the fresh model's weights come from.
        arrays: As ``draw_tiny`` gives them, of the trained model.

    Returns:
        ``logits`` (3×N×K, after one, two and three parts), ``fresh_unchanged``: the fresh model is as
        it was, also when the other is changed later; ``may_learn``: what could learn still can.
    """
    logits, kept, learning = [], True, True
    for parts in (1, 2, 3):
        given = networks_to_mix(images=images, fresh_seed=fresh_seed, **arrays)
        model, fresh = given["model"], given["fresh"]
        before, flags = bits_of(fresh), _flags_of_both(model, fresh)
        forget(model, fresh, parts)
        learning &= _flags_of_both(model, fresh) == flags
        model.eval()
        with torch.no_grad():
            logits.append(as_array(model(torch.tensor(images))))
            model.head.weight += 1  # a copy does not feel it
            model.backbone.norm.weight += 1
            model.backbone.norm.running_mean.add_(1)
            model.backbone.mix.weight += 1
        kept &= bits_of(fresh) == before
    return {"logits": np.stack(logits), "fresh_unchanged": kept, "may_learn": learning}


def _state_of(network: nn.Module) -> list[Any]:
    """Give the bytes of every array, and what may learn."""
    arrays = [w.detach().numpy().tobytes() for w in network.state_dict().values()]
    return arrays + [w.requires_grad for w in network.parameters()]


def _flags_of_both(model: nn.Module, fresh: nn.Module) -> list[bool]:
    return [w.requires_grad for network in (model, fresh) for w in network.parameters()]
