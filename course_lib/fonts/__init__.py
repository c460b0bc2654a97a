"""The course's own Chinese font: Course Sans SC, a subset of Noto Sans CJK SC (licence: ``OFL.txt``).

matplotlib ships no Chinese font. This one holds ASCII, Chinese punctuation, the 3,755 characters of
GB 2312's first level and every further character that the course's labels use. To make it again::

    python -m course_lib.fonts.subset /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

FAMILY = "Course Sans SC"
PATH = Path(__file__).with_name("CourseSansSC-Regular.otf")


@cache
def covered() -> frozenset[str]:
    """Give every character that a figure can show: those of this font and of matplotlib's DejaVu."""
    from fontTools.ttLib import TTFont
    from matplotlib import get_data_path

    dejavu = Path(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    codes: set[int] = set()
    for path in (PATH, dejavu):
        with TTFont(path, lazy=True) as font:
            codes |= set(font.getBestCmap())
    return frozenset(map(chr, codes))


def missing_glyphs(text: str) -> list[str]:
    """List the characters of a text that no figure can show, in order."""
    return sorted({char for char in text if char.isprintable()} - covered())
