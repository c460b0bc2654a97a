"""Fractals: a source with labels, without end, and without a single natural image.

Each class is one *iterated function system*: two to four affine maps that shrink the plane. A point
that hops about under randomly chosen maps of one system draws that system's fractal. Images of one
class differ by small changes of the maps.

Kataoka et al., "Pre-training without natural images", ACCV 2020.
"""

from __future__ import annotations

import numpy as np

from course_lib.data.domain import Domain
from course_lib.data.store import cached, code_of
from course_lib.errors import CourseError

_MAPS = 4
_POINTS, _HOPS, _FIRST_HOPS = 80, 60, 12  # particles per image; hops; hops before one is drawn
_MIN_INK = 0.08  # a class whose fractal covers less of the image is too dull to learn from
_BATCH = 500


def fractals(
    *, n: int = 10_000, seed: int = 0, size: int = 32, classes: int = 100, cache: bool = True
) -> Domain:
    """Images of random fractals.

    Args:
        n: number of images; every class has the same number, or one more.
        seed: another seed gives other classes and other images.
        size: side length in pixels.
        classes: number of fractals to tell apart.
        cache: keep the images on disk.
    """
    if n < 1 or classes < 2 or size < 8:
        raise CourseError(
            "fractals: ask for at least 1 image, 2 classes and 8 pixels.",
            "fractals：至少要 1 张图像、2 个类别、8 个像素。",
        )
    key = {"name": "fractals", "n": n, "seed": seed, "size": size, "classes": classes,
           "code": code_of(__file__), "numpy": np.__version__}  # fmt: skip

    def make() -> dict[str, np.ndarray]:
        rng = np.random.default_rng(seed)
        systems = choose_systems(classes, rng)
        y = rng.permutation(np.arange(n) % classes)
        wobble = 1 + 0.1 * _even(rng, (n, _MAPS, 2, 3))
        return {"x": draw_systems(systems[y] * wobble, size, rng), "y": y.astype(np.int64)}

    made = cached(key, make, cache=cache)
    names = tuple(f"fractal {i}" for i in range(classes))
    return Domain("fractals", made["x"], made["y"], names, "Made here", "random affine maps")


def choose_systems(classes: int, rng: np.random.Generator) -> np.ndarray:
    """Random systems whose fractals cover enough of the image: classes × maps × 2 × 3."""
    kept = np.empty((0, _MAPS, 2, 3))
    while len(kept) < classes:
        systems = random_systems(4 * classes, rng)
        ink = (draw_systems(systems, 32, rng) > 0).mean(axis=(1, 2, 3))
        kept = np.concatenate([kept, systems[ink >= _MIN_INK]])
    return kept[:classes]


def random_systems(n: int, rng: np.random.Generator) -> np.ndarray:
    """``n`` systems of affine maps ``p → A p + b``, each row ``[A | b]``; all of them shrink."""
    maps = _even(rng, (n, _MAPS, 2, 3))
    # |a1| + |a2| below 1 in both rows: two points always come closer, largest coordinate-wise.
    reach = np.abs(maps[..., 0]) + np.abs(maps[..., 1])
    shrink = 0.4 + 0.45 * rng.random(reach.shape)
    maps[..., :2] *= (shrink / np.maximum(reach, 1e-6))[..., None]
    # Some systems have fewer maps: the last ones repeat the first.
    for i, fewer in enumerate(rng.random((2, n)) < 0.5):
        maps[fewer, 2 + i] = maps[fewer, i]
    return maps


def draw_systems(systems: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Let points hop under each system and mark where they land (N×size×size×1 uint8)."""
    x = np.empty((len(systems), size, size, 1), np.uint8)
    for start in range(0, len(systems), _BATCH):
        batch = systems[start : start + _BATCH].astype(np.float32)
        x[start : start + _BATCH, ..., 0] = _draw_batch(batch, size, rng)
    return x


def _draw_batch(systems: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    n = len(systems)
    u, v = np.zeros((2, n, _POINTS), np.float32)
    path_u, path_v = np.empty((2, _HOPS - _FIRST_HOPS, n, _POINTS), np.float32)
    image = np.arange(n)[:, None]
    for hop in range(_HOPS):
        chosen = systems[image, rng.integers(0, _MAPS, (n, _POINTS))]
        u, v = (chosen[..., r, 0] * u + chosen[..., r, 1] * v + chosen[..., r, 2] for r in (0, 1))
        if hop >= _FIRST_HOPS:
            path_u[hop - _FIRST_HOPS], path_v[hop - _FIRST_HOPS] = u, v
    place = _to_pixels(path_v, size) * size + _to_pixels(path_u, size)
    hits = np.bincount((place + image * size * size).ravel(), minlength=n * size * size)
    # One hit is already ink; five are black.
    return np.minimum(hits * 51, 255).astype(np.uint8).reshape(n, size, size)


def _to_pixels(path: np.ndarray, size: int) -> np.ndarray:
    """Scale each image's points so that they fill it (hops × N × points)."""
    low, high = path.min(axis=(0, 2)), path.max(axis=(0, 2))
    unit = (path - low[:, None]) / np.maximum(high - low, 1e-6)[:, None]
    return (unit * (size - 1) + 0.5).astype(np.int64)


def _even(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers drawn evenly between −1 and 1."""
    return rng.random(shape) * 2 - 1
