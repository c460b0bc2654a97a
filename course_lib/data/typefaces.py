"""Glyphs of the typefaces that matplotlib ships, each kept as a map of distances.

A bitmap of a letter can only be shown. A *map of distances* can be redrawn in any stroke width:
every pixel holds how far it lies from the edge of the ink (negative inside), so the letter is
where the distance is below zero, a bolder one where it is below one pixel, and so on. A second
map holds the distance from the *middle line* of the strokes: cut at ``w``, it gives the same letter
written with a pen of half-width ``w``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import distance_transform_edt

# Every typeface file of matplotlib that draws real letters at A–Z and a–z. (cmsy10 and cmex10
# claim to, but draw mathematical symbols there.)
LETTER_TYPEFACES = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique",
    "DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSansMono-Oblique", "DejaVuSansMono-BoldOblique",
    "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic",
    "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta",
    "cmr10", "cmb10", "cmss10", "cmtt10", "cmti10", "cmmi10",
)  # fmt: skip
# cmmi10's digits are "old style": they hang below the line and some look like letters.
DIGIT_TYPEFACES = tuple(name for name in LETTER_TYPEFACES if name != "cmmi10")

GRID = 64  # a map of distances is GRID × GRID
BOX = 48  # the longer side of a glyph on that grid; the rest is margin
STEPS_PER_PIXEL = 8  # distances are kept as int8, in eighths of a grid pixel
REACH = 34  # points of the double grid: what lies further off is clipped (127 eighths, 32 points)
_DRAWN_AT = 160  # font size, in pixels, at which outlines are drawn before they are measured


@dataclass(frozen=True)
class Glyphs:
    """Maps of distances for a list of glyphs.

    Attributes:
        edge: int8, G×64×64, distance from the outline in eighths of a pixel, negative inside.
        middle: int8, G×64×64, distance from the strokes' middle line, never negative.
        size: float32, G, longer side of the glyph in units of its typeface's line height.
        rise: float32, G, how far the glyph's middle lies below the line's middle, same units.
        label: int64, G, which character it is.
    """

    edge: np.ndarray
    middle: np.ndarray
    size: np.ndarray
    rise: np.ndarray
    label: np.ndarray


def typeface_path(name: str) -> Path:
    """The file of one of matplotlib's own typefaces."""
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"


@cache
def typeface(name: str) -> ImageFont.FreeTypeFont:
    """One of matplotlib's typefaces, opened for drawing."""
    # BASIC layout: the same glyph whichever text-shaping library the machine has.
    return ImageFont.truetype(
        str(typeface_path(name)), _DRAWN_AT, layout_engine=ImageFont.Layout.BASIC
    )


def measure_glyphs(characters: Sequence[tuple[str, str, int]]) -> Glyphs:
    """Draw glyphs and measure their maps of distances.

    Args:
        characters: one ``(typeface, character, label)`` per glyph.

    Returns:
        :class:`Glyphs`, in the same order.
    """
    masks = [draw_mask(name, character) for name, character, _ in characters]
    ink = np.stack([place_in_box(mask) for mask, _, _ in masks])
    # A few hundred at a time: they stay in the processor's cache.
    middle_lines = [
        line for i in range(0, len(ink), 256) for line in thin(ink[i : i + 256, 1::2, 1::2])
    ]
    return Glyphs(
        edge=np.concatenate([edge_distances(ink[i : i + 64]) for i in range(0, len(ink), 64)]),
        middle=np.stack([middle_distance(line) for line in middle_lines]),
        size=np.array([size for _, size, _ in masks], np.float32),
        rise=np.array([rise for _, _, rise in masks], np.float32),
        label=np.array([label for _, _, label in characters], np.int64),
    )


def draw_mask(name: str, character: str) -> tuple[np.ndarray, float, float]:
    """Draw one character.

    Returns:
        Its ink (bool, cropped to the ink), its ``size`` and its ``rise`` (see :class:`Glyphs`).
    """
    font = typeface(name)
    ascent, descent = font.getmetrics()
    left, top, right, bottom = (round(edge) for edge in font.getbbox(character))
    image = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(image).text((-left, -top), character, fill=255, font=font)
    mask = np.asarray(image) > 127
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    ink = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    line = ascent + descent
    centre = top + (rows[0] + rows[-1] + 1) / 2
    return ink, max(ink.shape) / line, (centre - line / 2) / line


def place_in_box(ink: np.ndarray) -> np.ndarray:
    """Scale ink so that its longer side is ``2·BOX``, in the middle of a ``2·GRID`` square."""
    scale = 2 * BOX / max(ink.shape)
    height, width = (max(2, round(n * scale)) for n in ink.shape)
    resized = Image.fromarray(ink.astype(np.uint8) * 255).resize(
        (width, height), Image.Resampling.BOX
    )
    square = np.zeros((2 * GRID, 2 * GRID), bool)
    top, left = GRID - height // 2, GRID - width // 2
    square[top : top + height, left : left + width] = np.asarray(resized) > 127
    return square


def edge_distances(ink: np.ndarray) -> np.ndarray:
    """Distances from the outline on the GRID (int8, eighths of a pixel, negative inside).

    Args:
        ink: bool, N×2·GRID×2·GRID.
    """
    # On the double grid a distance of 1 is half a pixel; every other point of it is asked.
    inside = ink[:, 1::2, 1::2]
    return _to_int8(np.where(inside, 0.5 - _distances_to(~ink), _distances_to(ink) - 0.5) / 2)


def _distances_to(goal: np.ndarray) -> np.ndarray:
    """From every other point of each image, the distance to the nearest ``True`` one: exact up to REACH.

    First along the rows, then down the columns: the square of a distance is the sum of the two.
    """
    column, far = np.arange(goal.shape[2], dtype=np.int16), np.int16(4 * goal.shape[2])
    left = np.maximum.accumulate(np.where(goal, column, -far), axis=2)
    right = np.minimum.accumulate(np.where(goal, column, far)[..., ::-1], axis=2)[..., ::-1]
    along = np.minimum(column - left, right - column)[..., 1::2]
    squares = np.minimum(along, REACH) ** 2
    squares = np.pad(squares, ((0, 0), (REACH, REACH), (0, 0)), constant_values=REACH**2)
    nearest = squares[:, REACH + 1 : -REACH : 2]
    for step in range(1, REACH + 1):
        for shift in (-step, step):
            other = squares[:, REACH + 1 + shift : squares.shape[1] - REACH + shift : 2]
            nearest = np.minimum(nearest, other + np.int16(step * step))
    return np.sqrt(nearest)


def middle_distance(line: np.ndarray) -> np.ndarray:
    """Distance from a middle line on the GRID (int8, eighths of a pixel)."""
    return _to_int8(distance_transform_edt(~line))


def _to_int8(distance: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(distance * STEPS_PER_PIXEL), -127, 127).astype(np.int8)


def thin(ink: np.ndarray) -> np.ndarray:
    """Thin ink to lines one pixel wide that keep its shape.

    Zhang and Suen, "A fast parallel algorithm for thinning digital patterns",
    Communications of the ACM 27(3), 1984; all images at once.

    Args:
        ink: bool, N×H×W.

    Returns:
        The middle lines, bool, N×H×W.
    """
    ink = np.pad(ink, ((0, 0), (1, 1), (1, 1)))
    while True:
        before = ink.sum()
        for corners in ((0, 2, 4), (2, 4, 6)), ((0, 2, 6), (0, 4, 6)):
            ink = ink & ~_may_go(ink, corners)
        if ink.sum() == before:
            return ink[:, 1:-1, 1:-1]


def _may_go(ink: np.ndarray, corners: tuple[tuple[int, ...], ...]) -> np.ndarray:
    """Which pixels can be removed without breaking a line (one half-step of :func:`thin`)."""
    # The eight neighbours, clockwise from the one above.
    shifts = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
    around = [np.roll(ink, (-dy, -dx), axis=(1, 2)) for dy, dx in shifts]
    neighbours = sum(p.astype(np.int8) for p in around)
    changes = sum(
        (~p & q).astype(np.int8) for p, q in zip(around, around[1:] + around[:1], strict=True)
    )
    removable = ink & (neighbours >= 2) & (neighbours <= 6) & (changes == 1)
    for a, b, c in corners:
        removable &= ~(around[a] & around[b] & around[c])
    return removable
