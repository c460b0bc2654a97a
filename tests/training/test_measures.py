"""What evaluate reports, against closed forms and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error

from course_lib.errors import CourseError
from course_lib.training import measures


def test_cross_entropy_of_equal_logits_is_log_k() -> None:
    assert measures.cross_entropy(np.zeros((5, 4)), np.arange(5) % 4) == pytest.approx(np.log(4))


def test_cross_entropy_agrees_with_scikit_learn_and_bears_large_logits() -> None:
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(20, 3)), rng.integers(0, 3, 20)
    p = np.exp(measures.log_softmax(z))
    assert measures.cross_entropy(z, y) == pytest.approx(log_loss(y, p, labels=[0, 1, 2]))
    assert measures.cross_entropy(np.array([[1e4, 0.0]]), np.array([1])) == pytest.approx(1e4)


def test_accuracy_counts_rows_and_shapes_are_checked() -> None:
    z = np.array([[2.0, 1.0], [0.0, 3.0], [1.0, 0.0]])
    assert measures.classification(z, np.array([0, 1, 1]))["accuracy"] == pytest.approx(2 / 3)
    with pytest.raises(CourseError, match="N×K"):
        measures.classification(z, np.zeros((3, 2)))
    with pytest.raises(CourseError, match="one class"):
        measures.classification(z[:, :1], np.zeros(3, np.int64))

    for label in (-1, 2):
        with pytest.raises(CourseError, match=rf"a label {label}, .* 0 … 1"):
            measures.classification(z, np.array([0, 1, label]))


def test_regression_reports_the_error_in_the_targets_own_unit() -> None:
    rng = np.random.default_rng(1)
    prediction, y = rng.normal(size=(20, 2)), rng.normal(size=(20, 2))
    expected = mean_squared_error(y, prediction)
    found = measures.regression(prediction, y)
    assert found == pytest.approx({"loss": expected / 2, "rmse": expected**0.5})
    assert measures.regression(y[:, :1], y[:, 0])["rmse"] == 0  # N×1 outputs for N targets
    with pytest.raises(CourseError, match="20×2 and the targets 20"):
        measures.regression(prediction, y[:, 0])


def test_yes_or_no_is_decided_at_zero() -> None:
    rng = np.random.default_rng(2)
    z, y = rng.normal(size=20), rng.integers(0, 2, 20)
    found = measures.binary(z[:, None], y)
    assert found["loss"] == pytest.approx(log_loss(y, 1 / (1 + np.exp(-z))))
    assert found["accuracy"] == accuracy_score(y, z > 0)
    assert measures.binary(np.array([-1e4, 1e4]), np.array([0, 1])) == {"loss": 0, "accuracy": 1}


def test_perplexity_of_equal_logits_is_the_number_of_tokens_and_padding_does_not_count() -> None:
    y = np.array([[0, 1, -1], [2, -1, -1]])
    found = measures.sequences(np.zeros((2, 3, 5)), y, padding=-1)
    assert found["perplexity"] == pytest.approx(5) and found["loss"] == pytest.approx(np.log(5))
    sure = np.where(np.arange(5) == np.maximum(y, 0)[..., None], 50.0, 0.0)
    sure[y == -1] = np.nan
    found = measures.sequences(sure, y, padding=-1)
    assert found["perplexity"] == pytest.approx(1) and found["accuracy"] == 1
    with pytest.raises(CourseError, match="N×T×K"):
        measures.sequences(np.zeros((2, 5)), y, padding=-1)
