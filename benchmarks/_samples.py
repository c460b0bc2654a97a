"""Real files in a folder that the reader names (``COURSE_SAMPLES``), as domains.

These are samples of published data sets, re-cut or re-packed: their layout is not the publishers', so
they are read here and not through the catalogue. Each function says what it expects of the folder.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from course_lib import data
from course_lib.data import Domain, formats
from course_lib.data.folders import load_folder
from course_lib.data.remote import resized
from course_lib.errors import CourseError

# What the benchmark reads.
FILES = (
    "hymenoptera/train",
    "pneumoniamnist/pneumoniamnist.npz",
    "mnist/t10k-images-idx3-ubyte.gz",
    "mnist/t10k-labels-idx1-ubyte.gz",
    "usps/usps.h5",
    "weights/mobilenet_v2_imagenet_tv.pt",
)
TEN = tuple("0123456789")


def folder() -> Path:
    """Give the folder of samples."""
    named = os.environ.get("COURSE_SAMPLES", "")
    if not Path(named, "README.md").is_file():
        raise CourseError(
            f"COURSE_SAMPLES is {named!r}: it must name a folder with samples of real data.",
            f"COURSE_SAMPLES 的值是 {named!r}：应当是存放真实数据样本的文件夹。",
        )
    return Path(named)


def require() -> None:
    """Say in one sentence which of the files is missing, before anything is measured."""
    missing = [name for name in FILES if not (folder() / name).exists()]
    if missing:
        raise CourseError(
            f"The folder of samples, {folder()}, lacks {', '.join(missing)}.",
            f"样本文件夹 {folder()} 里缺少 {'、'.join(missing)}。",
        )


def ants_and_bees(size: int) -> Domain:
    """The training half of the PyTorch tutorial's photographs: ``hymenoptera/train/{ants,bees}/*.jpg``.

    The pictures are from ImageNet: for weights that were trained there, source and target overlap.
    """
    return load_folder(folder() / "hymenoptera" / "train", size=size, colour=True)


def pneumonia(part: str, size: int) -> Domain:
    """Chest X-rays, ``pneumoniamnist/pneumoniamnist.npz``: classes balanced, not the official split."""
    x, y = formats.read_npz(folder() / "pneumoniamnist" / "pneumoniamnist.npz", part)
    about = "MedMNIST v2 (Yang et al., Scientific Data 10, 2023), a class-balanced sample"
    return Domain("pneumonia", resized(x, size), y, ("normal", "pneumonia"), "CC BY 4.0", about)


def mnist(size: int) -> Domain:
    """MNIST's 10,000 test digits, ``mnist/t10k-*``: no other part is looked at here."""
    names = ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")
    x, y = formats.read_idx_pair(*(folder() / "mnist" / name for name in names))
    return Domain("mnist", resized(x, size), y, TEN, "CC BY-SA 3.0", "MNIST (LeCun et al., 1998)")


def usps(part: str, size: int) -> Domain:
    """USPS digits, ``usps/usps.h5``: groups ``train`` and ``test`` with ``data`` in [0, 1] and ``target``."""
    import h5py

    with h5py.File(folder() / "usps" / "usps.h5") as file:
        grey, y = np.asarray(file[part]["data"]), np.asarray(file[part]["target"])
    x = np.rint(255 * grey.reshape(-1, 16, 16, 1)).astype(np.uint8)
    about = "USPS (Hull, IEEE TPAMI 16(5), 1994)"
    return Domain("usps", resized(x, size), y.astype(np.int64), TEN, "none stated", about)


def mobilenet() -> Path:
    """MobileNetV2's ImageNet weights by torchvision's names, ``weights/mobilenet_v2_imagenet_tv.pt``."""
    return folder() / "weights" / "mobilenet_v2_imagenet_tv.pt"


def shared_draws(domain: Domain, per_class: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Give rows to learn from, so many of each class, and all other rows."""
    chosen = data.few_shot_indices(domain, per_class, seed)
    return chosen, np.setdiff1d(np.arange(len(domain)), chosen)
