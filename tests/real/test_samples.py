"""Real files read as domains, and what borrowed features are worth on them: small, a few seconds each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import _samples
from benchmarks import real as benchmark
from course_lib.judging import accuracy
from tests.conftest import ROOT

pytestmark = pytest.mark.real

FEATURES = """
import sys
import numpy as np
from benchmarks import _samples
from course_lib.{half} import extract_features, load_backbone
photographs = _samples.ants_and_bees(224).sample(6, seed=0)
np.save(sys.argv[1], extract_features(load_backbone("mobilenet_v2", weights=_samples.mobilenet()), photographs.x))
"""


def test_the_samples_are_what_they_say() -> None:
    ants = _samples.ants_and_bees(64)
    assert ants.x.shape == (244, 64, 64, 3) and np.bincount(ants.y).tolist() == [123, 121]
    assert [len(_samples.usps(part, 16)) for part in ("train", "test")] == [7291, 2007]
    assert [len(_samples.pneumonia(part, 28)) for part in ("train", "val", "test")] == [
        2428,
        270,
        468,
    ]
    assert len(_samples.mnist(28)) == 10_000


def test_digits_are_light_on_dark_in_both_sets_with_the_labels_that_they_show() -> None:
    """1-NN across the sets: far above chance only if polarity, orientation and labels agree."""
    mnist, usps = _samples.mnist(16), _samples.usps("test", 16)
    rows = [d.x.reshape(len(d), -1) / 255.0 for d in (mnist.sample(3000), usps)]
    from sklearn.neighbors import KNeighborsClassifier

    nearest = KNeighborsClassifier(1).fit(rows[0], mnist.sample(3000).y)
    assert nearest.score(rows[1], usps.y) > 0.5


def test_real_weights_give_both_frameworks_the_same_features(tmp_path: Path) -> None:
    found = []
    for half in ("pytorch", "keras"):
        target = tmp_path / f"{half}.npy"
        subprocess.run(
            [sys.executable, "-c", FEATURES.format(half=half), str(target)], cwd=ROOT, check=True
        )
        found.append(np.load(target))
    assert found[0].shape == (6, 1280) and found[0].std() > 0.1
    np.testing.assert_allclose(found[1], found[0], atol=2e-3 * np.abs(found[0]).max())


@pytest.mark.parametrize("name", ["mnist", "usps"])
def test_letters_help_with_real_digits(name: str) -> None:
    """Glyphnet was trained on rendered letters and has seen no real digit."""
    domain = (_samples.mnist(32) if name == "mnist" else _samples.usps("train", 32)).sample(1200)
    kinds = benchmark._representations(domain, None)
    chosen, rest = _samples.shared_draws(domain, 10, 0)
    right = {
        kind: accuracy(domain.y[rest], benchmark._probe(f[chosen], domain.y[chosen], f[rest]))
        for kind, f in kinds.items()
    }
    assert right[benchmark.GLYPHNET] > max(right[benchmark.RANDOM], right[benchmark.RAW]) + 0.05


def test_imagenet_tells_ants_from_bees_which_it_has_seen() -> None:
    """Source and target overlap: this shows that the weights are read well, not what transfer is worth."""
    from course_lib.pytorch import extract_features, load_backbone

    rows = np.random.default_rng(0).permutation(244)[:100]
    photographs = _samples.ants_and_bees(224).take(rows)
    f = extract_features(load_backbone("mobilenet_v2", weights=_samples.mobilenet()), photographs.x)
    f = f / np.linalg.norm(f, axis=1, keepdims=True)
    train, rest = np.arange(60), np.arange(60, 100)
    found = benchmark._probe(f[train], photographs.y[train], f[rest])
    assert accuracy(photographs.y[rest], found) > 0.85


KERAS_OWN = """
import numpy as np
from benchmarks import _samples
from benchmarks import real as benchmark
from course_lib.judging import accuracy
from course_lib.keras import extract_features, load_backbone
photographs = _samples.ants_and_bees(224).take(np.random.default_rng(0).permutation(244)[:100])
weights = _samples.folder() / "weights" / "keras_mobilenet_v2_no_top.weights.h5"
f = extract_features(load_backbone("mobilenet_v2", weights=weights), photographs.x)
f = f / np.linalg.norm(f, axis=1, keepdims=True)
found = benchmark._probe(f[:60], photographs.y[:60], f[60:])
assert accuracy(photographs.y[60:], found) > 0.85
"""


def test_keras_own_file_is_read_with_its_own_pixels() -> None:
    subprocess.run([sys.executable, "-c", KERAS_OWN], cwd=ROOT, check=True)
