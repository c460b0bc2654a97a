"""A gradient is a gradient: by every engine, and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.parity.conftest import Reports
from tests.training.tiny_reference import three_right_steps


@pytest.mark.parametrize("engine", ["pytorch", "tensorflow", "torch", "jax"])
def test_three_steps_are_those_computed_by_hand(engine: str, engines: Reports) -> None:
    _, expected = three_right_steps(0)
    np.testing.assert_allclose(engines[engine]["three_steps"], expected["losses"], rtol=1e-5)
