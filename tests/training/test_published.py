"""Published weights by name: found, fetched where the reader asked for what is real, or one sentence.

Besides: the reader's own file, the first network that is here, the head that came along.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from course_lib.data import remote
from course_lib.data.catalogue import REAL
from course_lib.downloads import RemoteFile
from course_lib.errors import CourseError
from course_lib.pytorch import first_available, load_backbone, load_head
from course_lib.training import published
from course_lib.training.published import KERAS_APPLICATIONS, TORCHVISION, find_published
from tests.odd_server import CONTENT, odd_server

DIGITS = hashlib.sha256(CONTENT).hexdigest()[:8]
NAME = f"resnet18-{DIGITS}.pth"


@pytest.fixture
def weights(course_home, monkeypatch):
    """ResNet-18's file in small, on a server of this machine."""
    with odd_server() as server:
        file = RemoteFile(NAME, (server.url("wrong"), server.url("good")), f"sha256:{DIGITS}")
        monkeypatch.setitem(REAL, "resnet18", replace(REAL["resnet18"], parts={"train": (file,)}))
        yield server


def test_what_is_real_is_fetched_for_whoever_asks_for_it(weights, monkeypatch):
    folders = [remote.folder("weights")]
    with pytest.raises(CourseError, match="data fetch resnet18 ") as failed:
        find_published("resnet18", (NAME,), folders)
    assert "load_backbone('glyphnet')" in failed.value.zh and weights.asked == []
    monkeypatch.setenv("COURSE_DATA", "real")
    path = find_published("resnet18", (NAME,), folders)
    assert path.read_bytes() == CONTENT and path.parent == folders[0]
    asked = len(weights.asked)
    assert find_published("resnet18", (NAME,), folders) == path and len(weights.asked) == asked


def test_without_a_network_one_sentence_says_so(course_home, monkeypatch):
    gone = RemoteFile(NAME, ("http://127.0.0.1:9/x",), f"sha256:{DIGITS}")
    monkeypatch.setitem(REAL, "resnet18", replace(REAL["resnet18"], parts={"train": (gone,)}))
    monkeypatch.setenv("COURSE_DATA", "real")
    with pytest.raises(CourseError, match="not reached") as failed:
        find_published("resnet18", (NAME,), [])
    assert "\n" not in str(failed.value) and "无法连接" in failed.value.zh
    assert "Meanwhile load_backbone('glyphnet') works" in failed.value.en


def test_every_published_file_is_in_the_catalogue_and_where_backbones_look():
    newest = {files[0] for files in TORCHVISION.values()}
    newest |= {file for files in KERAS_APPLICATIONS.values() for file in files}
    listed = {
        file.name for real in REAL.values() if real.kind == "weights" for file in real.files()
    }
    assert listed == newest
    assert remote.folder("weights") in _folders()


def _folders() -> list[Path]:
    from course_lib.training.published import keras_folders, torch_folders

    assert keras_folders()[0] == torch_folders()[0]
    return keras_folders()


@pytest.fixture
def own_weights(course_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
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


def test_the_first_network_whose_weights_are_here_is_taken(own_weights: Path) -> None:
    assert (
        first_available("resnet18", "mobilenet_v2") == "resnet18"
    )  # none: loading says what to do
    with pytest.raises(CourseError, match=r"resnet18\.pth"):
        load_backbone("resnet18")
    save(own_weights / "mobilenet_v2.pt")
    assert first_available("resnet18", "mobilenet_v2") == "mobilenet_v2"
    assert load_backbone("mobilenet_v2").weights_name == "mobilenet_v2.pt"
    with pytest.raises(CourseError, match="Name at least one"):
        first_available()


def test_a_damaged_file_is_not_passed_over(own_weights: Path) -> None:
    (own_weights / "resnet18-f37072fd.pth").write_bytes(b"half")
    save(own_weights / "mobilenet_v2.pt")
    with pytest.raises(CourseError, match="damaged"):
        first_available("resnet18", "mobilenet_v2")


def test_the_head_that_came_along_is_read(own_weights: Path) -> None:
    save(own_weights / "mobilenet_v2.pt")
    head, bias = load_head("mobilenet_v2")
    assert head.shape == (3, 1280) and np.array_equal(bias, [0, 1, 2])
    save(own_weights / "mobilenet_v2.pt", head=False)
    with pytest.raises(CourseError, match="holds no classifier"):
        load_head("mobilenet_v2")
    with pytest.raises(CourseError, match="no classifier of one dense layer"):
        load_head("vgg16", weights=own_weights / "mobilenet_v2.pt")


def test_looking_for_the_first_one_fetches_nothing(weights, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "real")
    monkeypatch.setattr(published, "torch_folders", lambda: [remote.folder("weights")])
    assert first_available("resnet18", "mobilenet_v2") == "resnet18" and weights.asked == []
