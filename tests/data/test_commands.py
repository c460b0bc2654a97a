"""``./course data``, as people see it: in both languages, with sets that are here, partly here and damaged."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from course_lib.data import commands, remote
from course_lib.data.catalogue import REAL
from course_lib.downloads import RemoteFile
from course_lib.errors import CourseError
from tests.odd_server import odd_server

A, B = b"one file of a set", b"another file, of which nobody states a sum"


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(commands.data, list(words))
    said = result.output
    if result.exception and not isinstance(result.exception, SystemExit):
        assert isinstance(result.exception, CourseError), result.exception
        said += str(result.exception)
    return result.exit_code, said


@pytest.fixture(params=["en", "zh"])
def language(request, monkeypatch) -> str:
    monkeypatch.setenv("COURSE_LANGUAGE", request.param)
    return request.param


@pytest.fixture
def server(course_home, monkeypatch):
    """USPS in two tiny files, a weights file and GloVe, on a server of this machine."""
    with odd_server() as running:
        running.files = {"a.gz": A, "b.gz": B, "net.pth": A, "words.zip": B}

        def file(name: str, content: bytes, **how: object) -> RemoteFile:
            return RemoteFile(name, (running.url("404"), running.url(f"file/{name}")), **how)  # type: ignore[arg-type]

        digits = hashlib.sha256(A).hexdigest()
        stated = file("a.gz", A, checksum=f"sha256:{digits}", size=len(A), stated_by="somebody")
        usps = {"train": (stated,), "test": (file("b.gz", B),)}
        net = file("net.pth", A, checksum=f"sha256:{digits[:8]}", stated_by="torchvision")
        monkeypatch.setitem(REAL, "usps", replace(REAL["usps"], parts=usps))
        monkeypatch.setitem(REAL, "resnet18", replace(REAL["resnet18"], parts={"train": (net,)}))
        monkeypatch.setitem(
            REAL, "glove", replace(REAL["glove"], parts={"train": (file("words.zip", B),)})
        )
        yield running


def entry(name: str) -> str:
    """Give what the list says of one name."""
    said = run("list")[1]
    (found,) = re.findall(rf"^{name} .*\n(?: .*\n)*", said, re.MULTILINE)
    return found


def test_the_list_says_what_it_is_how_large_under_which_terms_and_how_sure(server, language):
    words = {
        "en": ("not here", "partly here", "; here;", "Licence:", "on first use", "recorded here"),
        "zh": (
            "本机没有",
            "本机有一部分",
            "；本机已有；",
            "许可：",
            "首次使用时记录",
            "为本机所记录",
        ),
    }[language]
    absent, partly, here, licence, will_be, is_recorded = words
    before = entry("usps")
    assert absent in before and licence in before and will_be in before and "Hull" in before
    run("fetch", "usps", "--part", "train")
    assert partly in entry("usps")
    run("fetch", "usps")
    after = entry("usps")
    assert here in after and is_recorded in after
    assert {"en": "checksum stated by torchvision", "zh": "校验和由 torchvision 公布"}[
        language
    ] in entry("mnist")
    assert "11.6 MB" in entry("mnist")
    assert {"en": "3 mirrors (one in mainland", "zh": "3 个镜像（其中有中国大陆"}[
        language
    ] in entry("mnist")
    assert {"en": "one source only", "zh": "只有一个来源"}[language] in entry("svhn")
    for name, real in REAL.items():
        assert real.license in entry(name)


def test_what_is_fetched_is_announced_with_its_size(server, language):
    code, said = run("fetch", "usps", "glove", "resnet18")
    size = f"{len(A) + len(B)} B"
    assert code == 0 and size in said, "asked of the mirror where nobody states it"
    assert {"en": "unverified: no published checksum", "zh": "未经核实：没有公开的校验和"}[
        language
    ] in said
    assert said.count({"en": "here and whole", "zh": "已就绪，完整无误"}[language]) == 3
    assert (remote.folder("weights") / "net.pth").read_bytes() == A
    assert (remote.folder() / "words.zip").read_bytes() == B


def test_vectors_and_weights_are_verified_and_found_like_data(server, language):
    run("fetch", "usps", "glove", "resnet18")
    said = run("verify")[1]
    assert {
        "en": "a.gz: as published (somebody)",
        "zh": "a.gz: 与公开发布的一致（somebody）",
    }[language] in said
    assert {"en": "net.pth: as published (torchvision)", "zh": "net.pth: 与公开发布的一致"}[
        language
    ] in said
    assert {"en": "words.zip: as on the first day", "zh": "words.zip: 与首次下载时一致"}[
        language
    ] in said
    assert run("where", "glove")[1].strip() == str(remote.folder() / "words.zip")
    assert run("where")[1].split() == [str(remote.folder()), str(remote.folder("weights"))]
    (remote.folder("weights") / "net.pth").write_bytes(B)
    code, said = run("verify", "resnet18")
    assert code == 1 and {"en": "Damaged: net.pth", "zh": "已损坏：net.pth"}[language] in said


def test_a_stick_brings_files_and_other_editions_must_be_let_in(server, language, tmp_path):
    stick = tmp_path / "stick"
    stick.mkdir()
    for name, content in (("a.gz", A), ("net.pth", A), ("words.zip", B)):
        (stick / name).write_bytes(content)
    code, said = run("import", str(stick))
    assert code == 0
    assert said.count({"en": "taken as", "zh": "已导入为"}[language]) == 3
    assert (remote.folder("weights") / "net.pth").exists()
    (stick / "words.zip").write_bytes(A)
    code, said = run("import", str(stick / "words.zip"))
    assert code == 1 and {"en": "here first", "zh": "第一次得到的"}[language] in said
    assert (remote.folder() / "words.zip").read_bytes() == B
    assert run("forget", "glove")[0] == 0
    assert run("import", str(stick / "words.zip"))[0] == 0
    assert (remote.folder() / "words.zip").read_bytes() == A


def test_a_bad_file_on_a_stick_is_named_and_the_good_ones_are_taken(server, language, tmp_path):
    """The first bad file once ended it all; and a re-compressed MNIST was said to be no file we know."""
    other_mnist = "t10k-images-idx3-ubyte.gz"
    for name, content in (("a.gz", B), ("net.pth", A), (other_mnist, B), ("words.zip", B)):
        (tmp_path / name).write_bytes(content)
    code, said = run("import", str(tmp_path))
    assert code == 1 and said.count({"en": "taken as", "zh": "已导入为"}[language]) == 2
    assert {"en": "is not a.gz as published", "zh": "与公开发布的 a.gz 不一致"}[language] in said
    named = {"en": "neither mnist-t10k-images", "zh": "与公开发布的 mnist-t10k-images"}[language]
    assert named in said and "fashion-t10k-images" in said
    assert (remote.folder("weights") / "net.pth").exists() and not list(remote.folder().glob("a*"))


def test_a_server_with_another_edition_is_said_so(server, language):
    run("fetch", "glove")
    (remote.folder() / "words.zip").unlink()
    server.files["words.zip"] = A
    code, said = run("fetch", "glove")
    assert code == 1 and "./course data forget" in said
    run("forget", "glove")
    assert run("fetch", "glove")[0] == 0


def test_no_network_is_one_sentence(course_home, monkeypatch, language):
    gone = RemoteFile("gone.zip", ("http://127.0.0.1:9/gone.zip", "http://127.0.0.1:9/x"))
    monkeypatch.setitem(REAL, "glove", replace(REAL["glove"], parts={"train": (gone,)}))
    code, said = run("fetch", "glove")
    assert code == 1 and {"en": "not reached", "zh": "无法连接"}[language] in said
    assert {"en": "size unknown", "zh": "大小未知"}[language] in said
