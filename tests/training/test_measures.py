"""What evaluate reports, against closed forms and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss

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
