"""The parts of a model, from input to output, and how each of them learns."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import keras

from course_lib.keras.torch_layout import leaf_layers
from course_lib.training.rates import Group, Weight, decay_of, factors, tabulate
from course_lib.training.recipes import AdamW, Recipe

Parts = dict[str, list[keras.Layer]]


def named_parts(model: keras.Layer, objective: keras.Layer | None = None) -> Parts:
    """Give the layers of each part: ``stem``, ``block1`` …, ``head`` (see ``training/rates.py``).

    Only layers that learn, or would if they were not frozen; with them BatchNorm layers without
    scale and shift, whose statistics are frozen with their part.

    Args:
        model: A model with ``.backbone`` and ``.head``; any other is one part, ``model``.
        objective: Its networks, if it has any, are a last part, ``objective``.
    """
    parts: Parts = {}
    taken: set[int] = set()
    for name, layers in _layers(model, objective):
        new = {
            id(x): x for x in layers if id(x) not in taken and (learnable_weights(x) or is_norm(x))
        }
        parts[name] = list(new.values())
        taken |= set(new)
    in_order = {"stem": parts.pop("stem", []), **parts}
    return {
        name: layers for name, layers in in_order.items() if any(map(learnable_weights, layers))
    }


def is_norm(layer: keras.Layer) -> bool:
    """Say whether a layer keeps statistics of what it saw."""
    return isinstance(layer, keras.layers.BatchNormalization)


def learnable_weights(layer: keras.Layer) -> list[keras.Variable]:
    """Give a layer's own weights, frozen or not, without BatchNorm statistics."""
    return list(layer._trainable_variables)


def treatment(parts: Parts, recipe: Recipe) -> dict[int, tuple[float, float]]:
    """Give the factor of the learning rate and the weight decay of each weight, by its ``id``."""
    return {
        id(weight): (factor, decay_of(recipe, len(weight.shape)))
        for part, factor in factors(recipe.rates, list(parts)).items()
        for layer in parts[part]
        for weight in learnable_weights(layer)
    }


def describe_groups(model: keras.Model, optimizer: Recipe | None = None) -> list[Group]:
    """Give one row for each part and decay: what ``fit`` will do with which weights.

    Args:
        model: What ``attach_head`` gives, frozen as it will be when ``fit`` begins.
        optimizer: The recipe that ``fit`` will get; ``AdamW()`` unless given.
    """
    free = {id(weight) for weight in model.trainable_weights}
    parts = {
        part: [
            Weight(len(w.shape), math.prod(w.shape), id(w) in free)
            for layer in layers
            for w in learnable_weights(layer)
        ]
        for part, layers in named_parts(model).items()
    }
    return tabulate(parts, optimizer or AdamW())


def _layers(model: Any, objective: keras.Layer | None) -> Iterable[tuple[str, list[keras.Layer]]]:
    """Give layers by part; layers that several have belong to the first."""
    if hasattr(model, "backbone") and hasattr(model, "head"):
        blocks = getattr(model.backbone, "blocks", [])
        for i, block in enumerate(blocks, start=1):
            yield f"block{i}", block
        yield "stem" if blocks else "backbone", leaf_layers(model.backbone)
        yield "head", leaf_layers(model.head)
        yield "other", model._flatten_layers()
    else:
        yield "model", model._flatten_layers()
    if objective is not None:
        yield "objective", objective._flatten_layers()
