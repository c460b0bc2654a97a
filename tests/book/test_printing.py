"""The book on paper: one PDF for each language, in which words can be found."""

from __future__ import annotations

from pathlib import Path

import pytest

from course_lib.authoring.sources import source_paths
from course_lib.book.printing import print_book
from course_lib.errors import CourseError
from course_lib.paths import repository_root
from tests.browser.chromium import needs_chromium


@needs_chromium
def test_each_language_is_one_file_with_its_words(built: Path) -> None:
    from pypdf import PdfReader

    files = print_book(built.parent, source_paths(repository_root(), ["b1"]))
    assert [path.name for path in files] == [
        f"deep-transfer-learning-{language}.pdf" for language in ("en", "zh")
    ]
    for path, words in zip(files, ("convolution", "卷积"), strict=True):
        book = PdfReader(path)
        assert words in "".join(page.extract_text() for page in book.pages)
        assert [entry["/Title"] for entry in book.outline] == ["index", "b1_convolution"]


def test_without_a_browser_it_is_said_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("course_lib.book.printing.shutil.which", lambda name: None)
    with pytest.raises(CourseError, match="needs Chromium"):
        print_book(tmp_path, [])
