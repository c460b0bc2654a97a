"""A loss and its gradient, outside training: one door to automatic differentiation.

Reverse-mode automatic differentiation is back-propagation: one pass forward, one pass back, and
every derivative is there. Baydin et al., *Automatic Differentiation in Machine Learning: a Survey*,
JMLR 18(153), 2018.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from course_lib.training.requirements import require_scalar


def gradients(loss: Callable[[], Tensor], weights: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """Give the loss and its gradient with respect to each weight. Nothing is changed or stored.

    Args:
        loss: Computes one number from the weights when it is called, without arguments.
        weights: Tensors that require a gradient; the loss depends on each of them.

    Returns:
        The loss, and a list of gradients in the order and the shapes of the weights.
    """
    value = loss()
    require_scalar(value.shape)
    return value.detach(), list(torch.autograd.grad(value, list(weights)))
