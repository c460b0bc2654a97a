"""The rate of a step, measured from the weights before and after it."""

from __future__ import annotations

import numpy as np

from course_lib.training.tiny import as_cosine, measure_rates, measure_shares


def parts(rng: np.random.Generator) -> dict[str, list[np.ndarray]]:
    return {
        "mix": [rng.normal(size=(3, 4))],
        "norm": [rng.normal(size=4), rng.normal(size=4)],
        "head": [rng.normal(size=(4, 2)), rng.normal(size=2)],
    }


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
