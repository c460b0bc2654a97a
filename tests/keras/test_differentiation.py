"""Gradients outside training."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.keras import gradients
from course_lib.keras.engine import keras


def test_a_gradient_is_given_and_nothing_is_changed() -> None:
    w = keras.Variable(np.array([1.0, 2.0], np.float32))
    for _ in range(2):
        value, (slope,) = gradients(lambda: keras.ops.sum(w**2), [w])
    assert float(value) == 5 and slope.numpy().tolist() == [2, 4]
    assert w.numpy().tolist() == [1, 2]


def test_a_loss_is_one_number() -> None:
    w = keras.Variable(np.array([1.0, 2.0], np.float32))
    with pytest.raises(CourseError, match="one number"):
        gradients(lambda: w**2, [w])  # TensorFlow alone would add them up, unsaid
