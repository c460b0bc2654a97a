"""Rendered characters: the letters A–Z a–z, the letters of many scripts, and the digits 0–9.

All three are drawn from the typefaces that matplotlib ships, by the same renderer. They need no
download, their labels are certain, and there is no end of them: a labelled *source*.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import PIL

from course_lib.data import rendering, typefaces
from course_lib.data.domain import Domain
from course_lib.data.rendering import Style
from course_lib.data.scripts import script_letters
from course_lib.data.store import cached, code_of
from course_lib.data.typefaces import DIGIT_TYPEFACES, LETTER_TYPEFACES, Glyphs, measure_glyphs
from course_lib.errors import CourseError

LATIN = string.ascii_uppercase + string.ascii_lowercase

# Letters that one could take for a digit: 8 0 1 5 2 (capitals), 6 9 1 0 9 5 2 (small). The six of
# the course's protocol (O I l S Z B), their small or capital partners of the same shape, and b, g, q.
LOOK_LIKE_DIGITS = "BIOSZbgloqsz"

# How clean the drawing is: as a printer would, or as hands and scanners would.
STYLES = {
    "print": Style(),
    "hand": Style(
        fill=True,
        scale=(0.85, 1.1),
        stretch=0.2,
        turn=0.2,
        slant=0.25,
        shift=0.05,
        bend=0.12,
        pen=0.8,
        pen_width=(0.03, 0.09),
        bolder=(-0.02, 0.05),
        resolutions=(8, 8, 8, 8, 8, 16),
        noise=0.05,
    ),
}

LICENSE = (
    "Made here; typefaces: DejaVu (Bitstream Vera licence), STIX (OFL), Computer Modern (BaKoMa)"
)


def letters(
    *,
    n: int = 10_000,
    seed: int = 0,
    size: int = 32,
    style: str | Style = "print",
    without: str = "",
    cache: bool = True,
) -> Domain:
    """The letters A–Z and a–z in 22 typefaces; never a digit.

    Args:
        n: number of images; classes and typefaces are drawn evenly.
        seed: another seed gives other images.
        size: side length in pixels, a multiple of 8 (``"hand"``: of 16).
        style: ``"print"``, ``"hand"`` (bent, slanted, by pen, coarse) or a :class:`Style`.
        without: letters to leave out, for example ``LOOK_LIKE_DIGITS``.
        cache: keep the images on disk.
    """
    characters = [c for c in LATIN if c not in without]
    if not characters:
        raise CourseError(
            "No letters are left: leave some in.", "一个字母也没有剩下：请至少保留几个。"
        )
    where: dict[str, Sequence[str]] = dict.fromkeys(characters, LETTER_TYPEFACES)
    return _rendered("letters", where, n, seed, size, style, cache)


def rendered_digits(
    *,
    n: int = 10_000,
    seed: int = 0,
    size: int = 32,
    style: str | Style = "print",
    cache: bool = True,
) -> Domain:
    """The digits 0–9 in 21 typefaces: the source of the course's domain-adaptation task.

    Arguments as for :func:`letters`.
    """
    where: dict[str, Sequence[str]] = dict.fromkeys(string.digits, DIGIT_TYPEFACES)
    return _rendered("rendered_digits", where, n, seed, size, style, cache)


def scripts(
    *,
    n: int = 10_000,
    seed: int = 0,
    size: int = 32,
    style: str | Style = "hand",
    without_look_alikes: bool = False,
    cache: bool = True,
) -> Domain:
    """Letters of many scripts — Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew, Arabic,
    Canadian syllabics, Tifinagh, Lisu … — in up to 22 typefaces: over a thousand classes.

    No digit or numeral of any script is among them (see ``course_lib/data/scripts.py``).

    Args:
        without_look_alikes: leave out the letters that look like a digit, by list for Latin and by
            measured shape for the other scripts.

    The other arguments are those of :func:`letters`.
    """
    where = script_letters(without_look_alikes=without_look_alikes)
    for c in LATIN:
        if not (without_look_alikes and c in LOOK_LIKE_DIGITS):
            where[c] = LETTER_TYPEFACES
    return _rendered("scripts", where, n, seed, size, style, cache)


def _rendered(
    name: str,
    where: dict[str, Sequence[str]],
    n: int,
    seed: int,
    size: int,
    style: str | Style,
    cache: bool,
) -> Domain:
    """Draw ``n`` images of the characters that ``where`` maps to their typefaces."""
    how = _style(style)
    _require_size(n, size, how)
    key = {
        "name": name, "where": where, "n": n, "seed": seed, "size": size, "style": asdict(how),
        "code": code_of(rendering.__file__, typefaces.__file__), "numpy": np.__version__, "pillow": PIL.__version__,
    }  # fmt: skip

    def make() -> dict[str, np.ndarray]:
        glyphs, which = _pick_glyphs(where, n, seed, cache)
        return {"x": rendering.draw(glyphs, which, how, size, seed), "y": glyphs.label[which]}

    made = cached(key, make, cache=cache)
    return Domain(
        name, made["x"], made["y"], tuple(where), LICENSE, "rendered from matplotlib's typefaces"
    )


def _pick_glyphs(
    where: dict[str, Sequence[str]], n: int, seed: int, cache: bool
) -> tuple[Glyphs, np.ndarray]:
    """Measured glyphs, and which of them each of ``n`` images shows."""
    all_glyphs = [(face, c, label) for label, c in enumerate(where) for face in where[c]]
    which = pick_evenly(np.array([label for _, _, label in all_glyphs]), n, seed)
    if n < len(all_glyphs):  # a few images: measure what they need and no more
        used, which = np.unique(which, return_inverse=True)
        return measure_glyphs([all_glyphs[i] for i in used]), which
    key = {"glyphs": all_glyphs, "code": code_of(typefaces.__file__), "pillow": PIL.__version__}
    return Glyphs(**cached(key, lambda: vars(measure_glyphs(all_glyphs)), cache=cache)), which


def pick_evenly(label: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Draw ``n`` glyphs: first a class, each as likely as any other, then one of its glyphs."""
    rng = np.random.default_rng(seed)
    order = np.argsort(label, kind="stable")
    counts = np.bincount(label)
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    # Classes in shuffled rounds, so that their numbers differ by one at most.
    rounds = -(-n // len(counts))
    classes = np.concatenate([rng.permutation(len(counts)) for _ in range(rounds)])[:n]
    return order[first[classes] + (rng.random(n) * counts[classes]).astype(np.int64)]


def _style(style: str | Style) -> Style:
    if isinstance(style, Style):
        return style
    if style not in STYLES:
        raise CourseError(
            f"There is no style {style!r}: choose one of {', '.join(STYLES)}, or make a Style.",
            f"没有 {style!r} 这种书写风格：可选 {'、'.join(STYLES)}，也可以自建一个 Style。",
        )
    return STYLES[style]


def _require_size(n: int, size: int, style: Style) -> None:
    if n < 1:
        raise CourseError(f"n={n}: ask for at least one image.", f"n={n}：至少要一张图像。")
    unfit = [side for side in style.resolutions if side < size and size % side]
    if size < 8 or size % 8 or unfit:
        unit = max([8, *unfit])
        raise CourseError(
            f"size={size}: in this style images are {unit}, {2 * unit}, {3 * unit} … pixels wide.",
            f"size={size}：这种风格的图像边长应为 {unit}、{2 * unit}、{3 * unit}……像素。",
        )
