"""A model leaves the notebook: one file for both halves, PyTorch's own exported program, ONNX.

All three hold the preprocessing: uint8 images N×H×W×C go in, logits N×K come out.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.arguments import require_made, require_path
from course_lib.pytorch.backbones import load_backbone, weights_of
from course_lib.pytorch.heads import TransferModel, build_head
from course_lib.pytorch.inference import inference
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
    dense = [layer for layer in model.head.modules() if isinstance(layer, nn.Linear)]
    layers = [(as_stored(layer.weight), as_stored(layer.bias)) for layer in dense]
    outputs = len(layers[-1][1]) if layers else 0
    about = {
        "backbone": model.backbone.name,
        "classes": require_classes_named(classes, outputs),
        "flatten": model.flatten,
    }
    tensors, preprocessing = weights_of(model.backbone), model.backbone.preprocessing
    return write_model(require_path("path", path), tensors, layers, preprocessing, about)


def load_model(path: str | Path) -> TransferModel:
    """Read a file of ``save_model``, from whichever half; the model comes in inference mode."""
    path = require_path("path", path)
    stored = read_head(path)
    features, *hidden, classes = stored.widths
    head = build_head(features, classes, hidden=hidden)
    dense = [layer for layer in head if isinstance(layer, nn.Linear)]
    with torch.no_grad():
        for layer, (weight, bias) in zip(dense, stored.layers, strict=True):
            layer.weight.copy_(torch.from_numpy(weight))
            layer.bias.copy_(torch.from_numpy(bias))
    backbone = load_backbone(stored.backbone, weights=path)
    return TransferModel(backbone, head, flatten=stored.flatten).eval()


def export_program(model: TransferModel, path: str | Path) -> Path:
    """Write the graph of a model as PyTorch's own exported program, one ``.pt2`` file.

    ``run_program`` reads it without this course's classes. Keras's half writes a SavedModel.
    """
    path = require_path("path", path)
    images, batch = example_images(model), torch.export.Dim("N", min=1, max=65536)
    with inference(model), quiet():
        program = torch.export.export(model, (images,), dynamic_shapes={"x": {0: batch}})
        torch.export.save(program, path)
    return path


def run_program(path: str | Path, x: np.ndarray) -> np.ndarray:
    """Give an exported program's logits N×K for uint8 images N×H×W×C."""
    with quiet():
        program = torch.export.load(require_path("path", path)).module()
    with torch.no_grad():
        return program(torch.from_numpy(np.ascontiguousarray(x))).numpy()


def export_onnx(model: TransferModel, path: str | Path, *, classes: Sequence[str] = ()) -> Path:
    """Write the graph of a model in ONNX, with the classes' names and the images' shape in its metadata.

    Args:
        model: What ``attach_head`` gives.
        path: The file, ``*.onnx``. Input ``images``: uint8 N×H×W×C, any N; output ``logits`` N×K.
        classes: What each output means.
    """
    path = require_path("path", path)
    images, batch = example_images(model), torch.export.Dim("N", min=1, max=65536)
    with inference(model), quiet():
        outputs = model(images).shape[1]
        torch.onnx.export(
            model, (images,), path, input_names=["images"], output_names=["logits"], dynamo=True,
            dynamic_shapes={"x": {0: batch}}, external_data=False, verbose=False,
        )  # fmt: skip
    return write_labels(path, require_classes_named(classes, outputs), tuple(images.shape[1:]))


def example_images(model: TransferModel) -> Tensor:
    """Give two black pictures of the size that a model's backbone was trained at."""
    require_made("model", model, TransferModel, _EXAMPLE)
    p = model.backbone.preprocessing
    return torch.zeros((2, p.size, p.size, p.channels), dtype=torch.uint8)


def as_stored(tensor: Tensor) -> np.ndarray:
    """Give a copy of a tensor as an array: what is stored must not move with the model."""
    return tensor.detach().cpu().numpy().copy()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep an exporter's remarks on its own workings to itself, inside a ``with`` statement."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
