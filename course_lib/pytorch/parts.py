"""The parts of a model, from input to output, and how each of them learns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn

from course_lib.training.rates import Group, Weight, decay_of, factors, tabulate
from course_lib.training.recipes import AdamW, Recipe

Parts = dict[str, list[nn.Parameter]]


def named_parts(model: nn.Module, objective: nn.Module | None = None) -> Parts:
    """Give the weights of each part: ``stem``, ``block1`` …, ``head`` (see ``training/rates.py``).

    Args:
        model: A model with ``.backbone`` and ``.head``; any other is one part, ``model``.
        objective: Its networks, if it has any, are a last part, ``objective``.
    """
    parts: Parts = {}
    taken: set[int] = set()
    for name, module in _modules(model, objective):
        parts[name] = [w for w in module.parameters() if id(w) not in taken]
        taken |= {id(w) for w in parts[name]}
    in_order = {"stem": parts.pop("stem", []), **parts}
    return {name: weights for name, weights in in_order.items() if weights}


def parameter_groups(parts: Parts, recipe: Recipe) -> list[dict[str, Any]]:
    """Give the optimizer's groups: weights with the same rate and the same decay together.

    ``factor`` is what the learning rate of a step is multiplied by: see ``set_learning_rate``.
    """
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for part, factor in factors(recipe.rates, list(parts)).items():
        for weight in parts[part]:
            if weight.requires_grad:
                groups.setdefault((factor, decay_of(recipe, weight.ndim)), []).append(weight)
    return [
        {"params": weights, "factor": factor, "weight_decay": decay}
        for (factor, decay), weights in groups.items()
    ]


def describe_groups(model: nn.Module, optimizer: Recipe | None = None) -> list[Group]:
    """Give one row for each part and decay: what ``fit`` will do with which weights.

    Args:
        model: What ``attach_head`` gives, frozen as it will be when ``fit`` begins.
        optimizer: The recipe that ``fit`` will get; ``AdamW()`` unless given.
    """
    parts = {
        part: [Weight(w.ndim, w.numel(), w.requires_grad) for w in weights]
        for part, weights in named_parts(model).items()
    }
    return tabulate(parts, optimizer or AdamW())


def _modules(model: Any, objective: nn.Module | None) -> Iterable[tuple[str, nn.Module]]:
    """Give modules by part; weights that several have belong to the first."""
    if hasattr(model, "backbone") and hasattr(model, "head"):
        blocks = getattr(model.backbone, "blocks", [])
        for i, block in enumerate(blocks, start=1):
            yield f"block{i}", block
        yield "stem" if blocks else "backbone", model.backbone
        yield "head", model.head
        yield "other", model
    else:
        yield "model", model
    if objective is not None:
        yield "objective", objective
