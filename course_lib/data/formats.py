"""Read the files in which real data sets are published: bytes in, arrays out, nothing executed.

Each function takes paths and gives ``x`` (images uint8, N×H×W×C; sounds int16, N×T; or texts) and ``y``
(int64). A file that is not what it should be ends in one sentence.
"""

from __future__ import annotations

import csv
import io
import pickle
import struct
import wave
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from PIL import Image

from course_lib.archives import damaged, expanded, members, most_of, too_much
from course_lib.data.pictures import as_array, middle_as_judged, open_picture
from course_lib.errors import CourseError

Arrays = tuple[np.ndarray, np.ndarray]
Cut = Callable[[Image.Image, int], Image.Image]  # makes a picture square: (picture, side)


def read_idx(path: Path) -> np.ndarray:
    """Read LeCun's idx format (MNIST): a magic number, the sizes, then unsigned bytes."""
    content = expanded(path)
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
    for line in expanded(path).decode("ascii", "replace").splitlines():
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
    wanted = (f"{part}_images.npy", f"{part}_labels.npy")
    found = {
        name: _array_in(content, path)
        for name, content in members(path, wanted=wanted.__contains__)
    }
    if len(found) < 2:
        raise damaged(path)
    x, y = (found[name] for name in wanted)
    if x.dtype != np.uint8 or x.ndim not in (3, 4) or len(x) != len(y):
        raise damaged(path)
    return (x[..., None] if x.ndim == 3 else x), y.reshape(len(y), -1)[:, 0].astype(np.int64)


def read_mat(path: Path) -> Arrays:
    """Read SVHN's MATLAB file: ``X`` H×W×C×N, ``y`` from 1 to 10, where 10 means the digit 0."""
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        _require_bearable(path)
        file = loadmat(path, variable_names=["X", "y"])
        x, y = file["X"].transpose(3, 0, 1, 2), file["y"].ravel().astype(np.int64)
    except (ValueError, LookupError, TypeError, OSError, MemoryError, MatReadError, zlib.error):
        raise damaged(path) from None
    if x.dtype != np.uint8 or len(x) != len(y):
        raise damaged(path)
    return np.ascontiguousarray(x), y % 10


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
    path: Path, *, below: str, classes: Sequence[str], size: int, cut: Cut = middle_as_judged
) -> Arrays:
    """Read an archive with a folder for each class, in colour; files in the order of their names.

    Args:
        path: The archive.
        below: The folder in it that holds the classes' folders.
        classes: Their names; label i is ``classes[i]``.
        size: Side of the pictures that come out.
        cut: How they are made square.
    """
    parent = PurePosixPath(below)
    found = []
    for name, content in members(path, wanted=lambda each: _class_in(each, parent) in classes):
        picture = decode_picture(content, f"{path.name}: {name}", size=size, cut=cut)
        found.append((name, classes.index(_class_in(name, parent) or ""), picture))
    if not found:
        raise damaged(path)
    found.sort(key=lambda entry: entry[0])
    x = np.stack([picture for _, _, picture in found])
    return x, np.array([label for _, label, _ in found], dtype=np.int64)


def read_listed_pictures(path: Path, labels: Mapping[str, int], *, size: int) -> Arrays:
    """Read those pictures of an archive that a list names, in the order of the list, in colour.

    Args:
        path: The archive.
        labels: File name → label.
        size: Side of the pictures that come out.
    """
    found = {
        name: decode_picture(content, f"{path.name}: {name}", size=size)
        for name, content in members(path, wanted=labels.__contains__)
    }
    if not labels or set(found) != set(labels):
        raise damaged(path)
    return np.stack([found[name] for name in labels]), np.array(list(labels.values()), np.int64)


def decode_picture(
    content: bytes, name: str, *, size: int, colour: bool = True, cut: Cut = middle_as_judged
) -> np.ndarray:
    """Turn the bytes of a picture file into uint8, size×size×3 (×1 without colour)."""
    image = open_picture(content, name, least=4 * size).convert("RGB" if colour else "L")
    return as_array(cut(image, size))


def read_sounds(
    path: Path,
    *,
    classes: Sequence[str],
    samples: int,
    wanted: Callable[[str], bool] = lambda name: True,
) -> Arrays:
    """Read an archive with a folder of .wav files for each class; files in the order of their names.

    Args:
        path: The archive.
        classes: The folders' names; label i is ``classes[i]``. Other folders are left out.
        samples: T: shorter sounds end in silence, longer ones are cut.
        wanted: Whether a file (``class/name.wav``) is asked for.

    Returns:
        ``x`` int16, N×T, and ``y``.
    """

    def of_a_class(name: str) -> bool:
        place = PurePosixPath(name)
        known = place.parent.name in classes and place.suffix == ".wav"
        return known and not place.name.startswith(".") and wanted(_last_two(name))

    found = []
    for name, content in members(path, wanted=of_a_class):
        sound = np.zeros(samples, np.int16)
        heard = decode_sound(content, f"{path.name}: {name}")[:samples]
        sound[: len(heard)] = heard
        found.append((name, classes.index(PurePosixPath(name).parent.name), sound))
    if not found:
        raise damaged(path)
    found.sort(key=lambda entry: entry[0])
    x = np.stack([sound for _, _, sound in found])
    return x, np.array([label for _, label, _ in found], dtype=np.int64)


def decode_sound(content: bytes, name: str, *, rate: int = 16_000) -> np.ndarray:
    """Turn the bytes of a .wav file into samples: one channel, 16 bits, ``rate`` a second; nothing else."""
    try:
        with wave.open(io.BytesIO(content)) as file:
            kind = (file.getnchannels(), file.getsampwidth(), file.getframerate())
            samples = (
                np.frombuffer(file.readframes(file.getnframes()), "<i2")
                if kind == (1, 2, rate)
                else None
            )
    except (wave.Error, EOFError, ValueError, RuntimeError):
        samples = None
    if samples is None:
        raise CourseError(
            f"{name} can't be read: a .wav file with one channel, 16 bits and {rate} samples a second is expected.",
            f"{name} 无法读取：应为单声道、16 位、每秒 {rate} 个样点的 .wav 文件。",
        )
    return samples.astype(np.int16)


def read_lines(content: bytes, *, label: int = 0, text: int = 1) -> list[tuple[str, str]]:
    """Read lines of fields between tabs: (label, text) of each."""
    rows = csv.reader(
        io.StringIO(content.decode("utf-8-sig")), delimiter="\t", quoting=csv.QUOTE_NONE
    )
    return [(row[label], row[text]) for row in rows if len(row) > max(label, text)]


def read_marked(content: str) -> list[tuple[str, str]]:
    """Read lines ``text@label``: (label, text) of each; the last ``@`` of a line counts."""
    rows = (line.rpartition("@") for line in content.splitlines())
    return [(label.strip(), text.strip()) for text, mark, label in rows if mark and text.strip()]


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


def _array_in(content: bytes, path: Path) -> np.ndarray:
    """Read NumPy's format from bytes: what its heading promises must be there, and only plain numbers."""
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        read = {(1, 0): np.lib.format.read_array_header_1_0}.get(
            version, np.lib.format.read_array_header_2_0
        )
        shape, by_columns, kind = read(stream)
        if kind.hasobject:
            raise damaged(path)
        values = np.frombuffer(content, kind, offset=stream.tell())
        return values.reshape(shape, order="F" if by_columns else "C")
    except (ValueError, TypeError, OverflowError, EOFError, SyntaxError):
        raise damaged(path) from None


def _require_bearable(path: Path) -> None:
    """Make sure that the compressed parts of a MATLAB 5 file do not expand for ever.

    Behind 128 bytes of heading stand parts, each with its kind and its length; 15 is zlib's.
    """
    left = most_of(path)
    with open(path, "rb") as file:
        order = "<" if file.read(128)[126:128] == b"IM" else ">"
        while len(tag := file.read(8)) == 8:
            kind, length = struct.unpack(f"{order}II", tag)
            content = file.read(length)
            if kind == 15:
                left -= len(zlib.decompressobj().decompress(content, left + 1))
            if left < 0:
                raise too_much(path)


def _last_two(name: str) -> str:
    """Give the folder and the name of a file: ``yes/1.wav``."""
    return "/".join(PurePosixPath(name).parts[-2:])


def _class_in(name: str, parent: PurePosixPath) -> str | None:
    """Give the class's folder of a file in an archive; ``None`` for one that stands elsewhere."""
    path = PurePosixPath(name)
    inside = path.parent.parent == parent and not path.name.startswith(".")
    return path.parent.name if inside else None


def _bytes_of(share: np.ndarray) -> np.ndarray:
    return np.floor(np.clip(share, 0, 1) * 255 + 0.5).astype(np.uint8)
