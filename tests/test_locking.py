"""The lock: one valid file, hashed throughout, without an address, in sections that add up."""

from __future__ import annotations

import re

import pytest
from packaging.requirements import Requirement

from course_lib.locking import EXTRAS, _in_sections, entries_by_name
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def lock() -> str:
    return (ROOT / "requirements.lock").read_text(encoding="utf-8")


def _sections(lock: str) -> dict[str, list[str]]:
    parts = re.split(r"^# == (.+) ==$", lock, flags=re.MULTILINE)
    return {
        title: list(entries_by_name(text))
        for title, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def test_every_package_is_pinned_and_hashed(lock: str) -> None:
    entries = entries_by_name(lock)
    assert len(entries) > 150
    for name, text in entries.items():
        requirement = Requirement(text.splitlines()[0].rstrip(" \\"))
        assert [clause.operator for clause in requirement.specifier] == ["=="], name
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", text), name


def test_there_is_no_address_and_no_option(lock: str) -> None:
    assert "://" not in lock
    assert not re.search(r"^\s*-(-index|-find|-extra|i |f )", lock, re.MULTILINE)
    assert not re.search(r"==[\w.]+\+", lock)  # no local build, such as +cpu


def test_sections_name_parts_that_exist_and_each_package_stands_once(lock: str) -> None:
    sections = _sections(lock)
    assert {part for title in sections for part in title.split()} == {"core", "cuda", *EXTRAS}
    names = [name for members in sections.values() for name in members]
    assert len(names) == len(set(names))


def test_packages_stand_where_they_belong(lock: str) -> None:
    of = {name: title for title, members in _sections(lock).items() for name in members}
    assert of["numpy"] == of["jupyterlab"] == "core"
    # torchmetrics, which only tests import, wants torch, too, and so do the engines of the benchmarks
    assert (
        set(of["torch"].split()) - {"test", "bench", "foundation"}
        == {of["torchvision"]}
        == {"pytorch"}
    )
    assert of["tensorflow"] == of["keras"] == "keras"
    assert of["triton"] == "cuda"
    assert "launcher" in of["uv"] and "launcher" in of["hatchling"]
    assert of["pytest"] == "test"


def test_the_lock_meets_what_the_project_asks_for(lock: str) -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    asked = [*project["dependencies"], *(line for extra in extras for line in extra)]
    entries = entries_by_name(lock)
    for line in asked:
        requirement = Requirement(line)
        pinned = re.match(r"[\w.-]+==([^\s;\\]+)", entries[requirement.name.lower()])
        assert pinned and requirement.specifier.contains(pinned.group(1)), line


def test_sections_are_made_from_what_each_part_needs() -> None:
    entries = {name: f"{name}==1 \\\n    --hash=sha256:0\n" for name in ("a", "b", "nvidia-x", "c")}
    parts = {
        "a": ["core", "pytorch"],
        "b": ["keras", "jax"],
        "c": ["test"],
        "nvidia-x": ["pytorch"],
    }
    text = _in_sections(entries, parts)
    assert _sections(text) == {
        "core": ["a"],
        "keras jax": ["b"],
        "test": ["c"],
        "cuda": ["nvidia-x"],
    }
