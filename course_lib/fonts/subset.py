"""Making the course's Chinese font: a subset of Noto Sans CJK SC under a name of its own.

    python -m course_lib.fonts.subset FONT.ttc

FONT is Noto Sans CJK, Regular (``.ttc`` or ``.otf``; on Debian the package ``fonts-noto-cjk``).
The same font file and the same course give the same bytes.
"""

from __future__ import annotations

import ast
import io
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.fonts import FAMILY, PATH
from course_lib.paths import repository_root

FULL_NAME = "Noto Sans CJK SC"
LARGEST = 1_000_000  # bytes

ASCII = "".join(map(chr, range(0x20, 0x7F)))
PUNCTUATION = "，。、；：？！“”‘’（）《》〈〉「」『』【】〔〕…—～·￥％＋－＝＜＞"
# Beyond GB 2312's first level, but likely in a course on learning machines.
LIKELY = "浏熵阈帧馏渲溯迥诠嵌迭卷骰瞥锚噪叉域栅褶谱聚类拟合瑕疵像素奇歧囊胶瓶颈瀑嘈晰泛蒸韧鲁棒滞踪阀咖啡坍塌恍惚杠铆"
SYMBOLS = "−×÷±°′″→←↑↓≤≥≈≠∞✓✗•①②③④⑤⑥⑦⑧⑨⑩"


def make_subset(font_path: Path, root: Path) -> bytes:
    """Cut the characters that the course needs out of a font, and rename what is left.

    Raises:
        CourseError: When the file holds no Noto Sans CJK SC, or the subset is too large.
    """
    from fontTools import subset

    logging.getLogger("fontTools").setLevel(logging.ERROR)  # it tells of every table it drops
    font = _open(font_path)
    options = subset.Options(hinting=False, layout_features=[], notdef_outline=True)
    options.drop_tables += ["GSUB", "GPOS", "BASE", "VORG", "vhea", "vmtx", "DSIG"]
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 7, 13, 14]
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=wanted_characters(root))
    subsetter.subset(font)
    _rename(font)
    file = io.BytesIO()
    font.save(file)
    if len(file.getvalue()) > LARGEST:
        raise CourseError(f"The subset has {len(file.getvalue()):,} bytes, more than {LARGEST:,}.")
    return file.getvalue()


def wanted_characters(root: Path) -> str:
    """Collect the font's characters: the fixed sets, and whatever else stands in a string."""
    used = {char for path in labelled_files(root) for _, text in strings_in(path) for char in text}
    chinese = {char for char in used if "\u2e80" <= char <= "\uffef"}
    return "".join(sorted({*ASCII, *PUNCTUATION, *SYMBOLS, *LIKELY, *_gb2312_level_1(), *chinese}))


def labelled_files(root: Path) -> list[Path]:
    """List the modules whose strings may end up in a figure."""
    return sorted([*root.glob("course_lib/**/*.py"), *root.glob("solutions/source/*.py")])


def strings_in(path: Path) -> Iterator[tuple[int, str]]:
    """Give the string literals of a module, parts of f-strings too, each with its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def _gb2312_level_1() -> str:
    """Give the 3,755 most used simplified characters: rows 16 to 55 of GB 2312."""
    pairs = (bytes([row + 0xA0, cell + 0xA0]) for row in range(16, 56) for cell in range(1, 95))
    return "".join(pair.decode("gb2312", errors="ignore") for pair in pairs)


def _open(path: Path) -> Any:
    from fontTools.ttLib import TTCollection, TTFont

    fonts = TTCollection(path, lazy=True).fonts if path.suffix == ".ttc" else [TTFont(path)]
    for font in fonts:
        if font["name"].getDebugName(4) == FULL_NAME:
            return font
    raise CourseError(f"{path} holds no {FULL_NAME}: give the regular weight of Noto Sans CJK.")


def _rename(font: Any) -> None:
    """Call the font by the course's name: a derived font should not pass for the original."""
    postscript = FAMILY.replace(" ", "") + "-Regular"
    names = {
        1: FAMILY,
        2: "Regular",
        3: f"{postscript};subset of {FULL_NAME}",
        4: FAMILY,
        6: postscript,
    }
    table = font["name"]
    table.names = [record for record in table.names if record.langID == 0x409]
    for number, name in names.items():
        table.setName(name, number, 3, 1, 0x409)
    shapes = font["CFF "].cff
    shapes.fontNames[0] = postscript
    shapes.topDictIndex[0].FullName = shapes.topDictIndex[0].FamilyName = FAMILY
    font.recalcTimestamp = False  # the same input gives the same bytes


def main() -> None:
    """Make the font from the file named on the command line."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        content = make_subset(Path(sys.argv[1]), repository_root())
    except CourseError as error:
        sys.exit(str(error))
    write_atomically(PATH, content)
    print(f"{PATH.name}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
