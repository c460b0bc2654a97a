"""Scores without target labels: what they see, and what each of them misses."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.adaptation import (
    confident,
    deep_embedded_validation,
    proxy_a_distance,
    target_certainty,
    target_information,
)
from course_lib.errors import CourseError

RNG = np.random.default_rng(3)
SURE = 20 * np.eye(4)[RNG.integers(0, 4, 200)]


def test_proxy_a_distance_goes_from_nothing_to_two() -> None:
    f = RNG.normal(size=(400, 3))
    assert proxy_a_distance(f[:200], f[200:]) < 0.35
    assert proxy_a_distance(f[:200], f[200:] + 10) == pytest.approx(2, abs=0.02)
    few = proxy_a_distance(f[:300], f[300:] + np.array([1.2, 0, 0]))  # 3 to 1: both count alike
    assert few == pytest.approx(2 * (1 - 2 * 0.274), abs=0.2)  # Φ(−0.6) of each


def test_certainty_and_information_at_their_ends() -> None:
    flat, one_class = np.zeros((50, 4)), 20 * np.eye(4)[np.zeros(50, int)]
    assert target_certainty(flat) == pytest.approx(-np.log(4))
    assert target_certainty(SURE) == pytest.approx(0, abs=1e-6)
    assert target_information(flat) == pytest.approx(0, abs=1e-9)
    assert target_information(SURE) == pytest.approx(np.log(4), abs=0.02)
    # The collapse is what certainty misses; classes that have changed places, both do.
    assert target_certainty(one_class) == pytest.approx(0, abs=1e-6)
    assert target_information(one_class) == pytest.approx(0, abs=1e-6)
    assert target_information(SURE[:, [1, 2, 3, 0]]) == pytest.approx(target_information(SURE))
    assert target_certainty(np.array([[0.0, -np.inf]])) == pytest.approx(0)


def test_deep_embedded_validation_meets_the_targets_error() -> None:
    """A rule that is right left of 1 only; the target is moved to the right."""
    rng = np.random.default_rng(0)
    found, plain = [], []
    for _ in range(20):
        f_s, f_t, held_out = (
            rng.normal(size=(800, 1)),
            rng.normal(size=(800, 1)) + 0.8,
            rng.normal(size=(800, 1)),
        )
        losses = (held_out[:, 0] > 1).astype(float)
        found.append(deep_embedded_validation(f_s, f_t, held_out, losses, strength=1e-4))
        plain.append(losses.mean())
    truth = 0.4207  # 1 − Φ(0.2)
    assert np.mean(found) == pytest.approx(truth, abs=0.03)
    assert abs(np.mean(plain) - truth) > 0.2


def test_without_shift_it_is_the_sources_own_risk() -> None:
    f = RNG.normal(size=(900, 2))
    losses = RNG.random(300)
    found = deep_embedded_validation(f[:300], f[300:600], f[600:], losses, strength=1.0)
    assert found == pytest.approx(losses.mean(), abs=0.05)
    with pytest.raises(CourseError, match="one loss for each"):
        deep_embedded_validation(f[:300], f[300:600], f[600:], losses[:5])


def test_confident_answers() -> None:
    z = np.log(np.array([[0.95, 0.05], [0.6, 0.4], [0.02, 0.98]]))
    indices, labels = confident(z, threshold=0.9)
    assert indices.tolist() == [0, 2] and labels.tolist() == [0, 1]
    assert len(confident(z, threshold=0.99)[0]) == 0
    with pytest.raises(CourseError, match="logits N×K"):
        confident(np.zeros(3))
