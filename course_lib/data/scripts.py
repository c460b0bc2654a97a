"""Which letters of the world's scripts the typefaces of matplotlib can draw.

Few-shot features get better with the *number of different classes* they were trained on, and the
DejaVu and STIX typefaces hold over a thousand letters besides A–Z. Digits are kept out in three
ways: only characters that Unicode calls letters; none that Unicode gives a numeric value; none
whose name says that it was made from a numeral ("tone two", "tone five", "tone six").
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
from matplotlib.ft2font import FT2Font

from course_lib.data.typefaces import (
    DIGIT_TYPEFACES,
    LETTER_TYPEFACES,
    draw_mask,
    place_in_box,
    typeface_path,
)

# First and last code point of the blocks used.
BLOCKS = {
    "Latin extended": (0x0180, 0x02AF),
    "Greek and Coptic": (0x0370, 0x03FF),
    "Cyrillic": (0x0400, 0x052F),
    "Armenian": (0x0531, 0x0587),
    "Hebrew": (0x05D0, 0x05EA),
    "Arabic": (0x0621, 0x06D3),
    "N'Ko": (0x07CA, 0x07EA),
    "Lao": (0x0E81, 0x0EAE),
    "Georgian": (0x10A0, 0x10FF),
    "Canadian syllabics": (0x1400, 0x167F),
    "Phonetic extensions": (0x1D00, 0x1D2B),
    "Coptic": (0x2C80, 0x2CFF),
    "Tifinagh": (0x2D30, 0x2D67),
    "Lisu": (0xA4D0, 0xA4F7),
    "Old Italic": (0x10300, 0x1031F),
}
# Computer Modern has no more than A–Z a–z; the oblique faces are the upright ones, slanted, which the
# renderer does by itself.
TYPEFACES = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono", "DejaVuSerif", "STIXGeneral",
    "STIXGeneralItalic",
)  # fmt: skip

# Two shapes count as alike from this correlation on (1: the same); see ``look_alikes``.
ALIKE = 0.75


def script_letters(*, without_look_alikes: bool = False) -> dict[str, Sequence[str]]:
    """Letters beyond A–Z a–z, each with the typefaces that can draw it; each shape once.

    Args:
        without_look_alikes: leave out letters whose shape is close to a digit's.
    """
    where = dict(_distinct_letters())
    if without_look_alikes:
        for letter in look_alikes(tuple(where)):
            del where[letter]
    return where


@cache
def _distinct_letters() -> tuple[tuple[str, Sequence[str]], ...]:
    """Greek Α, Cyrillic А and Latin A are one drawing: keep the first of such a group."""
    seen = {_shape(LETTER_TYPEFACES[0], c).tobytes() for c in string.ascii_letters}
    kept = []
    for letter, faces in _drawable_letters():
        shape = _shape(faces[0], letter).tobytes()
        if shape not in seen:
            seen.add(shape)
            kept.append((letter, faces))
    return tuple(kept)


def _drawable_letters() -> Iterator[tuple[str, Sequence[str]]]:
    drawable = {name: FT2Font(str(typeface_path(name))).get_charmap() for name in TYPEFACES}
    for first, last in BLOCKS.values():
        for letter in filter(is_plain_letter, map(chr, range(first, last + 1))):
            faces = tuple(name for name in TYPEFACES if ord(letter) in drawable[name])
            if faces:
                yield letter, faces


def is_plain_letter(character: str) -> bool:
    """A letter without accents that stands for no number and was not made from a numeral."""
    name = unicodedata.name(character, "")
    return (
        unicodedata.category(character) in ("Lu", "Ll", "Lo")
        and not unicodedata.decomposition(character)
        and unicodedata.numeric(character, None) is None
        and " TONE " not in f" {name} "
    )


def look_alikes(letters: Sequence[str]) -> list[str]:
    """Those letters whose blurred shape correlates with a digit's by ``ALIKE`` or more.

    Shapes are compared without size and position, in the first typeface that draws the letter,
    with the digits of every typeface.
    """
    digits = np.stack([_blurred(f, d) for f in DIGIT_TYPEFACES for d in string.digits])
    where = dict(_distinct_letters())
    faces = [where.get(letter, LETTER_TYPEFACES)[0] for letter in letters]
    shapes = np.stack([_blurred(face, letter) for face, letter in zip(faces, letters, strict=True)])
    closest = (shapes @ digits.T).max(axis=1)
    return [letter for letter, r in zip(letters, closest, strict=True) if r >= ALIKE]


@cache
def _shape(face: str, character: str) -> np.ndarray:
    return place_in_box(draw_mask(face, character)[0])


def _blurred(face: str, character: str) -> np.ndarray:
    """A glyph as 16×16 mean ink, brought to mean 0 and length 1: products are correlations."""
    ink = _shape(face, character).astype(np.float64)
    coarse = ink.reshape(16, 8, 16, 8).mean(axis=(1, 3)).ravel()
    centred = coarse - coarse.mean()
    return centred / np.linalg.norm(centred)
