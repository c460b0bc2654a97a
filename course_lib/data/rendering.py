"""Draw glyphs as if somebody had written and scanned them: bent, slanted, bold, coarse, noisy.

All images of a batch are drawn together. Every step is addition, multiplication, comparison or
rounding of single numbers — no sine, no matrix product, no long sum — because those few are what
every platform computes alike, to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_lib.data.typefaces import BOX, GRID, STEPS_PER_PIXEL, Glyphs

_BATCH = 1000  # images drawn at once: large enough for NumPy, small enough for the memory


@dataclass(frozen=True)
class Style:
    """How glyphs are drawn. Every range is drawn from evenly; lengths are fractions of the image.

    Attributes:
        fill: True: each glyph fills the image, as scanners' software crops them. False: it keeps
            its size and place in the line, so that "o" is smaller than "O".
        scale: range of the glyph's longer side (``fill``) or of the line's height (not ``fill``).
        stretch: largest difference between the two axes' scales (0.2: up to 20 %).
        turn: largest rotation, as a tangent (0.2 is about 11°).
        slant: largest shear.
        shift: largest displacement from the middle.
        bend: largest displacement of the elastic grid's points.
        pen: fraction of images written with a pen of even width along the strokes' middle lines.
        pen_width: range of the pen's half-width.
        bolder: range of the outline's displacement for the other images.
        resolutions: side lengths, one drawn per image, to which it is coarsened and brought back.
        noise: largest grey-level noise.
    """

    fill: bool = False
    scale: tuple[float, float] = (0.75, 0.95)
    stretch: float = 0.1
    turn: float = 0.1
    slant: float = 0.1
    shift: float = 0.04
    bend: float = 0.0
    pen: float = 0.0
    pen_width: tuple[float, float] = (0.02, 0.05)
    bolder: tuple[float, float] = (-0.01, 0.02)
    resolutions: tuple[int, ...] = (32,)
    noise: float = 0.05


def draw(glyphs: Glyphs, which: np.ndarray, style: Style, size: int, seed: int) -> np.ndarray:
    """Draw glyphs, each with its own random bend, slant, stroke, resolution and noise.

    Args:
        glyphs: the maps of distances.
        which: which glyph each image shows, N integers.
        style: the ranges to draw from.
        size: side length of the images in pixels, a multiple of the style's resolutions below it.
        seed: the same seed gives the same images.

    Returns:
        uint8 images, N×size×size×1, 255 is full ink.
    """
    images = np.empty((len(which), size, size, 1), np.uint8)
    for start in range(0, len(which), _BATCH):
        rng = np.random.default_rng((seed, start))
        batch = which[start : start + _BATCH]
        images[start : start + _BATCH, :, :, 0] = _draw_batch(glyphs, batch, style, size, rng)
    return images


def _draw_batch(
    glyphs: Glyphs, which: np.ndarray, style: Style, size: int, rng: np.random.Generator
) -> np.ndarray:
    zoom = _longer_side(glyphs, which, style, rng)
    rows, columns = _where_to_look(glyphs, which, zoom, style, size, rng)
    with_pen = rng.random(len(which)) < style.pen
    distance = _look_up(glyphs, which, with_pen, rows, columns)
    # From grid pixels to fractions of the image: BOX grid pixels span `zoom` of the image.
    distance *= (zoom / (BOX * STEPS_PER_PIXEL)).astype(np.float32)[:, None, None]
    half_width = np.where(
        with_pen,
        _between(rng, style.pen_width, len(which)),
        _between(rng, style.bolder, len(which)),
    )
    # One pixel from full ink to none: what a scanner's pixel on the edge would collect.
    ink = np.clip(0.5 + (half_width.astype(np.float32)[:, None, None] - distance) * size, 0, 1)
    ink = _coarsen(ink, rng.choice(np.array(style.resolutions), len(which)))
    amount = _between(rng, (0.0, style.noise), len(which)).astype(np.float32)[:, None, None]
    ink += amount * (rng.random(ink.shape, np.float32) - 0.5) * 2
    return np.rint(np.clip(ink, 0, 1) * 255).astype(np.uint8)


def _longer_side(
    glyphs: Glyphs, which: np.ndarray, style: Style, rng: np.random.Generator
) -> np.ndarray:
    """Length of each glyph's longer side, as a fraction of the image."""
    scale = _between(rng, style.scale, len(which))
    return scale if style.fill else scale * glyphs.size[which]


def _where_to_look(
    glyphs: Glyphs,
    which: np.ndarray,
    zoom: np.ndarray,
    style: Style,
    size: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """For each pixel of each image, the point of the grid that it shows.

    The map runs backwards: from the image's pixel p through ``M p + bend`` to the glyph's grid.

    Returns:
        rows and columns on the grid, float32, each N×size×size.
    """
    n = len(which)

    def small(limit: float) -> np.ndarray:
        return _between(rng, (-limit, limit), n).astype(np.float32)[:, None, None]

    middle = ((np.arange(size, dtype=np.float32) + 0.5) / size - 0.5).reshape(1, size, 1)
    rise = 0.0 if style.fill else (glyphs.rise[which] * zoom / glyphs.size[which])
    y = middle - np.reshape(rise, (-1, 1, 1)) - small(style.shift)
    x = middle.reshape(1, 1, size) - small(style.shift)
    stretch, turn, slant = small(style.stretch), small(style.turn), small(style.slant)
    rows = (1 + stretch) * y - turn * x
    columns = (1 - stretch) * x + (turn + slant) * y
    if style.bend:
        rows = rows + style.bend * _smooth_noise(rng, n, size)
        columns = columns + style.bend * _smooth_noise(rng, n, size)
    pixels = (BOX / zoom).astype(np.float32)[:, None, None]
    return rows * pixels + (GRID - 1) / 2, columns * pixels + (GRID - 1) / 2


def _smooth_noise(rng: np.random.Generator, n: int, size: int, points: int = 4) -> np.ndarray:
    """Smooth random fields in (−1, 1), N×size×size: cubic B-splines through a coarse random grid."""
    grid = (rng.random((n, points + 3, points + 3), np.float32) - 0.5) * 2
    weights = _spline_weights(size, points)
    across = sum(grid[:, :, None, j] * weights[None, None, :, j] for j in range(points + 3))
    return sum(across[:, i, None, :] * weights[None, :, i, None] for i in range(points + 3))


def _spline_weights(size: int, points: int) -> np.ndarray:
    """Weights (size × points + 3) of the cubic B-splines at each pixel; each row sums to 1."""
    place = (np.arange(size) + 0.5) / size * points
    distance = np.abs(place[:, None] - (np.arange(points + 3) - 1)[None, :])
    inner = 2 / 3 - distance * distance * (1 - distance / 2)
    outer = (2 - distance) * (2 - distance) * (2 - distance) / 6
    return np.where(distance < 1, inner, np.where(distance < 2, outer, 0)).astype(np.float32)


def _look_up(
    glyphs: Glyphs, which: np.ndarray, with_pen: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    """Read the maps of distances between grid points, by bilinear interpolation (N×size×size)."""
    maps = np.where(with_pen[:, None, None], glyphs.middle[which], glyphs.edge[which])
    rows, columns = np.clip(rows, 0, GRID - 1.001), np.clip(columns, 0, GRID - 1.001)
    top, left = rows.astype(np.int32), columns.astype(np.int32)
    down, right = rows - top, columns - left
    flat = maps.reshape(-1).astype(np.float32)
    start = np.arange(len(which), dtype=np.int32)[:, None, None] * GRID * GRID + top * GRID + left
    above = flat[start] + right * (flat[start + 1] - flat[start])
    below = flat[start + GRID] + right * (flat[start + GRID + 1] - flat[start + GRID])
    return above + down * (below - above)


def _coarsen(ink: np.ndarray, resolution: np.ndarray) -> np.ndarray:
    """Bring each image to its own resolution and back to full size; none gets finer."""
    size = ink.shape[1]
    for side in np.unique(resolution):
        if side < size:
            chosen = resolution == side
            ink[chosen] = enlarge(_block_means(ink[chosen], int(side)), size)
    return ink


def _block_means(images: np.ndarray, side: int) -> np.ndarray:
    """Mean over square blocks, in 16 grey levels: how the real digits were once made coarse."""
    block = images.shape[1] // side
    total = sum(images[:, i::block, j::block] for i in range(block) for j in range(block))
    return np.rint(total * (16 / block**2)) / np.float32(16)


def enlarge(images: np.ndarray, size: int) -> np.ndarray:
    """Enlarge square images by linear interpolation between the middles of the pixels.

    Args:
        images: N×h×h, any number type whose products by 64 fit.
        size: the new side length, a multiple of h.

    Returns:
        N×size×size, float32 (exact for small whole numbers).
    """
    low, high, share = _neighbours(images.shape[1], size)
    images = images.astype(np.float32)
    tall = images[:, low] + share[None, :, None] * (images[:, high] - images[:, low])
    return tall[:, :, low] + share * (tall[:, :, high] - tall[:, :, low])


def _neighbours(old: int, new: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each new pixel the two old ones around it, and the share of the second."""
    place = np.clip((np.arange(new) + 0.5) * (old / new) - 0.5, 0, old - 1)
    low = np.minimum(place.astype(np.int64), old - 2)
    return low, low + 1, (place - low).astype(np.float32)


def _between(rng: np.random.Generator, limits: tuple[float, float], n: int) -> np.ndarray:
    low, high = limits
    return low + (high - low) * rng.random(n)
