"""Picture files become arrays by one rule: upright, eight bits, on white, of a size that memory bears.

Two ways to make them square: the whole middle (:func:`middle`), for people's own pictures; and the middle of
a slightly larger one (:func:`middle_as_judged`), which is how networks trained on ImageNet were measured.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from course_lib.errors import CourseError
from course_lib.language import both

MOST_PIXELS = 250_000_000  # of one picture: more than any telephone takes
_SHOWN = 5  # names in a message


def open_picture(source: Path | bytes, name: str, *, least: int) -> Image.Image:
    """Open a picture upright, in grey or colours of 8 bits, on white where it is transparent.

    Args:
        source: A file, or its bytes.
        name: What to call it in a message.
        least: The side that will be needed: a large JPEG is read at a fraction of its size.

    Raises:
        CourseError: The file is not there or cannot be read as a picture.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd but readable files
            image = Image.open(io.BytesIO(source) if isinstance(source, bytes) else source)
            if image.width * image.height > MOST_PIXELS:
                raise Image.DecompressionBombError
            image.draft(None, (least, least))
            return _in_eight_bits(ImageOps.exif_transpose(image))
    except FileNotFoundError as error:
        raise CourseError(
            f"There is no file {source!s} (looked for in {Path.cwd()}).",
            f"找不到文件 {source!s}（在 {Path.cwd()} 中查找）。",
        ) from error
    except (
        *(OSError, ValueError, SyntaxError, EOFError, MemoryError),
        *(UnidentifiedImageError, Image.DecompressionBombError),
    ) as error:
        raise CourseError(unreadable([name])) from error


def middle(image: Image.Image, size: int) -> Image.Image:
    """Keep the whole middle square, at ``size`` pixels a side."""
    return ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS)


def middle_as_judged(image: Image.Image, size: int) -> Image.Image:
    """Bring the shorter side to ``size``·8⁄7 and keep the middle: 256 and 224 for ImageNet's networks."""
    scale = round(size * 8 / 7) / min(image.size)
    image = image.resize(
        [max(size, round(side * scale)) for side in image.size], Image.Resampling.BILINEAR
    )
    left, top = ((side - size) // 2 for side in image.size)
    return image.crop((left, top, left + size, top + size))


def as_array(image: Image.Image) -> np.ndarray:
    """Give a picture as uint8, H×W×C; grey has C = 1."""
    values = np.asarray(image, dtype=np.uint8)
    return values.reshape(image.height, image.width, -1)


def unreadable(names: Sequence[str]) -> str:
    """Give the sentence for files that are no pictures."""
    apple = any(name.lower().endswith((".heic", ".heif")) for name in names)
    count = len(names)
    return both(
        f"{count} file{'s' * (count > 1)} could not be read as a picture: {listed(names)}."
        + " HEIC, from iPhones, must be exported as JPEG first." * apple,
        f"有 {count} 个文件无法作为图片读取：{listed(names)}。"
        + "HEIC 是 iPhone 的格式，请先导出为 JPEG。" * apple,
    )


def listed(names: Sequence[str]) -> str:
    """Name the first few of many."""
    shown = both(", ", "、").join(names[:_SHOWN])
    return shown + both(" …", "……") * (len(names) > _SHOWN)


def _in_eight_bits(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":  # 16 or 32 bits of grey
        values = np.asarray(image, np.float64)
        white = 1.0 if values.max() <= 1 else 255.0 if values.max() <= 255 else 65535.0
        return Image.fromarray(np.rint(np.clip(values / white, 0, 1) * 255).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(paper, image).convert("RGB")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")
