"""The rate of a step, measured from the weights before and after it."""

from __future__ import annotations

import numpy as np

from course_lib.probing.tuning import measure_rates
from tests.probing.parts import parts


def test_each_part_has_the_rate_that_it_moved_at() -> None:
    rng = np.random.default_rng(0)
    before, slopes, rates = parts(rng), parts(rng), {"mix": 0.1, "norm": 0.0, "head": -0.5}
    after = {
        part: [w - rates[part] * g for w, g in zip(before[part], slopes[part], strict=True)]
        for part in before
    }
    found, straight = measure_rates(before, after, slopes)
    np.testing.assert_allclose(found, [0.1, 0.0, -0.5], atol=1e-12)
    assert straight


def test_a_step_elsewhere_is_seen() -> None:
    rng = np.random.default_rng(0)
    before, slopes = parts(rng), parts(rng)
    after = {part: [w + rng.normal(size=w.shape) for w in each] for part, each in before.items()}
    assert not measure_rates(before, after, slopes)[1]
