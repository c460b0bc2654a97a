"""Published weights by name: found, fetched where the reader asked for what is real, or one sentence."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from course_lib.data import remote
from course_lib.data.catalogue import REAL
from course_lib.downloads import RemoteFile
from course_lib.errors import CourseError
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
