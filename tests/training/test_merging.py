"""Arithmetic on named arrays, and which weights go."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.training.merging import add_task_vectors, average_weights, task_vector
from course_lib.training.pruning import magnitude_masks, strongest_filters

A = {"w": np.array([1.0, 2.0], np.float32), "n.running_var": np.array([1.0], np.float32)}
B = {"w": np.array([3.0, 6.0], np.float32), "n.running_var": np.array([3.0], np.float32)}


def test_averages_and_task_vectors() -> None:
    mean = average_weights([A, B])
    assert (
        mean["w"].tolist() == [2, 4]
        and mean["n.running_var"] == 2
        and mean["w"].dtype == np.float32
    )
    assert average_weights([A, B], shares=[0.75, 0.25])["w"].tolist() == [1.5, 3]
    vector = task_vector(A, B)
    assert set(vector) == {"w"} and vector["w"].tolist() == [2, 4]
    assert add_task_vectors(A, [vector])["w"].tolist() == B["w"].tolist()
    twice = add_task_vectors(A, [vector, vector], strength=-0.5)
    assert twice["w"].tolist() == [-1, -2] and twice["n.running_var"] == 1


def test_models_of_another_build_are_refused() -> None:
    with pytest.raises(CourseError, match="no weights called"):
        average_weights([A, {"w": A["w"]}])
    with pytest.raises(CourseError, match="has the shape"):
        task_vector(A, B | {"w": np.zeros(3)})
    with pytest.raises(CourseError, match="adding up to 1"):
        average_weights([A, B], shares=[1, 1])
    with pytest.raises(CourseError, match="at least one"):
        average_weights([])


def test_the_smallest_go() -> None:
    weights = {"a": np.array([[1.0, -5.0], [3.0, 0.5]]), "b": np.array([[-2.0, 10.0]])}
    masks = magnitude_masks(weights, 0.5)
    assert masks["a"].tolist() == [[0, 1], [1, 0]] and masks["b"].tolist() == [[0, 1]]
    each = magnitude_masks(weights, 0.5, per_layer=True)
    assert each["a"].tolist() == [[0, 1], [1, 0]] and each["b"].tolist() == [[0, 1]]
    assert all(mask.all() for mask in magnitude_masks(weights, 0).values())
    with pytest.raises(CourseError, match="sparsity"):
        magnitude_masks(weights, 1.0)


def test_the_strongest_filters_stay_in_their_order() -> None:
    weight = np.array([3.0, -9.0, 1.0, 5.0])[:, None, None, None] * np.ones((4, 2, 3, 3))
    assert strongest_filters(weight, 0.5).tolist() == [1, 3]
    assert strongest_filters(weight, 0.01).tolist() == [1]
