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
from course_lib.keras.pruning import Mask, is_masked, masks_of, take_masks, wearing
from course_lib.keras.run import Run, assign, numbered
from course_lib.training.batches import as_arrays
from course_lib.training.callbacks import State
from course_lib.training.history import History
from course_lib.training.plan import Plan
from course_lib.training.recipes import Recipe
from course_lib.training.requirements import require_one_domain_each, require_one_each

KEPT = 8  # compiled trainings that one RepeatedFit keeps: each holds some ten megabytes


def fit_each(
    models: Sequence[keras.Model],
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

    Keras compiles a training anew in every ``fit``. Here the first model lends its compiled training
    to the others: their weights are put into it, trained, and taken out again. For small trainings
    that saves most of the time.

    Args:
        models: Models of one structure, frozen alike. What is compiled knows one model's masks, so
            those that ``prune_weights`` holds are trained by a ``fit`` each.
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
    plans = [
        Plan(as_arrays(train), recipe, count, batch_size, seed, batch_norm=batch_norm)
        for train, recipe, seed, count in zip(trains, recipes, numbers, lasting, strict=True)
    ]
    masked = any(map(is_masked, models))
    if masked or batch_norm == "estimated" or not all(alike(p, plans[0]) for p in plans):
        how: dict[str, Any] = {"objective": objective, "batch_size": batch_size, "progress": False}
        start, separately = numbered(objective.variables), []
        for m, t, r, s, e in zip(models, trains, recipes, numbers, lasting, strict=True):
            assign(objective.variables, start)
            one = fit(m, t, optimizer=r, seed=s, epochs=e, batch_norm=batch_norm, **how)
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
    """Say whether one compiled training serves two plans: rates, epochs, data and seed may differ."""
    same_recipe = replace(a.recipe, learning_rate=0.0) == replace(b.recipe, learning_rate=0.0)
    kinds = [{n: (v.shape[1:], v.dtype) for n, v in plan.arrays.items()} for plan in (a, b)]
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
        how: dict[str, Any] = {"precision": "auto", "device": "auto", "callbacks": ()}
        run = Run(lender, objective, plans[0], later=plans[1:], **how)
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


class RepeatedFit:
    """``fit`` with its settings fixed, for many small trainings one after another.

    Keras compiles a training anew in every ``fit``. Here the first training of a kind is kept, and
    lends itself to the others: their weights, and what their objectives hold, are put into it and
    the weights taken out again. Other sizes or another objective make a kind of their own.

    Args:
        optimizer, epochs, batch_size, batch_norm: As for ``fit``.
    """

    def __init__(
        self, *, optimizer: Recipe, epochs: int, batch_size: int = 64, batch_norm: str = "moving"
    ) -> None:
        self.recipe, self.epochs, self.batch_size = optimizer, epochs, batch_size
        self.batch_norm = batch_norm
        self.kinds: dict[str, tuple[Run, State, list[Mask | None]]] = {}

    def __call__(
        self,
        model: keras.Model,
        train: Any,
        *,
        objective: Objective | None = None,
        seed: int = 0,
    ) -> History:
        """Train a model in place and give the record of it; arguments as for ``fit``."""
        objective = require_objective(objective)
        how: dict[str, Any] = {"epochs": self.epochs, "batch_size": self.batch_size}
        arrays = as_arrays(train)
        plan = Plan(arrays, self.recipe, seed=seed, batch_norm=self.batch_norm, **how)
        if self.batch_norm == "estimated" or plan.has_single:
            more: dict[str, Any] = {"batch_norm": self.batch_norm, "seed": seed, "progress": False}
            return fit(model, train, objective=objective, optimizer=self.recipe, **how, **more)
        objective.check(arrays)
        finish_building(model, arrays["x"])
        kind = kind_of(model, objective, plan)
        with choose_device("auto"), computing_in(choose_precision("auto"), model):
            if kind not in self.kinds:
                run = Run(model, objective, plan, precision="auto", device="auto", callbacks=())
                fresh = numbered(run.learner.optimizer.variables)
                self.kinds[kind] = run, fresh, masks_of(model)
            run, fresh, masks = self.kinds[kind] = self.kinds.pop(kind)  # the last used stands last
            if len(self.kinds) > KEPT:
                del self.kinds[next(iter(self.kinds))]
                gc.collect()  # as in fit
            take_masks(masks, model)
            if any(masks) and keras.backend.backend() == "jax":  # it took the masks for constants
                run.learner.make_train_function(force=True)
            given, own = numbered([*model.variables, *objective.variables]), run.weights()
            run.load_weights(given)
            assign(run.learner.optimizer.variables, fresh)
            run.begin_again(plan)
            try:
                with taking(run.model, arrays["x"]), wearing(run.model, masks):
                    train_epochs(run, None, False)
                trained = run.weights()
            finally:
                run.load_weights(own)
            assign([*model.variables, *objective.variables], trained)
        return run.history


def kind_of(model: keras.Model, objective: Objective, plan: Plan) -> str:
    """Give a word for all trainings that one compiled training serves."""
    weights = [(v.shape, v.trainable) for v in [*model.variables, *objective.variables]]
    masks = [mask is not None for mask in masks_of(model)]
    arrays = {name: (values.shape, values.dtype.name) for name, values in plan.arrays.items()}
    return repr((weights, masks, type(objective).__name__, objective.settings(), arrays))
