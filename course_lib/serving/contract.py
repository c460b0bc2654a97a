"""What a service takes, and what it refuses before a model sees it.

A request is somebody else's text. Everything about it is checked here, in the order in which it is
cheapest: how long, which kind, whether JSON, whether the right shape, whether whole numbers 0 … 255.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.errors import CourseError
from course_lib.language import both


@dataclass(frozen=True)
class Contract:
    """What goes in and what comes out.

    Attributes:
        shape: Height, width and channels of a picture.
        classes: What each output means.
        most: The largest number of pictures in one request.
    """

    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    most: int = 64

    def __post_init__(self) -> None:
        if len(self.shape) != 3 or min(*self.shape, self.most) < 1 or len(self.classes) < 2:
            raise CourseError(
                "A contract names a picture's H×W×C, two classes or more, and at least one picture a "
                f"request; found {self.shape}, {len(self.classes)} classes, {self.most} pictures.",
                f"约定要写明图片的 H×W×C、至少两个类别、每次请求至少一张图片；"
                f"现在是 {self.shape}、{len(self.classes)} 个类别、{self.most} 张。",
            )

    @property
    def largest_body(self) -> int:
        """The longest request in bytes: ``"255, "`` for each pixel, brackets, and some room."""
        h, w, _ = self.shape
        return self.most * (6 * math.prod(self.shape) + 4 * h * w + 4 * h) + 1024


class RequestError(Exception):
    """A request that is not answered: an HTTP status and a sentence for whoever sent it."""

    def __init__(self, status: int, en: str, zh: str) -> None:
        super().__init__(both(en, zh))
        self.status = status


def require_headers(
    contract: Contract, content_type: str, lengths: list[str], encoded: bool
) -> int:
    """Make sure, before anything is read, that a body is JSON and not too long; give its length.

    Args:
        content_type: The header ``Content-Type``.
        lengths: What the headers ``Content-Length`` say; there must be one.
        encoded: Whether there is a ``Transfer-Encoding`` or ``Content-Encoding``.

    Raises:
        RequestError: 411, 400, 413 or 415.
    """
    if encoded or not lengths:
        raise RequestError(
            411,
            "Send the length of the body (Content-Length), and the body uncompressed in one piece.",
            "请写明正文长度（Content-Length），正文不要压缩，也不要分块。",
        )
    # isdecimal alone takes other alphabets' digits, int() signs, spaces and underscores.
    if len(set(lengths)) != 1 or not (lengths[0].isascii() and lengths[0].isdecimal()):
        raise RequestError(400, "Content-Length is no number.", "Content-Length 不是数。")
    if len(lengths[0]) > 15 or int(lengths[0]) > contract.largest_body:
        raise RequestError(
            413,
            f"At most {contract.most} pictures, {contract.largest_body:,} bytes.",
            f"最多 {contract.most} 张图片，共 {contract.largest_body:,} 字节。",
        )
    if content_type.split(";")[0].strip().lower() != "application/json":
        raise RequestError(
            415,
            "Send pixels as JSON (Content-Type: application/json), no picture file and no form.",
            "请把像素写成 JSON 发送（Content-Type: application/json），不要发图片文件或表单。",
        )
    return int(lengths[0])


def read_images(contract: Contract, body: bytes) -> np.ndarray:
    """Give the pictures in a request's body: uint8 N×H×W×C.

    The body is ``{"images": [picture, …]}`` in UTF-8; a picture is H rows of W pixels, a pixel a list
    of C whole numbers 0 … 255, or the number itself where C is 1.

    Raises:
        RequestError: 400 where it is no JSON, 422 where it is not that, 413 where it is too much.
    """
    try:
        told = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise RequestError(400, "The body is no JSON.", "正文不是 JSON。") from None
    if not isinstance(told, dict) or set(told) != {"images"} or type(told["images"]) is not list:
        raise RequestError(
            422,
            'Send {"images": [picture, …]} and nothing else.',
            '请发送 {"images": [图片, …]}，不要有别的内容。',
        )
    pictures = told["images"]
    if not 1 <= len(pictures) <= contract.most:
        raise RequestError(
            413 if pictures else 422,
            f"Send 1 to {contract.most} pictures; these are {len(pictures)}.",
            f"请发送 1 到 {contract.most} 张图片，现在是 {len(pictures)} 张。",
        )
    pixels: list[int] = []
    h, w, c = contract.shape
    for picture in pictures:
        flat = c == 1 and not _starts_deep(picture)
        _collect(picture, (h, w) if flat else (h, w, c), pixels)
    return np.array(pixels, np.uint8).reshape(len(pictures), h, w, c)


def _starts_deep(picture: Any) -> bool:
    """Say whether a picture's first pixel is a list."""
    for _ in range(2):
        if type(picture) is not list or not picture:
            return False
        picture = picture[0]
    return type(picture) is list


# What the lists in a picture hold, from the outermost.
_PARTS = (
    ("rows", "行"),
    ("pixels in each row", "个像素（每行）"),
    ("values in each pixel", "个值（每像素）"),
)


def _collect(value: Any, shape: tuple[int, ...], pixels: list[int], depth: int = 0) -> None:
    """Append the pixels of nested lists of one shape; anything else is refused."""
    if depth == len(shape):
        # type() and not isinstance(): True is an int to Python, and no pixel.
        if type(value) is not int or not 0 <= value <= 255:
            raise RequestError(
                422, "A pixel is a whole number from 0 to 255.", "像素应是 0 到 255 的整数。"
            )
        pixels.append(value)
        return
    if type(value) is not list or len(value) != shape[depth]:
        (en, zh), n = _PARTS[depth], len(value) if type(value) is list else None
        raise RequestError(
            422,
            f"A picture has {shape[depth]} {en}; found " + ("no list." if n is None else f"{n}."),
            f"图片应有 {shape[depth]} {zh}，现在" + ("不是列表。" if n is None else f"是 {n}。"),
        )
    for each in value:
        _collect(each, shape, pixels, depth + 1)


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)  # NaN and Infinity are no JSON, though Python reads them
