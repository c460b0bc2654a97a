r"""Losses from first principles: what the frameworks' own functions compute, step by step.

A loss maps outputs and targets to one number, the mean over a batch. Classifiers give *logits*
:math:`z`, any real numbers; probabilities appear only inside, and never as such: from
:math:`\log p` at once nothing overflows and nothing becomes :math:`\log 0`.

Each function agrees with Keras's own (``tests/keras/test_losses.py``), at extreme logits too.
Half precision is widened to float32 first: sums of many small numbers need the digits.
"""

from __future__ import annotations

import keras
from keras import KerasTensor, ops

from course_lib.arguments import require_number
from course_lib.training.requirements import (
    require_classes,
    require_one_of,
    require_same_shape,
    require_sequences,
)


def mean_squared_error(prediction: KerasTensor, y: KerasTensor) -> KerasTensor:
    r"""Give half the mean squared difference; the ½ makes the gradient the plain difference.

    .. math::
        L = \frac{1}{2n} \sum_i (\hat y_i - y_i)^2, \qquad
        \frac{\partial L}{\partial \hat y_i} = \frac{\hat y_i - y_i}{n}

    It is the negative log-likelihood of a Gaussian with variance 1, less a constant.

    Args:
        prediction: :math:`\hat y`, any shape; :math:`n` counts all of its numbers.
        y: The same shape. (N×1 against N would make N×N differences, unnoticed: it is refused.)
    """
    require_same_shape("predictions", prediction.shape, y.shape)
    prediction = widened(prediction)
    return ops.mean((prediction - ops.cast(y, prediction.dtype)) ** 2) / 2


def binary_cross_entropy(z: KerasTensor, y: KerasTensor) -> KerasTensor:
    r"""Give the mean surprise at yes-or-no answers, from logits: :math:`p = \sigma(z)`.

    .. math::
        L = -\frac{1}{n} \sum_i y_i \log p_i + (1 - y_i) \log (1 - p_i)
          = \frac{1}{n} \sum_i \max(z_i, 0) - z_i y_i + \log\bigl(1 + e^{-|z_i|}\bigr), \qquad
        \frac{\partial L}{\partial z_i} = \frac{p_i - y_i}{n}

    The second form is the one computed: its exponent is never positive, so it cannot overflow.

    Args:
        z: Logits, any shape.
        y: The same shape: 0 or 1, or a probability in between.
    """
    require_same_shape("logits", z.shape, y.shape)
    z = widened(z)
    y = ops.cast(y, z.dtype)
    return ops.mean(ops.maximum(z, 0) - z * y + ops.log1p(ops.exp(-ops.abs(z))))


def log_softmax(z: KerasTensor) -> KerasTensor:
    r"""Give log-probabilities from logits, along the last axis (…×K → …×K).

    .. math::
        \log p_k = z_k - \log \sum_j e^{z_j} = (z_k - m) - \log \sum_j e^{z_j - m}, \qquad
        m = \max_j z_j

    Subtracting :math:`m` changes nothing in exact arithmetic; in the machine's it keeps every
    exponent at 0 or below and one of them at 0, so the sum is between 1 and K.
    """
    z = widened(z)
    m = ops.max(z, axis=-1, keepdims=True)
    shifted = z - ops.stop_gradient(m)  # m cancels: it needs no gradient
    return shifted - ops.log(ops.sum(ops.exp(shifted), axis=-1, keepdims=True))


def cross_entropy(
    z: KerasTensor,
    y: KerasTensor,
    *,
    label_smoothing: float = 0.0,
    weight: KerasTensor | None = None,
) -> KerasTensor:
    r"""Give the mean surprise at the right class, from logits.

    .. math::
        L = -\frac{1}{N} \sum_i \sum_k q_{ik} \log p_{ik}, \qquad
        p_i = \mathrm{softmax}(z_i), \qquad
        \frac{\partial L}{\partial z_{ik}} = \frac{p_{ik} - q_{ik}}{N}

    With labels, :math:`q_i` is 1 at the label :math:`y_i` and 0 elsewhere. Label smoothing moves
    a part :math:`\epsilon` of it to all classes alike, :math:`q \leftarrow (1 - \epsilon) q +
    \epsilon / K`, so that no logit is worth growing without end (Szegedy et al., CVPR 2016,
    arXiv:1512.00567).

    Args:
        z: Logits, N×K, with K above 1. A class that is ruled out has :math:`-\infty`.
        y: Labels, N whole numbers; or the distribution :math:`q` itself, N×K (mix-up, distillation).
        label_smoothing: :math:`\epsilon`, from 0 to 1.
        weight: What each example counts, N; the mean is still over N. Alike unless given.
    """
    require_number("label_smoothing", label_smoothing, 0, 1)
    require_classes(z.shape, y.shape, whole=not keras.backend.is_float_dtype(y.dtype))
    if weight is not None:
        require_same_shape("weights", weight.shape, y.shape[:1])
    log_p, K = log_softmax(z), z.shape[-1]
    q = one_hot(y, K, log_p.dtype) if y.ndim == 1 else ops.cast(y, log_p.dtype)
    if label_smoothing:
        q = (1 - label_smoothing) * q + label_smoothing / K
    terms = ops.where(q == 0, 0.0, q * log_p)  # 0 · log 0 = 0: what is ruled out costs nothing
    surprise = -ops.sum(terms, axis=-1)
    return ops.mean(surprise if weight is None else ops.cast(weight, log_p.dtype) * surprise)


def distillation_loss(
    z: KerasTensor, teacher: KerasTensor, *, temperature: float = 2.0
) -> KerasTensor:
    r"""Give how far the soft answers are from a teacher's, from logits.

    .. math::
        L = \frac{T^2}{N} \sum_i \sum_k q_{ik} \log \frac{q_{ik}}{p_{ik}}, \qquad
        q_i = \mathrm{softmax}(z^t_i / T), \quad p_i = \mathrm{softmax}(z_i / T), \qquad
        \frac{\partial L}{\partial z_{ik}} = \frac{T (p_{ik} - q_{ik})}{N}

    A high temperature T shows what else the teacher thought possible. It also makes the gradient
    smaller, by :math:`1/T^2` in the limit: the factor :math:`T^2` makes up for it, so that T can be
    changed without changing how much this loss counts. Hinton, Vinyals & Dean, *Distilling the
    Knowledge in a Neural Network*, 2015, arXiv:1503.02531. (They write the cross-entropy with q; it
    differs by q's entropy, a constant.)

    Args:
        z: The learner's logits, N×K.
        teacher: :math:`z^t`, N×K; no gradient reaches them.
        temperature: T, above 0.
    """
    require_same_shape("logits", z.shape, teacher.shape)
    T = require_number("temperature", temperature, ends="()")
    log_q, log_p = log_softmax(ops.stop_gradient(teacher) / T), log_softmax(z / T)
    return T**2 * ops.mean(ops.sum(ops.exp(log_q) * (log_q - log_p), axis=-1))


def sequence_negative_log_likelihood(
    z: KerasTensor,
    y: KerasTensor,
    *,
    mask: KerasTensor | None = None,
    lengths: KerasTensor | None = None,
) -> KerasTensor:
    r"""Give the mean surprise per token, over the tokens that are there.

    The chain rule of probability makes a sequence's log-likelihood a sum over its places, so a
    language model is a classifier at each of them:

    .. math::
        \log p(y_i) = \sum_t \log p(y_{it} \mid y_{i,<t}), \qquad
        L = -\frac{\sum_i \sum_t m_{it} \log p(y_{it} \mid y_{i,<t})}{\sum_i \sum_t m_{it}}

    Shorter sequences are padded; :math:`m_{it} = 0` keeps the padding out of both sums.
    :math:`e^L` is the *perplexity*. Bengio et al., *A Neural Probabilistic Language Model*,
    JMLR 2003.

    Args:
        z: Logits, N×T×K; those at place t have seen only what comes before.
        y: Tokens, N×T whole numbers; what stands in the padding does not matter.
        mask: :math:`m`, N×T; everything counts unless given.
        lengths: Instead of the mask: how many tokens of each sequence count, N.
    """
    require_sequences(z.shape, y.shape)
    require_one_of("mask", mask is not None, "lengths", lengths is not None)
    if lengths is not None:
        mask = mask_from_lengths(lengths, y.shape[1])
    y = whole(y)
    m = ops.ones_like(y, dtype="bool") if mask is None else ops.cast(mask, "bool")
    known = (y >= 0) & (y < z.shape[-1])
    chosen = ops.expand_dims(ops.where(m & known, y, 0), -1)
    log_p = ops.squeeze(ops.take_along_axis(log_softmax(z), chosen, axis=-1), -1)
    log_p = ops.where(known, log_p, float("nan"))  # a wrong token shows in the loss
    count = ops.maximum(ops.sum(ops.cast(m, log_p.dtype)), 1)
    return -ops.sum(ops.where(m, log_p, 0)) / count


def mask_from_lengths(lengths: KerasTensor, T: int) -> KerasTensor:
    """Give N×T: true at the first ``lengths[i]`` places of row i."""
    return ops.arange(T, dtype="int32") < ops.expand_dims(whole(lengths), -1)


def one_hot(y: KerasTensor, K: int, dtype: str = "float32") -> KerasTensor:
    """Give N×K: 1 at the label, 0 elsewhere; for a label outside 0 … K-1 the row is not a number.

    So a wrong label shows in the loss. Asking here whether there is one would wait for the device.
    """
    hot = ops.cast(ops.expand_dims(whole(y), -1) == ops.arange(K, dtype="int32"), dtype)
    return hot / ops.sum(hot, axis=-1, keepdims=True)  # 1/1 and 0/1, or 0/0


def whole(y: KerasTensor) -> KerasTensor:
    """Give labels, tokens or lengths as int32: narrower types cannot count to any K or T."""
    return ops.cast(y, "int32")


def widened(z: KerasTensor) -> KerasTensor:
    """Give numbers in float32 at least: half precision has too few digits for long sums."""
    return ops.cast(z, keras.backend.result_type(z.dtype, "float32"))
