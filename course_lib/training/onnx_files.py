"""ONNX files: what their outputs mean is written into them, and they are run without any framework.

ONNX Runtime computes them: onnxruntime.ai, Microsoft, MIT licence. One thread, so that answers come in
the same time on every machine of a kind, and several services share a machine fairly.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.errors import CourseError

CLASSES, SHAPE = "classes", "image_shape"


def write_labels(path: Path, classes: Sequence[str], shape: Sequence[int]) -> Path:
    """Write the classes' names and the images' H×W×C into an ONNX file's metadata."""
    import onnx

    model = onnx.load(path)
    onnx.helper.set_model_props(
        model,
        {
            CLASSES: json.dumps(list(classes), ensure_ascii=False),
            SHAPE: json.dumps([int(n) for n in shape]),
        },
    )
    onnx.save(model, path)
    return path


def open_onnx(path: str | Path, *, threads: int = 1) -> Any:
    """Open an ONNX file for running.

    Raises:
        CourseError: Where the file is not there or is no ONNX.
    """
    import onnxruntime

    path = Path(path)
    if not path.is_file():
        raise CourseError(f"There is no model file {path}.", f"没有模型文件 {path}。")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    options.log_severity_level = 3  # its remarks on its own workings
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        said = " ".join(str(error).split())[-160:]  # the reason stands at the end
        raise CourseError(
            f"{path} cannot be read as an ONNX model: it is damaged, something else, or made for a newer "
            f"ONNX Runtime than {onnxruntime.__version__} (… {said}).",
            f"无法把 {path} 当作 ONNX 模型读取：文件损坏、不是 ONNX，或者是为比 "
            f"{onnxruntime.__version__} 更新的 ONNX Runtime 写的（… {said}）。",
        ) from error


def run_onnx(path: str | Path, x: np.ndarray) -> np.ndarray:
    """Give an ONNX file's logits N×K for uint8 images N×H×W×C."""
    return runner(open_onnx(path))(x)


def runner(session: Any) -> Callable[[np.ndarray], np.ndarray]:
    """Give an open model as a function: its one input in, its one output out."""
    name = session.get_inputs()[0].name
    return lambda x: session.run(None, {name: np.ascontiguousarray(x)})[0]


def read_labels(session: Any) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Give the classes' names and the images' H×W×C that an open model's metadata names.

    Raises:
        CourseError: Where it does not name them, or names no image shape.
    """
    notes = session.get_modelmeta().custom_metadata_map
    try:
        classes = tuple(str(name) for name in json.loads(notes[CLASSES]))
        height, width, channels = (int(n) for n in json.loads(notes[SHAPE]))
    except (KeyError, ValueError, TypeError) as error:
        raise CourseError(
            "This ONNX file does not say what its outputs mean: write it with export_onnx(model, path, classes=…).",
            "这个 ONNX 文件没有写明各个输出的含义：请用 export_onnx(model, path, classes=…) 导出。",
        ) from error
    if min(height, width, channels) < 1 or math.prod((height, width, channels)) > 1 << 24:
        raise CourseError("Its image shape makes no sense.", "其中的图片形状不合理。")
    return classes, (height, width, channels)


def quantise_onnx(path: str | Path, output: str | Path, examples: np.ndarray) -> Path:
    """Write an ONNX file again with 8-bit weights and activations.

    Each channel of a weight gets a scale of its own; the range of each activation is measured on
    examples (Jacob et al., "Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference", CVPR 2018). The work is ONNX Runtime's.

    Weights use half of their range (7 bits): processors with AVX2 or AVX-512 but without VNNI add
    pairs of 8-bit products in 16 bits, and full ones do not fit. The sum is cut off without a word.

    Args:
        path: A file of ``export_onnx``.
        output: The new file.
        examples: uint8 images N×H×W×C like those to come: never test pictures, no labels needed.
    """
    import logging
    from tempfile import TemporaryDirectory

    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    name = open_onnx(path).get_inputs()[0].name
    parts = iter([{name: part} for part in np.array_split(examples, max(1, len(examples) // 25))])

    class Examples(quantization.CalibrationDataReader):
        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(parts, None)

    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with TemporaryDirectory() as folder:
            ready = Path(folder) / "ready.onnx"  # batch norms folded into the convolutions
            quant_pre_process(str(path), str(ready), skip_symbolic_shape=True)
            quantization.quantize_static(
                str(ready), str(output), Examples(), per_channel=True, reduce_range=True,
                activation_type=quantization.QuantType.QUInt8,
                weight_type=quantization.QuantType.QInt8,
            )  # fmt: skip
    finally:
        logging.disable(before)
    labels = read_labels(open_onnx(path))
    return write_labels(Path(output), *labels)
