"""Calibration, against numbers by hand, an oracle, and what it must be for honest probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.calibration import (
    calibration_bins,
    calibration_error,
    fit_temperature,
    mean_surprise,
    softmax,
)
from course_lib.errors import CourseError


def drawn(n: int, classes: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Give probabilities, and labels drawn from them: calibrated by construction."""
    rng = np.random.default_rng(seed)
    p = softmax(2 * rng.normal(size=(n, classes)))
    return p, np.array([rng.choice(classes, p=row) for row in p])


def test_softmax_sums_to_one_and_survives_large_logits():
    p = softmax(np.array([[1000.0, 1000.0], [0.0, np.log(3)]]))
    np.testing.assert_allclose(p, [[0.5, 0.5], [0.25, 0.75]])


def test_by_hand():
    p = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.3, 0.7]])
    y = np.array([0, 1, 0, 1])
    found = calibration_bins(p, y, bins=10)
    assert [(b.n, b.accuracy) for b in found] == [(1, 1.0), (1, 1.0), (2, 0.5)]
    assert calibration_error(p, y, bins=10) == pytest.approx((0.4 + 0.3 + 2 * 0.4) / 4)


def test_a_confidence_on_an_edge_belongs_below_it():
    (only,) = calibration_bins(np.array([[0.5, 0.5]]), np.array([0]), bins=2)
    assert (only.low, only.high) == (0.0, 0.5)


def test_torchmetrics_finds_the_same():
    torch = pytest.importorskip("torch")
    from torchmetrics.classification import MulticlassCalibrationError

    p, y = drawn(500)
    theirs = MulticlassCalibrationError(num_classes=5, n_bins=15)(
        torch.tensor(p, dtype=torch.float64), torch.tensor(y)
    )
    assert calibration_error(p, y) == pytest.approx(float(theirs), abs=1e-6)


def test_honest_probabilities_have_a_small_error_and_boasting_a_large_one():
    p, y = drawn(20_000)
    sure = p**3 / (p**3).sum(axis=1, keepdims=True)
    assert calibration_error(p, y) < 0.02 < 0.1 < calibration_error(sure, y)


@pytest.mark.parametrize(
    ("p", "sentence"), [(np.ones((3, 2)), "softmax"), (np.ones(3) / 2, "one row")]
)
def test_what_is_not_probabilities_is_refused(p, sentence):
    with pytest.raises(CourseError, match=sentence):
        calibration_error(p, np.zeros(3, int))


HONEST = np.array([[0.7, 0.3], [0.4, 0.6]])


@pytest.mark.parametrize(
    ("p", "y", "bins", "part"),
    [
        (HONEST, [[0], [1]], 15, "one row of labels"),
        (HONEST, np.eye(2), 15, "argmax"),
        (HONEST, ["a", "b"], 15, "text"),
        (HONEST, [0, 2], 15, "label 2"),
        (HONEST, [0, -1], 15, "label -1"),
        (HONEST, [0, 0.5], 15, "0.5"),
        (HONEST * np.nan, [0, 1], 15, "not finite"),
        (HONEST, [0, 1], 0, "bins"),
        (HONEST, [0, 1], 1.5, "bins"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(p, y, bins, part):
    with pytest.raises(CourseError, match=part):
        calibration_error(p, y, bins=bins)


def test_lists_and_small_types_are_as_good():
    expected = calibration_error(HONEST, np.array([0, 1]))
    assert calibration_error(HONEST.tolist(), [0, 1]) == expected
    assert calibration_error(HONEST, np.array([0, 1], np.uint8)) == expected
    np.testing.assert_allclose(softmax([[1, 2]]), softmax(np.array([[1.0, 2.0]])))
    np.testing.assert_allclose(softmax(np.array([[250, 0]], np.uint8))[0, 0], 1)
    assert softmax(np.array([[6e4, -6e4]], np.float16)).tolist() == [[1.0, 0.0]]
    assert softmax([-np.inf, 0.0]).tolist() == [0.0, 1.0]
    with pytest.raises(CourseError, match="not finite"):
        softmax([np.nan, 0.0])


def test_the_temperature_undoes_what_was_done_to_the_logits() -> None:
    rng = np.random.default_rng(0)
    z = 2 * rng.normal(size=(4000, 3))
    y = np.array([rng.choice(3, p=row) for row in softmax(z)])
    T = fit_temperature(z, y)
    assert pytest.approx(1, abs=0.1) == T
    assert fit_temperature(5 * z, y) == pytest.approx(5 * T, rel=1e-3)
    assert mean_surprise(5 * z, y, temperature=5 * T) < mean_surprise(5 * z, y)


def test_a_temperature_wants_a_row_for_each_label() -> None:
    with pytest.raises(CourseError, match="One row"):
        fit_temperature(np.zeros((3, 2)), np.zeros(2, int))
