"""Real data sets by name: fetched from a server on this machine, kept, read; the switch and the commands."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from course_lib import data
from course_lib.data import commands, remote
from course_lib.data.catalogue import REAL
from course_lib.downloads import RemoteFile
from course_lib.errors import CourseError
from tests.data.test_formats import idx, jpeg, wav
from tests.odd_server import odd_server
from tests.test_archives import make_tar

RNG = np.random.default_rng(0)
X, Y = RNG.integers(0, 256, (6, 28, 28), dtype=np.uint8), np.array([0, 1, 2, 3, 4, 5], np.uint8)


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(commands.data, list(words))
    said = result.output + (
        str(result.exception) if isinstance(result.exception, CourseError) else ""
    )
    return result.exit_code, said


@pytest.fixture
def mnist(course_home, monkeypatch):
    """MNIST in small, on a server of its own: the labels' file is all that the server gives."""
    with odd_server() as server:
        server.content = idx(Y)
        images = remote.folder() / "mnist-train-images-idx3-ubyte.gz"
        images.parent.mkdir(parents=True)
        images.write_bytes(idx(X))
        files = (
            RemoteFile(
                images.name, (server.url("404"),), f"sha256:{hashlib.sha256(idx(X)).hexdigest()}"
            ),
            RemoteFile("mnist-train-labels-idx1-ubyte.gz", (server.url("good"),)),
        )
        small = replace(REAL["mnist"], parts={"train": files, "test": files})
        monkeypatch.setitem(REAL, "mnist", small)
        yield server


def test_a_real_set_is_fetched_once_and_is_a_domain(mnist, capsys):
    domain = data.load("mnist")
    said = capsys.readouterr().out
    assert "CC BY-SA 3.0" in said and "LeCun" in said and "to fetch" in said
    assert (domain.x[..., 0] == X).all() and domain.y.tolist() == Y.tolist()
    assert domain.license == "CC BY-SA 3.0" and len(domain.classes) == 10
    again = data.load("mnist", n=3, seed=1, size=32, part="train")
    assert again.x.shape == (3, 32, 32, 1) and capsys.readouterr().out == ""
    assert mnist.count("good") == 1


def test_the_switch_puts_the_real_one_in_the_embedded_ones_place(mnist, monkeypatch):
    assert data.load("digits", real="mnist").name == "digits"
    monkeypatch.setenv("COURSE_DATA", "real")
    assert data.load("digits").name == "digits", "nothing real is named here"
    domain = data.load("digits", real="mnist")
    assert domain.name == "mnist" and domain.x.shape == (6, 32, 32, 1)
    monkeypatch.setenv("COURSE_DATA", "reel")
    with pytest.raises(CourseError, match="COURSE_DATA is 'reel'"):
        data.load("digits", real="mnist")


def test_what_it_does_not_have_is_said(mnist):
    with pytest.raises(CourseError, match="no part 'validation'"):
        data.load("mnist", part="validation")
    with pytest.raises(CourseError, match="no option style"):
        data.load("mnist", style="hand")


def test_without_a_network_the_sentence_names_the_stand_in(course_home, monkeypatch):
    gone = (RemoteFile("gone.gz", ("http://127.0.0.1:9/gone.gz",)),)
    monkeypatch.setitem(REAL, "mnist", replace(REAL["mnist"], parts={"train": gone}))
    with pytest.raises(CourseError) as failed:
        data.load("mnist")
    assert "load('digits') works without a network" in failed.value.en
    assert "load('digits')" in failed.value.zh


def test_the_commands(mnist, tmp_path):
    assert "partly here" in run("list")[1]
    assert "here and whole" in run("fetch", "mnist")[1]
    said = run("verify")[1]
    assert "as published" in said and "as on the first day" in said
    assert str(remote.folder()) in run("where", "mnist")[1]
    labels = remote.folder() / "mnist-train-labels-idx1-ubyte.gz"
    times = labels.stat()
    labels.write_bytes(labels.read_bytes()[:-1] + b"?")  # one byte, and neither size nor time tells
    os.utime(labels, ns=(times.st_atime_ns, times.st_mtime_ns))
    code, said = run("verify", "mnist")
    assert code == 1 and "Damaged: mnist-train-labels" in said
    code, said = run("fetch", "no-such")
    assert code == 1 and "There is no data set 'no-such'" in said


def test_files_are_imported_by_their_published_names(mnist, tmp_path):
    images = remote.folder() / "mnist-train-images-idx3-ubyte.gz"
    stick = tmp_path / "stick" / "deep"
    stick.mkdir(parents=True)
    images.rename(stick / images.name)
    (stick / "holiday.jpg").write_bytes(b"")
    assert "taken as mnist-train-images" in run("import", str(tmp_path / "stick"))[1]
    assert images.exists()
    code, said = run("import", str(stick / "holiday.jpg"))
    assert code == 1 and "hymenoptera_data.zip" in said
    assert "nothing at" in run("import", str(tmp_path / "nowhere"))[1]


def test_sounds_are_read_by_the_publishers_lists(course_home, monkeypatch):
    sound = wav(np.arange(16_000, dtype="<i2") % 99)
    listed = {"validation_list.txt": "no/b.wav\n", "testing_list.txt": "yes/a.wav\nno/c.wav\n"}
    files = {f"{word}/{name}.wav": sound for word in ("yes", "no", "bed") for name in "abc"}
    content = {name: text.encode() for name, text in listed.items()} | files
    remote.folder().mkdir(parents=True)
    path = make_tar(remote.folder() / "commands.tar.gz", content)
    there = (RemoteFile(path.name, ("https://example.org/commands.tar.gz",), sha256(path)),)
    small = replace(
        REAL["speech_commands"], parts=dict.fromkeys(("train", "validation", "test"), there)
    )
    monkeypatch.setitem(REAL, "speech_commands", small)
    y = {part: data.load("speech_commands", part=part).y.tolist() for part in small.parts}
    assert y == {"train": [1, 0, 0], "validation": [1], "test": [1, 0]}, "no is 1, yes is 0"
    domain = data.load("vowels", real="speech_commands")
    assert domain.name == "vowels"
    monkeypatch.setenv("COURSE_DATA", "real")
    domain = data.load("vowels", n=2, real="speech_commands")
    assert domain.x.shape == (2, 16_000) and domain.x.dtype == np.int16


def test_pets_are_read_by_the_publishers_lists(course_home, monkeypatch):
    remote.folder().mkdir(parents=True)
    names = ("Maine_Coon_2", "pug_10", "Bengal_1")
    pictures = make_tar(
        remote.folder() / "images.tar.gz",
        {f"images/{name}.jpg": jpeg((30, 20), (k, 0, 0)) for k, name in enumerate(names)},
    )
    lists = {"trainval": "pug_10 26 2 13\nMaine_Coon_2 21 1 9\n", "test": "Bengal_1 6 1 2\n"}
    annotations = make_tar(
        remote.folder() / "annotations.tar.gz",
        {f"annotations/{part}.txt": text.encode() for part, text in lists.items()},
    )
    there = tuple(
        RemoteFile(path.name, ("https://example.org/x",), sha256(path))
        for path in (pictures, annotations)
    )
    small = replace(REAL["pets"], parts=dict.fromkeys(("train", "test"), there))
    monkeypatch.setitem(REAL, "pets", small)
    train, test = (data.load("pets", part=part, size=16) for part in ("train", "test"))
    assert train.x.shape == (2, 16, 16, 3)
    assert [train.classes[label] for label in train.y] == ["pug", "Maine_Coon"]
    assert [test.classes[label] for label in test.y] == ["Bengal"]


def test_office31_has_a_part_for_each_domain(course_home, monkeypatch):
    remote.folder().mkdir(parents=True)
    path = make_tar(
        remote.folder() / "webcam.tgz",
        {f"webcam/images/{name}/f.jpg": jpeg((30, 20), (9, 0, 0)) for name in ("mug", "bike")},
    )
    there = (RemoteFile(path.name, ("https://example.org/x",), sha256(path)),)
    parts = {**REAL["office31"].parts, "webcam": there}
    monkeypatch.setitem(REAL, "office31", replace(REAL["office31"], parts=parts))
    domain = data.load("office31", part="webcam", size=16)
    assert [domain.classes[label] for label in domain.y] == ["bike", "mug"]
    with pytest.raises(CourseError, match="choose one of amazon, dslr, webcam"):
        data.load("office31")


def sha256(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
