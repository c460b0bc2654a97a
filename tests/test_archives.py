"""Archives are read and not unpacked: what would lead out of them, or never end, is refused."""

from __future__ import annotations

import bz2
import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from course_lib.archives import expanded, members
from course_lib.errors import CourseError

FILES = {"a/one.txt": b"1", "a/two.txt": b"22", "b/three.txt": b"333"}


def make_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def make_tar(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


@pytest.mark.parametrize(("make", "name"), [(make_zip, "x.zip"), (make_tar, "x.tar.gz")])
def test_what_is_wanted_comes_in_the_archives_order(tmp_path, make, name):
    path = make(tmp_path / name, FILES)
    assert dict(members(path)) == FILES
    assert list(members(path, wanted=lambda each: each.startswith("b/"))) == [
        ("b/three.txt", b"333")
    ]


@pytest.mark.parametrize(("make", "name"), [(make_zip, "x.zip"), (make_tar, "x.tar.gz")])
@pytest.mark.parametrize("outside", ["../x", "a/../../x", "/etc/x", "..\\x", "C:\\x"])
def test_a_name_that_leads_out_is_refused(tmp_path, make, name, outside):
    path = make(tmp_path / name, {outside: b"x"})
    with pytest.raises(CourseError, match="leads out"):
        list(members(path))


@pytest.mark.parametrize(("make", "name"), [(make_zip, "x.zip"), (make_tar, "x.tar.gz")])
def test_a_bomb_is_refused_before_it_fills_the_memory(tmp_path, make, name):
    path = make(tmp_path / name, {"zeros": bytes(50_000_000)})
    assert path.stat().st_size < 100_000
    with pytest.raises(CourseError, match="more than such an archive"):
        list(members(path, most=1_000_000))
    many = make(tmp_path / f"many-{name}", {str(n): b"" for n in range(30)})
    with pytest.raises(CourseError, match="more than such an archive"):
        list(members(many, most_files=20))


def test_links_in_an_archive_are_passed_over(tmp_path):
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as archive:
        link = tarfile.TarInfo("secret")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    assert list(members(path)) == []


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 and no more", b"<html>", b"\x1f\x8b\x08broken"]
)
def test_what_is_no_archive_ends_in_a_sentence(tmp_path, content):
    for name in ("x.zip", "x.tar.gz"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CourseError, match="damaged"):
            list(members(tmp_path / name))


def test_a_cut_archive_ends_in_a_sentence(tmp_path):
    path = make_tar(tmp_path / "x.tar.gz", {"a": bytes(range(256)) * 1000})
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(CourseError, match="damaged"):
        list(members(path))


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress)])
def test_a_single_file_is_expanded_up_to_a_limit(tmp_path, suffix, pack):
    path = tmp_path / f"x{suffix}"
    path.write_bytes(pack(bytes(5_000_000)))
    assert len(expanded(path)) == 5_000_000
    with pytest.raises(CourseError, match="more than such"):
        expanded(path, most=1_000_000)
    path.write_bytes(b"no such thing")
    with pytest.raises(CourseError, match="damaged"):
        expanded(path)
