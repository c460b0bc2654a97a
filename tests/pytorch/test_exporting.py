"""A model that leaves the notebook answers as it did inside, wherever it is read."""

from __future__ import annotations

import http.client
import json
from pathlib import Path

import numpy as np
import pytest
from torch import nn

from course_lib import pytorch
from course_lib.errors import CourseError
from course_lib.serving import running
from course_lib.serving.models import load_service

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 1), dtype=np.uint8)
CLASSES = tuple("abc")


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return pytorch.attach_head(
        pytorch.load_backbone("glyphnet"), classes=3, hidden=(7,), dropout=0.3, seed=1
    )


def test_one_file_holds_everything(model: nn.Module, tmp_path: Path) -> None:
    path = pytorch.save_model(model, tmp_path / "m.safetensors", classes=CLASSES)
    again = pytorch.load_model(path)
    assert np.array_equal(pytorch.predict(again, IMAGES), pytorch.predict(model, IMAGES))
    backbone = pytorch.load_backbone("glyphnet", weights=path)  # the same file serves a new task
    assert np.array_equal(
        pytorch.extract_features(backbone, IMAGES, cache=False),
        pytorch.extract_features(model.backbone, IMAGES, cache=False),
    )


def test_a_head_on_flattened_maps_comes_back(tmp_path: Path) -> None:
    flat = pytorch.attach_head(pytorch.load_backbone("glyphnet"), classes=2, flatten=True)
    again = pytorch.load_model(pytorch.save_model(flat, tmp_path / "m.safetensors"))
    assert np.array_equal(pytorch.predict(again, IMAGES), pytorch.predict(flat, IMAGES))


def test_files_without_a_head_or_with_other_names_are_refused(
    model: nn.Module, tmp_path: Path
) -> None:
    pytorch.save_backbone(model.backbone, tmp_path / "b.safetensors")
    with pytest.raises(CourseError, match="no model with a head"):
        pytorch.load_model(tmp_path / "b.safetensors")
    with pytest.raises(CourseError, match="3 outputs"):
        pytorch.save_model(model, tmp_path / "m.safetensors", classes=("a", "b"))
    with pytest.raises(CourseError):
        pytorch.save_model(model, tmp_path / "m.pth")


def test_the_exported_program_gives_the_same_logits(model: nn.Module, tmp_path: Path) -> None:
    path = pytorch.export_program(model, tmp_path / "m.pt2")
    z = pytorch.predict(model, IMAGES)
    for n in (1, 5):
        assert np.allclose(pytorch.run_program(path, IMAGES[:n]), z[:n], atol=1e-4)


def largest_whole_weight(path: Path) -> int:
    """Give the largest int8 weight. Pairs of products of more than 7 bits overflow where there is no VNNI."""
    import onnx

    held = (onnx.numpy_helper.to_array(each) for each in onnx.load(path).graph.initializer)
    return max(int(np.abs(w.astype(int)).max()) for w in held if w.dtype == np.int8 and w.ndim > 1)


def test_onnx_gives_the_same_logits_and_serves_without_the_framework(
    model: nn.Module, tmp_path: Path
) -> None:
    path = pytorch.export_onnx(model, tmp_path / "m.onnx", classes=CLASSES)
    z = pytorch.predict(model, IMAGES)
    for n in (1, 5):
        assert np.allclose(pytorch.run_onnx(path, IMAGES[:n]), z[:n], atol=1e-4)
    small = pytorch.quantise_onnx(path, tmp_path / "m8.onnx", IMAGES)
    assert small.stat().st_size < 0.4 * path.stat().st_size
    assert pytorch.run_onnx(small, IMAGES).shape == z.shape
    assert largest_whole_weight(small) <= 64
    for file in (
        path,
        small,
        pytorch.save_model(model, tmp_path / "m.safetensors", classes=CLASSES),
    ):
        service = load_service(file)
        assert service.contract.classes == CLASSES and service.contract.shape == (32, 32, 1)
        with running(service) as url:
            connection = http.client.HTTPConnection(url.removeprefix("http://"))
            body = json.dumps({"images": IMAGES[:2].tolist()})
            connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
            told = json.loads(connection.getresponse().read())
            connection.close()
        best = service.predict(IMAGES[:2]).argmax(axis=1)
        assert [answer["class"] for answer in told["answers"]] == [CLASSES[k] for k in best]
        assert file is small or np.allclose(service.predict(IMAGES), z, atol=1e-4)
