"""The same training many times over: on several draws, from several starts, at several rates."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras

from course_lib.keras.devices import choose_device, choose_precision, computing_in
from course_lib.keras.inference import evaluate, finish_building, taking
from course_lib.keras.loop import fit, train_epochs
from course_lib.keras.objectives import Objective, require_objective
from course_lib.keras.run import Run, assign, numbered
from course_lib.training.batches import as_arrays
from course_lib.training.history import History
from course_lib.training.plan import Plan
from course_lib.training.recipes import Recipe
from course_lib.training.requirements import require_one_domain_each, require_one_each


def fit_each(
    models: Sequence[keras.Model],
    trains: Sequence[Any],
    *,
    optimizers: Sequence[Recipe] | Recipe | None = None,
    seeds: Sequence[int] | None = None,
    objective: Objective | None = None,
    epochs: int,
    batch_size: int = 64,
    batch_norm: str = "moving",
) -> list[History]:
    """Train each model on its own data, in place: what ``fit`` gives, one after the other.

    Keras compiles a training anew in every ``fit``. Here the first model lends its compiled training
    to the others: their weights are put into it, trained, and taken out again. For small trainings
    that saves most of the time.

    Args:
        models: Models of one structure, frozen alike.
        trains: For each model, a ``Domain`` or a pair ``(x, y)``, all of one size.
        optimizers: A recipe for all, or one for each; these differ in the learning rate only.
        seeds: For each model, as for ``fit``: 0, 1, 2 … unless given.
        objective: As for ``fit``, for all. Networks of its own begin each training as they are now.
        epochs, batch_size, batch_norm: As for ``fit``, for all.

    Returns:
        The records, in order.
    """
    recipes, numbers = require_one_each(models, trains, optimizers, seeds)
    objective = require_objective(objective)
    plans = [
        Plan(as_arrays(train), recipe, epochs, batch_size, seed, batch_norm=batch_norm)
        for train, recipe, seed in zip(trains, recipes, numbers, strict=True)
    ]
    if batch_norm == "estimated" or not all(alike(plan, plans[0]) for plan in plans):
        how: dict[str, Any] = {"objective": objective, "epochs": epochs, "batch_size": batch_size}
        start, separately = numbered(objective.variables), []
        for m, t, r, s in zip(models, trains, recipes, numbers, strict=True):
            assign(objective.variables, start)
            one = fit(m, t, optimizer=r, seed=s, batch_norm=batch_norm, progress=False, **how)
            separately.append(one)
        return separately
    for plan in plans:
        objective.check(plan.arrays)
    histories = train_in_turn(models, objective, plans)
    gc.collect()  # as in fit
    return histories


def evaluate_each(
    models: Sequence[keras.Model],
    domains: Sequence[Any],
    *,
    objective: Objective | None = None,
    batch_size: int = 256,
) -> list[dict[str, float]]:
    """Judge each model on its own data: what ``evaluate`` gives, one after the other.

    Keras compiles a prediction anew for every model. Here the first model lends its own to the others:
    their weights are put into it, and its own come back at the end, whatever happens.

    Args:
        models: Models of one structure.
        domains: For each model, a ``Domain`` or a pair ``(x, y)``.
        objective, batch_size: As for ``evaluate``, for all.
    """
    require_one_domain_each(models, domains)
    lender = models[0]
    for model in models:
        finish_building(model, as_arrays(domains[0])["x"])
    own = numbered(lender.variables)
    found = []
    try:
        for model, domain in zip(models, domains, strict=True):
            if model is not lender:
                assign(lender.variables, numbered(model.variables))
            found.append(evaluate(lender, domain, objective=objective, batch_size=batch_size))
    finally:
        assign(lender.variables, own)
    return found


def alike(a: Plan, b: Plan) -> bool:
    """Say whether one compiled training serves two plans: only rates, data and seed may differ."""
    same_recipe = replace(a.recipe, learning_rate=0.0) == replace(b.recipe, learning_rate=0.0)
    kinds = [{n: (v.shape, v.dtype) for n, v in plan.arrays.items()} for plan in (a, b)]
    return same_recipe and kinds[0] == kinds[1] and not a.has_single


def train_in_turn(
    models: Sequence[keras.Model], objective: Objective, plans: Sequence[Plan]
) -> list[History]:
    """Let each model's weights pass through the first model's training; they come back trained."""
    lender, histories, trained = models[0], [], []
    for model in models:
        finish_building(model, plans[0].arrays["x"])
    starts = [numbered(model.variables) for model in models]
    with choose_device("auto"), computing_in(choose_precision("auto"), lender):
        run = Run(lender, objective, plans[0], precision="auto", device="auto", callbacks=())
        fresh, own = numbered(run.learner.optimizer.variables), numbered(objective.variables)
        for plan, start in zip(plans, starts, strict=True):
            assign(lender.variables, start)
            assign(run.learner.optimizer.variables, fresh)
            assign(objective.variables, own)
            run.begin_again(plan)
            with taking(lender, plan.arrays["x"]):
                train_epochs(run, None, False)
            histories.append(run.history)
            trained.append(numbered(lender.variables))
    for model, weights in zip(models, trained, strict=True):
        assign(model.variables, weights)
    return histories
