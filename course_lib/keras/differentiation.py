"""A loss and its gradient, outside training: one door to automatic differentiation.

Reverse-mode automatic differentiation is back-propagation: one pass forward, one pass back, and
every derivative is there. Baydin et al., *Automatic Differentiation in Machine Learning: a Survey*,
JMLR 18(153), 2018.

Keras leaves this to its engine, and each has a way of its own: ``keras_backend/`` knows them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
from keras import KerasTensor

from course_lib.keras_backend.gradients import differentiate
from course_lib.training.requirements import require_scalar


def gradients(
    loss: Callable[[], KerasTensor], weights: Sequence[keras.Variable]
) -> tuple[KerasTensor, list[KerasTensor]]:
    """Give the loss and its gradient with respect to each weight. Nothing is changed or stored.

    Args:
        loss: Computes one number from the weights when it is called, without arguments.
        weights: Variables that are trainable; the loss depends on each of them.

    Returns:
        The loss, and a list of gradients in the order and the shapes of the weights.
    """

    def scalar_loss() -> KerasTensor:
        value = loss()
        require_scalar(value.shape)
        return value

    return differentiate(scalar_loss, list(weights))
