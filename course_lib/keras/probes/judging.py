"""Probes of chapter 14: maps of evidence, and networks that forget from the top down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, layers, ops

from course_lib.keras.tiny_models import TinyBackbone, TinyModel, as_array, bits_of
from course_lib.training.forgetting import draw_fresh


class Witness(keras.Model):
    """A network in two halves: ``look`` (images → maps N×H×W×D) and ``judge`` (maps → logits N×K).

    ``judge`` weighs places unequally (``shares``, H×W), so the slopes differ from place to place.
    """

    def __init__(
        self, arrays: dict[str, np.ndarray], hidden: np.ndarray, shares: np.ndarray
    ) -> None:
        super().__init__()
        self.backbone = TinyBackbone(arrays)
        self.hidden = layers.Dense(hidden.shape[1], use_bias=False)
        self.head = layers.Dense(arrays["head"].shape[1])
        self.hidden.build((None, hidden.shape[0]))
        self.head.build((None, hidden.shape[1]))
        self.hidden.set_weights([hidden])
        self.head.set_weights([arrays["head"], arrays["bias"]])
        self.shares = ops.convert_to_tensor(shares[..., None])
        self.built = True

    def look(self, x: KerasTensor, training: bool = False) -> KerasTensor:
        """Give the last map: images N×H×W×C → N×H×W×D, none negative."""
        return ops.relu(self.backbone.norm(self.backbone.mix(x), training=training))

    def judge(self, maps: KerasTensor) -> KerasTensor:
        """Give logits N×K of maps: weighted mean over places, a hidden layer, the head."""
        return self.head(ops.relu(self.hidden(ops.sum(maps * self.shares, axis=(1, 2)))))

    def call(self, x: KerasTensor, training: bool = False) -> KerasTensor:
        return self.judge(self.look(x, training=training))


def network_to_explain(
    *,
    images: np.ndarray,
    classes: np.ndarray,
    shares: np.ndarray,
    hidden: np.ndarray,
    **arrays: np.ndarray,
) -> dict[str, Any]:
    """Give what :func:`explaining` calls the student's function with: a network."""
    given = {"images": ops.convert_to_tensor(images), "classes": ops.convert_to_tensor(classes)}
    return {"model": Witness(arrays, hidden, shares), **given}


def networks_to_mix(*, images: np.ndarray, fresh_seed: int, **arrays: np.ndarray) -> dict[str, Any]:
    """Give what :func:`forgetting` calls the student's function with: a trained and a fresh model."""
    fresh = TinyModel(draw_fresh(arrays, fresh_seed))
    return {"model": TinyModel(arrays), "fresh": fresh, "parts": 2}


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
        ``maps`` (N×H×W, what it returned), ``network_unchanged`` (weights and statistics,
        bit by bit, and what may learn).
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
        logits.append(as_array(model(ops.convert_to_tensor(images))))
        for weight in model.weights:
            weight.assign_add(ops.ones_like(weight))  # a copy does not feel it
        kept &= bits_of(fresh) == before
    return {"logits": np.stack(logits), "fresh_unchanged": kept, "may_learn": learning}


def _state_of(network: Witness) -> list[Any]:
    """Give the bytes of every array, and what may learn."""
    weights = list(network.weights)
    return [as_array(w).tobytes() for w in weights] + [w.trainable for w in weights]


def _flags_of_both(model: keras.Model, fresh: keras.Model) -> list[bool]:
    layers_of = (
        layer for m in (model, fresh) for layer in (m.head, m.backbone.norm, m.backbone.mix)
    )
    return [layer.trainable for layer in layers_of]
