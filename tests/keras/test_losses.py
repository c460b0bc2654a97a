"""Losses against Keras's own, finite differences, and where floats end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.keras import losses
from course_lib.keras.engine import keras
from tests.training import loss_cases as given

T = keras.ops.convert_to_tensor
theirs = keras.losses

LOSSES: dict[str, tuple[Callable[[Any], Any], np.ndarray]] = {
    "mean squared error": (lambda z: losses.mean_squared_error(z, T(given.REAL)), given.Z),
    "binary": (lambda z: losses.binary_cross_entropy(z, T(given.BITS)), given.Z),
    "cross-entropy": (lambda z: losses.cross_entropy(z, T(given.LABELS)), given.Z),
    "label smoothing": (
        lambda z: losses.cross_entropy(z, T(given.LABELS), label_smoothing=0.2),
        given.Z,
    ),
    "shares": (lambda z: losses.cross_entropy(z, T(given.SHARES)), given.Z),
    "sequence": (
        lambda z: losses.sequence_negative_log_likelihood(z, T(given.TOKENS), mask=T(given.MASK)),
        given.Z_SEQUENCE,
    ),
}


def gradient(loss: Callable[[Any], Any], z: np.ndarray) -> np.ndarray:
    import tensorflow as tf

    leaf = tf.Variable(z)
    with tf.GradientTape() as tape:
        value = loss(leaf.value())
    return tape.gradient(value, leaf).numpy()


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_is_that_of_finite_differences(name: str) -> None:
    loss, z = LOSSES[name]
    expected = given.finite_differences(lambda value: float(loss(T(value))), z)
    np.testing.assert_allclose(gradient(loss, z), expected, atol=1e-9)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_each_equals_kerass_own(dtype: str) -> None:
    z, real, shares, bits = (
        T(a.astype(dtype)) for a in (given.Z, given.REAL, given.SHARES, given.BITS)
    )
    y, tokens = T(given.LABELS), T(given.TOKENS)
    sequence = T(given.Z_SEQUENCE.astype(dtype))
    per_token = theirs.sparse_categorical_crossentropy(tokens, sequence, from_logits=True)
    smoothed = theirs.categorical_crossentropy(
        keras.ops.one_hot(y, 4, dtype=dtype), z, from_logits=True, label_smoothing=0.3
    )
    for ours, expected in [
        (losses.mean_squared_error(z, real), theirs.mean_squared_error(real, z) / 2),
        (
            losses.binary_cross_entropy(z, bits),
            theirs.binary_crossentropy(bits, z, from_logits=True),
        ),
        (
            losses.cross_entropy(z, y),
            theirs.sparse_categorical_crossentropy(y, z, from_logits=True),
        ),
        (losses.cross_entropy(z, y, label_smoothing=0.3), smoothed),
        (
            losses.cross_entropy(z, shares),
            theirs.categorical_crossentropy(shares, z, from_logits=True),
        ),
        (losses.sequence_negative_log_likelihood(sequence, tokens), per_token),
        (
            losses.sequence_negative_log_likelihood(sequence, tokens, mask=T(given.MASK)),
            per_token[given.MASK],
        ),
    ]:
        mean = np.mean(keras.ops.convert_to_numpy(expected))
        assert ours.dtype == dtype and float(ours) == pytest.approx(mean, rel=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extreme_logits_give_numbers_and_the_right_ones(dtype: str) -> None:
    z, y = given.EXTREME.astype(dtype), T(given.EXTREME_LABELS)
    rows = [2e4, np.log(4), np.log1p(np.exp(-1))]
    assert float(losses.cross_entropy(T(z), y)) == pytest.approx(np.mean(rows), rel=1e-6)
    sequence = losses.sequence_negative_log_likelihood(T(z[None]), T(given.EXTREME_LABELS[None]))
    assert float(sequence) == pytest.approx(np.mean(rows), rel=1e-6)
    wrong = losses.binary_cross_entropy(T(z[:1, :2]), T([[0, 1]]))
    right = losses.binary_cross_entropy(T(z[:1, :2]), T([[1, 0]]))
    assert float(wrong) == pytest.approx(1e4) and float(right) == 0
    assert np.isfinite(gradient(lambda value: losses.cross_entropy(value, y), z)).all()
    bits = T(np.array([[0, 1, 0, 1]] * 3))
    assert np.isfinite(gradient(lambda value: losses.binary_cross_entropy(value, bits), z)).all()


def test_half_precision_is_widened() -> None:
    z = keras.ops.cast(given.Z, "bfloat16")
    for loss in (
        losses.cross_entropy(z, T(given.LABELS)),
        losses.binary_cross_entropy(z, T(given.BITS)),
        losses.mean_squared_error(z, T(given.REAL.astype("float32"))),
    ):
        assert loss.dtype == "float32"


def test_padding_counts_in_neither_sum_whatever_stands_there() -> None:
    z, y, m = given.Z_SEQUENCE, given.TOKENS, given.MASK
    by_mask = losses.sequence_negative_log_likelihood(T(z), T(y), mask=T(m))
    by_length = losses.sequence_negative_log_likelihood(T(z), T(y), lengths=T(given.LENGTHS))
    other = T(np.where(m[..., None], z, np.nan)), T(np.where(m, y, -1))
    assert float(by_mask) == float(by_length)
    assert float(losses.sequence_negative_log_likelihood(*other, mask=T(m))) == float(by_mask)
    nothing = losses.sequence_negative_log_likelihood(T(z), T(y), lengths=T(np.zeros(3)))
    assert float(nothing) == 0


def test_shapes_that_broadcast_into_nonsense_are_refused() -> None:
    zeros = keras.ops.zeros
    with pytest.raises(CourseError, match="6×1 and the targets 6"):
        losses.mean_squared_error(zeros((6, 1)), zeros(6))
    with pytest.raises(CourseError, match="logits"):
        losses.binary_cross_entropy(zeros((6, 1)), zeros(6))
    with pytest.raises(CourseError, match="classes=K"):
        losses.cross_entropy(zeros((6, 4)), zeros(6))
    with pytest.raises(CourseError, match="N×T×K"):
        losses.sequence_negative_log_likelihood(zeros((6, 4)), zeros(6))
    with pytest.raises(CourseError, match="not both"):
        losses.sequence_negative_log_likelihood(
            T(given.Z_SEQUENCE), T(given.TOKENS), mask=T(given.MASK), lengths=T(given.LENGTHS)
        )


@pytest.mark.parametrize("label", [-1, 4])
def test_a_label_that_is_none_shows_in_the_loss(label: int) -> None:
    y, tokens = given.LABELS.copy(), given.TOKENS.copy()
    y[2] = tokens[0, 1] = label
    for loss in (
        losses.cross_entropy(T(given.Z), T(y)),
        losses.cross_entropy(T(given.Z), T(y), label_smoothing=0.1),
        losses.sequence_negative_log_likelihood(T(given.Z_SEQUENCE), T(tokens)),
    ):
        assert np.isnan(float(loss))


def test_classes_that_are_ruled_out_cost_nothing() -> None:
    out = np.eye(4)[(given.LABELS + 1) % 4] == 1
    z, y = np.where(out, -np.inf, given.Z), T(given.LABELS)
    loss = losses.cross_entropy(T(z), y)
    expected = theirs.sparse_categorical_crossentropy(y, T(z), from_logits=True)
    assert float(loss) == pytest.approx(np.mean(expected))
    slope = gradient(lambda value: losses.cross_entropy(value, y), z)
    assert np.isfinite(slope).all() and (slope[out] == 0).all()
    shares = keras.ops.softmax(T(z))  # as a teacher that rules out the same ones
    p = np.array(shares)[~out]
    assert float(losses.cross_entropy(T(z), shares)) == pytest.approx(-(p * np.log(p)).sum() / 6)
    assert float(losses.cross_entropy(T(z), (y + 1) % 4)) == np.inf  # it came all the same


@pytest.mark.parametrize("kind", ["uint8", "int16", "int64"])
def test_labels_and_lengths_count_beyond_their_type(kind: str) -> None:
    z, y = given.MANY, given.MANY_LABELS
    expected = losses.cross_entropy(T(z), T(y))
    assert float(losses.cross_entropy(T(z), T(y.astype(kind)))) == float(expected)
    sequence, tokens, length = T(z[None]), T(y[None].astype(kind)), T(np.array([2], kind))
    short = losses.sequence_negative_log_likelihood(sequence, tokens, lengths=length)
    assert float(short) == pytest.approx(float(losses.cross_entropy(T(z[:2]), T(y[:2]))))
    assert np.sum(losses.mask_from_lengths(length, 300)) == 2


def test_one_class_is_nothing_to_tell_apart() -> None:
    with pytest.raises(CourseError, match="one class"):
        losses.cross_entropy(keras.ops.zeros((6, 1)), keras.ops.zeros(6, dtype="int32"))
