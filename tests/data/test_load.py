"""What every embedded domain promises: load("…") works offline and always gives the same."""

from __future__ import annotations

import hashlib
import time
from importlib.metadata import version

import numpy as np
import PIL
import pytest
from sklearn.datasets import load_digits

from course_lib import data
from course_lib.errors import CourseError
from tests.conftest import ROOT, require
from tests.data.test_written import TEXTS

# Pictures; sounds: tests/sound, texts: tests/data/test_written.py.
NAMES = [name for name, _, _ in data.names() if name not in {"vowels", "headlines", *TEXTS}]
RENDERED = [name for name in NAMES if name != "digits"]

# The bytes of 200 images, with the locked versions of NumPy and Pillow. A new version may change
# them: look at the images, then write the new fingerprint down.
FINGERPRINTS = {
    "digits": "0150d264a689b1dd",
    "letters": "aaed15193a508b4b",
    "scripts": "7d939be33999be1d",
    "rendered_digits": "5fc7bf80679e1a7c",
    "fractals": "19e9dcc027062c8d",
    "shapes": "7824ec695d9cca13",
    "dead_leaves": "338c3691a6d14505",
    "terrain": "e90f31fca125e00e",
}


def fingerprint(domain: data.Domain) -> str:
    return hashlib.sha256(domain.x.tobytes() + domain.y.tobytes()).hexdigest()[:16]


@pytest.mark.parametrize("name", NAMES)
def test_every_domain_has_images_labels_and_a_licence(name):
    domain = data.load(name, n=200)
    assert (len(domain), domain.name) == (200, name)
    assert domain.x.shape == (200, 32, 32, 1) and domain.x.dtype == np.uint8
    assert domain.y.dtype == np.int64
    assert domain.y.min() >= 0 and domain.y.max() < len(domain.classes)
    assert domain.license and domain.source
    assert (domain.x.reshape(200, -1).std(axis=1) > 3).all(), "no image is empty"


@pytest.mark.parametrize("name", RENDERED)
def test_the_same_seed_gives_the_same_bytes_and_another_does_not(name):
    once, again, other = (
        fingerprint(data.load(name, n=60, seed=seed, cache=False)) for seed in (1, 1, 2)
    )
    assert once == again != other


@pytest.mark.parametrize("name", NAMES)
def test_the_bytes_are_those_of_the_locked_versions(name):
    locked = (ROOT / "requirements.lock").read_text()
    same = f"numpy=={version('numpy')}" in locked and f"pillow=={PIL.__version__}" in locked
    require(same, "NumPy or Pillow are not of the versions in requirements.lock")
    assert fingerprint(data.load(name, n=200)) == FINGERPRINTS[name]


@pytest.mark.parametrize("name", RENDERED)
def test_classes_are_balanced(name):
    few_classes = {"fractals": {"classes": 10}}.get(name, {})
    domain = data.load(name, n=500, cache=False, **few_classes)
    counts = np.bincount(domain.y, minlength=len(domain.classes))
    assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("name", RENDERED)
def test_other_sizes(name):
    assert data.load(name, n=5, size=16, cache=False).x.shape == (5, 16, 16, 1)


def test_ten_thousand_letters_in_ten_seconds():
    started = time.process_time()
    domain = data.load("letters", n=10_000, style="hand", cache=False)
    assert len(domain) == 10_000
    # Processor seconds on one core: half of what two cores may take.
    assert time.process_time() - started < 10


def test_digits_are_scikit_learns_own_in_file_order():
    domain, raw = data.load("digits"), load_digits()
    assert (domain.y == raw.target).all()
    assert (data.load("digits", size=8).x[..., 0] == np.floor(raw.images * 255 / 16 + 0.5)).all()
    # Linear enlargement keeps the mean of a block near its pixel.
    blocks = domain.x.reshape(-1, 8, 4, 8, 4).mean(axis=(2, 4)) / 255 * 16
    assert np.corrcoef(blocks.ravel(), raw.images.ravel())[0, 1] > 0.97


def test_an_unknown_domain_is_named_with_the_known_ones():
    with pytest.raises(CourseError, match="'leters': choose one of digits, letters"):
        data.load("leters")


@pytest.mark.parametrize("name", ["digits", "letters"])
def test_an_unknown_option_is_named(name):
    with pytest.raises(CourseError, match="no option colour"):
        data.load(name, n=10, colour="red")


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("letters", {"size": 30}),
        ("letters", {"n": 0}),
        ("letters", {"style": "cursive"}),
        ("letters", {"without": data.letters.LATIN}),
        ("digits", {"size": 28}),
        ("digits", {"n": 5000}),
        ("fractals", {"classes": 1}),
        ("shapes", {"n": 0}),
    ],
)
def test_bad_arguments_get_a_sentence(name, bad):
    with pytest.raises(CourseError):
        data.load(name, **bad)
