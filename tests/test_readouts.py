"""Simple classifiers on features."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from course_lib import readouts
from course_lib.errors import CourseError


@pytest.fixture(scope="module")
def clouds() -> tuple[np.ndarray, np.ndarray]:
    """Three overlapping clouds in eight dimensions, 40 examples each, labels 3, 5 and 9."""
    rng = np.random.default_rng(0)
    y = np.repeat([3, 5, 9], 40)
    centres = rng.normal(size=(3, 8)).repeat(40, axis=0)
    return (centres + 0.7 * rng.normal(size=(120, 8))).astype(np.float32), y


def test_unit_length_keeps_the_direction():
    f = readouts.unit_length(np.array([[3.0, 4.0], [0.0, 0.0]]))
    assert f.tolist() == [[0.6, 0.8], [0.0, 0.0]], "zero stays zero instead of nan"


def test_roots_have_unit_length_and_quieten_the_loud():
    f = readouts.root_features(np.array([[9.0, 16.0, 0.0], [900.0, 1600.0, 0.0]]))
    assert np.allclose(f, [[0.6, 0.8, 0.0]] * 2)
    with pytest.raises(CourseError, match="unit_length"):
        readouts.root_features(np.array([[1.0, -1.0]]))


def test_nearest_class_mean_by_hand():
    f, y = np.array([[2.0, 0.0], [1.0, 0.1], [0.0, 5.0]]), np.array([7, 7, 4])
    predicted = readouts.nearest_class_mean(f, y, np.array([[9.0, 1.0], [0.1, 0.2]]))
    assert predicted.tolist() == [7, 4]


def test_nearest_class_mean_ignores_length_but_not_direction():
    f, y = np.array([[100.0, 1.0], [0.0, 0.01]]), np.array([0, 1])
    assert readouts.nearest_class_mean(f, y, np.array([[0.001, 0.01]])).tolist() == [1]


@pytest.mark.parametrize("k", [1, 3, 7])
def test_nearest_neighbours_agree_with_scikit_learn(clouds, k):
    f, y = clouds
    train, test = slice(0, None, 2), slice(1, None, 2)
    theirs = KNeighborsClassifier(k, algorithm="brute").fit(f[train], y[train]).predict(f[test])
    ours = readouts.nearest_neighbours(f[train], y[train], f[test], k=k)
    assert (ours == theirs).all()


@pytest.mark.parametrize("k", [0, 121])
def test_nearest_neighbours_need_a_possible_k(clouds, k):
    with pytest.raises(CourseError, match=f"k={k}"):
        readouts.nearest_neighbours(*clouds, clouds[0], k=k)


def test_probe_stands_where_the_gradient_is_zero(clouds):
    f, y = clouds
    strength = 0.05
    probe = readouts.linear_probe(f, y, strength=strength)
    z = probe.scores(f)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    target = y[:, None] == probe.labels
    gradient = f.T @ (p - target) / len(f) + strength * probe.weights
    assert np.abs(gradient).max() < 1e-3
    assert np.abs((p - target).mean(axis=0)).max() < 1e-3, "the bias is not penalised"


def test_probe_does_not_depend_on_how_often_the_data_is_repeated(clouds):
    f, y = clouds
    once = readouts.linear_probe(f, y, strength=0.1)
    twice = readouts.linear_probe(np.tile(f, (2, 1)), np.tile(y, 2), strength=0.1)
    assert np.allclose(once.weights, twice.weights, atol=2e-3)


def test_probe_with_two_classes_has_two_columns(clouds):
    f, y = clouds[0][:80], clouds[1][:80]
    probe = readouts.linear_probe(f, y, strength=0.01)
    assert probe.weights.shape == (8, 2)
    theirs = LogisticRegression(C=1 / (0.01 * 80)).fit(f, y)
    assert (probe.predict(f) == theirs.predict(f)).all()
    assert probe.mean_log_probability(f, y) == pytest.approx(
        theirs.predict_log_proba(f)[np.arange(80), (y == 5).astype(int)].mean(), abs=1e-3
    )


def test_along_the_path_the_weights_shrink(clouds):
    path = readouts.l2_path(*clouds, strengths=(1e-4, 1e-2, 1.0, 100.0))
    sizes = [np.linalg.norm(probe.weights) for probe in path]
    assert sizes == sorted(sizes, reverse=True) and sizes[-1] < 0.05
    assert [probe.strength for probe in path] == [1e-4, 1e-2, 1.0, 100.0]


def test_the_chosen_strength_is_neither_extreme_where_both_are_bad(clouds):
    f, y = clouds
    rng = np.random.default_rng(1)
    noisy = np.hstack([f, 2 * rng.normal(size=(120, 60))])
    chosen = readouts.choose_strength(noisy, y, strengths=(1e-6, 0.3, 1e4))
    assert chosen == 0.3


def test_choosing_sees_the_labelled_examples_alone_and_is_repeatable(clouds):
    f, y = clouds[0][::10], clouds[1][::10]
    assert readouts.choose_strength(f, y) == readouts.choose_strength(f, y)


def test_choosing_with_one_label_per_class_is_refused(clouds):
    f, y = clouds
    with pytest.raises(CourseError, match="use nearest_class_mean"):
        readouts.choose_strength(f[::40], y[::40])


@pytest.mark.parametrize(
    "call",
    [
        lambda f, y: readouts.nearest_class_mean(f, y, f[:, :3]),
        lambda f, y: readouts.nearest_neighbours(f, y[1:], f),
        lambda f, y: readouts.linear_probe(f.reshape(-1, 2, 4), y, strength=1),
        lambda f, y: readouts.linear_probe(f, y, strength=0),
        lambda f, y: readouts.linear_probe(f[:5], y[:5], strength=1),
        lambda f, y: readouts.choose_strength(f[:0], y[:0]),
    ],
)
def test_unusable_input_gets_a_sentence(clouds, call):
    with pytest.raises(CourseError):
        call(*clouds)


def test_a_weight_of_two_is_the_example_twice(clouds):
    f, y = clouds
    weight = np.where(np.arange(len(f)) % 3 == 0, 2.0, 1.0)
    weighted = readouts.linear_probe(f, y, strength=0.1, weight=weight / weight.mean())
    rows = np.repeat(np.arange(len(f)), weight.astype(int))
    repeated = readouts.linear_probe(f[rows], y[rows], strength=0.1)
    assert np.allclose(weighted.weights, repeated.weights, atol=2e-3)
