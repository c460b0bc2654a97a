"""From a recipe to a Keras optimizer that follows PyTorch's formulas.

Keras's own differ in three places, each small and each visible in a comparison:

* SGD folds the learning rate into the momentum buffer, ``v ← μv - ηg, θ ← θ + v``. With a constant
  rate that is the same; when the rate changes, old gradients keep the rate of their day.
* ``weight_decay`` is decoupled everywhere. PyTorch's SGD and Adam add ``λθ`` to the gradient.
* Adam adds ε to the root of the *uncorrected* second moment (the ε̂ of Kingma & Ba, section 2).

Besides, each weight has a factor for its learning rate and a decay of its own, which depend on the
part of the model that it belongs to and on its dimensions (see ``parts.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, ops

from course_lib.keras_backend.fused import moved_by_adam
from course_lib.keras_backend.gradients import as_dense
from course_lib.training.recipes import SGD, Adam, AdamW, Recipe

Treatment = Mapping[int, tuple[float, float]]  # by a weight's id: factor of the rate, decay


class ByPart:
    """What both optimizers share: how each weight is treated, and which are updated."""

    treatment: Treatment
    rate_table: RateTable
    update_step: Callable[..., None]
    _trainable_variables: list[keras.Variable]

    def build(self, variables: list[keras.Variable]) -> None:
        """Make the memory of all weights that may learn, and look up how each is treated."""
        super().build(variables)  # type: ignore[misc]
        treated = [self.treatment[id(variable)] for variable in variables]
        self.factors, self.decays = zip(*treated, strict=True)

    def update_only(self, variables: Sequence[keras.Variable]) -> None:
        """Update these from now on; what the optimizer remembers of the others is kept."""
        # Past Keras's own __setattr__, which would take a new list for more of its memory.
        object.__setattr__(self, "_trainable_variables", list(variables))

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Say which weights the gradients are of: on JAX, Keras takes it for granted."""
        super().apply(grads, trainable_variables or self._trainable_variables)  # type: ignore[misc]

    def _backend_update_step(
        self, grads: Any, trainable_variables: Any, learning_rate: KerasTensor
    ) -> None:
        """Update each weight; directly, where TensorFlow has but one replica to think of.

        It would note a gradient for the sum over replicas, and with it keep the whole graph of every
        training for ever: 50 MB each for a small network.
        """
        grads = [as_dense(gradient) for gradient in grads]
        replicas = getattr(self, "_distribution_strategy", None)
        if replicas is None or replicas.num_replicas_in_sync > 1:
            super()._backend_update_step(grads, trainable_variables, learning_rate)  # type: ignore[misc]
            return
        for gradient, variable in zip(grads, trainable_variables, strict=True):
            self.update_step(gradient, variable, learning_rate)


class TorchSGD(ByPart, keras.optimizers.SGD):
    """``v ← μv + (g + λθ), θ ← θ - ηv``."""

    def __init__(self, rates: RateTable, recipe: SGD, treatment: Treatment) -> None:
        parts = rates.accumulate if rates.accumulate > 1 else None
        super().__init__(rates, float(recipe.momentum), gradient_accumulation_steps=parts)
        self.treatment, self.rate_table = treatment, rates

    def update_step(
        self, gradient: KerasTensor, variable: keras.Variable, rate: KerasTensor
    ) -> None:
        i = self._get_variable_index(variable)
        g = gradient + self.decays[i] * variable if self.decays[i] else gradient
        if self.momentum:
            v = self.momentums[i]
            self.assign(v, self.momentum * v + g)
            g = v
        self.assign_sub(variable, rate * self.factors[i] * g)


class TorchAdam(ByPart, keras.optimizers.Adam):
    r"""Adam with ε outside the correction and coupled decay, or AdamW's.

    The correction of the moments is moved into two numbers, as Kingma & Ba do in section 2:

    .. math::
        \eta \, \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}
        = \eta_t \, \frac{m}{\sqrt v + \epsilon_t}, \qquad
        \eta_t = \eta \, \frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t}, \quad
        \epsilon_t = \epsilon \sqrt{1 - \beta_2^t}

    Each weight counts its own updates t: one that is freed late begins to correct its moments then.
    """

    def __init__(self, rates: RateTable, recipe: Adam | AdamW, treatment: Treatment) -> None:
        parts = rates.accumulate if rates.accumulate > 1 else None
        numbers = (recipe.beta_1, recipe.beta_2, recipe.epsilon)
        super().__init__(rates, *numbers, gradient_accumulation_steps=parts)
        self.treatment, self.rate_table = treatment, rates
        self.decoupled = isinstance(recipe, AdamW)

    def build(self, variables: list[keras.Variable]) -> None:
        super().build(variables)
        self.updates = self.add_variable((len(variables),), name="updates")

    def _backend_update_step(
        self, grads: Any, trainable_variables: Any, learning_rate: KerasTensor
    ) -> None:
        """Update these weights. What is a number for each weight is computed for all at once."""
        updated = {self._get_variable_index(variable) for variable in trainable_variables}
        floatx = keras.config.floatx()
        moved = [float(i in updated) for i in range(len(self.factors))]
        self.updates.assign_add(np.array(moved, floatx))
        t = ops.maximum(self.updates, 1.0)
        rates = learning_rate * np.array(self.factors, floatx)
        root = ops.sqrt(1 - self.beta_2**t)
        self.shrinking = tuple(ops.unstack(rates * np.array(self.decays, floatx)))
        self.epsilons = tuple(ops.unstack(self.epsilon * root))
        self.betas = tuple(ops.unstack(ops.convert_to_tensor([self.beta_1, self.beta_2], floatx)))
        self.steps = tuple(ops.unstack(rates * root / (1 - self.beta_1**t)))
        super()._backend_update_step(grads, trainable_variables, learning_rate)

    def update_step(
        self, gradient: KerasTensor, variable: keras.Variable, rate: KerasTensor
    ) -> None:
        i = self._get_variable_index(variable)
        m, v = self._momentums[i], self._velocities[i]
        g = self._decay(gradient, variable, i)
        if moved_by_adam(variable, m, v, g, self.steps[i], self.epsilons[i], self.betas):
            return
        self.assign_add(m, (1 - self.beta_1) * (g - m))
        self.assign_add(v, (1 - self.beta_2) * (ops.square(g) - v))
        self.assign_sub(variable, self.steps[i] * m / (ops.sqrt(v) + self.epsilons[i]))

    def _decay(self, gradient: KerasTensor, variable: keras.Variable, i: int) -> KerasTensor:
        """Shrink the weight (AdamW), or add the decay to the gradient (Adam)."""
        if not self.decays[i]:
            return gradient
        if not self.decoupled:
            return gradient + self.decays[i] * variable
        self.assign_sub(variable, self.shrinking[i] * variable)
        return gradient


class RateTable(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule read from a row of rates, one per update: the row that PyTorch reads too.

    Args:
        rates: The learning rate of every update.
        accumulate: How many of Keras's steps make an update.
        room: How many rates the longest row has that will be taken; this one unless given.
    """

    def __init__(self, rates: np.ndarray, accumulate: int = 1, room: int = 0) -> None:
        self.room, self.accumulate = max(room, len(rates)), accumulate
        self.rates = self._filled(rates)
        # On the device, so that a compiled training can be given other rates.
        self.on_device = keras.Variable(self.rates, trainable=False, dtype=self.rates.dtype.name)

    def take_rates(self, rates: np.ndarray) -> None:
        """Put other rates, for which there is room, into the place of what is there."""
        self.rates = self._filled(rates)
        self.on_device.assign(self.rates)

    def _filled(self, rates: np.ndarray) -> np.ndarray:
        return np.pad(rates, (0, self.room - len(rates)), "edge").astype(keras.config.floatx())

    def __call__(self, step: KerasTensor) -> KerasTensor:
        update = ops.minimum(step // self.accumulate, len(self.rates) - 1)
        return ops.take(ops.convert_to_tensor(self.on_device), update)

    def get_config(self) -> dict:
        return {"rates": self.rates, "accumulate": self.accumulate, "room": self.room}


def build_optimizer(
    recipe: Recipe, rates: RateTable, treatment: Treatment
) -> keras.optimizers.Optimizer:
    """Build the optimizer for the rates of a whole training; ``treatment`` is what parts.py says."""
    if isinstance(recipe, SGD):
        return TorchSGD(rates, recipe, treatment)
    return TorchAdam(rates, recipe, treatment)
