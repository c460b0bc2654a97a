"""From a recipe to PyTorch's own optimizer."""

from __future__ import annotations

import torch
from torch.optim import Optimizer

from course_lib.pytorch.parts import Parts, parameter_groups
from course_lib.training.recipes import SGD, Recipe
from course_lib.training.recipes import AdamW as AdamWRecipe
from course_lib.training.schedules import as_schedule


def build_optimizer(recipe: Recipe, parts: Parts) -> Optimizer:
    """Build the optimizer for what learns in each part; ``fused`` does a group in one kernel.

    A weight that has no gradient at a step is left as it is, decay included.
    """
    rate = float(as_schedule(recipe.learning_rate).rates(1)[0])
    groups = parameter_groups(parts, recipe)
    if isinstance(recipe, SGD):
        return start_at_rest(torch.optim.SGD(groups, rate, recipe.momentum, fused=True))
    family = torch.optim.AdamW if isinstance(recipe, AdamWRecipe) else torch.optim.Adam
    return family(groups, rate, (recipe.beta_1, recipe.beta_2), recipe.epsilon, fused=True)


def start_at_rest(optimizer: torch.optim.SGD) -> Optimizer:
    """Set all momenta to zero: the fused kernel wants a group to have none of them or all.

    Left to itself, PyTorch makes each at its weight's first gradient, which may come late.
    """
    for group in optimizer.param_groups:
        for weight in group["params"] if group["momentum"] else []:
            optimizer.state[weight]["momentum_buffer"] = torch.zeros_like(weight)
    return optimizer


def set_learning_rate(optimizer: Optimizer, rate: float) -> None:
    """Set the learning rate of the next step, in each group times the factor of its part."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["factor"]
