"""The course's own Chinese font: Course Sans SC, a subset of Noto Sans CJK SC (licence: ``OFL.txt``).

matplotlib ships no Chinese font. This one holds ASCII, Chinese punctuation, the 3,755 characters of
GB 2312's first level and every further character that the course's labels use. To make it again::

    python -m course_lib.fonts.subset /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

FAMILY = "Course Sans SC"
PATH = Path(__file__).with_name("CourseSansSC-Regular.otf")


def missing_glyphs(text: str) -> list[str]:
    """List the characters that no figure can show, neither in this font nor in matplotlib's DejaVu."""
    missing = {char for char in text if char.isprintable()} - _characters_of(PATH)
    if missing:
        matplotlib = find_spec("matplotlib")  # found, not imported: that takes long
        assert matplotlib is not None and matplotlib.origin is not None
        fonts = Path(matplotlib.origin).with_name("mpl-data") / "fonts" / "ttf"
        missing -= _characters_of(fonts / "DejaVuSans.ttf")
    return sorted(missing)


@cache
def _characters_of(path: Path) -> frozenset[str]:
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))
