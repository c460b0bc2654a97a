"""A model leaves the notebook: one file for both halves, TensorFlow's SavedModel, ONNX.

All three hold the preprocessing: uint8 images N×H×W×C go in, logits N×K come out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from course_lib.arguments import require_made, require_path
from course_lib.keras.backbones import load_backbone, require_torchvisions, weights_of
from course_lib.keras.heads import TransferModel, build_head
from course_lib.keras_backend import read_saved_model, without_remarks
from course_lib.training.model_files import read_head, require_classes_named, write_model
from course_lib.training.onnx_files import write_labels

_EXAMPLE = "attach_head(backbone, 10)"


def save_model(model: TransferModel, path: str | Path, *, classes: Sequence[str] = ()) -> Path:
    """Write a model so that either half reads it: ``load_model(path)``. Nothing in the file is code.

    Args:
        model: What ``attach_head`` gives.
        path: The file, ``*.safetensors``.
        classes: What each output means.
    """
    require_made("model", model, TransferModel, _EXAMPLE)
    require_torchvisions(model.backbone)
    dense = [layer for layer in model.head.layers if isinstance(layer, keras.layers.Dense)]
    layers = [(as_stored(layer.kernel).T, as_stored(layer.bias)) for layer in dense]
    outputs = len(layers[-1][1]) if layers else 0
    about = {
        "backbone": model.backbone.name,
        "classes": require_classes_named(classes, outputs),
        "flatten": model.flatten,
    }
    tensors, preprocessing = weights_of(model.backbone), model.backbone.preprocessing
    return write_model(require_path("path", path), tensors, layers, preprocessing, about)


def load_model(path: str | Path) -> TransferModel:
    """Read a file of ``save_model``, from whichever half."""
    path = require_path("path", path)
    stored = read_head(path)
    features, *hidden, classes = stored.widths
    head = build_head(features, classes, hidden=hidden)
    dense = [layer for layer in head.layers if isinstance(layer, keras.layers.Dense)]
    for layer, (weight, bias) in zip(dense, stored.layers, strict=True):
        layer.kernel.assign(weight.T)
        layer.bias.assign(bias)
    backbone = load_backbone(stored.backbone, weights=path)
    return TransferModel(backbone, head, flatten=stored.flatten)


def export_program(model: TransferModel, path: str | Path) -> Path:
    """Write the graph of a model as a SavedModel, a folder (Keras on TensorFlow or JAX).

    ``run_program`` reads it without this course's classes, and so does TensorFlow Serving. PyTorch's
    half writes a ``.pt2`` file.
    """
    with without_remarks():
        signature = [image_signature(model)]
        model.export(path, format="tf_saved_model", input_signature=signature, verbose=False)
    return Path(path)


def run_program(path: str | Path, x: np.ndarray) -> np.ndarray:
    """Give a SavedModel's logits N×K for uint8 images N×H×W×C."""
    with without_remarks():
        program = read_saved_model(Path(path))  # its variables live as long as it does
        return np.asarray(program.serve(x))


def export_onnx(model: TransferModel, path: str | Path, *, classes: Sequence[str] = ()) -> Path:
    """Write the graph of a model in ONNX, with the classes' names and the images' shape in its metadata.

    Args:
        model: What ``attach_head`` gives.
        path: The file, ``*.onnx``. One input: uint8 images N×H×W×C, any N; one output: logits N×K.
        classes: What each output means.
    """
    path, signature = require_path("path", path), image_signature(model)
    with without_remarks():
        model.export(path, format="onnx", input_signature=[signature], verbose=False)
    outputs = model.head.output_shape[-1]
    return write_labels(path, require_classes_named(classes, outputs), signature.shape[1:])


def image_signature(model: TransferModel) -> keras.InputSpec:
    """Give what goes in: uint8 images of the size that a model's backbone was trained at."""
    require_made("model", model, TransferModel, _EXAMPLE)
    p = model.backbone.preprocessing
    return keras.InputSpec(shape=(None, p.size, p.size, p.channels), dtype="uint8", name="images")


def as_stored(variable: keras.Variable) -> np.ndarray:
    """Give a copy of a variable as an array: what is stored must not move with the model."""
    return np.array(keras.ops.convert_to_numpy(variable))
