"""The benchmark on real data, small and on embedded pictures: its folds, its intervals, ADDA, what it keeps."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from benchmarks import _adaptation, _samples
from benchmarks import real as benchmark
from course_lib import data
from course_lib.errors import CourseError
from course_lib.judging import interval


def two_digits(n: int = 240) -> data.Domain:
    """Give ones and sevens in ants' and bees' place."""
    digits = data.load("digits")
    chosen = digits.take(np.flatnonzero(np.isin(digits.y, (1, 7)))[:n])
    y = (chosen.y == 7).astype(np.int64)
    return data.Domain("two", chosen.x, y, ("one", "seven"), chosen.license, chosen.source)


def test_each_picture_is_asked_once_and_few_labels_are_shared_by_no_two_folds() -> None:
    domain = two_digits()
    folds = benchmark.folds_of(domain)
    asked = np.concatenate([own for _, _, own in folds])
    assert np.array_equal(np.sort(asked), np.arange(len(domain)))
    for few, many, own in folds:
        assert np.bincount(domain.y[few]).tolist() == [benchmark.PER_CLASS] * 2
        assert not np.intersect1d(few, own).size and not np.intersect1d(many, own).size
        assert len(many) + len(own) == len(domain)
    assert not any(np.intersect1d(a[0], b[0]).size for a, b in combinations(folds, 2))


def test_folds_that_share_labels_get_a_wider_interval() -> None:
    values = [0.8, 0.85, 0.9, 0.82, 0.88]
    plain, corrected = interval(values), benchmark.fold_interval(values)
    assert corrected.mean == plain.mean
    # Nadeau & Bengio: 1/5 + 1/4 in the place of 1/5
    assert (corrected.high - corrected.mean) / (plain.high - plain.mean) == pytest.approx(1.5)


def test_the_quick_path_measures_every_kind_and_tells_what_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_samples, "require", lambda: None)
    monkeypatch.setattr(benchmark, "_sets", lambda quick: [(benchmark.ANTS, two_digits(210), None)])
    told: list[dict] = []
    found = benchmark.run(quick=True, parts=("features",), save=lambda r: told.append(dict(r)))
    kinds = {benchmark.RAW, benchmark.RANDOM, benchmark.GLYPHNET, benchmark.SCRATCH}
    assert set(found["features"]) == {benchmark.ANTS, benchmark.ALL}
    for rows in found["features"].values():
        assert set(rows) == kinds and {len(values) for values in rows.values()} == {5}
    gains = found["intervals"]["features"][benchmark.ANTS][benchmark.GLYPHNET]["gain over"]
    assert set(gains) == kinds - {benchmark.GLYPHNET}
    assert len(told) == 1 and "intervals" in told[0]
    assert "all labels of four folds" in benchmark.table(found) and benchmark.misses(found) == []


def test_beside_the_networks_stands_what_needs_no_training() -> None:
    """A source-only network broken by the shift is an easy rival; the nearest source example is a fairer one."""
    f = np.array([[0.0], [10.0]], np.float32)
    pair = _adaptation.Pair(f, np.array([3, 7]), f, f, f, f, f + 2, np.array([3, 3]))
    assert benchmark._right(benchmark.NEAREST, pair, 0, 1) == 0.5
    assert benchmark.NEAREST not in benchmark.METHODS  # no method, so nothing is expected of it
    rows = {benchmark.NEAREST: [0.6, 0.7], "source only": [0.2, 0.3], "MMD": [0.5, 0.6]}
    found = {"quick": False, "adaptation": {"a → b": rows}, "seconds": 0.0}
    assert benchmark.NEAREST in benchmark.table(found)
    gains = benchmark.intervals(found)["adaptation"]["a → b"]["MMD"]["gain over"]
    assert gains["source only"].mean == pytest.approx(0.3)
    assert gains[benchmark.NEAREST].mean == pytest.approx(-0.1)


def test_adda_moves_the_targets_passage_alone() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=128)
    f = (rng.normal(size=(128, 6)) + 2 * y[:, None]).astype(np.float32)
    pair = _adaptation.Pair(f, y, f, y, f + 1, y, f + 1, y)
    before = benchmark._adapted(_adaptation.ADABN, pair, 0, 2)
    state = {name: value.clone() for name, value in before.state_dict().items()}
    after = benchmark.adda(before, pair, seed=0, epochs=2)
    assert all(value.equal(state[name]) for name, value in before.state_dict().items())
    moved = {name for name, value in after.state_dict().items() if not value.equal(state[name])}
    assert moved and all(name.startswith("backbone.") for name in moved)
    assert _adaptation.right(benchmark.ADDA, after, pair) > 0.5


def test_what_the_folder_lacks_is_said_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "README.md").write_text("samples", encoding="utf-8")
    (tmp_path / "hymenoptera" / "train").mkdir(parents=True)
    monkeypatch.setenv("COURSE_SAMPLES", str(tmp_path))
    with pytest.raises(CourseError, match=r"lacks pneumoniamnist/.*usps\.h5") as said:
        benchmark.run(quick=True)
    assert "hymenoptera" not in str(said.value) and "缺少" in said.value.zh
