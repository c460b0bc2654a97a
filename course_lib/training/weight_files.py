"""Reading and writing weights without PyTorch: safetensors, ``.npz``, and torchvision's ``.pth`` files.

A ``.pth`` file is a pickle, and a pickle may run any code. This reader knows only the few names
that a dictionary of tensors needs and refuses everything else.
"""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.training.preprocessing import Preprocessing

PREPROCESSING = "preprocessing"  # its place in a file's metadata

_STORAGES = {
    "FloatStorage": np.float32,
    "DoubleStorage": np.float64,
    "HalfStorage": np.float16,
    "LongStorage": np.int64,
    "IntStorage": np.int32,
    "ByteStorage": np.uint8,
}


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """Read a file of named tensors as NumPy arrays.

    Raises:
        CourseError: When the file is not there or is not such a file.
    """
    require_file(path)
    try:
        if path.suffix == ".safetensors":
            from safetensors.numpy import load_file

            return load_file(path)
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as file:
                return dict(file)
        require_pytorch_layout(path)
        return read_pth(path)
    except CourseError:
        raise
    except Exception as error:
        raise unreadable(path, error) from error


def require_file(path: Path) -> None:
    """Make sure that a weights file is there."""
    if not path.is_file():
        raise CourseError(f"There is no weights file {path}.", f"没有权重文件 {path}。")


def require_pytorch_layout(path: Path) -> None:
    """Make sure that a file is not one of Keras's own, whose names and axes are others."""
    if path.suffix in (".h5", ".keras"):
        raise CourseError(
            f"{path} is in Keras's own layout: load it with course_lib.keras.load_backbone, write it "
            "with save_backbone as .safetensors, and both frameworks read that.",
            f"{path} 是 Keras 自己的格式：请用 course_lib.keras.load_backbone 读入，再用 save_backbone "
            "存成 .safetensors，两个框架就都能读了。",
        )


def require_tensors(path: Path, found: object) -> dict[str, Any]:
    """Give what a file holds if it is tensors by their names, and not a whole checkpoint around them.

    Raises:
        CourseError: It is something else; the sentence names the entry that is meant.
    """
    inside = found if isinstance(found, Mapping) else {}
    nested = [str(name) for name, value in inside.items() if isinstance(value, Mapping)]
    if nested or not isinstance(found, Mapping):
        which = f" ({', '.join(nested)})" if nested else ""
        which_zh = f"（{'、'.join(nested)}）" if nested else ""
        raise CourseError(
            f"{path} holds no tensors by their names but something around them{which}: save the model's "
            "state_dict alone, and load that file.",
            f"{path} 里不是按名称存放的张量，外面还包着别的东西{which_zh}：请只保存模型的 state_dict，再载入那个文件。",
        )
    return dict(found)


def unreadable(path: Path, error: Exception) -> CourseError:
    """Give the sentence for a file that is damaged or of another kind."""
    said = " ".join(str(error).split())[:100] or type(error).__name__
    if "pickle" in str(error) or "weights_only" in str(error):
        # The libraries' own sentences tell how to open it all the same; then it may run any code.
        return CourseError(
            f"{path} is damaged, or no file of tensors by their names: it holds other objects or none, "
            "and the course opens no file that could run code.",
            f"{path} 已损坏，或者不是按名称存放张量的文件：里面是别的对象，或者什么也没有；"
            "课程不会打开可能执行代码的文件。",
        )
    return CourseError(
        f"{path} cannot be read as weights ({said}): it is damaged, or it is no file of weights "
        "(.safetensors, .pth, .npz; in the Keras half .weights.h5 and .keras, too).",
        f"无法把 {path} 当作权重读取（{said}）：文件已损坏，或者不是权重文件（.safetensors、.pth、.npz；"
        "Keras 这一半还有 .weights.h5 和 .keras）。",
    )


def write_weights(
    path: Path,
    tensors: Mapping[str, np.ndarray],
    about: Preprocessing,
    notes: Mapping[str, str] | None = None,
) -> Path:
    """Write weights in PyTorch's names and layout as safetensors, with the preprocessing they expect.

    The file is written whole or not at all. ``notes`` are further texts for its metadata.
    """
    from safetensors.numpy import save

    if path.suffix != ".safetensors":
        raise CourseError(
            f"Weights are saved as .safetensors; the path was {path}.",
            f"权重保存为 .safetensors 文件，而给出的路径是 {path}。",
        )
    arrays = {name: np.require(array, requirements="C") for name, array in tensors.items()}
    metadata = {**(notes or {}), PREPROCESSING: json.dumps(asdict(about))}
    return write_atomically(path, save(arrays, metadata=metadata))


def read_notes(path: Path) -> dict[str, str]:
    """Give the texts in a safetensors file's metadata; none for other files."""
    if path.suffix != ".safetensors":
        return {}
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        return json.loads(file.read(size)).get("__metadata__", {})


def read_preprocessing(path: Path) -> Preprocessing | None:
    """Give the preprocessing that a file of :func:`write_weights` names; ``None`` for other files."""
    about = read_notes(path)
    if PREPROCESSING not in about:
        return None
    named: dict[str, Any] = json.loads(about[PREPROCESSING])
    named |= {name: tuple(named[name]) for name in ("mean", "std")}
    return Preprocessing(**named)


def read_pth(path: Path) -> dict[str, np.ndarray]:
    """Read a dictionary of tensors that ``torch.save`` wrote, in its new (zip) or old format."""
    if zipfile.is_zipfile(path):
        return _read_zip(path)
    with open(path, "rb") as file:
        return _read_old(file, path)


class _TensorsOnly(pickle.Unpickler):
    """An unpickler for tensors in dictionaries: nothing else can be named."""

    def __init__(self, file: BinaryIO | io.BytesIO, storage: Callable[[Any], Any]) -> None:
        super().__init__(file, encoding="utf-8")
        self.persistent_load = storage  # type: ignore[method-assign,assignment]

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch" and name in _STORAGES:
            return np.dtype(_STORAGES[name])
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return lambda array, *_: array
        raise pickle.UnpicklingError(f"{module}.{name} is not a tensor")


def _rebuild(storage: list[np.ndarray], offset: int, shape: tuple, stride: tuple, *_: Any) -> Any:
    """Stand in for PyTorch's function: remember where a tensor lies, look when all is read."""
    return lambda: _view(storage[0], offset, shape, stride)


def _view(flat: np.ndarray, offset: int, shape: tuple, stride: tuple) -> np.ndarray:
    steps = [s * flat.itemsize for s in stride]
    last = offset + sum((n - 1) * s for n, s in zip(shape, stride, strict=True))
    if min([offset, *stride, last], default=0) < 0 or (0 not in shape and last >= len(flat)):
        raise ValueError("a tensor lies outside of its storage")
    return np.lib.stride_tricks.as_strided(flat[offset:], shape, steps).copy()


def _read_zip(path: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        pickled = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
        folder = pickled.removesuffix("data.pkl")

        def storage(about: tuple) -> list[np.ndarray]:
            _, dtype, key, _, _ = about
            return [np.frombuffer(archive.read(f"{folder}data/{key}"), dtype)]

        found = _TensorsOnly(io.BytesIO(archive.read(pickled)), storage).load()
        return {name: tensor() for name, tensor in require_tensors(path, found).items()}


def _read_old(file: BinaryIO, path: Path) -> dict[str, np.ndarray]:
    """Read the format before PyTorch 1.6: five pickles in a row, then the storages' bytes."""
    storages: dict[str, tuple[np.dtype, list[np.ndarray]]] = {}

    def storage(about: tuple) -> list[np.ndarray]:
        _, dtype, key = about[:3]
        return storages.setdefault(key, (dtype, []))[1]

    for _ in ("magic number", "protocol", "system"):
        _TensorsOnly(file, storage).load()
    found = require_tensors(path, _TensorsOnly(file, storage).load())
    for key in _TensorsOnly(file, storage).load():
        dtype, content = storages[key]
        count = int.from_bytes(file.read(8), "little")
        content.append(np.frombuffer(file.read(count * dtype.itemsize), dtype))
    return {name: tensor() for name, tensor in found.items()}
