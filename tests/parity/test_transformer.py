"""One transformer in two halves: the same answers, the same attention, the same learning."""

from __future__ import annotations

import numpy as np
import pytest

from tests.parity.conftest import Reports


@pytest.mark.parametrize("engine", ["tensorflow", "jax", "torch"])
def test_the_halves_agree(engines: Reports, engine: str) -> None:
    ours, theirs = (engines[name]["transformer"] for name in ("pytorch", engine))
    assert ours["names"] == theirs["names"] and ours["groups"] == theirs["groups"]
    assert np.allclose(ours["logits"], theirs["logits"], atol=1e-5)
    assert np.allclose(ours["maps"], theirs["maps"], atol=1e-6)
    assert np.allclose(ours["scribe"], theirs["scribe"], rtol=1e-3, atol=2e-3)
    assert len(ours["losses"]) == 42
    assert np.allclose(ours["losses"], theirs["losses"], rtol=1e-4)


def test_nobody_looks_ahead_and_attention_is_shared_out(engines: Reports) -> None:
    maps = np.array(engines["tensorflow"]["transformer"]["maps"])  # N×L×h×T×T
    assert np.allclose(maps.sum(axis=-1), 1, atol=1e-5)
    assert (np.triu(maps, 1) == 0).all()
