r"""What training makes small. An objective is a scalar function of a model and a batch.

The protocol, the same in both halves:

* ``objective.loss(model, batch)`` gives a scalar tensor. It is called in training only, so it calls
  the model with ``training=True``. ``batch`` maps names to tensors, as many as the training data has
  (``x``, ``y``; with a second domain also ``x_t`` …), plus ``batch["progress"]``, the part of the
  training that is over, from 0 towards 1.
* Networks and variables of its own are attributes. ``Objective`` is a ``Layer``, so ``fit`` finds
  them: it trains what is trainable and saves them in checkpoints.
* ``objective.measure(outputs, y)`` says what ``evaluate`` reports, in NumPy.
* ``objective.settings()`` names its numbers, so that a checkpoint knows its own run.

Why other methods need no loop of their own (``tests/keras/test_objectives.py`` has one of each):

* *Two domains, a second network, gradient reversal* (DANN): ``batch`` has ``x, y, x_t``; the
  discriminator is an attribute with trainable weights; the reversal is a function inside ``loss``;
  its strength follows ``batch["progress"]``.
* *State of an earlier task* (EWC): anchor :math:`\theta^*` and Fisher diagonal :math:`F` are variables;
  ``loss`` adds :math:`\frac{\lambda}{2} \sum_i F_i (\theta_i - \theta^*_i)^2` over the model's weights.
* *A second, frozen network* (distillation): the teacher is a frozen attribute, called with
  ``training=False``.
"""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
from keras import KerasTensor, ops

from course_lib.training import measures

Batch = Mapping[str, KerasTensor]


class Objective(keras.Layer):
    """The base of all objectives. A subclass says what :meth:`loss` is."""

    def loss(self, model: keras.Layer, batch: Batch) -> KerasTensor:
        """Give the scalar to be made small."""
        raise NotImplementedError

    def measure(self, outputs: np.ndarray, y: np.ndarray) -> dict[str, float]:
        """Give what ``evaluate`` reports for outputs N×K and labels N."""
        return measures.classification(outputs, y)

    def settings(self) -> dict[str, float]:
        """Give the numbers that define this objective."""
        return {}


class CrossEntropy(Objective):
    r"""Mean surprise at the right label, from logits :math:`z` (N×K) and labels :math:`y` (N).

    .. math::
        L = -\frac{1}{N} \sum_i \sum_k q_{ik} \log \mathrm{softmax}(z_i)_k, \qquad
        q_{ik} = (1 - \epsilon) \, [k = y_i] + \epsilon / K

    Args:
        label_smoothing: :math:`\epsilon`; 0 is plain cross-entropy. Szegedy et al., CVPR 2016,
            arXiv:1512.00567.
    """

    def __init__(self, label_smoothing: float = 0.0) -> None:
        super().__init__()
        self.label_smoothing = label_smoothing

    def loss(self, model: keras.Layer, batch: Batch) -> KerasTensor:
        z = ops.cast(model(batch["x"], training=True), keras.config.floatx())
        K, epsilon = z.shape[-1], self.label_smoothing
        q = (1 - epsilon) * ops.one_hot(batch["y"], K) + epsilon / K
        return -ops.mean(ops.sum(q * ops.log_softmax(z), axis=-1))

    def settings(self) -> dict[str, float]:
        return {"label_smoothing": self.label_smoothing}
