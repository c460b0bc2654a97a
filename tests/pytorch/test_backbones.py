"""Backbones, heads, plans and sizes in PyTorch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from course_lib import data
from course_lib.data.catalogue import REAL
from course_lib.errors import CourseError
from course_lib.pytorch import (
    AdamW,
    Callback,
    attach_head,
    build_head,
    count_parameters,
    describe,
    extract_features,
    freeze_plan,
    load_backbone,
    predict,
    pretrain_backbone,
    save_backbone,
)
from course_lib.pytorch.backbones import ARCHITECTURES, Architecture, Backbone, weights_of
from course_lib.pytorch.vit import PatchTransformer
from course_lib.training.preprocessing import IMAGENET_RGB
from course_lib.training.published import present_names
from course_lib.training.weight_files import read_weights

SMALL_VIT = Architecture(
    lambda: PatchTransformer(size=16, patch=8, depth=2, heads=2, width=8, hidden=16),
    replace(IMAGENET_RGB, size=16),
    (2, 2, 8),
    (("encoder.layers.encoder_layer_0.",), ("encoder.layers.encoder_layer_1.",)),
    tokens=True,
)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 32, 32, 1), dtype=np.uint8)


def test_the_documents_numbers_for_vgg16() -> None:
    vgg16 = load_backbone("vgg16", weights=None)
    assert count_parameters(vgg16) == {"total": 14_714_688, "trainable": 14_714_688}
    assert describe(vgg16)[-1].shape == vgg16.map_shape == (7, 7, 512)
    big = attach_head(vgg16, 10, hidden=(1024,), flatten=True)
    freeze_plan(big, "head")
    assert count_parameters(big)["trainable"] == 25_701_386
    assert sum(row.parameters for row in describe(big)) == count_parameters(big)["total"]


@pytest.mark.parametrize(
    ("name", "total", "size"),
    [
        ("resnet18", 11_176_512, 64),
        ("resnet50", 23_508_032, 64),
        ("mobilenet_v2", 2_223_872, 64),
        ("vit_b_16", 85_798_656, 224),
    ],
)
def test_backbones_are_torchvisions(name: str, total: int, size: int, tmp_path: Path) -> None:
    import torchvision

    torch.manual_seed(0)
    theirs = torchvision.models.get_model(name, weights=None).eval()
    torch.save(theirs.state_dict(), tmp_path / "weights.pth")
    ours = load_backbone(name, weights=tmp_path / "weights.pth")
    x = np.random.default_rng(0).integers(0, 256, (2, size, size, 3), dtype=np.uint8)
    for classifier in ("fc", "classifier", "heads"):
        if hasattr(theirs, classifier):
            setattr(theirs, classifier, torch.nn.Identity())
    with torch.no_grad():
        expected = theirs(torch.tensor(IMAGENET_RGB(x)).permute(0, 3, 1, 2)).numpy()
    np.testing.assert_allclose(
        extract_features(ours, x, cache=False), expected, rtol=1e-4, atol=1e-5
    )
    assert count_parameters(ours)["total"] == sum(row.parameters for row in describe(ours)) == total
    assert ours.weights_name == "weights.pth" and not ours.training


def test_preprocessing_in_the_network_is_the_readable_one() -> None:
    backbone = load_backbone("resnet18", weights=None)
    for channels in (1, 3):
        x = np.random.default_rng(0).integers(0, 256, (2, 8, 8, channels), dtype=np.uint8)
        inside = backbone.preprocess(torch.tensor(x)).permute(0, 2, 3, 1).numpy()
        np.testing.assert_allclose(inside, backbone.preprocessing(x), rtol=1e-6, atol=1e-6)


def test_random_weights_come_from_the_seed(images: np.ndarray) -> None:
    def features(seed: int) -> np.ndarray:
        return extract_features(
            load_backbone("glyphnet", weights=None, seed=seed), images, cache=False
        )

    assert (features(1) == features(1)).all() and (features(1) != features(2)).any()


def test_what_is_not_there_is_said_in_one_sentence(
    course_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(CourseError, match=r"resnet18-f37072fd\.pth") as error:
        load_backbone("resnet18")
    assert "weights=PATH" in str(error.value) and "glyphnet" in str(error.value)
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    (tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth").write_bytes(b"half a file")
    with pytest.raises(CourseError, match="damaged"):
        load_backbone("resnet18")
    with pytest.raises(CourseError, match="no backbone"):
        load_backbone("alexnet")


def test_a_transformer_has_a_class_token_and_a_map_of_patches() -> None:
    vit = Backbone("tiny", SMALL_VIT, SMALL_VIT.build(), "random").eval()
    x = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    tokens = vit.all_tokens(torch.tensor(x)).detach().numpy()
    assert tokens.shape == (3, 1 + 4, 8)
    found = extract_features(vit, x, cache=False)
    np.testing.assert_allclose(found, tokens[:, 0], rtol=1e-5, atol=1e-6)
    maps = extract_features(vit, x, layer="maps", cache=False)
    np.testing.assert_allclose(maps, tokens[:, 1:].reshape(3, 2, 2, 8), rtol=1e-5, atol=1e-6)
    with pytest.raises(CourseError, match="16×16 pixels; these are 1×32×32×3"):
        vit(torch.zeros(1, 32, 32, 3))


def test_names_of_older_files_are_understood() -> None:
    old = {"encoder.layers.encoder_layer_0.mlp.linear_1.weight": 1, "x.mlp.linear_2.bias": 2}
    now = {"encoder.layers.encoder_layer_0.mlp.0.weight": 1, "x.mlp.3.bias": 2}
    assert present_names(old) == now


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    torch.save({"conv1.weight": torch.zeros(1)}, tmp_path / "w.pth")
    with pytest.raises(CourseError, match="does not fit"):
        load_backbone("resnet18", weights=tmp_path / "w.pth")


@pytest.mark.parametrize("suffix", [".pth", ".npz", ".safetensors"])
def test_a_page_in_the_place_of_weights_is_no_advice_to_open_it_unsafely(
    tmp_path: Path, suffix: str
) -> None:
    """NumPy and PyTorch say how to open such a file all the same: that is not what a student should read."""
    path = tmp_path / f"w{suffix}"
    path.write_bytes(b"<html>please log in</html>" * 50)
    with pytest.raises(CourseError, match="damaged") as said:
        load_backbone("resnet18", weights=path)
    assert "unsafe" not in str(said.value) and "weights_only" not in str(said.value)


def test_a_checkpoint_around_the_weights_is_said_to_be_one(tmp_path: Path) -> None:
    torch.save({"epoch": 3, "state_dict": {"conv1.weight": torch.zeros(1)}}, tmp_path / "c.pth")
    torch.save([torch.zeros(1)], tmp_path / "l.pth")
    for name, says in (("c.pth", r"\(state_dict\): save"), ("l.pth", "around them: save")):
        with pytest.raises(CourseError, match=says):
            load_backbone("resnet18", weights=tmp_path / name)
        with pytest.raises(CourseError, match=says):  # as the Keras half reads it
            read_weights(tmp_path / name)


def test_features_and_maps(images: np.ndarray) -> None:
    backbone = load_backbone("glyphnet", weights=None)
    features, maps = (
        extract_features(backbone, images, layer=layer, cache=False) for layer in (None, "maps")
    )
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
    with torch.no_grad():
        backbone.network.stem.weight.mul_(2)
    assert (extract_features(backbone, images) != first).any()
    changed = extract_features(backbone, images)
    backbone.network.stem_norm.running_mean += 1  # statistics count as well
    assert (extract_features(backbone, images) != changed).any()


def test_plans_and_their_numbers() -> None:
    model = attach_head(load_backbone("glyphnet", weights=None), 10)
    head = count_parameters(model.head)["total"]
    block3 = count_parameters(model.backbone.network.block3)["total"]
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
    blocks = load_backbone(name, weights=None).blocks
    assert all(count_parameters(block)["total"] > 0 for block in blocks)


def test_heads_start_from_the_seed_and_have_the_layers_asked_for(images: np.ndarray) -> None:
    head = build_head(8, 3, hidden=(4,), dropout=0.5, seed=1)
    assert [type(layer).__name__ for layer in head] == ["Linear", "ReLU", "Dropout", "Linear"]
    assert torch.equal(head[0].weight, build_head(8, 3, hidden=(4,), seed=1)[0].weight)
    assert not torch.equal(head[0].weight, build_head(8, 3, hidden=(4,), seed=2)[0].weight)
    assert [type(layer).__name__ for layer in build_head(8, 3, dropout=0.5)] == [
        "Dropout",
        "Linear",
    ]
    model = attach_head(load_backbone("glyphnet", weights=None), 3, hidden=(4,), flatten=True)
    assert predict(model, images).shape == (5, 3)


def test_a_backbone_pre_trained_on_any_labels_is_saved_and_loaded(tmp_path: Path) -> None:
    domain, losses = data.load("shapes", n=96), Losses()
    how: dict[str, Any] = {"epochs": 6, "optimizer": AdamW(3e-3), "batch_size": 32}
    backbone = pretrain_backbone(
        "glyphnet", (domain.x, domain.y), seed=1, callbacks=[losses], progress=False, **how
    )
    assert losses.of_epochs[-1] < 0.8 * losses.of_epochs[0]
    path = save_backbone(backbone, tmp_path / "shapes.safetensors")
    loaded = load_backbone("glyphnet", weights=path)
    x = domain.x[:4]
    found = extract_features(loaded, x, cache=False)
    assert (found == extract_features(backbone, x, cache=False)).all()
    start = load_backbone("glyphnet", weights=None, seed=1)
    assert (found != extract_features(start, x, cache=False)).any()
    assert loaded.preprocessing == backbone.preprocessing
    with pytest.raises(CourseError, match="does not fit"):
        load_backbone("resnet18", weights=path)


class Losses(Callback):
    """Note what a training recorded."""

    def on_end(self, run: Any) -> None:
        self.of_epochs = run.history.column("loss")


def test_numpy_files_are_read_and_keras_own_are_not(tmp_path: Path) -> None:
    backbone = load_backbone("glyphnet")
    np.savez(tmp_path / "own.npz", **weights_of(backbone))
    x = data.load("shapes", n=8).x
    found = extract_features(load_backbone("glyphnet", weights=tmp_path / "own.npz"), x)
    np.testing.assert_array_equal(found, extract_features(backbone, x))
    (tmp_path / "own.weights.h5").touch()
    with pytest.raises(CourseError, match="Keras's own layout"):
        load_backbone("glyphnet_half", weights=tmp_path / "own.weights.h5")


def test_the_weights_of_keras_applications_are_for_the_other_half() -> None:
    with pytest.raises(CourseError, match=r"load_backbone\('resnet50'\)"):
        load_backbone("resnet50", weights="keras")


@pytest.mark.parametrize("name", ["vgg16", "resnet18", "resnet50", "mobilenet_v2", "vit_b_16"])
def test_weights_that_are_not_here_are_one_command_away(
    name: str, course_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(CourseError, match=f"data fetch {name} ") as failed:
        load_backbone(name)
    assert f"data fetch {name}" in failed.value.zh and name in REAL
