"""From a recipe to a Keras optimizer that follows PyTorch's formulas.

Keras's own differ in three places, each small and each visible in a comparison:

* SGD folds the learning rate into the momentum buffer, ``v ← μv - ηg, θ ← θ + v``. With a constant
  rate that is the same; when the rate changes, old gradients keep the rate of their day.
* ``weight_decay`` is decoupled everywhere. PyTorch's SGD and Adam add ``λθ`` to the gradient.
* Adam adds ε to the root of the *uncorrected* second moment (the ε̂ of Kingma & Ba, section 2).
"""

from __future__ import annotations

import keras
import numpy as np
from keras import KerasTensor, ops

from course_lib.training.recipes import SGD, Adam, AdamW, Recipe


class TorchSGD(keras.optimizers.SGD):
    """``v ← μv + (g + λθ), θ ← θ - ηv``."""

    def __init__(self, learning_rate: RateTable, momentum: float, coupled_decay: float) -> None:
        super().__init__(learning_rate, momentum=float(momentum))
        self.coupled_decay = coupled_decay

    def update_step(
        self, gradient: KerasTensor, variable: keras.Variable, rate: KerasTensor
    ) -> None:
        g = gradient + self.coupled_decay * variable
        if self.momentum:
            v = self.momentums[self._get_variable_index(variable)]
            self.assign(v, self.momentum * v + g)
            g = v
        self.assign_sub(variable, rate * g)


class TorchAdam(keras.optimizers.Adam):
    """Adam with ε outside the correction and coupled decay; AdamW with ``weight_decay``."""

    def __init__(self, learning_rate: RateTable, recipe: Adam | AdamW) -> None:
        decoupled = isinstance(recipe, AdamW)
        super().__init__(
            learning_rate,
            recipe.beta_1,
            recipe.beta_2,
            recipe.epsilon,
            weight_decay=recipe.weight_decay if decoupled else None,
        )
        self.coupled_decay = 0.0 if decoupled else recipe.weight_decay

    def update_step(
        self, gradient: KerasTensor, variable: keras.Variable, rate: KerasTensor
    ) -> None:
        g = gradient + self.coupled_decay * variable
        i = self._get_variable_index(variable)
        m, v = self._momentums[i], self._velocities[i]
        t = ops.cast(self.iterations + 1, variable.dtype)
        self.assign(m, self.beta_1 * m + (1 - self.beta_1) * g)
        self.assign(v, self.beta_2 * v + (1 - self.beta_2) * ops.square(g))
        m_hat, v_hat = m / (1 - self.beta_1**t), v / (1 - self.beta_2**t)
        self.assign_sub(variable, rate * m_hat / (ops.sqrt(v_hat) + self.epsilon))


class RateTable(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule read from a row of rates, one per step: the row that PyTorch reads too."""

    def __init__(self, rates: np.ndarray) -> None:
        self.rates = rates.astype(keras.config.floatx())

    def __call__(self, step: KerasTensor) -> KerasTensor:
        return ops.take(ops.convert_to_tensor(self.rates), ops.minimum(step, len(self.rates) - 1))

    def get_config(self) -> dict:
        return {"rates": self.rates}


def build_optimizer(recipe: Recipe, rates: np.ndarray) -> keras.optimizers.Optimizer:
    """Build the optimizer for the rates of a whole training."""
    if isinstance(recipe, SGD):
        return TorchSGD(RateTable(rates), recipe.momentum, recipe.weight_decay)
    return TorchAdam(RateTable(rates), recipe)
