"""A folder of pictures becomes a domain: one sub-folder for each class, files as people have them.

Phones turn pictures by a note in the file (EXIF) and not by moving pixels; scanners save 16 bits;
drawing programs save transparency; systems strew hidden files about. All of that is dealt with here,
and what cannot be read is named.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from scipy import ndimage

from course_lib.data.domain import Domain
from course_lib.data.pictures import as_array, listed, middle, open_picture, unreadable
from course_lib.errors import CourseError
from course_lib.language import both

SUFFIXES = {
    *(".png", ".jpg", ".jpeg", ".jfif", ".gif", ".bmp", ".tif", ".tiff"),
    *(".webp", ".avif", ".ppm", ".pgm", ".pbm", ".heic", ".heif"),
}
_FINER = 4  # a drawing is cleaned at so many times its final size


def load_folder(
    path: str | Path,
    *,
    size: int = 32,
    colour: bool = False,
    drawing: bool = False,
    limit: int = 10_000,
) -> Domain:
    """Read a folder of pictures: each sub-folder is a class, named as the sub-folder is.

    ``path/cat/1.jpg``, ``path/cat/garden/2.png`` and ``path/dog/3.webp`` make the classes cat (two
    pictures) and dog. Classes and files stand in the order of their names, the same on every system.
    Files that cannot be read, and sub-folders without pictures, are named in a sentence and left out;
    hidden files are passed over.

    Args:
        path: The folder.
        size: Side of the pictures that come out, in pixels.
        colour: Three channels (red, green, blue) instead of one of grey.
        drawing: For dark strokes on light paper: paper becomes 0 and ink 255, however the light fell.
        limit: The most pictures to read, so that a wrong folder does not fill the memory.

    Raises:
        CourseError: There is no such folder, it holds fewer than two classes, or more than ``limit``
            pictures.
    """
    path = Path(path)
    _require_size(size, colour=colour, drawing=drawing)
    files = picture_files(path, limit=limit)
    pictures, labels, unread = [], [], []
    for name, file in files:
        try:
            pictures.append(load_picture(file, size=size, colour=colour, drawing=drawing))
            labels.append(name)
        except CourseError:
            unread.append(file.relative_to(path).as_posix())
    classes = tuple(sorted(set(labels)))
    _tell(unread, [name for name in _class_folders(path) if name not in classes])
    if len(classes) < 2:
        raise CourseError(
            f"{path} holds pictures of {len(classes)} classes; a classifier needs at least two: make a "
            "sub-folder for each class and put its pictures into it.",
            f"{path} 中只有 {len(classes)} 个类别的图片，而分类器至少需要两类：请为每个类别建一个子文件夹，"
            "把图片放进去。",
        )
    y = np.array([classes.index(label) for label in labels], dtype=np.int64)
    source = f"the folder {path.name}"
    return Domain(path.name, np.stack(pictures), y, classes, "whoever made the pictures", source)


def picture_files(path: str | Path, *, limit: int = 10_000) -> list[tuple[str, Path]]:
    """List (class, file) of everything in a folder that looks like a picture, in order.

    Raises:
        CourseError: There is no such folder, or it holds more than ``limit`` pictures.
    """
    path = Path(path)
    if not path.is_dir():
        raise CourseError(
            f"There is no folder {path} (looked for in {Path.cwd()}): is its name right?",
            f"找不到文件夹 {path}（在 {Path.cwd()} 中查找）：名字写对了吗？",
        )
    found = []
    for name, folder in _class_folders(path).items():
        for file in _pictures_in(folder):
            found.append((name, file))
            if len(found) > limit:
                raise CourseError(
                    f"{path} holds more than {limit:,} pictures: is it the right folder? "
                    "If so, allow more with limit=….",
                    f"{path} 中的图片超过 {limit:,} 张：文件夹选对了吗？如果没错，请用 limit=… 放宽上限。",
                )
    return found


def load_picture(
    file: str | Path, *, size: int = 32, colour: bool = False, drawing: bool = False
) -> np.ndarray:
    """Read one picture file as uint8, size×size×1 (×3 with ``colour``); the middle square is kept.

    Args:
        file: PNG, JPEG, GIF (its first frame), WebP, TIFF, BMP …
        size, colour, drawing: As for :func:`load_folder`.

    Raises:
        CourseError: The file is not there or cannot be read as a picture.
    """
    _require_size(size, colour=colour, drawing=drawing)
    file = Path(file)
    image = open_picture(file, file.name, least=size * _FINER).convert("RGB" if colour else "L")
    if drawing:
        large = ImageOps.fit(image, (size * _FINER, size * _FINER), Image.Resampling.BOX)
        image = ink_of(large)
    return as_array(middle(image, size))


def ink_of(image: Image.Image) -> Image.Image:
    """Turn dark strokes on light paper, unevenly lit, into white strokes (255) on black (0).

    How bright the paper is at a place is taken to be the brightest that there is near it. What lies less
    than an eighth of the way from there to the darkest ink counts as paper.

    Args:
        image: Grey, square.
    """
    grey = np.asarray(image, np.float32)
    near = image.width // 4
    paper = ndimage.uniform_filter(ndimage.maximum_filter(grey, near), near)
    darker = np.clip(paper - grey, 0, None)
    # An empty sheet has no ink: its grain must not be blown up to strokes.
    darkest = max(float(np.percentile(darker, 99.5)), 32.0)
    ink = np.clip((darker / darkest - 1 / 8) / (1 - 2 / 8), 0, 1)
    return Image.fromarray(np.rint(ink * 255).astype(np.uint8))


def _class_folders(path: Path) -> dict[str, Path]:
    """Sub-folders by class name. macOS may write ü as u and two dots: both are one name here."""
    folders = [each for each in path.iterdir() if each.is_dir() and not _is_hidden(each.name)]
    named = {unicodedata.normalize("NFC", each.name): each for each in folders}
    return dict(sorted(named.items()))


def _pictures_in(folder: Path) -> Iterator[Path]:
    """Go through a class's folder and what lies below it, in the order of the names."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(filter(_is_shown, folders), key=_in_order)
        for name in sorted(filter(_is_shown, files), key=_in_order):
            if Path(name).suffix.lower() in SUFFIXES:
                yield Path(place, name)


def _in_order(name: str) -> tuple[str, str]:
    return unicodedata.normalize("NFC", name), name


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "__MACOSX"))


def _is_shown(name: str) -> bool:
    return not _is_hidden(name)


def _tell(unread: Sequence[str], empty: Sequence[str]) -> None:
    """Say in one sentence each what was left out."""
    if unread:
        print(unreadable(unread))
    if empty:
        print(
            both(
                f"No readable picture in {listed(empty)}: left out as a class.",
                f"{listed(empty)} 中没有可读的图片：不作为类别。",
            )
        )


def _require_size(size: int, *, colour: bool, drawing: bool) -> None:
    if not 4 <= size <= 1024:
        raise CourseError(
            f"size={size}: pictures can be 4 to 1024 pixels wide.",
            f"size={size}：图片的边长应在 4 到 1024 像素之间。",
        )
    if colour and drawing:
        raise CourseError(
            "A drawing becomes ink on paper and has no colours: give colour or drawing, not both.",
            "绘画会变成纸上的墨迹，没有颜色：colour 与 drawing 只能选一个。",
        )
