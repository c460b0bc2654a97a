"""One ranker in two halves: the same scores, the same learning; a reader without a history hears no text."""

from __future__ import annotations

import numpy as np
import pytest

from tests.parity.conftest import Reports


@pytest.mark.parametrize("engine", ["tensorflow", "jax", "torch"])
def test_the_halves_agree(engines: Reports, engine: str) -> None:
    ours, theirs = (engines[name]["ranker"] for name in ("pytorch", engine))
    assert np.allclose(ours["before"], theirs["before"], atol=1e-5)
    assert len(ours["losses"]) == 24
    assert np.allclose(ours["losses"], theirs["losses"], rtol=1e-4)
    assert np.allclose(ours["after"], theirs["after"], atol=1e-3)


def test_text_is_silent_without_a_history(engines: Reports) -> None:
    before = np.array(engines["pytorch"]["ranker"]["before"])
    assert (before[0] == before[0, 0]).all()  # the other features start with weight 0
    assert len(np.unique(before[1:])) > 50
