"""Many small trainings in a row are what each would be alone, on every engine; and the rates of parts."""

from __future__ import annotations

import numpy as np
import pytest

from tests.parity.conftest import Reports

ENGINES = ["pytorch", "tensorflow", "torch", "jax"]


@pytest.mark.parametrize("engine", ENGINES)
def test_fit_each_is_fit_for_each(engine: str, engines: Reports) -> None:
    """Losses, final outputs, and how they are judged; one of the three has another learning rate."""
    found = engines[engine]["repetition"]
    for each, alone in zip(found["each"], found["alone"], strict=True):
        np.testing.assert_allclose(each, alone, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_repeated_fit_is_fit(engine: str, engines: Reports) -> None:
    """Two models, two tasks in turn, each model with springs of its own."""
    found = engines[engine]["repeated_fit"]
    for repeated, alone in zip(found["repeated"], found["alone"], strict=True):
        np.testing.assert_allclose(repeated, alone, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_probe_measures_the_rate_of_each_part(engine: str, engines: Reports) -> None:
    found = engines[engine]["rates_by_part"]
    np.testing.assert_allclose([found["first"], found["second"]], 0.25, rtol=2e-3)
    assert found["downhill"]
    # On JAX a gradient outside fit leaves the statistics where they were.
    assert found["statistics_moved"] == (engine != "jax")
