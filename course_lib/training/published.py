"""Where trained weights are kept on this machine, and what to say when they are not there."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from course_lib.errors import CourseError
from course_lib.files import sha256_of
from course_lib.paths import data_dir
from course_lib.training.weight_files import read_weights

T = TypeVar("T")


class NotHereError(CourseError):
    """The weights are not on this machine."""


EMBEDDED = Path(__file__).resolve().parent.parent / "weights"

# torchvision's files on ImageNet-1k, newest first; the name ends with the SHA-256's first digits.
TORCHVISION = {
    "vgg16": ("vgg16-397923af.pth",),
    "resnet18": ("resnet18-f37072fd.pth",),
    "resnet50": ("resnet50-11ad3fa6.pth", "resnet50-0676ba61.pth"),
    "mobilenet_v2": ("mobilenet_v2-7ebf99e0.pth", "mobilenet_v2-b0353104.pth"),
    "vit_b_16": ("vit_b_16-c867db91.pth",),
}

# keras.applications' files, without the classifier.
_KERNELS = "weights_tf_dim_ordering_tf_kernels"
KERAS_APPLICATIONS = {
    "vgg16": (f"vgg16_{_KERNELS}_notop.h5",),
    "resnet50": (f"resnet50_{_KERNELS}_notop.h5",),
    "mobilenet_v2": (f"mobilenet_v2_{_KERNELS}_1.0_224_no_top.h5",),
}

# A file of the reader's own, in the course's folder of weights: NAME.safetensors, NAME.pth or NAME.pt.
OWN_ENDINGS = (".safetensors", ".pth", ".pt")

# How the last dense layer is called in torchvision's files.
HEADS = {
    "resnet18": "fc",
    "resnet50": "fc",
    "mobilenet_v2": "classifier.1",
    "vit_b_16": "heads.head",
}


def torch_folders() -> list[Path]:
    """Give the folders where torchvision's weights may be: the course's own and PyTorch's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "torch"
    home = Path(os.environ.get("TORCH_HOME", cache))
    return [data_dir() / "weights", home.expanduser() / "hub" / "checkpoints"]


def keras_folders() -> list[Path]:
    """Give the folders where what Keras downloads may be."""
    home = Path(os.environ.get("KERAS_HOME", "~/.keras"))
    return [data_dir() / "weights", home.expanduser() / "models"]


def find_published(
    name: str,
    files: Sequence[str],
    folders: Sequence[Path],
    entry: str | None = None,
    *,
    fetch: bool = True,
) -> Path:
    """Give the first of the files that one of the folders has, or the reader's own file for this backbone.

    A reader who asked for what is real (``COURSE_DATA=real``) gets it fetched; anybody else a sentence.

    Args:
        name: The backbone's name, for the message.
        files: File names, the preferred one first.
        folders: Where to look.
        entry: Under which name ``./course data fetch`` has it; by default the backbone's.
        fetch: Whether to fetch what is wanted and not here.

    Raises:
        CourseError: When none is there, or it can't be fetched: it says what to do and what stands in.
    """
    from course_lib.data import remote

    entry = entry or name
    for path in [folder / file for file in files for folder in folders]:
        if path.is_file():
            _check_sum(path)
            return path
    if not set(files).isdisjoint(TORCHVISION.get(name, ())):  # an own file has torchvision's names
        for path in [data_dir() / "weights" / f"{name}{ending}" for ending in OWN_ENDINGS]:
            if path.is_file():
                return path
    if fetch and remote.real_is_wanted():
        (path,) = remote.fetch_set(entry).values()
        return path
    raise NotHereError(
        f"The published weights of {name} are not on this machine. Three ways to go on:\n"
        f"  - where there is a network, run  ./course data fetch {entry}  in a terminal, then this cell again;\n"
        f"  - put {files[0]}, or a file of your own as {name}.pth, into {data_dir() / 'weights'}, "
        "or pass its path: weights=PATH;\n"
        f"  - work with load_backbone('glyphnet'), which the course brings along.",
        f"这台机器上没有 {name} 的公开权重。有三种办法：\n"
        f"  - 能联网时，在终端运行  ./course data fetch {entry}，再重新运行本单元格；\n"
        f"  - 把 {files[0]}（或者你自己的文件，改名为 {name}.pth）放进 {data_dir() / 'weights'}，"
        "也可以用 weights=PATH 指定它的路径；\n"
        f"  - 先用课程自带的 load_backbone('glyphnet')。",
    )


def first_of(names: Sequence[str], find: Callable[[str], Path]) -> str:
    """Give the first name whose weights ``find`` finds; where there is none, the first of all.

    A damaged file is an error, not a file that is missing.
    """
    if not names:
        raise CourseError("Name at least one backbone.", "请至少给出一个主干网络的名称。")
    for name in names:
        try:
            find(name)
        except NotHereError:
            continue
        return name
    return names[0]


def head_of(name: str, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Give the classifier that a file of published weights brings along: weights C×D and biases C.

    Raises:
        CourseError: The file has none, or the classifier is more than one dense layer (VGG16).
    """
    if name not in HEADS:
        raise CourseError(
            f"{name} has no classifier of one dense layer: choose one of {', '.join(HEADS)}.",
            f"{name} 的分类头不是单独一个全连接层：可选 {'、'.join(HEADS)}。",
        )
    tensors = read_weights(path)
    try:
        return tensors[f"{HEADS[name]}.weight"], tensors[f"{HEADS[name]}.bias"]
    except KeyError:
        raise CourseError(
            f"{path} holds no classifier ({HEADS[name]}.weight): its backbone alone was saved.",
            f"{path} 里没有分类头（{HEADS[name]}.weight）：当初只保存了主干。",
        ) from None


def find_embedded(name: str) -> Path:
    """Give the weights file that the course brings along for one of its own networks."""
    return EMBEDDED / f"{name}.safetensors"


def present_names(tensors: Mapping[str, T]) -> dict[str, T]:
    """Give tensors by the names that torchvision has now: its files from 2022 call some otherwise."""
    renamed = {".mlp.linear_1.": ".mlp.0.", ".mlp.linear_2.": ".mlp.3."}  # in vision transformers
    names = {name: name for name in tensors}
    for old, new in renamed.items():
        names = {name: now.replace(old, new) for name, now in names.items()}
    return {names[name]: tensor for name, tensor in tensors.items()}


def _check_sum(path: Path) -> None:
    """Compare a file with the digits in its name, as ``…-f37072fd.pth`` has them."""
    digits = path.stem.rpartition("-")[2]
    if path.suffix == ".pth" and not sha256_of(path).startswith(digits):
        raise CourseError(
            f"{path} is damaged (its SHA-256 does not start with {digits}): delete it and fetch it again.",
            f"{path} 已损坏（SHA-256 不以 {digits} 开头）：请删除后重新下载。",
        )
