"""What BatchNorm remembers of the data, and whose data it should be.

A BatchNorm layer keeps the mean and the variance of what it saw while it was trained: those of the
*source*. On a target that looks different they are wrong, and there are three policies: let them
follow the target's batches while fine-tuning (noisy when batches are small), keep the source's, or
estimate them anew on the target before anything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np

from course_lib.arguments import require_count
from course_lib.errors import CourseError
from course_lib.keras.devices import choose_device
from course_lib.keras.inference import as_model_reads
from course_lib.keras.normalization import BatchNorm
from course_lib.training.batches import as_inputs, even_parts


def estimate_statistics(
    model: keras.Model, x: np.ndarray, *, batch_size: int = 256, device: str = "auto"
) -> keras.Model:
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
        device: ``"auto"``, ``"cpu"``, ``"gpu"`` …
    """
    norms, x = norm_layers(model), as_inputs(x)
    with choose_device(device), statistics(model, "estimating"), own_momenta(norms):
        for i, part in enumerate(even_parts(x, require_count("batch_size", batch_size))):
            for norm in norms:
                norm.momentum = i / (i + 1)  # the mean of all batches up to this one
            given = as_model_reads(model, keras.ops.convert_to_tensor(part))
            model(keras.ops.stop_gradient(given), training=False)
    return model


def require_spread(model: keras.Layer, x: np.ndarray) -> None:
    """Make sure that BatchNorm layers that will learn can do with one example: see the sentence.

    On paper: Keras only works out the shapes.
    """
    InTraining(model)(keras.KerasTensor((1, *x.shape[1:]), dtype=str(x.dtype)))


class InTraining(keras.Layer):
    """A model in training mode whatever is said: Keras needs a layer to work out shapes."""

    def __init__(self, model: keras.Layer) -> None:
        super().__init__()
        self.model = model

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return self.model(as_model_reads(self.model, x), training=True)


@contextmanager
def own_momenta(norms: list[BatchNorm]) -> Iterator[None]:
    """Give BatchNorm layers back their momenta after a ``with`` statement, however it ends."""
    before = [norm.momentum for norm in norms]
    try:
        yield
    finally:
        for norm, momentum in zip(norms, before, strict=True):
            norm.momentum = momentum


@contextmanager
def statistics(model: keras.Layer, policy: str) -> Iterator[None]:
    """Give the BatchNorm layers inside a policy (see ``BatchNorm``) inside a ``with`` statement."""
    norms = norm_layers(model)
    before = [norm.statistics for norm in norms]
    for norm in norms:
        norm.statistics = policy
    try:
        yield
    finally:
        for norm, policy_before in zip(norms, before, strict=True):
            norm.statistics = policy_before


def moving_statistics(model: keras.Layer) -> list[keras.Variable]:
    """Give the means and variances that BatchNorm layers inside keep, Keras's own layers' too."""
    layers = model._flatten_layers()
    norms = [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
    return [statistic for norm in norms for statistic in (norm.moving_mean, norm.moving_variance)]


def norm_layers(model: keras.Layer) -> list[BatchNorm]:
    """Give the BatchNorm layers inside: the course's, since Keras's own have no policy."""
    layers = model._flatten_layers()
    norms = [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
    for norm in norms:
        if not isinstance(norm, BatchNorm):
            raise CourseError(
                f"{norm.name} is Keras's BatchNormalization, whose statistics have no policy: build "
                "the model with course_lib.keras.normalization.BatchNorm.",
                f"{norm.name} 是 Keras 自带的 BatchNormalization，无法为其统计量指定策略："
                "请改用 course_lib.keras.normalization.BatchNorm 搭建模型。",
            )
    return norms
