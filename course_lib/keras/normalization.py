"""Batch normalisation as PyTorch defines it, so that both halves have the same statistics."""

from __future__ import annotations

from typing import Any

import keras
from keras import KerasTensor, ops

from course_lib.keras_backend.fused import normalised_by_batch
from course_lib.training.requirements import require_spread


@keras.saving.register_keras_serializable("course_lib")
class BatchNorm(keras.layers.BatchNormalization):
    r"""Keras's layer with PyTorch's conventions: the one convention of the course.

    .. math::
        y = \gamma \, \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta, \qquad
        \hat\mu \leftarrow 0.9 \, \hat\mu + 0.1 \, \mu, \qquad
        \hat\sigma^2 \leftarrow 0.9 \, \hat\sigma^2 + 0.1 \, \frac{n}{n - 1} \sigma^2

    Three things differ from Keras's defaults: :math:`\epsilon` is 1e-5 (not 1e-3), the statistics
    keep 0.9 (not 0.99) of what they were, and the running variance is the unbiased one, with
    ``n`` the number of values that went into each mean. The batch itself is normalised by the
    biased variance in both. Ioffe & Szegedy, ICML 2015, arXiv:1502.03167.

    Attributes:
        statistics: ``"moving"``: in training, normalise by the batch and move the statistics.
            ``"frozen"``: normalise by the statistics, in training too. ``"estimating"``: as in
            training, whether it is or not, and even where the layer is frozen.
    """

    def __init__(self, momentum: float = 0.9, epsilon: float = 1e-5, **kwargs: Any) -> None:
        super().__init__(momentum=momentum, epsilon=epsilon, **kwargs)
        self.statistics = "moving"

    def call(
        self, inputs: KerasTensor, training: bool | None = None, mask: Any = None
    ) -> KerasTensor:
        learning = training and self.trainable and self.statistics == "moving"
        if not learning and self.statistics != "estimating":
            return super().call(inputs, training=False)
        require_spread(inputs.shape[0], inputs.shape[1:-1])
        # At least float32, as Keras has it too: half precision would overflow.
        x = ops.cast(inputs, keras.backend.result_type(inputs.dtype, "float32"))
        statistics = (self.moving_mean, self.moving_variance)
        how = (self.gamma, self.beta, statistics, self.momentum, self.epsilon)
        y, *moved = normalised_by_batch(x, *how) or self._normalised_by_batch(x)
        for statistic, value in zip(statistics, moved, strict=True):
            statistic.assign(value)
        return ops.cast(y, self.compute_dtype)

    def _normalised_by_batch(self, x: KerasTensor) -> tuple[KerasTensor, KerasTensor, KerasTensor]:
        mean, variance = ops.moments(x, axes=list(range(x.ndim - 1)))
        y = ops.batch_normalization(
            x, mean, variance, axis=-1, offset=self.beta, scale=self.gamma, epsilon=self.epsilon
        )
        n, keep = ops.cast(ops.size(x), x.dtype) / x.shape[-1], self.momentum
        unbiased = variance * n / ops.maximum(n - 1, 1)
        return (
            y,
            self.moving_mean * keep + mean * (1 - keep),
            self.moving_variance * keep + unbiased * (1 - keep),
        )
