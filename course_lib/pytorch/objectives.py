r"""What training makes small. An objective is a scalar function of a model and a batch.

The protocol, the same in both halves:

* ``objective.loss(model, batch)`` gives a scalar tensor with a gradient. ``batch`` maps names to
  tensors, as many as the training data has (``x``, ``y``; with a second domain also ``x_t`` …),
  plus ``batch["progress"]``, the part of the training that is over, from 0 towards 1.
* Networks and tensors of its own are attributes. ``Objective`` is a ``Module``, so ``fit`` finds
  them: it moves them to the device, trains what is trainable and saves them in checkpoints.
* ``objective.measure(outputs, y)`` says what ``evaluate`` reports, in NumPy.
* ``objective.settings()`` names its numbers, so that a checkpoint knows its own run.

Why other methods need no loop of their own (``tests/pytorch/test_objectives.py`` has one of each):

* *Two domains, a second network, gradient reversal* (DANN): ``batch`` has ``x, y, x_t``; the
  discriminator is an attribute with trainable weights; the reversal is a function inside ``loss``;
  its strength follows ``batch["progress"]``.
* *State of an earlier task* (EWC): anchor :math:`\theta^*` and Fisher diagonal :math:`F` are buffers;
  ``loss`` adds :math:`\frac{\lambda}{2} \sum_i F_i (\theta_i - \theta^*_i)^2` over the model's parameters.
* *A second, frozen network* (distillation): the teacher is a frozen attribute, thus in inference mode.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from torch import Tensor, nn
from torch.nn import functional

from course_lib.training import measures

Batch = Mapping[str, Tensor]


class Objective(nn.Module):
    """The base of all objectives. A subclass says what :meth:`loss` is."""

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Give the scalar to be made small, with its gradient."""
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

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        z = model(batch["x"])
        return functional.cross_entropy(z, batch["y"], label_smoothing=self.label_smoothing)

    def settings(self) -> dict[str, float]:
        return {"label_smoothing": self.label_smoothing}
