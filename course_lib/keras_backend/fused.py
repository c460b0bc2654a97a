"""What an engine does in one operation where Keras writes it out in dozens: the same numbers, sooner."""

from __future__ import annotations

import os
from typing import Any


def normalised_by_batch(
    x: Any, scale: Any, shift: Any, statistics: tuple[Any, Any], keep: float, epsilon: float
) -> tuple[Any, ...] | None:
    """Normalise maps N×H×W×C by their own means and variances in one operation, where the engine has one.

    Written out, two dozen small operations and three dozen of their gradients stand for it: in a small
    network that is more than everything else, and each has to be compiled and run.

    Args:
        x: float32.
        scale, shift: ``keras.Variable``s, one number for each channel; or ``None``.
        statistics: The running means and variances.
        keep: How much of them is kept.

    Returns:
        The maps and the new statistics, the variance unbiased; ``None`` where the engine has no such
        operation for what is given.
    """
    plain = scale is not None and shift is not None and len(x.shape) == 4
    if os.environ.get("KERAS_BACKEND") != "tensorflow" or not plain or x.dtype != "float32":
        return None
    import tensorflow as tf

    given = {"x": x, "scale": scale.value, "offset": shift.value, "epsilon": epsilon}
    before = {"mean": statistics[0].value, "variance": statistics[1].value}
    made = tf.raw_ops.FusedBatchNormV3(
        **given, **before, exponential_avg_factor=1 - keep, is_training=True
    )
    return made.y, made.batch_mean, made.batch_variance


def moved_by_adam(
    weight: Any, m: Any, v: Any, gradient: Any, step: Any, epsilon: Any, betas: tuple[Any, Any]
) -> bool:
    r"""Do one update of Adam in one operation, where the engine has one, and say whether it was done.

    .. math::
        m \leftarrow m + (1 - \beta_1)(g - m), \quad v \leftarrow v + (1 - \beta_2)(g^2 - v), \quad
        \theta \leftarrow \theta - \eta \frac{m}{\sqrt v + \epsilon}

    Written out it is a dozen small operations for each weight.

    Args:
        weight, m, v: ``keras.Variable``s of one shape.
        step, epsilon: η and ε, corrections of the moments included.
        betas: As tensors, made once for all weights.
    """
    if os.environ.get("KERAS_BACKEND") != "tensorflow":
        return False
    import tensorflow as tf

    places = {"var": weight.value.handle, "m": m.value.handle, "v": v.value.handle}
    beta1, beta2, step, epsilon = (tf.cast(n, gradient.dtype) for n in (*betas, step, epsilon))
    done = tf.zeros_like(step)  # β^t as if t were large: the corrections are in η and ε
    tf.raw_ops.ResourceApplyAdam(
        **places, grad=gradient, lr=step, epsilon=epsilon, beta1=beta1, beta2=beta2,
        beta1_power=done, beta2_power=done,
    )  # fmt: skip
    return True
