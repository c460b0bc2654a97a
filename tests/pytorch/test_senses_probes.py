"""Chapter 11's probe of a policy read out of a network: who asks PyTorch while computing is noticed."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from course_lib.pytorch.probes import reading_out


@pytest.fixture
def network():
    rng = np.random.default_rng(0)
    shapes = {"w1": (4, 5), "b1": (5,), "w2": (5, 1), "b2": (1,), "states": (6, 4)}
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def in_numpy(model):
    w1, b1, w2, b2 = (w.detach().numpy().copy() for w in model.parameters())
    return lambda states: (np.maximum(0, states @ w1.T + b1) @ w2.T + b2)[:, 0]


def by_a_copy(model):
    own = copy.deepcopy(model)
    return lambda states: own(torch.tensor(states))[:, 0].detach().numpy()


def by_tensors(model):
    w1, b1, w2, b2 = (w.detach().clone() for w in model.parameters())
    return lambda s: ((torch.from_numpy(s) @ w1.T + b1).relu() @ w2.T + b2)[:, 0].numpy()


def test_a_policy_in_numpy_is_recognised(network):
    found = reading_out(in_numpy, **network)
    assert found["numpy"] and found["kept"] and found["network_unchanged"]


@pytest.mark.parametrize("read", [by_a_copy, by_tensors])
def test_a_policy_that_asks_the_framework_is_not_numpy(network, read):
    found = reading_out(read, **network)
    np.testing.assert_allclose(
        found["pushes"], reading_out(in_numpy, **network)["pushes"], rtol=1e-4
    )
    assert found["kept"] and not found["numpy"]
