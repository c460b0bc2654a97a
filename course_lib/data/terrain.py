"""Terrain: land from above, five kinds, in summer and in winter. Nothing is up in such a picture.

Drawn with cosines, whose last bit may differ from platform to platform: now and then a pixel by one
grey level.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_lib.data.domain import Domain
from course_lib.data.store import cached, code_of
from course_lib.errors import CourseError

Field = np.ndarray  # one number per pixel: size×size

CLASSES = ("water", "forest", "field", "orchard", "town")
SEASONS = ("summer", "winter")


def terrain(
    *, n: int = 10_000, seed: int = 0, size: int = 32, season: str = "summer", cache: bool = True
) -> Domain:
    """Tiles of land, every kind as often as another (or one more).

    Args:
        n: number of tiles.
        seed: another seed gives other regions.
        size: side in pixels.
        season: ``"summer"`` or ``"winter"``: snow brightens fields, trees lose their leaves, haze.
        cache: keep the pictures on disk.
    """
    if season not in SEASONS or n < 1 or size < 8:
        raise CourseError(
            "terrain: season is 'summer' or 'winter', and there is at least 1 tile of 8 pixels.",
            "terrain：season 取 'summer' 或 'winter'，至少 1 张、8 个像素。",
        )
    key = {"name": "terrain", "n": n, "seed": seed, "size": size, "season": season,
           "code": code_of(__file__), "numpy": np.__version__}  # fmt: skip

    def make() -> dict[str, np.ndarray]:
        rng = np.random.default_rng(seed)
        y = rng.permutation(np.arange(n) % len(CLASSES))
        tiles = [draw_land(int(kind), size, rng, season=season) for kind in y]
        return {"x": np.stack(tiles)[..., None], "y": y.astype(np.int64)}

    made = cached(key, make, cache=cache)
    return Domain("terrain", made["x"], made["y"], CLASSES, "Made here", "drawn from formulas")


def draw_scene(
    *, cells: int = 6, side: int = 32, seed: int = 0, season: str = "summer"
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a wide picture of several kinds of land, and its map.

    Args:
        cells: squares of land along each side of the picture. side: pixels of each.
        seed: another seed gives another scene. season: as for :func:`terrain`.

    Returns:
        The picture, uint8 (cells·side)×(cells·side)×1, and the kind of land in each square, cells×cells.
    """
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, len(CLASSES), (cells, cells))
    for _ in range(2):  # land comes in patches: take over a neighbour's kind now and then
        shifted = np.roll(kinds, 1, axis=int(rng.integers(0, 2)))
        kinds = np.where(rng.random(kinds.shape) < 0.5, shifted, kinds)
    rows = [
        np.concatenate([draw_land(int(kind), side, rng, season=season) for kind in row], axis=1)
        for row in kinds
    ]
    return np.concatenate(rows)[..., None], kinds


def draw_land(kind: int, size: int, rng: np.random.Generator, *, season: str = "summer") -> Field:
    """Draw one tile of a kind (its place in ``CLASSES``): uint8, size×size."""
    land = _LAND[CLASSES[kind]](size, rng)
    if season == "winter":
        if CLASSES[kind] in ("field", "orchard"):
            land = 0.75 + 0.35 * (land - 0.5)  # snow: bright, less contrast
        land = 0.2 + 0.65 * land  # haze
    gain, offset = rng.uniform(0.8, 1.2), rng.uniform(-0.08, 0.08)
    land = gain * (land - 0.5) + 0.5 + offset + rng.normal(0, 0.03, land.shape)
    return np.rint(np.clip(land, 0, 1) * 255).astype(np.uint8)


def _turned(size: int, rng: np.random.Generator) -> tuple[Field, Field]:
    """Coordinates in pixels in a random direction from a random origin."""
    rows, columns = np.mgrid[:size, :size] + rng.uniform(0, 100, (2, 1, 1))
    way = rng.uniform(0, 2 * np.pi)
    return (
        rows * np.cos(way) + columns * np.sin(way),
        columns * np.cos(way) - rows * np.sin(way),
    )


def _clouds(size: int, rng: np.random.Generator, slow: float, quick: float) -> Field:
    """A smooth random field of waves whose lengths lie between two numbers of pixels; about ±1."""
    field = np.zeros((size, size))
    for _ in range(10):
        u, _ = _turned(size, rng)
        field += np.cos(2 * np.pi * u / rng.uniform(quick, slow)) / np.sqrt(5)
    return field


def _water(size: int, rng: np.random.Generator) -> Field:
    u, _ = _turned(size, rng)
    ripples = np.cos(2 * np.pi * u / rng.uniform(4, 9) + 0.8 * _clouds(size, rng, 40, 12))
    return 0.42 + 0.05 * ripples + 0.05 * _clouds(size, rng, 60, 20)


def _forest(size: int, rng: np.random.Generator) -> Field:
    crowns = _clouds(size, rng, 9, 3.5)
    return 0.45 + 0.13 * crowns + 0.04 * _clouds(size, rng, 40, 15)


def _field(size: int, rng: np.random.Generator) -> Field:
    u, v = _turned(size, rng)
    furrows = np.cos(2 * np.pi * u / rng.uniform(3.5, 7))
    edge = rng.uniform(20, 40)
    patch = np.where((v // edge) % 2 < 1, 0.1, -0.1)
    return 0.5 + patch + 0.1 * furrows


def _orchard(size: int, rng: np.random.Generator) -> Field:
    u, v = _turned(size, rng)
    step = rng.uniform(4.5, 8)
    trees = np.cos(2 * np.pi * u / step) * np.cos(2 * np.pi * v / step)
    return 0.52 - 0.2 * np.clip(trees, 0, 1) + 0.05 * _clouds(size, rng, 40, 15)


def _town(size: int, rng: np.random.Generator) -> Field:
    u, v = _turned(size, rng)
    block, street = rng.uniform(9, 14), rng.uniform(2, 3.5)
    house = ((u % block) > street) & ((v % block) > street)
    roofs = np.sin(12.9898 * (u // block) + 78.233 * (v // block)) * 0.2  # each block its own grey
    return np.where(house, 0.5 + roofs, 0.4) + 0.03 * _clouds(size, rng, 8, 3)


_LAND: dict[str, Callable[[int, np.random.Generator], Field]] = {
    "water": _water, "forest": _forest, "field": _field, "orchard": _orchard, "town": _town
}  # fmt: skip
