"""Chapter 17's probes: layout and values are told apart, and what moved is seen."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from course_lib.pytorch.probes import collecting, preparing, training_a_head
from course_lib.training.tiny import draw_tiny

RNG = np.random.default_rng(0)
PICTURES = {
    "images": RNG.integers(0, 256, size=(2, 3, 4, 3)).astype(np.uint8),
    "grey": RNG.integers(0, 256, size=(2, 3, 4)).astype(np.uint8),
    "mean": np.full(3, 0.5),
    "std": np.full(3, 0.25),
}
IMAGES = RNG.normal(size=(6, 2, 2, 3)).astype(np.float32)
MODEL = draw_tiny(RNG, classes=5)


def three_channels(images: np.ndarray) -> np.ndarray:
    return images if images.ndim == 4 else np.repeat(images[..., None], 3, axis=3)


@pytest.mark.parametrize("last", [True, False])
def test_pictures_are_compared_whatever_their_layout(last):
    def prepare(images, mean, std):
        x = torch.tensor((three_channels(images) / 255 - mean) / std, dtype=torch.float32)
        return x if last else x.permute(0, 3, 1, 2)

    report = preparing(prepare, **PICTURES)
    assert report["layout"] is not last and report["float32"]
    expected = (three_channels(PICTURES["grey"]) / 255 - 0.5) / 0.25
    assert np.allclose(report["grey"], expected, atol=1e-5)


def test_a_picture_without_three_channels_is_empty():
    report = preparing(lambda images, mean, std: torch.tensor(images).float()[:, None], **PICTURES)
    assert not report["layout"] and report["colour"].size == report["grey"].size == 0


@pytest.mark.parametrize("frozen", [True, False])
def test_moving_statistics_are_seen(frozen):
    def train_head(model, classes, images, labels, learning_rate, steps):
        model.head = nn.Linear(model.head.in_features, classes)
        model.backbone.train(not frozen)
        model(images)

    report = training_a_head(
        train_head, images=IMAGES, labels=np.arange(6) % 3, classes=3, learning_rate=0.1, steps=1, **MODEL
    )  # fmt: skip
    assert report["outputs"] == 3 and report["statistics_moved"] is not frozen
    assert not report["backbone_moved"]


def test_tensors_and_arrays_are_told_apart():
    def collect(model, batches):
        labels = torch.cat([y for _, y in batches])
        return labels, labels.numpy(), 1.0

    report = collecting(collect, images=IMAGES, labels=np.arange(6) % 3, batch_size=4, **MODEL)
    assert not report["arrays"] and not report["statistics_moved"]
    assert np.array_equal(report["labels"], np.arange(6) % 3)
