"""Data for every chapter, with no download: ``load("digits")`` always works.

Your own pictures come in through ``load_folder("my_pictures")``.

| name | kind |
|---|---|
| ``digits`` | real handwriting, the target |
| ``letters``, ``scripts`` | rendered letters, labelled sources; never a digit |
| ``rendered_digits`` | rendered digits, the source for domain adaptation |
| ``fractals``, ``shapes``, ``dead_leaves`` | sources of quite another kind |
| ``terrain`` | land from above, for chapter 12; its season can be changed |
| ``vowels`` | sounds: ten vowels of synthetic men, women and children |
| ``reviews``, ``messages``, ``headlines`` | generated texts: sentiment, spam, topic; each of several kinds |

Real data sets have names, too (``mnist``, ``cifar10``, ``hymenoptera`` …: ``./course data list``) and come from
the network, once. ``load("digits", real="mnist")`` is the embedded domain or, with ``COURSE_DATA=real``,
the real one.

**What is guaranteed.** The same call gives the same bytes, run after run, from the cache or not. On
another platform it gives the same bytes where NumPy and Pillow have the versions of
``requirements.lock``: random numbers are NumPy's PCG64 (integers and their multiples), glyphs come
from the FreeType inside Pillow (fixed-point), and all that follows is single additions,
multiplications, divisions, square roots and roundings, which IEEE 754 defines to the last bit. (It is
tested by checksum on Linux x86-64; no other platform was at hand.) Other versions may shift a pixel
by a grey level; the cache's key holds them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course_lib.data import (
    digits,
    fractals,
    headlines,
    letters,
    messages,
    reviews,
    shapes,
    terrain,
    vowels,
)
from course_lib.data.catalogue import REAL
from course_lib.data.domain import Domain, few_shot, few_shot_indices, last_block, split
from course_lib.data.folders import load_folder, load_picture
from course_lib.data.letters import LOOK_LIKE_DIGITS
from course_lib.data.marks import draw_mark, draw_marks
from course_lib.data.remote import load_real, real_is_wanted
from course_lib.data.rendering import Style
from course_lib.data.tasks import join_domains, permute_pixels, split_classes
from course_lib.errors import CourseError
from course_lib.language import both

__all__ = [
    "LOOK_LIKE_DIGITS",
    "Domain",
    "Style",
    "draw_mark",
    "draw_marks",
    "few_shot",
    "few_shot_indices",
    "join_domains",
    "last_block",
    "load",
    "load_folder",
    "load_picture",
    "names",
    "permute_pixels",
    "real_is_wanted",
    "split",
    "split_classes",
]

_RENDERED: dict[str, Callable[..., Domain]] = {
    "letters": letters.letters,
    "scripts": letters.scripts,
    "rendered_digits": letters.rendered_digits,
    "fractals": fractals.fractals,
    "shapes": shapes.shapes,
    "dead_leaves": shapes.dead_leaves,
    "terrain": terrain.terrain,
}
_SOUNDS: dict[str, Callable[..., Domain]] = {"vowels": vowels.vowels}
_WRITTEN: dict[str, Callable[..., Domain]] = {
    "reviews": reviews.reviews,
    "messages": messages.messages,
    "headlines": headlines.headlines,
}


def load(
    name: str,
    *,
    n: int | None = None,
    seed: int = 0,
    size: int | None = None,
    cache: bool = True,
    real: str | None = None,
    **options: Any,
) -> Domain:
    """A domain by its name.

    Args:
        name: one of :func:`names`, or a real data set (``./course data list``).
        n: number of examples; by default 10,000 rendered ones (2,000 texts), or all there are.
        seed: for rendered data, another seed gives other images; for real data with ``n``, another
            sample.
        size: side length of the images in pixels; by default 32, and a real data set's own. Sounds
            have none.
        cache: keep rendered images on disk.
        real: the real data set to take instead where the reader asks for real data
            (``COURSE_DATA=real``); images come in the size that was asked for, or 32.
        options: what the domain's own function takes, for example ``style="hand"`` for letters or
            ``about="hotels"`` for reviews; they say nothing to a real data set in its place.

    Raises:
        CourseError: no such domain, or an option that it does not have.
    """
    if real is not None and real_is_wanted():
        return load_real(real, n=n, seed=seed, size=size or 32)
    if name in REAL:
        return load_real(name, n=n, seed=seed, size=size, **_part_of(name, options))
    if name in _SOUNDS | _WRITTEN:
        if size is not None:
            options["size"] = size  # neither has one: it is refused like any other strange option
        if name in _SOUNDS:
            options["cache"] = cache
        make = (_SOUNDS | _WRITTEN)[name]
        return _made(name, make, n=2000 if n is None else n, seed=seed, **options)
    size = 32 if size is None else size
    if name == "digits":
        _require_no_options(name, options)
        domain = digits.digits(size=size)
        return domain if n is None else domain.sample(n, seed)
    if name not in _RENDERED:
        known = ["digits", *_RENDERED, *_SOUNDS, *_WRITTEN]
        raise CourseError(
            f"There is no domain {name!r}: choose one of {', '.join(known)}.",
            f"没有名为 {name!r} 的数据域：可选 {'、'.join(known)}。",
        )
    n = 10_000 if n is None else n
    return _made(name, _RENDERED[name], n=n, seed=seed, size=size, cache=cache, **options)


def names() -> list[tuple[str, str, str]]:
    """All domains: name, what it is in one line, licence."""
    drawn, typeset = "Made here", letters.LICENSE
    kinds = both("books, kitchen, phones, hotels", "书籍、厨具、手机、酒店")
    return [
        ("digits", both("1,797 real handwritten digits", "1,797 张真实的手写数字图片"), digits.LICENSE),
        ("letters", both("letters A–Z a–z in 22 typefaces", "22 种字体的英文字母 A–Z a–z"), typeset),
        ("scripts", both("letters of many scripts, 1,355 classes", "多种文字的字母，1,355 类"), typeset),
        ("rendered_digits", both("digits 0–9 in 21 typefaces", "21 种字体的数字 0–9"), typeset),
        ("fractals", both("fractals of random affine maps", "随机仿射映射生成的分形"), drawn),
        ("shapes", both("twelve geometric shapes", "十二种几何图形"), drawn),
        ("dead_leaves", both("textures of overlapping shapes", "图形层层叠压的“落叶”纹理"), drawn),
        ("terrain", both("land seen from above, five kinds", "从上方看的土地，五种"), drawn),
        ("vowels", both("ten spoken vowels, synthesised", "十个合成的英语元音"), drawn),
        ("reviews", both(f"generated reviews of {kinds}", f"生成的评论：{kinds}"), reviews.LICENSE),
        ("messages", both("generated messages, spam or not", "生成的消息，是否垃圾信息"), messages.LICENSE),
        ("headlines", both("generated headlines: mood, topic", "生成的财经标题"), headlines.LICENSE),
    ]  # fmt: skip


def _made(name: str, make: Callable[..., Domain], **how: Any) -> Domain:
    """Make a domain; an option that it does not have is named in a sentence."""
    try:
        return make(**how)
    except TypeError as error:
        if "unexpected keyword argument" not in str(error):
            raise
        known = {"n", "seed", "cache"} | ({"size"} if name in _RENDERED else set())
        _require_no_options(name, {key: each for key, each in how.items() if key not in known})
        raise


def _part_of(name: str, options: dict[str, Any]) -> dict[str, str]:
    """Give the part of a real data set that is asked for; it has no other option."""
    _require_no_options(name, {key: value for key, value in options.items() if key != "part"})
    return options


def _require_no_options(name: str, options: dict[str, Any]) -> None:
    if options:
        raise CourseError(
            f"The domain {name!r} has no option {', '.join(options)}.",
            f"数据域 {name!r} 没有选项 {'、'.join(options)}。",
        )
