"""The site, built once for these tests from the committed editions, which are not run for it."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from course_lib.authoring.sources import source_paths
from course_lib.book import site
from course_lib.book.elsewhere import Repository
from course_lib.book.pages import Edition
from course_lib.language import current
from course_lib.paths import repository_root

REPOSITORY = Repository("someone/course")


def committed_edition(root: Path, chapter: str, framework: str) -> Edition:
    """Stand in for an edition that was run: only outputs that the source expects are in it."""
    (source,) = source_paths(root, [chapter])
    there = [
        nbformat.read(root / side / current() / framework / f"{source.stem}.ipynb", as_version=4)
        for side in ("solutions", "notebooks")
    ]
    return Edition(*there)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder with the site."""
    folder = tmp_path_factory.mktemp("book")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site, "_edition", committed_edition)
        site.build_book(repository_root(), folder, repository=REPOSITORY)
    return folder / "html"
