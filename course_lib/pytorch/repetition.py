"""The same training many times over: on several draws, from several starts, at several rates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from course_lib.pytorch.inference import evaluate
from course_lib.pytorch.loop import fit
from course_lib.pytorch.objectives import Objective, require_objective
from course_lib.training.history import History
from course_lib.training.recipes import Recipe
from course_lib.training.requirements import require_one_domain_each, require_one_each


def fit_each(
    models: Sequence[nn.Module],
    trains: Sequence[Any],
    *,
    optimizers: Sequence[Recipe] | Recipe | None = None,
    seeds: Sequence[int] | None = None,
    objective: Objective | None = None,
    epochs: int | Sequence[int],
    batch_size: int = 64,
    batch_norm: str = "moving",
) -> list[History]:
    """Train each model on its own data, in place: what ``fit`` gives, one after the other.

    Keras compiles a training anew in every ``fit``; its ``fit_each`` does so once, which for small
    trainings saves most of the time.

    Args:
        models: Models of one structure, frozen alike.
        trains: For each model, a ``Domain`` or a pair ``(x, y)``: examples of one kind.
        optimizers: A recipe for all, or one for each; these differ in the learning rate only.
        seeds: For each model, as for ``fit``: 0, 1, 2 … unless given.
        objective: As for ``fit``, for all. Networks of its own begin each training as they are now.
        epochs: As for ``fit``; one number for all, or one for each.
        batch_size, batch_norm: As for ``fit``, for all.

    Returns:
        The records, in order.
    """
    recipes, numbers, lasting = require_one_each(models, trains, optimizers, seeds, epochs)
    objective = require_objective(objective)
    start = {name: state.detach().clone() for name, state in objective.state_dict().items()}
    how: dict[str, Any] = {
        "objective": objective, "batch_size": batch_size, "batch_norm": batch_norm, "progress": False
    }  # fmt: skip
    histories = []
    for m, t, r, s, e in zip(models, trains, recipes, numbers, lasting, strict=True):
        objective.load_state_dict(start)
        histories.append(fit(m, t, optimizer=r, seed=s, epochs=e, **how))
    return histories


def evaluate_each(
    models: Sequence[nn.Module],
    domains: Sequence[Any],
    *,
    objective: Objective | None = None,
    batch_size: int = 256,
) -> list[dict[str, float]]:
    """Judge each model on its own data: what ``evaluate`` gives, one after the other.

    Keras compiles a prediction anew for every model; its ``evaluate_each`` does so once.

    Args:
        models: Models of one structure.
        domains: For each model, a ``Domain`` or a pair ``(x, y)``.
        objective, batch_size: As for ``evaluate``, for all.
    """
    require_one_domain_each(models, domains)
    return [
        evaluate(model, domain, objective=objective, batch_size=batch_size)
        for model, domain in zip(models, domains, strict=True)
    ]


class RepeatedFit:
    """``fit`` with its settings fixed, for many small trainings one after another.

    Keras compiles a training anew in every ``fit``; its ``RepeatedFit`` does so only where something
    new comes: other sizes, another objective. What each training gives is what ``fit`` gives.

    Args:
        optimizer, epochs, batch_size, batch_norm: As for ``fit``.
    """

    def __init__(
        self, *, optimizer: Recipe, epochs: int, batch_size: int = 64, batch_norm: str = "moving"
    ) -> None:
        self.settings: dict[str, Any] = {
            "optimizer": optimizer, "epochs": epochs, "batch_size": batch_size, "batch_norm": batch_norm
        }  # fmt: skip

    def __call__(
        self, model: nn.Module, train: Any, *, objective: Objective | None = None, seed: int = 0
    ) -> History:
        """Train a model in place and give the record of it; arguments as for ``fit``."""
        return fit(model, train, objective=objective, seed=seed, progress=False, **self.settings)
