"""Backbones, heads, plans and sizes in Keras."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import h5py
import numpy as np
import pytest

from course_lib import data
from course_lib.data.catalogue import REAL
from course_lib.errors import CourseError
from course_lib.keras import (
    attach_head,
    build_head,
    count_parameters,
    describe,
    extract_features,
    freeze_plan,
    load_backbone,
    predict,
    save_backbone,
)
from course_lib.keras.backbones import (
    ARCHITECTURES,
    VGG16_IN_TORCHVISION,
    VIT_BLOCKS,
    Architecture,
    Backbone,
    weights_of,
)
from course_lib.keras.engine import keras
from course_lib.keras.torch_layout import to_torch_layout
from course_lib.keras.vit import build_vit
from course_lib.training import published, weight_files
from course_lib.training.preprocessing import IMAGENET_BGR, IMAGENET_RGB
from tests.conftest import ROOT

TORCHVISION = """
import json, sys, numpy as np, torch, torchvision
from course_lib.training.preprocessing import IMAGENET_RGB
folder = sys.argv[1]
for name in ("resnet18", "resnet50", "vgg16", "mobilenet_v2", "vit_b_16"):
    torch.manual_seed(0)
    size = 224 if name == "vit_b_16" else 64
    x = np.random.default_rng(0).integers(0, 256, (2, size, size, 3), dtype=np.uint8)
    network = torchvision.models.get_model(name, weights=None).eval()
    for classifier in ("fc", "classifier", "heads"):
        if hasattr(network, classifier): setattr(network, classifier, torch.nn.Sequential())
    if name == "vgg16":
        network.avgpool = torch.nn.AdaptiveAvgPool2d(1)
    else:
        torch.nn.init.normal_(getattr(network, "class_token", torch.empty(1)))
    for n, w in network.named_buffers():
        if n.endswith("running_mean"): w.normal_()
        if n.endswith("running_var"): w.uniform_(0.5, 2.0)
    torch.save(network.state_dict(), f"{folder}/{name}.pth")
    with torch.no_grad():
        features = network(torch.tensor(IMAGENET_RGB(x)).permute(0, 3, 1, 2))
    np.save(f"{folder}/{name}.npy", features.numpy())

from course_lib import data
from course_lib.pytorch import extract_features, pretrain_backbone, save_backbone
shapes = data.load("shapes", n=48)
backbone = pretrain_backbone("glyphnet", shapes, epochs=1, progress=False)
save_backbone(backbone, f"{folder}/pretrained.safetensors")
np.save(f"{folder}/pretrained.npy", extract_features(backbone, shapes.x, cache=False))
"""


@pytest.fixture(scope="module")
def torchvision(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder of torchvision's networks with random weights and what they answer."""
    folder = tmp_path_factory.mktemp("torchvision")
    command = [sys.executable, "-c", TORCHVISION, str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=300)
    return folder


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 32, 32, 1), dtype=np.uint8)


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "vgg16", "mobilenet_v2", "vit_b_16"])
def test_torchvisions_weights_move_across_with_equal_outputs(name: str, torchvision: Path) -> None:
    backbone = load_backbone(name, weights=torchvision / f"{name}.pth")
    expected = np.load(torchvision / f"{name}.npy")
    size = backbone.preprocessing.size if backbone.tokens else 64
    x = np.random.default_rng(0).integers(0, 256, (2, size, size, 3), dtype=np.uint8)
    found = extract_features(backbone, x, cache=False)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
    assert backbone.preprocessing == IMAGENET_RGB  # the weights bring it, VGG16's too
    total = count_parameters(backbone)["total"]
    assert total == sum(row.parameters for row in describe(backbone))
    there = weight_files.read_weights(torchvision / f"{name}.pth")
    renamed = VGG16_IN_TORCHVISION if name == "vgg16" else None
    for key, value in to_torch_layout(backbone.network, renamed=renamed).items():
        np.testing.assert_array_equal(value, there[key], err_msg=key)  # and back again


def test_keras_own_vgg16_brings_its_own_preprocessing(tmp_path: Path) -> None:
    theirs = keras.applications.VGG16(include_top=False, weights=None, input_shape=(64, 64, 3))
    theirs.save_weights(tmp_path / "vgg16.weights.h5")
    ours = load_backbone("vgg16", weights=tmp_path / "vgg16.weights.h5")
    assert ours.preprocessing == IMAGENET_BGR
    x = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3), dtype=np.uint8)
    scaled = keras.applications.vgg16.preprocess_input(x.astype(np.float32))
    expected = keras.ops.convert_to_numpy(theirs(scaled)).mean(axis=(1, 2))
    found = extract_features(ours, x, cache=False)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    save_backbone(ours, tmp_path / "vgg16.safetensors")  # in PyTorch's layout, scaled as before
    again = load_backbone("vgg16", weights=tmp_path / "vgg16.safetensors")
    assert again.preprocessing == IMAGENET_BGR
    assert (extract_features(again, x, cache=False) == found).all()


@pytest.mark.parametrize("suffix", ["keras", "weights.h5", "npz"])
def test_a_backbone_comes_back_from_other_kinds_of_files(tmp_path: Path, suffix: str) -> None:
    backbone, path = load_backbone("glyphnet"), tmp_path / f"saved.{suffix}"
    x = data.load("shapes", n=8).x
    expected = extract_features(backbone, x, cache=False)
    if suffix == "keras":
        attach_head(backbone, classes=3).save(path)
    elif suffix == "npz":
        np.savez(path, **weights_of(backbone))
    else:
        backbone.network.save_weights(path)
    again = load_backbone("glyphnet", weights=path)
    np.testing.assert_allclose(extract_features(again, x, cache=False), expected, rtol=1e-6)


KERAS_OWN = {
    "mobilenet_v2": (keras.applications.MobileNetV2, keras.applications.mobilenet_v2, 5),
    "resnet50": (keras.applications.ResNet50, keras.applications.resnet, 4),
    "vgg16": (keras.applications.VGG16, keras.applications.vgg16, 5),
}


@pytest.mark.parametrize("name", list(KERAS_OWN))
def test_the_networks_of_keras_applications_bring_their_own_preprocessing(
    name: str, course_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file as keras.applications publishes it (Keras 2's format), found where Keras keeps it."""
    from keras.src.legacy.saving import legacy_h5_format  # nothing public writes it any more

    build, module, blocks = KERAS_OWN[name]
    theirs = build(include_top=False, weights=None, input_shape=(None, None, 3))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    path = tmp_path / "models" / published.KERAS_APPLICATIONS[name][0]
    path.parent.mkdir()
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, theirs)
    ours = load_backbone(name, weights="keras")
    assert ours.weights_name == path.name
    x = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3), dtype=np.uint8)
    scaled = module.preprocess_input(x.astype(np.float32))
    expected = keras.ops.convert_to_numpy(theirs(scaled)).mean(axis=(1, 2))
    np.testing.assert_allclose(
        extract_features(ours, x, cache=False), expected, rtol=1e-4, atol=1e-5
    )
    assert [len(block) > 0 for block in ours.blocks] == [True] * blocks
    if name != "vgg16":
        with pytest.raises(CourseError, match="pads or strides otherwise"):
            save_backbone(ours, tmp_path / "ours.safetensors")


@pytest.mark.parametrize(
    ("name", "weights", "entry"),
    [
        ("resnet18", "default", "resnet18"),
        ("resnet50", "default", "resnet50"),
        ("mobilenet_v2", "default", "mobilenet_v2"),
        ("vit_b_16", "default", "vit_b_16"),
        ("vgg16", "default", "vgg16_keras"),
        ("vgg16", "keras", "vgg16_keras"),
        ("resnet50", "keras", "resnet50_keras"),
        ("mobilenet_v2", "keras", "mobilenet_v2_keras"),
    ],
)
def test_weights_that_are_not_here_are_one_command_away(
    name: str,
    weights: str,
    entry: str,
    course_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for variable in ("KERAS_HOME", "TORCH_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    with pytest.raises(CourseError, match=f"data fetch {entry} ") as failed:
        load_backbone(name, weights=weights)
    assert f"data fetch {entry}" in failed.value.zh and entry in REAL
    known = {file.name for file in REAL[entry].files()}
    assert known <= {*published.TORCHVISION[name], *published.KERAS_APPLICATIONS.get(name, ())}


def test_keras_has_no_weights_of_its_own_for_other_networks() -> None:
    with pytest.raises(CourseError, match="not for resnet18"):
        load_backbone("resnet18", weights="keras")


def test_a_file_of_another_network_is_said_to_be_none(tmp_path: Path) -> None:
    load_backbone("glyphnet_half", weights=None).network.save_weights(tmp_path / "half.weights.h5")
    with pytest.raises(CourseError, match="cannot be read as weights"):
        load_backbone("glyphnet", weights=tmp_path / "half.weights.h5")


def test_what_pytorch_has_pre_trained_and_saved_works_here(torchvision: Path) -> None:
    backbone = load_backbone("glyphnet", weights=torchvision / "pretrained.safetensors")
    found = extract_features(backbone, data.load("shapes", n=48).x, cache=False)
    expected = np.load(torchvision / "pretrained.npy")
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert expected.std() > 0.01 and backbone.weights_name == "pretrained.safetensors"


def test_vgg16_takes_torchvisions_file_where_kerass_is_not_there(
    course_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    file = folder / f"vgg16-{sha256(b'no weights').hexdigest()[:8]}.pth"
    file.write_bytes(b"no weights")
    monkeypatch.setitem(published.TORCHVISION, "vgg16", (file.name,))
    with pytest.raises(CourseError, match=f"{file.name} cannot be read"):
        load_backbone("vgg16")


def test_the_documents_numbers_for_vgg16() -> None:
    vgg16 = load_backbone("vgg16", weights=None)
    assert vgg16.preprocessing == IMAGENET_RGB  # without weights, as in the PyTorch half
    kernel = keras.ops.convert_to_numpy(vgg16.network.get_layer("block5_conv3").kernel)
    assert kernel.std() == pytest.approx((2 / (9 * 512)) ** 0.5, rel=0.01)  # torchvision's start
    assert count_parameters(vgg16) == {"total": 14_714_688, "trainable": 14_714_688}
    assert describe(vgg16)[-1].shape == vgg16.map_shape == (7, 7, 512)
    big = attach_head(vgg16, 10, hidden=(1024,), flatten=True)
    freeze_plan(big, "head")
    assert count_parameters(big)["trainable"] == 25_701_386
    assert sum(row.parameters for row in describe(big)) == count_parameters(big)["total"]


def test_layers_have_pytorchs_names_and_layout() -> None:
    resnet = load_backbone("resnet18", weights=None)
    shapes = {name: w.shape for name, w in to_torch_layout(resnet.network).items()}
    assert shapes["layer2.0.downsample.0.weight"] == (128, 64, 1, 1)
    assert shapes["bn1.running_var"] == (64,) and shapes["conv1.weight"] == (64, 3, 7, 7)
    assert [row.layer for row in describe(resnet)][-4:] == ["layer1", "layer2", "layer3", "layer4"]
    assert len(VGG16_IN_TORCHVISION) == 13
    assert json.dumps(describe(resnet))


def test_preprocessing_in_the_network_is_the_readable_one() -> None:
    for name in ("resnet18", "vgg16"):
        backbone = load_backbone(name, weights=None)
        for channels in (1, 3):
            x = np.random.default_rng(0).integers(0, 256, (2, 32, 32, channels), dtype=np.uint8)
            inside = keras.ops.convert_to_numpy(backbone.preprocess(keras.ops.convert_to_tensor(x)))
            np.testing.assert_allclose(inside, backbone.preprocessing(x), rtol=1e-5, atol=1e-5)


def test_random_weights_come_from_the_seed(images: np.ndarray) -> None:
    def features(seed: int) -> np.ndarray:
        return extract_features(
            load_backbone("glyphnet", weights=None, seed=seed), images, cache=False
        )

    assert (features(1) == features(1)).all() and (features(1) != features(2)).any()


def test_what_is_not_there_is_said_in_one_sentence(
    course_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for name, file in [("vgg16", "vgg16_weights"), ("resnet50", "resnet50-11ad3fa6")]:
        with pytest.raises(CourseError, match=file) as error:
            load_backbone(name)
        assert "weights=PATH" in str(error.value) and "glyphnet" in str(error.value)
    with pytest.raises(CourseError, match="no backbone"):
        load_backbone("alexnet")


def test_a_transformer_has_a_class_token_and_a_map_of_patches() -> None:
    network = build_vit(size=16, patch=8, depth=2, heads=2, width=8, hidden=16)
    preprocessing = replace(IMAGENET_RGB, size=16)
    small = Architecture(lambda: network, preprocessing, (2, 2, 8), VIT_BLOCKS[:2], tokens=True)
    vit = Backbone("tiny", small, network, "random")
    x = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    tokens = predict(keras.Model(network.input, network.output), preprocessing(x))
    assert tokens.shape == (3, 1 + 4, 8)
    found = extract_features(vit, x, cache=False)
    np.testing.assert_allclose(found, tokens[:, 0], rtol=1e-5, atol=1e-6)
    maps = extract_features(vit, x, layer="maps", cache=False)
    np.testing.assert_allclose(maps, tokens[:, 1:].reshape(3, 2, 2, 8), rtol=1e-5, atol=1e-6)
    with pytest.raises(CourseError, match="16×16 pixels; these are 1×32×32×3"):
        vit(np.zeros((1, 32, 32, 3), np.float32))


def test_weights_that_do_not_fit_are_refused(torchvision: Path) -> None:
    with pytest.raises(CourseError, match="does not fit"):
        load_backbone("resnet50", weights=torchvision / "resnet18.pth")


def test_features_and_maps(images: np.ndarray) -> None:
    backbone = load_backbone("glyphnet", weights=None)
    features = extract_features(backbone, images, cache=False)
    maps = extract_features(backbone, images, layer="maps", cache=False)
    assert features.shape == (5, backbone.feature_size) and maps.shape == (5, *backbone.map_shape)
    np.testing.assert_allclose(maps.mean(axis=(1, 2)), features, rtol=1e-5, atol=1e-6)
    assert extract_features(backbone, images, layer="block2", cache=False).shape == (5, 8, 8, 64)
    with pytest.raises(CourseError, match="block9"):
        extract_features(backbone, images, layer="block9", cache=False)


@pytest.mark.usefixtures("course_home")
def test_cached_features_are_never_stale(images: np.ndarray) -> None:
    backbone = load_backbone("glyphnet", weights=None)
    first = extract_features(backbone, images)
    assert (extract_features(backbone, images) == first).all()
    assert (extract_features(backbone, 255 - images) != first).any()
    stem = backbone.network.get_layer("stem_norm")
    stem.moving_mean.assign(stem.moving_mean + 1)  # statistics count as well
    assert (extract_features(backbone, images) != first).any()


def test_plans_and_their_numbers() -> None:
    model = attach_head(load_backbone("glyphnet", weights=None), 10)
    head = count_parameters(model.head)["total"]
    block3 = sum(count_parameters(layer)["total"] for layer in model.backbone.blocks[-1])
    total = count_parameters(model)["total"]
    for plan, trainable in [("head", head), ("last", head + block3), ("everything", total)]:
        freeze_plan(model, plan)
        assert count_parameters(model) == {"total": total, "trainable": trainable}
    with pytest.raises(CourseError, match="freeze plan"):
        freeze_plan(model, "some")


def test_the_half_network_has_a_quarter_of_the_weights_and_its_own(images: np.ndarray) -> None:
    half, whole = (load_backbone(name) for name in ("glyphnet_half", "glyphnet"))
    share = count_parameters(half)["total"] / count_parameters(whole)["total"]
    assert 0.25 < share < 0.26
    assert extract_features(half, images, cache=False).shape == (5, 64)
    assert half.weights_name == "glyphnet_half.safetensors"


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_blocks_are_found_in_order(name: str) -> None:
    for block in load_backbone(name, weights=None).blocks:
        assert sum(count_parameters(layer)["total"] for layer in block) > 0


def test_heads_start_from_the_seed_and_have_the_layers_asked_for(images: np.ndarray) -> None:
    head = build_head(8, 3, hidden=(4,), dropout=0.5, seed=1)
    assert [type(layer).__name__ for layer in head.layers] == ["Dense", "ReLU", "Dropout", "Dense"]
    first, same, other = (build_head(8, 3, hidden=(4,), seed=s).get_weights()[0] for s in (1, 1, 2))
    assert (first == same).all() and (first != other).any()
    model = attach_head(load_backbone("glyphnet", weights=None), 3, hidden=(4,), flatten=True)
    assert predict(model, images).shape == (5, 3)
