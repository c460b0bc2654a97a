"""Geometry: single shapes, and "dead leaves", where many copies of a shape cover one another.

A shape is the set of points (u, v) where a function is negative: ``u² + v² − 1`` is a disc. Dead
leaves imitate the occlusions and the range of sizes in photographs; here the label says of which
shape the leaves are.

Dead leaves: Lee, Mumford, Huang, "Occlusion models for natural images", IJCV 41, 2001;
Baradad et al., "Learning to see by looking at noise", NeurIPS 2021.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_lib.data.domain import Domain
from course_lib.data.store import cached, code_of
from course_lib.errors import CourseError

Field = np.ndarray  # one number per pixel of each image: N×size×size

SHAPES: dict[str, Callable[[Field, Field], Field]] = {
    "disc": lambda u, v: u * u + v * v - 1,
    "ring": lambda u, v: np.maximum(u * u + v * v - 1, 0.3 - u * u - v * v),
    "half disc": lambda u, v: np.maximum(u * u + v * v - 1, -v),
    "crescent": lambda u, v: np.maximum(u * u + v * v - 1, 0.8 - (u - 0.5) * (u - 0.5) - v * v),
    "square": lambda u, v: np.maximum(np.abs(u), np.abs(v)) - 0.85,
    "diamond": lambda u, v: np.abs(u) + np.abs(v) - 1,
    "triangle": lambda u, v: np.maximum(2 * np.abs(u) - v - 1, v - 0.8),
    "frame": lambda u, v: np.abs(np.maximum(np.abs(u), np.abs(v)) - 0.7) - 0.2,
    "cross": lambda u, v: np.maximum(
        np.minimum(np.abs(u), np.abs(v)) - 0.3, np.maximum(np.abs(u), np.abs(v)) - 1
    ),
    "bar": lambda u, v: np.maximum(np.abs(u) - 1, np.abs(v) - 0.3),
    "corner": lambda u, v: np.maximum(
        np.maximum(np.abs(u), np.abs(v)) - 0.9, np.minimum(u, v) + 0.3
    ),
    "star": lambda u, v: np.sqrt(np.abs(u)) + np.sqrt(np.abs(v)) - 1.1,
}
_BATCH = 1000
_LEAVES = 24


def shapes(*, n: int = 10_000, seed: int = 0, size: int = 32, cache: bool = True) -> Domain:
    """One shape per image, in any size, place, direction and grey, on grey paper with noise.

    Args:
        n: number of images; every class has the same number, or one more.
        seed: another seed gives other images.
        size: side length in pixels.
        cache: keep the images on disk.
    """
    return _drawn("shapes", _one_shape, n, seed, size, cache)


def dead_leaves(*, n: int = 10_000, seed: int = 0, size: int = 32, cache: bool = True) -> Domain:
    """Leaves of one shape, large and small, over one another: a texture. Arguments as above."""
    return _drawn("dead_leaves", _many_shapes, n, seed, size, cache)


def _drawn(
    name: str, draw: Callable[..., Field], n: int, seed: int, size: int, cache: bool
) -> Domain:
    if n < 1 or size < 8:
        raise CourseError(
            f"{name}: ask for at least 1 image and 8 pixels.",
            f"{name}：至少要 1 张图像、8 个像素。",
        )
    key = {"name": name, "n": n, "seed": seed, "size": size,
           "code": code_of(__file__), "numpy": np.__version__}  # fmt: skip

    def make() -> dict[str, np.ndarray]:
        rng = np.random.default_rng(seed)
        y = rng.permutation(np.arange(n) % len(SHAPES))
        parts = [draw(y[i : i + _BATCH], size, rng) for i in range(0, n, _BATCH)]
        grey = np.rint(np.clip(np.concatenate(parts), 0, 1) * 255)
        return {"x": grey.astype(np.uint8)[..., None], "y": y.astype(np.int64)}

    made = cached(key, make, cache=cache)
    return Domain(name, made["x"], made["y"], tuple(SHAPES), "Made here", "drawn from formulas")


def _one_shape(y: np.ndarray, size: int, rng: np.random.Generator) -> Field:
    n = len(y)
    paper = 0.3 * rng.random((n, 1, 1), np.float32)
    image = paper + 0.1 * (rng.random((n, size, size), np.float32) - 0.5)
    return _paint(image, y, rng, radius=0.25 + 0.2 * rng.random(n), spread=0.15, least=0.5)


def _many_shapes(y: np.ndarray, size: int, rng: np.random.Generator) -> Field:
    image = np.zeros((len(y), size, size), np.float32)
    for _ in range(_LEAVES):
        # Radii r with density ∝ 1/r³, as in natural images: r = r_min / sqrt(even number).
        radius = np.minimum(0.09 / np.sqrt(np.maximum(rng.random(len(y)), 1e-3)), 0.6)
        image = _paint(image, y, rng, radius=radius, spread=0.5, least=0.0)
    return image


def _paint(
    image: Field,
    y: np.ndarray,
    rng: np.random.Generator,
    *,
    radius: np.ndarray,
    spread: float,
    least: float,
) -> Field:
    """Paint one shape over each image.

    Args:
        image: what is there, N×size×size.
        y: which shape, N.
        radius: half the shape's size, as a fraction of the image, N.
        spread: how far from the image's middle the shape's middle may lie.
        least: darkest grey of the shape.
    """
    n, size = image.shape[:2]
    middle = (np.arange(size, dtype=np.float32) + 0.5) / size - 0.5
    away = ((rng.random((2, n, 1, 1), np.float32) - 0.5) * 2) * spread
    y_axis, x_axis = middle[None, :, None] - away[0], middle[None, None, :] - away[1]
    cosine, sine = _direction(rng, n)
    scale = radius.astype(np.float32)[:, None, None]
    u, v = (cosine * x_axis + sine * y_axis) / scale, (cosine * y_axis - sine * x_axis) / scale
    inside = np.empty(image.shape, np.float32)
    for label in np.unique(y):
        chosen = y == label
        inside[chosen] = list(SHAPES.values())[label](u[chosen], v[chosen])
    # From inside to outside within about one pixel.
    cover = np.clip(0.5 - inside * scale * (size / 2), 0, 1)
    grey = least + (1 - least) * rng.random((n, 1, 1), np.float32)
    return image + cover * (grey - image)


def _direction(rng: np.random.Generator, n: int) -> tuple[Field, Field]:
    """Cosine and sine of random angles, from square roots alone (alike on every platform)."""
    a, b = (rng.random((2, n, 1, 1)) - 0.5) * 2
    length = np.sqrt(np.maximum(a * a + b * b, 1e-6))
    return (a / length).astype(np.float32), (b / length).astype(np.float32)
