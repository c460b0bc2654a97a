r"""What training makes small. An objective is a scalar function of a model and a batch.

The protocol, the same in both halves:

* ``objective.loss(model, batch)`` gives a scalar tensor. It is called in training only, so it calls
  the model with ``training=True``. ``batch`` maps names to tensors, as many as the training data has
  (``x``, ``y``; with a second domain also ``x_t`` …), plus ``batch["progress"]``, the part of the
  training that is over, from 0 towards 1.
* Networks and variables of its own are attributes. ``Objective`` is a ``Layer``, so ``fit`` finds
  them: it trains what is trainable and saves them in checkpoints.
* ``objective.draws(rng, batch_size)`` gives the random numbers that a step needs, drawn in NumPy:
  they arrive in ``batch`` under their names, the same ones in both halves.
* ``objective.terms(data)`` says over how many terms of each example the loss is a mean, where that
  is not one each: a part of a batch then has the share of its terms (see ``fit``'s ``accumulate``).
* ``objective.measure(outputs, y)`` says what ``evaluate`` reports, in NumPy.
* ``objective.check(arrays)`` refuses data that it can make nothing of, before the first step.
* ``objective.settings()`` names its numbers, so that a checkpoint knows its own run.

Here are the objectives that compare outputs with targets; ``wrappers.py`` has those that change
another objective.

Why other methods need no loop of their own (``tests/keras/test_objectives.py`` has one of each):

* *Two domains, a second network, gradient reversal* (DANN): ``batch`` has ``x, y, x_t``; the
  discriminator is an attribute with trainable weights; the reversal is a function inside ``loss``;
  its strength follows ``batch["progress"]``.
* *State of an earlier task* (EWC): a wrapper; anchor :math:`\theta^*` and Fisher diagonal :math:`F` are variables;
  ``loss`` adds :math:`\frac{\lambda}{2} \sum_i F_i (\theta_i - \theta^*_i)^2` over the model's weights.
* *A second, frozen network* (distillation): the teacher is a frozen attribute, called with
  ``training=False``.
"""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
from keras import KerasTensor, ops

from course_lib.arguments import require_count, require_made, require_number
from course_lib.keras import losses
from course_lib.training import measures
from course_lib.training.batches import Arrays, count_tokens, require_arrays
from course_lib.training.requirements import require_probabilities
from course_lib.training.stored import whole

Batch = Mapping[str, KerasTensor]


class Objective(keras.Layer):
    """The base of all objectives. A subclass says what :meth:`loss` is."""

    def loss(self, model: keras.Layer, batch: Batch) -> KerasTensor:
        """Give the scalar to be made small."""
        raise NotImplementedError

    def draws(self, rng: np.random.Generator, batch_size: int) -> Arrays:
        """Give the random numbers for one step; each array has one row for each example."""
        return {}

    def terms(self, data: Arrays) -> np.ndarray | None:
        """Give how many terms of the mean each example of the training data brings: N, or None
        where each brings as many as another."""
        return None

    def measure(self, outputs: np.ndarray, y: np.ndarray) -> dict[str, float]:
        """Give what ``evaluate`` reports for all outputs and targets, in NumPy."""
        return measures.classification(outputs, y)

    def check(self, arrays: Arrays) -> None:
        """Make sure that training data has what :meth:`loss` will ask it for."""

    def settings(self) -> dict[str, object]:
        """Give the numbers that define this objective."""
        return {}


class OfTargets(Objective):
    """The base of objectives that compare outputs for ``x`` with targets ``y``."""

    def check(self, arrays: Arrays) -> None:
        require_arrays(arrays, "x", "y")


class CrossEntropy(OfTargets):
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
        self.label_smoothing = require_number("label_smoothing", label_smoothing, 0, 1)

    def loss(self, model: keras.Layer, batch: Batch) -> KerasTensor:
        z = model(batch["x"], training=True)
        return losses.cross_entropy(z, batch["y"], label_smoothing=self.label_smoothing)

    def settings(self) -> dict[str, object]:
        return {"label_smoothing": self.label_smoothing}


class SquaredError(OfTargets):
    r"""Half the mean squared difference from real targets: regression.

    .. math:: L = \frac{1}{2n} \sum_i (\hat y_i - y_i)^2

    Targets have the shape of the model's outputs; N targets go with outputs N×1, too. ``evaluate``
    reports ``loss`` and ``rmse``, the error in the targets' own unit.
    """

    def loss(self, model: keras.Layer, batch: Batch) -> KerasTensor:
        prediction = as_targets(model(batch["x"], training=True), batch["y"])
        return losses.mean_squared_error(prediction, batch["y"])

    def measure(self, outputs: np.ndarray, y: np.ndarray) -> dict[str, float]:
        return measures.regression(outputs, y)


class BinaryCrossEntropy(OfTargets):
    r"""Mean surprise at yes-or-no answers (0 or 1), from logits; several for each example, perhaps.

    .. math:: L = -\frac{1}{n} \sum_i y_i \log \sigma(z_i) + (1 - y_i) \log (1 - \sigma(z_i))

    Answers have the shape of the model's outputs; N answers go with outputs N×1, too. ``evaluate``
    reports ``loss`` and ``accuracy``, where a logit above 0 means yes.
    """

    def loss(self, model: keras.Layer, batch: Batch) -> KerasTensor:
        z = as_targets(model(batch["x"], training=True), batch["y"])
        return losses.binary_cross_entropy(z, batch["y"])

    def check(self, arrays: Arrays) -> None:
        super().check(arrays)
        require_probabilities(whole(arrays["y"]))

    def measure(self, outputs: np.ndarray, y: np.ndarray) -> dict[str, float]:
        return measures.binary(outputs, y)


class SequenceLikelihood(OfTargets):
    r"""Mean surprise per token, from logits N×T×K and tokens N×T.

    .. math::
        L = -\frac{\sum_i \sum_t m_{it} \log p(y_{it} \mid y_{i,<t})}{\sum_i \sum_t m_{it}}, \qquad
        m_{it} = [y_{it} \ne \mathrm{padding}]

    ``evaluate`` reports ``loss``, ``perplexity`` (:math:`e^L`: among how many equally likely tokens
    the model might as well have guessed) and ``accuracy``.

    Args:
        padding: The token in ``y`` that stands where a sequence has ended; it does not count.
    """

    def __init__(self, padding: int = -1) -> None:
        super().__init__()
        self.padding = require_count("padding", padding, low=-(2**31))

    def loss(self, model: keras.Layer, batch: Batch) -> KerasTensor:
        z, y = model(batch["x"], training=True), losses.whole(batch["y"])
        return losses.sequence_negative_log_likelihood(z, y, mask=y != self.padding)

    def terms(self, data: Arrays) -> np.ndarray:
        return count_tokens(data["y"], self.padding)

    def measure(self, outputs: np.ndarray, y: np.ndarray) -> dict[str, float]:
        return measures.sequences(outputs, y, self.padding)

    def settings(self) -> dict[str, object]:
        return {"padding": self.padding}


def require_objective(objective: Objective | None) -> Objective:
    """Give an objective, ``CrossEntropy()`` for ``None``; refuse its class, its name, and a function."""
    given = CrossEntropy() if objective is None else objective
    return require_made("objective", given, Objective, "CrossEntropy()")


def as_targets(outputs: KerasTensor, y: KerasTensor) -> KerasTensor:
    """Give outputs N×1 as N where the targets are N."""
    one_more = outputs.ndim == y.ndim + 1 and outputs.shape[-1] == 1
    return ops.squeeze(outputs, -1) if one_more else outputs
