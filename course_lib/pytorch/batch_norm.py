"""What BatchNorm remembers of the data, and whose data it should be.

A BatchNorm layer keeps the mean and the variance of what it saw while it was trained: those of the
*source*. On a target that looks different they are wrong, and there are three policies: let them
follow the target's batches while fine-tuning (noisy when batches are small), keep the source's, or
estimate them anew on the target before anything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from course_lib.pytorch.devices import choose_device
from course_lib.pytorch.inference import inference
from course_lib.training.batches import even_parts


def estimate_statistics(
    model: nn.Module, x: np.ndarray, *, batch_size: int = 256, device: str = "auto"
) -> nn.Module:
    r"""Give every BatchNorm layer the statistics of these inputs. Gives the model back.

    .. math::
        \hat\mu = \frac{1}{B} \sum_b \mu_b, \qquad \hat\sigma^2 = \frac{1}{B} \sum_b \sigma_b^2

    over batches ``b`` of nearly equal size, each normalised by itself. No weight moves and no label
    is needed, so the inputs may be an unlabelled target domain. Li et al., *Revisiting Batch
    Normalization For Practical Domain Adaptation* (AdaBN), 2016, arXiv:1603.04779.

    Args:
        model: Any model or backbone. Frozen layers get new statistics, too: that is what was asked.
        x: Inputs N×…; the more they are, the better.
        batch_size: The most that are computed at a time; with all at once the estimate is exact.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` …
    """
    place = choose_device(device)
    norms = norm_layers(model.to(place))
    with inference(model), own_momenta(norms):
        for i, part in enumerate(even_parts(x, batch_size)):
            for norm in norms:
                norm.train().momentum = 1 / (i + 1)  # the mean of all batches up to this one
            model(torch.tensor(part).to(place))
    return model


@contextmanager
def own_momenta(norms: list[_BatchNorm]) -> Iterator[None]:
    """Give BatchNorm layers back their momenta after a ``with`` statement, however it ends."""
    before = [norm.momentum for norm in norms]
    try:
        yield
    finally:
        for norm, momentum in zip(norms, before, strict=True):
            norm.momentum = momentum


def freeze_statistics(module: nn.Module) -> None:
    """Let BatchNorm layers normalise by the statistics they have; scale and shift may still learn."""
    for norm in norm_layers(module):
        norm.eval()


@contextmanager
def still(module: nn.Module) -> Iterator[None]:
    """Let BatchNorm statistics stay as they are inside a ``with`` statement."""
    moving = [norm for norm in norm_layers(module) if norm.training]
    freeze_statistics(module)
    try:
        yield
    finally:
        for norm in moving:
            norm.train()


def norm_layers(module: nn.Module) -> list[_BatchNorm]:
    """Give the BatchNorm layers inside."""
    return [layer for layer in module.modules() if isinstance(layer, _BatchNorm)]
