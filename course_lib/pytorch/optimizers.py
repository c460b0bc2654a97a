"""From a recipe to PyTorch's own optimizer."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn
from torch.optim import Optimizer

from course_lib.training.recipes import SGD, Recipe
from course_lib.training.recipes import AdamW as AdamWRecipe
from course_lib.training.schedules import as_schedule


def build_optimizer(recipe: Recipe, parameters: Iterable[nn.Parameter]) -> Optimizer:
    """Build the optimizer for parameters that take a gradient; ``fused`` does all in one kernel."""
    rate = float(as_schedule(recipe.learning_rate).rates(1)[0])
    if isinstance(recipe, SGD):
        return torch.optim.SGD(
            parameters, rate, recipe.momentum, weight_decay=recipe.weight_decay, fused=True
        )
    family = torch.optim.AdamW if isinstance(recipe, AdamWRecipe) else torch.optim.Adam
    betas = (recipe.beta_1, recipe.beta_2)
    decay = recipe.weight_decay
    return family(parameters, rate, betas, recipe.epsilon, weight_decay=decay, fused=True)


def set_learning_rate(optimizer: Optimizer, rate: float) -> None:
    """Set the learning rate of the next step."""
    for group in optimizer.param_groups:
        group["lr"] = rate
