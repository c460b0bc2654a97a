"""Chapter 11's probe of a policy read out of a network: who asks Keras while computing is noticed."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.keras.engine import keras
from course_lib.keras.probes import reading_out


@pytest.fixture
def network():
    rng = np.random.default_rng(0)
    shapes = {"w1": (4, 5), "b1": (5,), "w2": (5, 1), "b2": (1,), "states": (6, 4)}
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def in_numpy(model):
    w1, b1, w2, b2 = model.get_weights()
    return lambda states: (np.maximum(0, states @ w1 + b1) @ w2 + b2)[:, 0]


def copied(model):
    own = keras.models.clone_model(model)
    own.set_weights(model.get_weights())
    return own


def by_a_copy(model):
    own = copied(model)
    return lambda states: np.array(own(states))[:, 0]


def by_predict(model):
    own = copied(model)
    return lambda states: own.predict(states, verbose=0)[:, 0]


def test_a_policy_in_numpy_is_recognised(network):
    found = reading_out(in_numpy, **network)
    assert found["numpy"] and found["kept"] and found["network_unchanged"]


@pytest.mark.parametrize("read", [by_a_copy, by_predict])
def test_a_policy_that_asks_the_framework_is_not_numpy(network, read):
    found = reading_out(read, **network)
    np.testing.assert_allclose(
        found["pushes"], reading_out(in_numpy, **network)["pushes"], rtol=1e-4
    )
    assert found["kept"] and not found["numpy"]
