"""Losses against PyTorch's own, scikit-learn's, finite differences, and where floats end."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss, mean_squared_error
from torch import Tensor
from torch.nn import functional

from course_lib.errors import CourseError
from course_lib.pytorch import losses
from course_lib.training import measures
from tests.training import loss_cases as given

T = torch.tensor

LOSSES: dict[str, tuple[Callable[[Tensor], Tensor], np.ndarray]] = {
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


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_is_that_of_finite_differences(name: str) -> None:
    loss, z = LOSSES[name]
    leaf = T(z, requires_grad=True)
    loss(leaf).backward()
    expected = given.finite_differences(lambda value: loss(T(value)).item(), z)
    np.testing.assert_allclose(leaf.grad.numpy(), expected, atol=1e-9)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_each_equals_pytorchs_own(dtype: torch.dtype) -> None:
    z, real, shares = (T(a, dtype=dtype) for a in (given.Z, given.REAL, given.SHARES))
    y, bits = T(given.LABELS), T(given.BITS)
    sequence, tokens = T(given.Z_SEQUENCE, dtype=dtype), T(given.TOKENS)
    ignored = torch.where(T(given.MASK), tokens, -100)
    for ours, theirs in [
        (losses.mean_squared_error(z, real), functional.mse_loss(z, real) / 2),
        (
            losses.binary_cross_entropy(z, bits),
            functional.binary_cross_entropy_with_logits(z, bits.to(dtype)),
        ),
        (losses.cross_entropy(z, y), functional.cross_entropy(z, y)),
        (
            losses.cross_entropy(z, y, label_smoothing=0.3),
            functional.cross_entropy(z, y, label_smoothing=0.3),
        ),
        (losses.cross_entropy(z, shares), functional.cross_entropy(z, shares)),
        (
            losses.sequence_negative_log_likelihood(sequence, tokens, mask=T(given.MASK)),
            functional.cross_entropy(sequence.transpose(1, 2), ignored),
        ),
        (
            losses.sequence_negative_log_likelihood(sequence, tokens),
            functional.cross_entropy(sequence.transpose(1, 2), tokens),
        ),
    ]:
        assert ours.dtype == dtype and ours.item() == pytest.approx(theirs.item(), rel=1e-6)


def test_scikit_learn_agrees() -> None:
    z, y = T(given.Z), given.LABELS
    ours = losses.cross_entropy(z, T(y)).item()
    assert ours == pytest.approx(log_loss(y, given.softmax(given.Z), labels=range(4)))
    p = 1 / (1 + np.exp(-given.Z.ravel()))
    ours = losses.binary_cross_entropy(z, T(given.BITS)).item()
    assert ours == pytest.approx(log_loss(given.BITS.ravel(), p))
    ours = losses.mean_squared_error(z, T(given.REAL)).item()
    assert ours == pytest.approx(mean_squared_error(given.REAL, given.Z) / 2)


def test_torchmetrics_finds_the_same_perplexity() -> None:
    from torchmetrics.text import Perplexity

    y = np.where(given.MASK, given.TOKENS, -1)
    theirs = Perplexity(ignore_index=-1)(T(given.Z_SEQUENCE), T(y)).item()
    assert measures.sequences(given.Z_SEQUENCE, y, -1)["perplexity"] == pytest.approx(theirs)
    ours = losses.sequence_negative_log_likelihood(T(given.Z_SEQUENCE), T(y), mask=T(given.MASK))
    assert ours.exp().item() == pytest.approx(theirs)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_extreme_logits_give_numbers_and_the_right_ones(dtype: torch.dtype) -> None:
    z = T(given.EXTREME, dtype=dtype, requires_grad=True)
    y = T(given.EXTREME_LABELS)
    rows = [2e4, np.log(4), np.log1p(np.exp(-1))]
    assert losses.cross_entropy(z, y).item() == pytest.approx(np.mean(rows), rel=1e-6)
    sequence = losses.sequence_negative_log_likelihood(z.unsqueeze(0), y.unsqueeze(0))
    assert sequence.item() == pytest.approx(np.mean(rows), rel=1e-6)
    binary = losses.binary_cross_entropy(z[:1, :2], T([[0, 1]]))
    assert binary.item() == pytest.approx(1e4)
    assert losses.binary_cross_entropy(z[:1, :2], T([[1, 0]])).item() == 0
    (losses.cross_entropy(z, y) + sequence + binary).backward()
    assert torch.isfinite(z.grad).all()


def test_half_precision_is_widened() -> None:
    z = T(given.Z, dtype=torch.bfloat16)
    for loss in (
        losses.cross_entropy(z, T(given.LABELS)),
        losses.binary_cross_entropy(z, T(given.BITS)),
        losses.mean_squared_error(z, T(given.REAL, dtype=torch.float32)),
    ):
        assert loss.dtype == torch.float32


def test_padding_counts_in_neither_sum_whatever_stands_there() -> None:
    z, y = T(given.Z_SEQUENCE), T(given.TOKENS)
    short = losses.sequence_negative_log_likelihood(z, y, lengths=T(given.LENGTHS))
    assert short == losses.sequence_negative_log_likelihood(z, y, mask=T(given.MASK))
    m = T(given.MASK)
    other = torch.where(m.unsqueeze(-1), z, torch.nan), torch.where(m, y, -1)
    assert losses.sequence_negative_log_likelihood(*other, mask=m) == short
    nothing = losses.sequence_negative_log_likelihood(z, y, lengths=torch.zeros(3))
    assert nothing == 0


def test_shapes_that_broadcast_into_nonsense_are_refused() -> None:
    with pytest.raises(CourseError, match="6×1 and the targets 6"):
        losses.mean_squared_error(torch.zeros(6, 1), torch.zeros(6))
    with pytest.raises(CourseError, match="logits"):
        losses.binary_cross_entropy(torch.zeros(6, 1), torch.zeros(6))
    with pytest.raises(CourseError, match="classes=K"):
        losses.cross_entropy(torch.zeros(6, 4), torch.zeros(6))
    with pytest.raises(CourseError, match="N×T×K"):
        losses.sequence_negative_log_likelihood(torch.zeros(6, 4), torch.zeros(6))
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
        assert np.isnan(loss.item())


def test_classes_that_are_ruled_out_cost_nothing() -> None:
    z = T(np.where(np.eye(4)[(given.LABELS + 1) % 4], -np.inf, given.Z), requires_grad=True)
    y = T(given.LABELS)
    loss = losses.cross_entropy(z, y)
    assert loss.item() == pytest.approx(functional.cross_entropy(z, y).item())
    loss.backward()
    assert torch.isfinite(z.grad).all() and (z.grad[z == -np.inf] == 0).all()
    shares = torch.softmax(z, dim=1).detach()  # as a teacher that rules out the same ones
    entropy = -torch.special.xlogy(shares, shares).sum(dim=1).mean()
    assert losses.cross_entropy(z, shares).item() == pytest.approx(entropy.item())
    assert losses.cross_entropy(z, (y + 1) % 4).item() == np.inf  # it came all the same


@pytest.mark.parametrize("kind", [torch.uint8, torch.int16, torch.int64])
def test_labels_and_lengths_count_beyond_their_type(kind: torch.dtype) -> None:
    z, y = T(given.MANY), T(given.MANY_LABELS)
    expected = losses.cross_entropy(z, y)
    assert losses.cross_entropy(z, y.to(kind)) == expected
    sequence, tokens, length = z.unsqueeze(0), y.unsqueeze(0), T([2])
    short = losses.sequence_negative_log_likelihood(sequence, tokens, lengths=length)
    again = losses.sequence_negative_log_likelihood(
        sequence, tokens.to(kind), lengths=length.to(kind)
    )
    assert short == again == losses.cross_entropy(z[:2], y[:2])
    assert losses.mask_from_lengths(length.to(kind), 300).sum() == 2


def test_one_class_is_nothing_to_tell_apart() -> None:
    with pytest.raises(CourseError, match="one class"):
        losses.cross_entropy(torch.zeros(6, 1), torch.zeros(6, dtype=torch.int64))
