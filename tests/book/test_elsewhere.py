"""Links to places that run a chapter: only where the course stands on GitHub, each to its own edition."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from course_lib.book.elsewhere import Repository, repository_of
from course_lib.errors import CourseError

CHAPTER = "04_feature_extraction"


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/someone/course.git",
        "https://github.com/someone/course",
        "https://token@github.com/someone/course/",
        "git@github.com:someone/course.git",
        "ssh://git@github.com/someone/course.git",
    ],
)
def test_a_clone_from_github_is_known(tmp_path: Path, address: str) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    subprocess.run(["git", "-C", str(tmp_path), "remote", "add", "origin", address], check=True)
    assert repository_of(tmp_path) == Repository("someone/course")


def test_elsewhere_there_are_no_links(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert repository_of(tmp_path) is None
    where = "https://example.org/someone/course.git"
    subprocess.run(["git", "-C", str(tmp_path), "remote", "add", "origin", where], check=True)
    assert repository_of(tmp_path) is None
    assert repository_of(tmp_path, "a/b") == Repository("a/b")


def test_what_is_no_repository_is_said(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="write OWNER/REPOSITORY"):
        repository_of(tmp_path, "https://example.org/a")


def test_each_edition_has_its_own_links() -> None:
    links = Repository("a/b").links(CHAPTER, "zh", "pytorch")
    assert links["Binder"].endswith(
        f"/a/b/main?urlpath=lab/tree/my_course/zh/pytorch/{CHAPTER}.ipynb"
    )
    assert links["Colab"].endswith(f"/a/b/blob/main/notebooks/zh/pytorch/{CHAPTER}.ipynb")
    assert set(Repository("a/b").links(CHAPTER, "en", "keras")) == {"Colab"}  # Binder has PyTorch


def test_a_page_links_to_both(built: Path) -> None:
    page = (built / "zh" / f"{CHAPTER}.html").read_text(encoding="utf-8")
    for links in (
        Repository("someone/course").links(CHAPTER, "zh", f) for f in ("pytorch", "keras")
    ):
        for address in links.values():
            assert f'href="{address}"' in page
