"""Latency, drift, quantisation, promotion, the stream: against other ways to compute them."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from course_lib import data
from course_lib.errors import CourseError
from course_lib.serving import (
    calibrate_monitor,
    decide,
    dequantise,
    paper_turns_grey,
    percentiles,
    quantise_rows,
    time_calls,
    weekly_pictures,
)


def test_percentiles_are_numpys_nearest_rank() -> None:
    seconds = np.random.default_rng(0).exponential(size=37)
    for p in (0.1, 1, 50, 95, 99, 100):
        assert percentiles(seconds, [p]) == [np.percentile(seconds, p, method="inverted_cdf")]
    for wrong in ([], [1.0]):
        with pytest.raises(CourseError):
            percentiles(wrong, [0])


def test_calls_are_counted_and_the_first_left_out() -> None:
    calls: list[int] = []
    assert len(time_calls(lambda: calls.append(1), 4, warm_up=3)) == 4 and len(calls) == 7


def test_false_alarms_keep_to_their_budget_and_drift_is_seen() -> None:
    rng = np.random.default_rng(1)
    monitor = calibrate_monitor(rng.normal(3, 2, (3000, 12)), window=40, rate=0.05)
    quiet = [monitor.alarm(rng.normal(3, 2, (40, 12))) for _ in range(600)]
    assert 0.02 < np.mean(quiet) < 0.09
    assert np.mean([monitor.alarm(rng.normal(4, 2, (40, 12))) for _ in range(30)]) > 0.9
    assert monitor.statistic(rng.normal(3, 2, (40, 12))) == pytest.approx(1, abs=0.5)


def test_a_monitor_that_cannot_keep_its_word_is_refused() -> None:
    f = np.random.default_rng(0).normal(size=(100, 3))
    for wrong in ({"window": 40, "rate": 0.1}, {"window": 10, "rate": 0.001, "draws": 99}):
        with pytest.raises(CourseError):
            calibrate_monitor(f, **wrong)  # type: ignore[arg-type]
    with pytest.raises(CourseError, match="windows of 10"):
        calibrate_monitor(f, window=10, rate=0.1).alarm(f)


def test_rounding_is_within_half_a_step() -> None:
    w = np.random.default_rng(0).normal(size=(5, 30)) * np.array([[1], [10], [0], [1e-3], [2]])
    q, s = quantise_rows(w)
    assert q.dtype == np.int8 and (np.abs(w - dequantise(q, s)) <= s[:, None] / 2 + 1e-7).all()
    assert (np.abs(q[[0, 1, 3, 4]]).max(axis=1) == 127).all() and s[2] == 1


def test_equally_good_models_are_promoted_no_oftener_than_the_rate() -> None:
    """The chance that each split of k pictures comes up, summed over the splits that are promoted."""
    y, old = np.zeros(30, int), np.zeros(30, int)
    for k in range(1, 16):
        promoted = []
        for won in range(k + 1):
            a, b = old.copy(), old.copy()
            a[:won] = b[won:k] = 1  # the old one wrong on some, the new one on the others
            promoted.append(decide(y, a, b).promote)
        assert sum(comb(k, w) for w in range(k + 1) if promoted[w]) / 2**k <= 0.025
        assert promoted == sorted(promoted) and promoted[k] == (k >= 6)


def test_promotion_needs_a_lead_that_is_no_luck_and_no_lost_class() -> None:
    y = np.arange(200) % 4
    bad = np.where(np.arange(200) % 10 < 3, (y + 1) % 4, y)
    assert (
        decide(y, bad, y).promote and not decide(y, y, bad).promote and not decide(y, y, y).promote
    )
    lost = np.where(y == 3, 0, y)  # all of one class for a little of the others
    worse = np.where((y != 3) & (np.arange(200) % 2 == 0), 3, y)
    found = decide(y, worse, lost)
    assert found.lost == 1 and not found.promote
    with pytest.raises(CourseError):
        decide(y, bad, y[:-1])


def test_pictures_are_dealt_once_and_changed_by_week() -> None:
    digits = data.load("digits", size=8)
    weeks = weekly_pictures(
        digits, weeks=4, per_week=30, change=lambda x, week: paper_turns_grey(x, 5 * week)
    )
    assert [len(w) for w in weeks] == [30] * 4 and [w.x.min() for w in weeks] == [0, 5, 10, 15]
    dealt = digits.sample(120)
    assert np.array_equal(np.concatenate([w.y for w in weeks]), dealt.y)
    assert paper_turns_grey(np.array([0, 255], np.uint8), 51).tolist() == [51, 255]
