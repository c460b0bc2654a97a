"""A page with what its cells really showed, from a repository of its own: figures, words, a rebuild."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from course_lib.authoring import build, executing
from course_lib.book.site import build_book
from course_lib.language import LANGUAGES
from course_lib.paths import repository_root
from tests.browser.chromium import needs_chromium

from .accessibility import find_serious
from .conftest import fresh_page, handed_out

CHAPTER = "b1"
NAME = "b1_convolution"
SECONDS = 90  # a rebuild takes some six; a machine may be busy
_FIGURE = re.compile(
    r'<figure[^>]*>\s*<img[^>]*?src="([^"]+)" alt="([^"]+)"[^>]*>\s*<figcaption[^>]*>(.*?)</figcaption>',
    re.DOTALL,
)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one page's source, whose book is built: its editions were run for it."""
    ours, root = repository_root(), tmp_path_factory.mktemp("copied") / "course"
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("course_lib", "book", "benchmarks/results"):
        shutil.copytree(ours / name, root / name, ignore=ignored)
    shutil.rmtree(root / "book" / "_build", ignore_errors=True)
    for path in [*ours.glob("TEACHING*.md"), ours / "requirements.lock"]:
        shutil.copy(path, root)
    (root / "solutions" / "source").mkdir(parents=True)
    sources = ours / "solutions" / "source"
    for path in [*sources.glob("*.yaml"), *sources.glob(f"{NAME}.*")]:
        shutil.copy(path, root / "solutions" / "source")
    build(root, chapters=[CHAPTER])
    build_book(root, root / "site")
    return root


def page_of(copied: Path, language: str) -> str:
    return (copied / "site" / "html" / language / f"{NAME}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_cells_showed_stands_on_the_page(copied: Path, language: str) -> None:
    page = page_of(copied, language)
    assert "by hand 5, by the function 5" in page
    figures = _FIGURE.findall(page)
    assert figures and page.count("<figure") == len(figures)
    for file, words, caption in figures:
        picture = copied / "site" / "html" / language / file
        assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 5000
        assert len(words) > 20 and caption == words
        assert bool(re.search("[\u4e00-\u9fff]", words)) == (language == "zh")


@needs_chromium
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_serious_with_figures(copied: Path, browser: Any, language: str) -> None:
    with (
        handed_out(copied / "site" / "html") as address,
        fresh_page(browser, address) as page,
    ):
        page.goto(f"/{language}/{NAME}.html")
        seen = "[...document.images].every(each => each.complete && each.naturalWidth > 0)"
        page.evaluate("[...document.images].forEach(each => { each.loading = 'eager'; })")
        page.wait_for_function(seen)
        assert find_serious(page) == []


def test_a_sentence_is_changed_in_seconds_and_nothing_runs_again(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> Callable[..., Any]:
        raise AssertionError("a cell ran again, though only prose changed")

    source = copied / "solutions" / "source" / f"{NAME}.md"
    text = source.read_text(encoding="utf-8")
    heads = re.findall(r'^\+\+\+ \{"id": "toy-text", "lang": "(?:en|zh)".*$', text, re.MULTILINE)
    for head, words in zip(heads, ("An edited sentence.", "改过的一句话。"), strict=True):
        text = text.replace(head, f"{head}\n\n{words}\n")
    source.write_text(text, encoding="utf-8")
    before = {each: page_of(copied, each) for each in LANGUAGES}

    monkeypatch.setattr(executing, "execute", refuse)
    started = time.monotonic()
    build(copied, chapters=[CHAPTER])
    build_book(copied, copied / "site")
    assert time.monotonic() - started < SECONDS
    for language, words in (("en", "An edited sentence."), ("zh", "改过的一句话。")):
        after = page_of(copied, language)
        assert words in after and words not in before[language]
        assert _FIGURE.findall(after) == _FIGURE.findall(before[language])
