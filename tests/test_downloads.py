"""Downloads over a network that misbehaves: the right file in the end, or one sentence and no half file."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from course_lib import downloads, mirrors
from course_lib.downloads import RemoteFile, fetch, is_whole, keep, recorded
from course_lib.errors import CourseError
from tests.conftest import require
from tests.odd_server import CONTENT, HALF, OddServer, odd_server

SHA256 = hashlib.sha256(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT).hexdigest()


@pytest.fixture(scope="module")
def running() -> Iterator[OddServer]:
    with odd_server() as server:
        yield server


@pytest.fixture
def server(running: OddServer) -> OddServer:
    running.asked.clear()
    running.content = CONTENT
    running.pause = 0.05
    running.gate.clear()
    return running


def remote(server: OddServer, *ways: str, checksum: str | None = f"sha256:{SHA256}") -> RemoteFile:
    return RemoteFile("data.bin", tuple(server.url(way) for way in ways), checksum)


def get(file: RemoteFile, folder: Path, timeout: float = 1.0) -> Path:
    return fetch(file, folder, timeout=timeout, progress=False)


def left(folder: Path) -> set[str]:
    """Name what lies in a folder, but for locks and the record."""
    return {each.name for each in folder.iterdir() if each.suffix not in (".lock", ".json")}


@pytest.mark.parametrize("checksum", [f"sha256:{SHA256}", f"md5:{MD5}", None])
@pytest.mark.parametrize(
    "ways",
    [
        ("good",),
        ("redirect",),
        ("cut-once",),
        ("busy-once",),
        ("404", "good"),
        ("html", "good"),
        ("hang", "good"),
        ("loop", "good"),
        ("no-ranges-cut", "no-ranges"),
    ],
    ids="+".join,
)
def test_the_file_comes_whole_from_some_mirror(server, tmp_path, ways, checksum):
    file = remote(server, *ways, checksum=checksum)
    path = get(file, tmp_path)
    assert path.read_bytes() == CONTENT
    assert left(tmp_path) == {"data.bin"}
    assert recorded(file, tmp_path) == SHA256
    before = len(server.asked)
    assert get(file, tmp_path) == path and len(server.asked) == before


@pytest.mark.parametrize("ways", [("wrong", "good"), ("short", "good"), ("long", "good")])
def test_other_bytes_than_published_are_thrown_away(server, tmp_path, ways):
    assert get(remote(server, *ways), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("404", "404"),
        ("html", "log-in"),
        ("wrong", "other bytes than published"),
        ("short", "other bytes than published"),
        ("hang", "no answer"),
        ("loop", "from one address to the next"),
        ("lying-range", "another part"),
        ("cut", "broken off"),
    ],
)
def test_where_no_mirror_gives_it_one_sentence_says_why(server, tmp_path, way, said):
    file = remote(server, way, "404")
    with pytest.raises(CourseError) as failed:
        get(file, tmp_path, timeout=0.4)
    assert said in failed.value.en and "course data import" in failed.value.en
    assert "404" in failed.value.zh and "\n" not in str(failed.value)
    assert not (tmp_path / "data.bin").exists() and not is_whole(file, tmp_path)
    part = tmp_path / "data.bin.part"
    arrived = part.exists() and part.stat().st_size > 0
    assert ("is kept" in failed.value.en) == arrived == ("会保留" in failed.value.zh)


def test_a_size_that_is_stated_is_kept_to(server, tmp_path):
    for way in ("short", "long"):
        file = RemoteFile("data.bin", (server.url(way),), None, size=len(CONTENT))
        with pytest.raises(CourseError, match=f"instead of {len(CONTENT)}"):
            get(file, tmp_path)


def test_a_file_that_never_ends_is_given_up(server, tmp_path, monkeypatch):
    monkeypatch.setattr(mirrors, "MOST", 3 * len(CONTENT))
    with pytest.raises(CourseError, match="more bytes"):
        get(remote(server, "endless", checksum=None), tmp_path)


@pytest.mark.parametrize("way", ["drip", "drip-head"])
def test_a_mirror_that_drips_is_left_for_the_next(server, tmp_path, way):
    began = time.monotonic()
    assert get(remote(server, way, "no-ranges"), tmp_path).read_bytes() == CONTENT
    assert time.monotonic() - began < 10
    with pytest.raises(CourseError, match=r"too slow|no answer"):
        get(remote(server, way), tmp_path / "alone")


def test_a_byte_a_second_ends_within_the_shipped_time_out(server, tmp_path):
    server.pause = 1.0
    began = time.monotonic()
    with pytest.raises(CourseError) as failed:
        fetch(remote(server, "drip"), tmp_path, progress=False)
    assert mirrors.TIMEOUT <= time.monotonic() - began < mirrors.TIMEOUT + 10
    assert "too slow" in failed.value.en and "速度太慢" in failed.value.zh
    assert left(tmp_path) <= {"data.bin.part", "data.bin.part.version"}


def test_a_small_file_may_take_its_time(server, tmp_path):
    server.content = b"twenty bytes, slowly"
    server.pause = 0.1
    file = RemoteFile("small", (server.url("drip"),), None)
    assert get(file, tmp_path, timeout=3).read_bytes() == server.content


def test_a_mirror_without_an_answer_is_asked_once(server, tmp_path):
    get(remote(server, "hang", "good"), tmp_path, timeout=0.4)
    assert server.count("hang") == 1


def test_the_size_is_asked_for_where_nobody_states_it(server):
    assert mirrors.size_asked(RemoteFile("x", (server.url("404"), server.url("good")))) == len(
        CONTENT
    )
    assert mirrors.size_asked(RemoteFile("x", ("http://127.0.0.1:9/x",))) is None
    assert mirrors.size_asked(RemoteFile("x", ("http://127.0.0.1:9/x",), size=7)) == 7


@pytest.mark.parametrize(
    ("location", "checksum", "said"),
    [
        ("http://example.org/x", None, "without a certificate"),
        ("//[nonsense/x", f"md5:{MD5}", "no address"),
    ],
)
def test_a_redirect_leads_nowhere_worse(location, checksum, said):
    file = RemoteFile("x", ("https://example.org/x",), checksum)
    with pytest.raises(mirrors.MirrorError, match=said):
        mirrors._next_place(file.urls[0], location, file)
    assert mirrors._next_place(file.urls[0], "/y", file) == "https://example.org/y"


def test_nothing_listens_at_the_address(tmp_path):
    file = RemoteFile("data.bin", ("http://127.0.0.1:9/x", "http://nowhere.invalid/x"), None)
    with pytest.raises(CourseError, match="not reached"):
        get(file, tmp_path)


@pytest.mark.parametrize("checksum", [f"sha256:{SHA256}", None])
def test_what_has_arrived_is_not_fetched_again(server, tmp_path, checksum):
    with pytest.raises(CourseError):
        get(remote(server, "cut", checksum=checksum), tmp_path)
    arrived = (tmp_path / "data.bin.part").stat().st_size
    assert arrived > HALF  # three tries, each half of what was left
    server.asked.clear()
    url = server.url("cut") if checksum is None else server.url("good")
    if checksum is None:  # no checksum: only the same address can go on, by the file's version
        (tmp_path / "data.bin.part.version").write_text(
            (tmp_path / "data.bin.part.version").read_text().replace("/cut", "/good")
        )
        url = server.url("good")
    get(RemoteFile("data.bin", (url,), checksum), tmp_path)
    assert server.asked == [("/good", f"bytes={arrived}-")]
    assert (tmp_path / "data.bin").read_bytes() == CONTENT


def test_a_file_that_has_changed_in_between_is_fetched_from_its_beginning(server, tmp_path):
    file = remote(server, "cut", checksum=None)
    with pytest.raises(CourseError):
        get(file, tmp_path)
    server.content = CONTENT[::-1]
    version = tmp_path / "data.bin.part.version"
    version.write_text(version.read_text().replace("/cut", "/good"))
    assert get(remote(server, "good", checksum=None), tmp_path).read_bytes() == CONTENT[::-1]


def test_two_halves_that_do_not_fit_are_thrown_away(server, tmp_path):
    (tmp_path / "data.bin.part").write_bytes(b"x" * HALF)
    assert get(remote(server, "good"), tmp_path).read_bytes() == CONTENT
    assert [asked for _, asked in server.asked] == [f"bytes={HALF}-", ""]


def test_more_than_there_is_begins_anew(server, tmp_path):
    (tmp_path / "data.bin.part").write_bytes(b"x" * (len(CONTENT) + 5))
    assert get(remote(server, "good"), tmp_path).read_bytes() == CONTENT


def test_what_was_recorded_the_first_time_holds(server, tmp_path):
    file = remote(server, "good", checksum=None)
    path = get(file, tmp_path)
    path.unlink()
    server.content = CONTENT[::-1]
    with pytest.raises(CourseError, match="other bytes than the first time"):
        get(file, tmp_path)
    assert left(tmp_path) == set()


def test_a_file_damaged_on_disk_is_noticed_and_fetched_again(server, tmp_path):
    for checksum in (f"sha256:{SHA256}", None):
        file = remote(server, "good", checksum=checksum)
        path = get(file, tmp_path)
        path.write_bytes(b"damaged")
        assert not is_whole(file, tmp_path)
        assert get(file, tmp_path).read_bytes() == CONTENT


def test_a_file_from_elsewhere_is_kept_or_refused(server, tmp_path):
    stick = tmp_path / "stick" / "data (1).bin"
    stick.parent.mkdir()
    stick.write_bytes(CONTENT)
    file = remote(server, "404")
    assert keep(file, stick, tmp_path / "cache").read_bytes() == CONTENT
    assert is_whole(file, tmp_path / "cache") and stick.exists()
    stick.write_bytes(b"another")
    with pytest.raises(CourseError, match=r"not data\.bin as published"):
        keep(file, stick, tmp_path / "cache")
    assert is_whole(file, tmp_path / "cache")


def test_a_file_from_elsewhere_must_be_the_one_that_was_here_first(server, tmp_path):
    file, cache, stick = remote(server, "good", checksum=None), tmp_path / "cache", tmp_path / "x"
    get(file, cache)
    stick.write_bytes(CONTENT[::-1])
    with pytest.raises(CourseError, match=r"not the data\.bin that was here first"):
        keep(file, stick, cache)
    assert (cache / "data.bin").read_bytes() == CONTENT
    downloads.forget(file, cache)
    assert keep(file, stick, cache).read_bytes() == CONTENT[::-1]
    assert is_whole(file, cache) and recorded(file, cache) != SHA256


def test_a_checksum_that_is_stated_later_needs_no_second_download(server, tmp_path):
    get(remote(server, "good", checksum=None), tmp_path)
    for checksum in (f"sha256:{SHA256}", f"md5:{MD5}"):
        assert is_whole(remote(server, "404", checksum=checksum), tmp_path)
    assert not is_whole(remote(server, "404", checksum="md5:" + "0" * 32), tmp_path)


def test_a_folder_that_cannot_be_written_is_said_so(server, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(CourseError, match="COURSE_HOME"):
        get(remote(server, "good"), tmp_path / "file" / "cache")


def test_a_full_disk_is_said_so_and_made_no_fuller(server, tmp_path, monkeypatch):
    def full(*args: object) -> None:
        (tmp_path / "data.bin.part").write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(mirrors, "_take", full)
    with pytest.raises(CourseError, match="no room left"):
        get(remote(server, "good"), tmp_path)
    assert left(tmp_path) <= {"data.bin.part.version"}


_ASK = """
import sys
from pathlib import Path
from course_lib.downloads import RemoteFile, fetch
print("asking", flush=True)
path = fetch(RemoteFile("data.bin", (sys.argv[1],), sys.argv[3]), Path(sys.argv[2]), progress=False)
print(len(path.read_bytes()))
"""


def test_two_processes_at_once_fetch_it_once(server, tmp_path):
    command = [sys.executable, "-c", _ASK, server.url("held"), str(tmp_path), f"sha256:{SHA256}"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    try:
        for each in both:
            assert each.stdout is not None and each.stdout.readline().strip() == b"asking"
        deadline = time.monotonic() + 60
        while server.count("held") == 0 and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)  # the other one has come to the lock, or would have asked by now
        assert [each.poll() for each in both] == [None, None], (
            "both are at it, half the file is there"
        )
        assert server.count("held") == 1
        server.gate.set()
        said = [each.communicate(timeout=60)[0].strip() for each in both]
    finally:
        for each in both:
            each.kill()
    assert said == [b"%d" % len(CONTENT)] * 2
    assert server.count("held") == 1 and left(tmp_path) == {"data.bin"}


def test_https_with_a_certificate_of_nobody_is_refused(tmp_path):
    require(os.path.exists("/usr/bin/openssl"), "openssl makes the certificate of this test")
    pem = tmp_path / "server.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    key = tmp_path / "key.pem"
    out = ["-keyout", str(key), "-out", str(pem)]
    subprocess.run([*command, *names, *out], check=True, capture_output=True)
    both = tmp_path / "both.pem"
    both.write_text(pem.read_text() + key.read_text())
    with odd_server(both) as server:
        with pytest.raises(CourseError, match="certificate"):
            get(remote(server, "good"), tmp_path / "cache")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("REQUESTS_CA_BUNDLE", str(pem))  # as where a campus has its own
            assert get(remote(server, "good"), tmp_path / "cache").read_bytes() == CONTENT
