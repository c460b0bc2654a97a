"""A model that leaves the notebook answers as it did inside, wherever it is read."""

from __future__ import annotations

import http.client
import json
from pathlib import Path

import numpy as np
import pytest

from course_lib import keras as half
from course_lib.errors import CourseError
from course_lib.keras.engine import keras
from course_lib.serving import running
from course_lib.serving.models import load_service

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 1), dtype=np.uint8)
CLASSES = tuple("abc")


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return half.attach_head(
        half.load_backbone("glyphnet"), classes=3, hidden=(7,), dropout=0.3, seed=1
    )


def test_one_file_holds_everything(model: keras.Model, tmp_path: Path) -> None:
    path = half.save_model(model, tmp_path / "m.safetensors", classes=CLASSES)
    again = half.load_model(path)
    assert np.array_equal(half.predict(again, IMAGES), half.predict(model, IMAGES))
    backbone = half.load_backbone("glyphnet", weights=path)  # the same file serves a new task
    assert np.array_equal(
        half.extract_features(backbone, IMAGES, cache=False),
        half.extract_features(model.backbone, IMAGES, cache=False),
    )


def test_a_head_on_flattened_maps_comes_back(tmp_path: Path) -> None:
    flat = half.attach_head(half.load_backbone("glyphnet"), classes=2, flatten=True)
    again = half.load_model(half.save_model(flat, tmp_path / "m.safetensors"))
    assert np.array_equal(half.predict(again, IMAGES), half.predict(flat, IMAGES))


def test_files_without_a_head_or_with_other_names_are_refused(
    model: keras.Model, tmp_path: Path
) -> None:
    half.save_backbone(model.backbone, tmp_path / "b.safetensors")
    with pytest.raises(CourseError, match="no model with a head"):
        half.load_model(tmp_path / "b.safetensors")
    with pytest.raises(CourseError, match="3 outputs"):
        half.save_model(model, tmp_path / "m.safetensors", classes=("a", "b"))
    with pytest.raises(CourseError):
        half.save_model(model, tmp_path / "m.pth")


def test_the_exported_program_gives_the_same_logits(model: keras.Model, tmp_path: Path) -> None:
    path = half.export_program(model, tmp_path / "m")
    z = half.predict(model, IMAGES)
    for n in (1, 5):
        assert np.allclose(half.run_program(path, IMAGES[:n]), z[:n], atol=1e-4)


def test_onnx_gives_the_same_logits_and_serves_without_the_framework(
    model: keras.Model, tmp_path: Path
) -> None:
    path = half.export_onnx(model, tmp_path / "m.onnx", classes=CLASSES)
    z = half.predict(model, IMAGES)
    for n in (1, 5):
        assert np.allclose(half.run_onnx(path, IMAGES[:n]), z[:n], atol=1e-4)
    small = half.quantise_onnx(path, tmp_path / "m8.onnx", IMAGES)
    assert small.stat().st_size < 0.4 * path.stat().st_size
    assert half.run_onnx(small, IMAGES).shape == z.shape
    for file in (path, small, half.save_model(model, tmp_path / "m.safetensors", classes=CLASSES)):
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


def test_kerass_own_file_brings_the_model_back(model: keras.Model, tmp_path: Path) -> None:
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert np.array_equal(half.predict(again, IMAGES), half.predict(model, IMAGES))
    assert again.backbone.preprocessing == model.backbone.preprocessing
