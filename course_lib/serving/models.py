"""From a model file to a service: what ``./course serve MODEL`` does."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.errors import CourseError
from course_lib.files import sha256_of
from course_lib.serving.contract import Contract
from course_lib.serving.service import Predict, Service
from course_lib.training.model_files import read_head
from course_lib.training.onnx_files import open_onnx, read_labels, runner


def load_service(path: str | Path, *, most: int = 64) -> Service:
    """Make a service of a file of ``export_onnx`` (no framework needed) or ``save_model``.

    A model card beside it, ``NAME.card.json``, is shown at ``/card``.

    Args:
        path: ``*.onnx`` or ``*.safetensors``. Other kinds are refused unread.
        most: The largest number of pictures in one request.
    """
    path = Path(path)
    if not path.is_file():
        raise CourseError(f"There is no model file {path}.", f"没有模型文件 {path}。")
    if path.suffix not in (".onnx", ".safetensors"):
        raise CourseError(
            f"{path.name}: only .onnx (export_onnx) and .safetensors (save_model) are served, since "
            "reading them runs no code.",
            f"{path.name}：只提供 .onnx（export_onnx）与 .safetensors（save_model）文件的服务，"
            "因为读取它们不会执行代码。",
        )
    predict, classes, shape = (_from_onnx if path.suffix == ".onnx" else _from_weights)(path)
    height, width, channels = shape
    contract = Contract((height, width, channels), classes, most=most)
    service = Service(predict, contract, sha256_of(path)[:12], _card_beside(path))
    _require_an_answer(service, path)
    return service


def _require_an_answer(service: Service, path: Path) -> None:
    """Ask once before anybody else does: what a file says of itself may be wrong."""
    try:
        service.answer(np.zeros((2, *service.contract.shape), np.uint8))
    except Exception as error:
        raise CourseError(
            f"{path.name} does not answer a picture of the shape {service.contract.shape} with "
            f"{len(service.contract.classes)} finite numbers, as it says of itself: export it again.",
            f"{path.name} 并不像它自己写的那样，对形状为 {service.contract.shape} 的图片给出 "
            f"{len(service.contract.classes)} 个有限的数：请重新导出。",
        ) from error


def _from_onnx(path: Path) -> tuple[Predict, tuple[str, ...], tuple[int, ...]]:
    session = open_onnx(path)
    classes, shape = read_labels(session)
    return runner(session), _or_numbers(classes, session.get_outputs()[0].shape[-1]), shape


def _from_weights(path: Path) -> tuple[Predict, tuple[str, ...], tuple[int, ...]]:
    # The framework that is running already, else PyTorch where it is installed.
    in_use = "course_lib.keras" not in sys.modules and find_spec("torch")
    half = import_module(f"course_lib.{'pytorch' if in_use else 'keras'}")
    stored, model = read_head(path), half.load_model(path)
    p = model.backbone.preprocessing
    classes = _or_numbers(stored.classes, stored.widths[-1])
    return lambda x: half.predict(model, x), classes, (p.size, p.size, p.channels)


def _or_numbers(classes: tuple[str, ...], outputs: Any) -> tuple[str, ...]:
    return classes or tuple(str(k) for k in range(int(outputs)))


def card_of(path: Path) -> Path:
    """Give where a model file's card stands: ``NAME.card.json``."""
    return path.with_suffix(".card.json")


def _card_beside(path: Path) -> dict[str, Any] | None:
    beside = card_of(path)
    if not beside.is_file():
        return None
    try:
        card = json.loads(beside.read_text(encoding="utf-8"))
    except ValueError:
        card = None
    if not isinstance(card, dict):
        raise CourseError(f"{beside} is no model card.", f"{beside} 不是模型卡。")
    return card
