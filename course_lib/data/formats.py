"""Read the files in which real data sets are published: bytes in, arrays out, nothing executed.

Each function takes paths and gives ``x`` (images uint8, N×H×W×C; or texts) and ``y`` (int64). A file that is
not what it should be ends in one sentence.
"""

from __future__ import annotations

import csv
import io
import pickle
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from course_lib.archives import damaged, expanded, members
from course_lib.errors import CourseError

Arrays = tuple[np.ndarray, np.ndarray]


def read_idx(path: Path) -> np.ndarray:
    """Read LeCun's idx format (MNIST): a magic number, the sizes, then unsigned bytes."""
    content = expanded(path, most=1 << 30)
    if len(content) < 4 or content[:3] != b"\x00\x00\x08":
        raise damaged(path)
    dimensions = content[3]
    shape = np.frombuffer(content, ">u4", count=dimensions, offset=4).astype(int)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions)
    if values.size != shape.prod():
        raise damaged(path)
    return values.reshape(shape)


def read_idx_pair(images: Path, labels: Path) -> Arrays:
    """Read images and labels in idx format; images get a channel."""
    return read_idx(images)[..., None], read_idx(labels).astype(np.int64)


def read_libsvm(path: Path, *, side: int) -> Arrays:
    """Read USPS as LIBSVM's page has it: ``label index:value …``, labels from 1, values in [−1, 1]."""
    rows, labels = [], []
    for line in expanded(path, most=1 << 28).decode("ascii", "replace").splitlines():
        label, *pairs = line.split()
        values = [float(pair.partition(":")[2] or "nan") for pair in pairs]
        rows.append(values)
        labels.append(int(label) - 1)
    try:
        grey = np.array(rows, dtype=np.float64).reshape(-1, side, side, 1)
    except ValueError:
        raise damaged(path) from None
    if not np.isfinite(grey).all():
        raise damaged(path)
    return _bytes_of((grey + 1) / 2), np.array(labels, dtype=np.int64)


def read_npz(path: Path, part: str) -> Arrays:
    """Read a MedMNIST file: ``{part}_images`` (N×H×W or N×H×W×3) and ``{part}_labels`` (N×1)."""
    try:
        with np.load(path, allow_pickle=False) as file:
            x, y = file[f"{part}_images"], file[f"{part}_labels"]
    except (OSError, ValueError, KeyError, EOFError):
        raise damaged(path) from None
    return (x[..., None] if x.ndim == 3 else x), y.reshape(len(y), -1)[:, 0].astype(np.int64)


def read_mat(path: Path) -> Arrays:
    """Read SVHN's MATLAB file: ``X`` H×W×C×N, ``y`` from 1 to 10, where 10 means the digit 0."""
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        file = loadmat(path, variable_names=["X", "y"])
        x, y = file["X"], file["y"]
    except (ValueError, LookupError, TypeError, OSError, MatReadError):
        raise damaged(path) from None
    return np.ascontiguousarray(x.transpose(3, 0, 1, 2)), y.ravel().astype(np.int64) % 10


def read_cifar(path: Path, part: str, *, label: bytes) -> Arrays:
    """Read CIFAR's Python archive: batches of rows with 1,024 red, green and blue values each."""
    beginning = ("data_batch_", "train") if part == "train" else ("test",)
    batches = []
    for name, content in members(path, wanted=lambda each: Path(each).name.startswith(beginning)):
        batches.append((name, load_plain(content, path)))
    batches.sort(key=lambda batch: batch[0])
    if not batches:
        raise damaged(path)
    rows = np.concatenate([batch[b"data"] for _, batch in batches])
    y = np.concatenate([batch[label] for _, batch in batches])
    return np.ascontiguousarray(rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)), y.astype(
        np.int64
    )


def read_pictures(
    path: Path, *, below: str, classes: Sequence[str], size: int, colour: bool = True
) -> Arrays:
    """Read an archive with a folder for each class; files in the order of their names.

    The shorter side is brought to ``size``·8⁄7 and the middle size×size is kept, as is usual for networks
    trained on ImageNet (256 and 224).

    Args:
        path: The archive.
        below: The folder in it that holds the classes' folders.
        classes: Their names; label i is ``classes[i]``.
        size: Side of the pictures that come out.
        colour: Three channels instead of one of grey.
    """
    parent = PurePosixPath(below)
    found = []
    for name, content in members(path, wanted=lambda each: _class_in(each, parent) in classes):
        picture = decode_picture(content, f"{path.name}: {name}", size=size, colour=colour)
        found.append((name, classes.index(_class_in(name, parent) or ""), picture))
    if not found:
        raise damaged(path)
    found.sort(key=lambda entry: entry[0])
    x = np.stack([picture for _, _, picture in found])
    return x, np.array([label for _, label, _ in found], dtype=np.int64)


def decode_picture(content: bytes, name: str, *, size: int, colour: bool) -> np.ndarray:
    """Turn the bytes of a JPEG or PNG file into uint8, size×size×3 (×1 without colour)."""
    try:
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
        image = image.convert("RGB" if colour else "L")
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
        raise CourseError(
            f"{name} can't be read as a picture.", f"{name} 无法作为图片读取。"
        ) from None
    scale = round(size * 8 / 7) / min(image.size)
    image = image.resize(
        [max(size, round(side * scale)) for side in image.size], Image.Resampling.BILINEAR
    )
    left, top = ((side - size) // 2 for side in image.size)
    cut = image.crop((left, top, left + size, top + size))
    return np.asarray(cut, dtype=np.uint8).reshape(size, size, -1)


def read_lines(content: bytes, *, label: int = 0, text: int = 1) -> list[tuple[str, str]]:
    """Read lines of fields between tabs: (label, text) of each."""
    rows = csv.reader(
        io.StringIO(content.decode("utf-8-sig")), delimiter="\t", quoting=csv.QUOTE_NONE
    )
    return [(row[label], row[text]) for row in rows if len(row) > max(label, text)]


def read_texts(path: Path, *, below: str, classes: Sequence[str]) -> Arrays:
    """Read an archive with a folder for each class and a text in each file, in the order of their names.

    Args:
        path: The archive.
        below: The folder in it that holds the classes' folders.
        classes: Their names; label i is ``classes[i]``.
    """
    parent = PurePosixPath(below)
    found = [
        (name, _class_in(name, parent) or "", content.decode("utf-8", "replace"))
        for name, content in members(path, wanted=lambda each: _class_in(each, parent) in classes)
    ]
    if not found:
        raise damaged(path)
    return texts_of([(label, text) for _, label, text in sorted(found)], classes)


def texts_of(rows: Iterable[tuple[str, str]], labels: Sequence[str]) -> Arrays:
    """Turn (label, text) into arrays; rows with another label (a heading) are left out."""
    kept = [(labels.index(label), text) for label, text in rows if label in labels]
    x = np.array([text for _, text in kept], dtype=object).astype(str)
    return x, np.array([label for label, _ in kept], dtype=np.int64)


def load_plain(content: bytes, path: Path) -> dict[bytes, Any]:
    """Read a pickle that holds arrays, numbers and texts only; anything else in it is refused."""
    try:
        loaded = _Plain(io.BytesIO(content), encoding="bytes").load()
    except (pickle.UnpicklingError, EOFError, ValueError, KeyError, IndexError, TypeError):
        raise damaged(path) from None
    if not isinstance(loaded, dict):
        raise damaged(path)
    return loaded


_HARMLESS = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
}


class _Plain(pickle.Unpickler):
    """Loads NumPy's arrays and nothing that could run a program."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _HARMLESS:
            raise pickle.UnpicklingError(f"{module}.{name}")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def _class_in(name: str, parent: PurePosixPath) -> str | None:
    """Give the class's folder of a file in an archive; ``None`` for one that stands elsewhere."""
    path = PurePosixPath(name)
    inside = path.parent.parent == parent and not path.name.startswith(".")
    return path.parent.name if inside else None


def _bytes_of(share: np.ndarray) -> np.ndarray:
    return np.floor(np.clip(share, 0, 1) * 255 + 0.5).astype(np.uint8)
