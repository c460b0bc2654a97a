"""One training in progress: the learner that Keras drives, and the record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import keras
import numpy as np

from course_lib.errors import CourseError
from course_lib.keras.learner import Learner
from course_lib.keras.objectives import Objective
from course_lib.keras.optimizers import RateTable, build_optimizer
from course_lib.keras.parts import learnable_weights, named_parts, treatment
from course_lib.keras_backend.numbers import numbers_of, put_numbers
from course_lib.training.callbacks import Callback, State, below, settings_of
from course_lib.training.history import History
from course_lib.training.plan import Plan
from course_lib.training.rates import FULL_RATE
from course_lib.training.settings import digest


class Run:
    """What ``fit`` works on and callbacks look at (see ``course_lib.training.callbacks.Run``).

    Attributes:
        learner: Model, objective and data in one ``keras.Model``.
        plan: How many steps there are, and the learning rate of each.
        later: Plans that ``begin_again`` will bring, if any: there will be room for them.
    """

    def __init__(
        self,
        model: keras.Model,
        objective: Objective,
        plan: Plan,
        *,
        precision: str,
        device: str,
        callbacks: Iterable[Callback],
        later: Sequence[Plan] = (),
    ) -> None:
        self.precision, self.device = precision, device
        self.model, self.objective, self.plan = model, objective, plan
        self.learner = Learner(model, objective, plan, later)
        require_trainable(self.learner)
        self.free_at_first = self._free_now()
        parts = named_parts(model, objective)
        longest = max(len(p.rates) for p in (plan, *later))
        rates = RateTable(plan.rates, plan.accumulate, longest)
        optimizer = build_optimizer(plan.recipe, rates, treatment(parts, plan.recipe))
        optimizer.build(self.learner.trainable_variables)
        self.learner.compile(optimizer=optimizer)
        self.learning = {part: learning(layers) for part, layers in parts.items()}
        self.callbacks = list(callbacks)
        self.history, self.stop, self.writes = History(), False, True

    def begin_again(self, plan: Plan) -> None:
        """Take up another plan of the same kind: other data, seed, epochs and learning rates."""
        changed = not np.array_equal(plan.rates, self.plan.rates)
        self.plan, self.history, self.stop = plan, History(), False
        self.learner.take_data(plan)
        self.learner.optimizer.rate_table.take_rates(plan.rates)
        if changed and keras.backend.backend() == "jax":  # it took the rates for constants
            self.learner.make_train_function(force=True)

    @property
    def part_names(self) -> list[str]:
        """The parts of the model that have something to learn, from input to output."""
        return [part for part, layers in self.learning.items() if layers]

    def let_learn(self, parts: Iterable[str]) -> None:
        """Let these parts of the model learn and hold the others; what was frozen stays so."""
        free, before = {*parts, *FULL_RATE}, self._free_now()
        for part, layers in self.learning.items():
            for layer in layers:
                layer.trainable = part in free
                for weight in learnable_weights(layer):  # of a free layer, perhaps not all
                    weight.trainable = part in free and id(weight) in self.free_at_first
        if self._free_now() != before:
            self.learner.optimizer.update_only(self.learner.trainable_variables)
            self.learner.make_train_function(force=True)  # the old one knows the old weights

    def _free_now(self) -> set[int]:
        """Give the weights that learn, by ``id``: as many others would not be the same."""
        return {id(weight) for weight in self.learner.trainable_variables}

    @property
    def variables(self) -> list[keras.Variable]:
        """All weights, BatchNorm statistics and random states, of the objective's networks too."""
        return [*self.model.variables, *self.objective.variables]

    @cached_property
    def settings(self) -> dict[str, object]:
        """What makes this run the one it is. Read it before the first step."""
        engine = f"keras {keras.__version__} {keras.backend.backend()}"
        objective = [type(self.objective).__name__, self.objective.settings()]
        own = {
            "framework": engine,
            "precision": self.precision,
            "objective": objective,
            "trainable": [i for i, v in enumerate(self.variables) if id(v) in self.free_at_first],
            "start": digest(numbered([*self.model.weights, *self.objective.weights])),
            "callbacks": settings_of(self.callbacks),
        }
        return self.plan.settings | own

    def weights(self) -> State:
        """Give copies of all variables of the model and the objective."""
        return numbered(self.variables)

    def load_weights(self, weights: State) -> None:
        """Take back what :meth:`weights` gave."""
        assign(self.variables, weights)

    def state(self) -> State:
        """Give everything that the rest of the run depends on."""
        state = {f"weights.{name}": w for name, w in self.weights().items()}
        optimizer = numbered(self.learner.optimizer.variables)
        state |= {f"optimizer.{name}": v for name, v in optimizer.items()}
        for i, callback in enumerate(self.callbacks):
            state |= {f"callback{i}.{name}": v for name, v in callback.state().items()}
        return state

    def load_state(self, state: State) -> None:
        """Take back what :meth:`state` gave."""
        self.load_weights(below("weights.", state))
        assign(self.learner.optimizer.variables, below("optimizer.", state))
        for i, callback in enumerate(self.callbacks):
            callback.load_state(below(f"callback{i}.", state))


def numbered(variables: Iterable[keras.Variable]) -> State:
    """Give variables' values under their place in the row: Keras's own names need not be unique."""
    return {f"{i:05d}": value for i, value in enumerate(numbers_of(variables))}


def assign(variables: Iterable[keras.Variable], values: State) -> None:
    """Take back what :func:`numbered` gave."""
    row = list(variables)
    put_numbers(row, [values[f"{i:05d}"] for i in range(len(row))])


def learning(layers: Iterable[keras.Layer]) -> list[keras.Layer]:
    """Give a part's layers that are not frozen; none where no weight takes a gradient."""
    free = [
        layer
        for layer in layers
        if layer.trainable_weights or (layer.trainable and not learnable_weights(layer))
    ]
    return free if any(layer.trainable_weights for layer in free) else []


def require_trainable(learner: Learner) -> None:
    """Make sure that there is something to learn."""
    if not learner.trainable_variables:
        raise CourseError(
            "Nothing can learn: every weight is frozen. Unfreeze the head, at least.",
            "没有可以学习的参数：所有权重都被冻结了。至少要解冻分类头。",
        )
