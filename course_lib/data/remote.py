"""Real data sets by name, behind the same :class:`Domain`: fetched once, checked, kept, read."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from course_lib import archives, downloads
from course_lib.data import catalogue, formats, pictures, ratings, readers
from course_lib.data.catalogue import REAL, RealSet
from course_lib.data.domain import Domain
from course_lib.data.store import cached, code_of
from course_lib.downloads import RemoteFile, is_whole, megabytes
from course_lib.errors import CourseError
from course_lib.language import both, pick
from course_lib.mirrors import size_asked
from course_lib.paths import data_dir

SWITCH = "COURSE_DATA"
IN_CHINA = ("bcebos.com", "hf-mirror.com", "tsinghua.edu.cn")  # hosts in mainland China
PHOTO = 224  # the usual side for pictures that have no own one


def real_is_wanted() -> bool:
    """Say whether the reader has asked for real data: ``COURSE_DATA=real``.

    Raises:
        CourseError: The variable says something else.
    """
    wanted = os.environ.get(SWITCH, "").strip().lower()
    if wanted not in ("", "embedded", "real"):
        raise CourseError(
            f"{SWITCH} is {wanted!r}: set it to real (data from the network) or embedded (the default).",
            f"{SWITCH} 的值是 {wanted!r}：请设为 real（从网络获取真实数据）或 embedded（默认）。",
        )
    return wanted == "real"


def folder(kind: str = "data") -> Path:
    """Give the folder where fetched data sets (or weights) are kept, for both frameworks."""
    return data_dir() / ("weights" if kind == "weights" else "real")


def fetch_set(name: str, *, part: str | None = None, progress: bool = True) -> dict[str, Path]:
    """Fetch what is missing of a data set; say what it is and under which terms before.

    Args:
        name: A name of the catalogue.
        part: Only the files of this part.
        progress: Say it, and show bars.

    Returns:
        Where each file lies, by its name.
    """
    real = find(name)
    files = real.files() if part is None else real.parts[_part_of(real, part)]
    place = folder(real.kind)
    missing = [file for file in files if not is_whole(file, place)]
    if missing and progress:
        print(_announcement(real, missing))
    try:
        return {file.name: downloads.fetch(file, place, progress=progress) for file in files}
    except CourseError as problem:
        raise _with_stand_in(real, problem) from problem


def load_real(
    name: str, *, part: str = "train", n: int | None = None, seed: int = 0, size: int | None = None
) -> Domain:
    """A real data set as a domain.

    Args:
        name: A name of the catalogue.
        part: The part as published; keep ``"test"`` for the very end.
        n: Number of examples, drawn without replacement; by default all.
        seed: Another seed gives another sample.
        size: Side of the images; by default their own, or 224 for photographs.

    Raises:
        CourseError: No such data set or part, or it can't be had.
    """
    real = find(name)
    _part_of(real, part)
    if real.reader is None:
        real.read({}, part, 0)  # says what reads it, before anything is fetched
    paths = fetch_set(name, part=part)
    decoded = real.size or size or PHOTO  # pictures with an own size are kept in it, once
    modules = (archives, catalogue, formats, pictures, ratings, readers)
    key = {
        "real": name,
        "part": part,
        "side": decoded,
        "classes": real.classes,
        "files": [downloads.recorded(file, folder()) for file in real.parts[part]],
        "code": code_of(*(str(each.__file__) for each in modules)),
    }
    arrays = cached(key, lambda: dict(zip("xy", real.read(paths, part, decoded), strict=True)))
    x = arrays["x"]
    if size is not None and x_is_picture(x):
        x = resized(x, size)
    domain = Domain(name, x, arrays["y"], real.classes, real.license, real.citation)
    return domain if n is None else domain.sample(n, seed)


def find(name: str) -> RealSet:
    """Give an entry of the catalogue."""
    if name not in REAL:
        raise CourseError(
            f"There is no data set {name!r}: choose one of {', '.join(REAL)}.",
            f"没有名为 {name!r} 的数据集：可选 {'、'.join(REAL)}。",
        )
    return REAL[name]


def x_is_picture(x: np.ndarray) -> bool:
    """Say whether inputs are images, not texts or sounds."""
    return x.ndim == 4


def resized(x: np.ndarray, side: int) -> np.ndarray:
    """Bring images (uint8, N×H×W×C) to another size, by Pillow's bilinear filter."""
    from PIL import Image

    if x.shape[1:3] == (side, side):
        return x
    out = np.empty((len(x), side, side, x.shape[3]), dtype=np.uint8)
    for image, target in zip(x, out, strict=True):
        drawn = Image.fromarray(image[..., 0] if x.shape[3] == 1 else image)
        drawn = drawn.resize((side, side), Image.Resampling.BILINEAR)
        target[:] = np.asarray(drawn).reshape(side, side, -1)
    return out


def state_of(real: RealSet) -> str:
    """Say how much of a data set is on this machine: ``"here"``, ``"partly"`` or ``""``."""
    whole = [is_whole(file, folder(real.kind)) for file in real.files()]
    return "here" if all(whole) else "partly" if any(whole) else ""


def size_of(files: tuple[RemoteFile, ...], *, ask: bool = False) -> str:
    """Write the size of files together; ``ask`` the mirrors where nobody states it."""
    exact = [size_asked(file) if ask else file.size for file in files]
    sizes = [size or file.about_bytes for size, file in zip(exact, files, strict=True)]
    if None in sizes:
        return megabytes(None)
    total = megabytes(sum(size for size in sizes if size is not None))
    return total if None not in exact else both(f"about {total}", f"约 {total}")


def sum_state(real: RealSet) -> str:
    """Say who vouches for a set's files: who states their checksums, or that nobody does."""
    unstated = [file for file in real.files() if file.checksum is None]
    if not unstated:
        by = "; ".join(dict.fromkeys(file.stated_by for file in real.files()))
        return both(f"checksum stated by {by}", f"校验和由 {by} 公布")
    known = all(downloads.recorded(file, folder(real.kind)) for file in unstated)
    if known:
        return both("unverified: checksum recorded here", "未经核实：校验和为本机所记录")
    return both("unverified: checksum recorded on first use", "未经核实：首次使用时记录校验和")


def places(real: RealSet) -> str:
    """Say from how many hosts a set is to be had, and whether one of them is in mainland China."""
    hosts = [{urlsplit(url).hostname or "" for url in file.urls} for file in real.files()]
    fewest = min(map(len, hosts))
    near = all(any(host.endswith(IN_CHINA) for host in each) for each in hosts)
    if fewest == 1:
        known = both("one source only, no mirror known", "只有一个来源，未见镜像")
        return known + (both(" (in mainland China)", "（在中国大陆）") if near else "")
    known = both(f"{fewest} mirrors", f"{fewest} 个镜像")
    return known + (both(" (one in mainland China)", "（其中有中国大陆的）") if near else "")


def _part_of(real: RealSet, part: str) -> str:
    if part not in real.parts:
        raise CourseError(
            f"{real.name} has no part {part!r}: choose one of {', '.join(real.parts)}.",
            f"{real.name} 没有 {part!r} 这一部分：可选 {'、'.join(real.parts)}。",
        )
    return part


def _announcement(real: RealSet, missing: list[RemoteFile]) -> str:
    size = size_of(tuple(missing), ask=True)
    checked = all(file.checksum for file in missing)
    sure = (
        ""
        if checked
        else both(" (unverified: no published checksum)", "（未经核实：没有公开的校验和）")
    )
    return both(
        f"{real.name}: {pick(real.about)}; to fetch: {size}{sure}. Licence: {real.license}. {real.citation}.",
        f"{real.name}：{pick(real.about)}；待下载：{size}{sure}。许可：{real.license}。{real.citation}。",
    )


def _with_stand_in(real: RealSet, problem: CourseError) -> CourseError:
    stand_in = f"load({real.stands_in!r})" if real.stands_in else ""
    if real.kind == "weights":
        stand_in = "load_backbone('glyphnet')"
    if not stand_in:
        return problem
    return CourseError(
        f"{problem.en.rstrip('.')}. Meanwhile {stand_in} works without a network.",
        f"{problem.zh.rstrip('。')}。在此期间可以用不需要网络的 {stand_in}。",
    )
