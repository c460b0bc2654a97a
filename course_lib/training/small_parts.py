"""The file of what a task has of its own: arrays by name, and the numbers that belong to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from course_lib.arguments import require_path
from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.training.merging import Arrays
from course_lib.training.weight_files import read_weights

SCALES = "lora_scales"  # their place in a file's metadata


def write_part(
    path: str | Path, arrays: Mapping[str, np.ndarray], scales: dict[str, float]
) -> Path:
    """Write arrays as safetensors, whole or not at all.

    Args:
        path: The file, ``*.safetensors``.
        arrays: By PyTorch's names, in PyTorch's layout.
        scales: α/r of each layer with LoRA: without it, the arrays alone would mean something else.
    """
    from safetensors.numpy import save

    path = require_path("path", path)
    if path.suffix != ".safetensors":
        raise CourseError(
            f"A task's part is saved as .safetensors; the path was {path}.",
            f"任务的小部件保存为 .safetensors 文件，而给出的路径是 {path}。",
        )
    own = {name: np.require(array, requirements="C") for name, array in arrays.items()}
    return write_atomically(path, save(own, metadata={SCALES: json.dumps(scales)}))


def read_part(path: str | Path, scales: dict[str, float]) -> Arrays:
    """Read arrays for a model whose layers have these scales.

    Raises:
        CourseError: For what is no such file, or one from a model with another α/r.
    """
    path = require_path("path", path)
    arrays = read_weights(path)
    with open(path, "rb") as file:
        about = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    found = json.loads(about.get("__metadata__", {}).get(SCALES, "{}"))
    if found != scales:
        wrong = sorted({*found.items()} ^ {*scales.items()})[0][0]
        raise CourseError(
            f"{path} is from a model in which LoRA's alpha/rank at {wrong} was {found.get(wrong)}; here "
            f"it is {scales.get(wrong)}. Call add_lora with the same numbers.",
            f"{path} 来自另一个模型：它在 {wrong} 处的 alpha/rank 是 {found.get(wrong)}，"
            f"而这里是 {scales.get(wrong)}。请用相同的参数调用 add_lora。",
        )
    return arrays


def count_bytes(arrays: Mapping[str, np.ndarray]) -> int:
    """Give how many bytes arrays take, in the precision that they have."""
    return sum(array.nbytes for array in arrays.values())
