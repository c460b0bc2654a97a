"""glyphnet in PyTorch: its size, its shapes, its weights file and card."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors import safe_open

from course_lib import data
from course_lib.pretraining import VARIANTS, WEIGHTS
from course_lib.pytorch import extract_features, load_backbone
from course_lib.pytorch.glyphnet import build_glyphnet
from course_lib.readouts import nearest_class_mean


def test_it_is_small():
    parameters = sum(p.numel() for p in build_glyphnet().parameters())
    assert 250_000 < parameters <= 500_000


def test_images_in_features_out():
    network = build_glyphnet().eval()
    x = torch.rand(3, 1, 32, 32)
    assert network(x).shape == (3, 128) and (network(x) >= 0).all()
    assert network.feature_map(x).shape == (3, 128, 4, 4)
    assert torch.equal(network.feature_map(x).mean(dim=(2, 3)), network(x))


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: v.name)
def test_the_weights_file_is_whole_small_and_described(variant):
    path = WEIGHTS / f"{variant.name}.safetensors"
    assert path.stat().st_size <= 2_000_000
    with safe_open(path, "numpy") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    network = load_backbone(variant.backbone, weights=None).network
    assert set(tensors) == {n for n in network.state_dict() if "num_batches" not in n}
    assert all(np.isfinite(tensor).all() for tensor in tensors.values())
    card = (WEIGHTS / "glyphnet.md").read_text()
    assert path.name in card
    for heading in ("## Data", "## Recipe", "## Results", "## Limits", "## Licence"):
        assert heading in card


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: v.name)
def test_pre_training_helps_from_one_label_per_class(variant):
    development, _ = data.split(data.load("digits"))
    few = data.few_shot(development, 1, seed=0)
    accuracy = {}
    for weights in (WEIGHTS / f"{variant.name}.safetensors", None):
        backbone = load_backbone(variant.backbone, weights=weights)
        f, f_few = (extract_features(backbone, d.x, cache=False) for d in (development, few))
        predicted = nearest_class_mean(f_few, few.y, f)
        accuracy[weights] = (predicted == development.y).mean()
    assert accuracy[WEIGHTS / f"{variant.name}.safetensors"] > 0.7 > accuracy[None]
