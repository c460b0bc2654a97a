"""The chapter of these tests, built as the course builds its own, and a student's surroundings."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from course_lib import edition
from course_lib.exercises import public
from tests.exercises import chapter_99


@pytest.fixture
def chapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, course_home: Path) -> ModuleType:
    """Give the chapter, its public data in place, and the English PyTorch edition running."""
    folder = tmp_path / "public"
    folder.mkdir()
    (folder / "99_test.json").write_bytes(public.build_public(chapter_99, "99"))
    monkeypatch.setattr(public, "FOLDER", folder)
    for name in ("COURSE_STRICT", "COURSE_GRADING"):
        monkeypatch.delenv(name, raising=False)
    edition.set_current(edition.Edition("99", "en", "pytorch"))
    return chapter_99


@pytest.fixture
def probes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the chapter's own probe where the frameworks' probes are looked up."""
    fake = ModuleType("probes")
    fake.step_on = chapter_99.step_on  # type: ignore[attr-defined]
    fake.ARGUMENTS = chapter_99.ARGUMENTS  # type: ignore[attr-defined]
    for framework in ("pytorch", "keras"):
        package = f"course_lib.{framework}"
        monkeypatch.setitem(sys.modules, package, ModuleType(package))
        monkeypatch.setitem(sys.modules, f"{package}.probes", fake)
