"""What BatchNorm remembers of the data, and whose data it should be.

A BatchNorm layer keeps the mean and the variance of what it saw while it was trained: those of the
*source*. On a target that looks different they are wrong, and there are three policies: let them
follow the target's batches while fine-tuning (noisy when batches are small), keep the source's, or
estimate them anew on the target before anything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from course_lib.arguments import require_count
from course_lib.pytorch.devices import choose_device, device_of
from course_lib.pytorch.freezing import train_mode_by_block
from course_lib.pytorch.inference import as_read, inference, input_dtype
from course_lib.training import requirements
from course_lib.training.batches import as_inputs, even_parts
from course_lib.training.stored import read


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
    place, x = choose_device(device), as_inputs(x)
    norms = norm_layers(model.to(place))
    with inference(model), own_momenta(norms), asking_for_spread(norms):
        for i, part in enumerate(even_parts(x, require_count("batch_size", batch_size))):
            for norm in norms:
                norm.train().momentum = 1 / (i + 1)  # the mean of all batches up to this one
            model(as_read(torch.from_numpy(part).to(place), input_dtype(model)))
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


def require_spread(model: nn.Module, x: np.ndarray) -> None:
    """Make sure that BatchNorm layers that will learn can do with one example: see the sentence."""
    with inference(model):
        train_mode_by_block(model)
        norms = [norm for norm in norm_layers(model) if norm.training]
        model.eval()
        with asking_for_spread(norms):
            one = torch.from_numpy(read(x, np.arange(1))).to(device_of(model))
            model(as_read(one, input_dtype(model)))


@contextmanager
def asking_for_spread(norms: Iterable[nn.Module]) -> Iterator[None]:
    """Let BatchNorm layers refuse a single example with a single place, inside a ``with`` statement."""

    def look(_norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        shape = inputs[0].shape  # N×C×…
        requirements.require_spread(shape[0], shape[2:])

    hooks = [norm.register_forward_pre_hook(look) for norm in norms]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


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
