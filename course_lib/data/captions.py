"""Pictures with captions: one geometric shape each, and a sentence that names some of what is seen.

A picture is made from a combination of four things: kind, shade, size and place. Its caption is made
from the same combination by a template; some templates leave things out, as captions do, and part of
the captions is Chinese (words are separated by blanks in both languages).
"""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from course_lib.arguments import require_count, require_number, require_seed
from course_lib.data.domain import Domain
from course_lib.data.shapes import SHAPES
from course_lib.errors import CourseError

# Each thing's values: English word, Chinese word, and what it means in the picture.
KINDS = {
    "disc": "圆", "ring": "圆环", "square": "正方形", "frame": "方框",
    "triangle": "三角形", "cross": "十字", "bar": "横条", "star": "星形",
}  # fmt: skip
SHADES = {"dark": ("暗", 0.45), "bright": ("亮", 1.0)}
SIZES = {"small": ("小", 0.2), "large": ("大", 0.38)}  # radius, as a part of the side
PLACES = {"left": ("左边", -0.17), "right": ("右边", 0.17)}  # from the middle, likewise

Combination = tuple[str, str, str, str]  # kind, shade, size, place
COMBINATIONS: tuple[Combination, ...] = tuple(product(KINDS, SHADES, SIZES, PLACES))

TEMPLATES = {
    "en": (
        "a {size} {shade} {kind} on the {place}",
        "{kind} , {shade} , {size} , {place}",
        "picture of a {shade} {kind} on the {place}",
        "a {size} {kind}",
        "there is a {shade} {kind}",
    ),
    "zh": (
        "{place} 有 一个 {size} {shade} {kind}",
        "{shade} {kind} 的 图片",
        "一个 {size} {kind}",
    ),
}


@dataclass(frozen=True)
class Captioned:
    """Pictures and what is written under them.

    Attributes:
        pictures: A domain; ``y`` is the place of the picture's combination in ``COMBINATIONS``.
        captions: One for each picture.
    """

    pictures: Domain
    captions: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.captions)


def captioned_shapes(
    n: int,
    *,
    seed: int = 0,
    size: int = 16,
    combinations: Sequence[Combination] = COMBINATIONS,
    chinese: float = 0.1,
) -> Captioned:
    """Draw pictures with captions.

    Args:
        n: How many.
        seed: Another seed gives others.
        size: Side in pixels.
        combinations: What may be seen; all 64 unless given.
        chinese: The part of the captions that is Chinese, 0 to 1.
    """
    require_count("n", n)
    require_number("chinese", chinese, 0, 1)
    if not combinations or not set(combinations) <= set(COMBINATIONS):
        raise CourseError(
            "combinations are some of captions.COMBINATIONS: (kind, shade, size, place).",
            "combinations 应取自 captions.COMBINATIONS：（形状、明暗、大小、位置）。",
        )
    rng = np.random.default_rng(require_seed(seed))
    chosen = [combinations[i] for i in rng.integers(len(combinations), size=n)]
    x = np.stack([draw_shape(each, size, rng) for each in chosen])[..., None]
    y = np.array([COMBINATIONS.index(each) for each in chosen], dtype=np.int64)
    captions = []
    for each in chosen:
        language = "zh" if rng.random() < chinese else "en"
        captions.append(describe(each, TEMPLATES[language][rng.integers(len(TEMPLATES[language]))]))
    names = tuple(describe(each, TEMPLATES["en"][0]) for each in COMBINATIONS)
    pictures = Domain("captioned shapes", x, y, names, "Made here", "drawn from formulas")
    return Captioned(pictures, tuple(captions))


def draw_shape(combination: Combination, size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw one picture of a combination, jittered a little: uint8, size×size."""
    kind, shade, how_large, place = combination
    radius = SIZES[how_large][1] * rng.uniform(0.9, 1.1)
    middle = (np.arange(size) + 0.5) / size - 0.5
    dx, dy = rng.uniform(-0.08, 0.08, 2)
    u, v = np.meshgrid((middle - PLACES[place][1] - dx) / radius, (middle - dy) / radius)
    cover = np.clip(0.5 - SHAPES[kind](u, v) * radius * size / 2, 0, 1)
    grey = 0.1 * rng.random((size, size)) + cover * SHADES[shade][1] * rng.uniform(0.9, 1.1)
    return np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)


def describe(combination: Combination, template: str) -> str:
    """Fill a template in with a combination's words, in the template's language."""
    kind, shade, how_large, place = combination
    if template in TEMPLATES["zh"]:
        kind, shade = KINDS[kind], SHADES[shade][0]
        how_large, place = SIZES[how_large][0], PLACES[place][0]
    return template.format(kind=kind, shade=shade, size=how_large, place=place)


def hold_out(share: float, *, seed: int = 0) -> tuple[list[Combination], list[Combination]]:
    """Share the combinations out: those that training sees, and those that it never sees.

    Every single word stays among the seen; it is the *combinations* that are new.

    Args:
        share: The part that is held out.
        seed: Which.
    """
    order = np.random.default_rng(require_seed(seed)).permutation(len(COMBINATIONS))
    count = round(require_number("share", share, 0, 1, ends="()") * len(COMBINATIONS))
    unseen, seen = (
        [COMBINATIONS[i] for i in part] for part in (order[:count], order[count:])
    )  # fmt: skip
    if any(len({each[i] for each in seen}) < len(things) for i, things in enumerate(THINGS)):
        return hold_out(share, seed=seed + 1)
    return seen, unseen


THINGS: tuple[Sized, ...] = (KINDS, SHADES, SIZES, PLACES)


def take(captioned: Captioned, indices: np.ndarray) -> Captioned:
    """Give some of the pictures with their captions."""
    captions = tuple(captioned.captions[i] for i in indices)
    return replace(captioned, pictures=captioned.pictures.take(indices), captions=captions)
