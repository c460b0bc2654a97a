"""Weights on this machine: the reader's own file, the first network that is here, the head that came along."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from course_lib.errors import CourseError
from course_lib.pytorch import first_available, load_backbone, load_head
from course_lib.training import published


@pytest.fixture
def weights(course_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the empty folder of weights; no other folder is looked into."""
    folder = course_home / "data" / "weights"
    folder.mkdir(parents=True)
    monkeypatch.setattr(published, "torch_folders", lambda: [folder])
    return folder


def save(path: Path, *, head: bool = True) -> None:
    """Write MobileNetV2 with random weights, as torchvision names them."""
    state = load_backbone("mobilenet_v2", weights=None).network.state_dict()
    if head:
        state |= {
            "classifier.1.weight": torch.ones(3, 1280),
            "classifier.1.bias": torch.arange(3.0),
        }
    torch.save(state, path)


def test_the_first_network_whose_weights_are_here_is_taken(weights: Path) -> None:
    assert (
        first_available("resnet18", "mobilenet_v2") == "resnet18"
    )  # none: loading says what to do
    with pytest.raises(CourseError, match=r"resnet18\.pth"):
        load_backbone("resnet18")
    save(weights / "mobilenet_v2.pt")
    assert first_available("resnet18", "mobilenet_v2") == "mobilenet_v2"
    assert load_backbone("mobilenet_v2").weights_name == "mobilenet_v2.pt"
    with pytest.raises(CourseError, match="Name at least one"):
        first_available()


def test_a_damaged_file_is_not_passed_over(weights: Path) -> None:
    (weights / "resnet18-f37072fd.pth").write_bytes(b"half")
    save(weights / "mobilenet_v2.pt")
    with pytest.raises(CourseError, match="damaged"):
        first_available("resnet18", "mobilenet_v2")


def test_the_head_that_came_along_is_read(weights: Path) -> None:
    save(weights / "mobilenet_v2.pt")
    head, bias = load_head("mobilenet_v2")
    assert head.shape == (3, 1280) and np.array_equal(bias, [0, 1, 2])
    save(weights / "mobilenet_v2.pt", head=False)
    with pytest.raises(CourseError, match="holds no classifier"):
        load_head("mobilenet_v2")
    with pytest.raises(CourseError, match="no classifier of one dense layer"):
        load_head("vgg16", weights=weights / "mobilenet_v2.pt")
