"""The gradients that a step was made of, found again from the weights."""

from __future__ import annotations

import numpy as np

from course_lib.probing.shift import as_cosine, measure_shares
from tests.probing.parts import parts


def test_the_shares_of_two_gradients_in_a_step() -> None:
    rng = np.random.default_rng(1)
    before, one, other = parts(rng), parts(rng), parts(rng)
    after = {
        part: [
            w - 0.1 * (0.3 * g + 0.7 * h)
            for w, g, h in zip(before[part], one[part], other[part], strict=True)
        ]
        for part in before
    }
    shares, along = measure_shares(before, after, [one, other], 0.1)
    np.testing.assert_allclose(shares, [0.3, 0.7], atol=1e-9)
    assert along
    assert not measure_shares(before, parts(rng), [one, other], 0.1)[1]


def test_only_a_number_is_a_cosine() -> None:
    assert as_cosine(np.float32(0.5)) == 0.5
    assert as_cosine(np.zeros(2)) == as_cosine("0.5") == as_cosine(None) == 9.0
