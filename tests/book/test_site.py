"""The whole site, built from the committed editions without running them: pages, links, search, no network."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest

from course_lib.authoring.sources import source_paths
from course_lib.book import site
from course_lib.book.pages import Edition
from course_lib.errors import CourseError
from course_lib.paths import repository_root

from .conftest import REPOSITORY, committed_edition

ROOT = repository_root()


class Links(HTMLParser):
    """Everything that a page points at, and what can be pointed at in it."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.to: list[str] = []
        self.ids: set[str] = set()
        self.loaded: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.ids |= {named.get("id") or ""}
        if tag == "a" and named.get("href"):
            self.to.append(str(named["href"]))
        elif tag in ("script", "img", "link", "iframe") and (named.get("src") or named.get("href")):
            self.loaded.append(str(named.get("src") or named.get("href")))


@pytest.fixture(scope="module")
def pages(built: Path) -> dict[Path, Links]:
    return {page: Links(page) for page in built.rglob("*.html")}


def test_each_chapter_has_its_page_in_each_language(built: Path) -> None:
    for source in source_paths(ROOT):
        for language in ("en", "zh"):
            assert (built / language / f"{source.stem}.html").is_file()


def test_no_link_is_broken(pages: dict[Path, Links]) -> None:
    broken = []
    for page, links in pages.items():
        for link in links.to:
            parts = urlsplit(link)
            if parts.scheme or (link.startswith("#") and len(link) < 2):
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if not target.is_file():
                broken.append((page.name, link))
            elif parts.fragment and target.suffix == ".html":
                known = pages[target].ids
                if unquote(parts.fragment) not in known:
                    broken.append((page.name, link))
    assert broken == []


def test_nothing_is_loaded_from_elsewhere(built: Path, pages: dict[Path, Links]) -> None:
    for page, links in pages.items():
        for address in links.loaded:
            assert not urlsplit(address).netloc, (page, address)
    for style in built.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", style.read_text())


def test_each_page_names_the_other_language(pages: dict[Path, Links], built: Path) -> None:
    english = pages[built / "en" / "index.html"]
    assert "../zh/index.html" in english.to


def test_formulas_are_mathml(built: Path) -> None:
    page = (built / "en" / "02_losses_and_gradients.html").read_text(encoding="utf-8")
    assert page.count("<math ") > 50
    assert "$$" not in re.sub(r"<pre.*?</pre>", "", page, flags=re.DOTALL)


def words_of(page: Path) -> str:
    """What a page says: no code, no formulas, a line for each block."""
    text = re.sub(
        r"<(pre|code|script|style|math|svg|title)\b.*?</\1>",
        "¤",
        page.read_text("utf-8"),
        flags=re.S,
    )
    text = re.sub(r"</?(?:strong|em|a|span|b|i)\b[^>]*>", "", text)
    return html.unescape(re.sub(r"<[^>]+>", "\n", text))


def test_chinese_pages_have_chinese_punctuation(built: Path) -> None:
    # What the book adds to the chapters' own words: times, questions, reasons.
    western = re.compile(
        r"[一-鿿”）][,;:!?](?![\w/])|[一-鿿]\.(?!\w)|(?<!\w)\([^()\n]*[一-鿿][^()\n]*\)"
    )
    found = [
        f"{page.name}: {hit[0]}"
        for page in sorted(built.glob("zh/*.html"))
        for hit in re.finditer(f".{{0,20}}(?:{western.pattern}).{{0,10}}", words_of(page))
    ]
    assert found == []


def test_chinese_pages_are_searched_by_pairs(built: Path) -> None:
    index = (built / "zh" / "searchindex.js").read_text(encoding="utf-8")
    assert json.dumps("迁移") in index
    assert "splitQuery" in (built / "zh" / "_static" / "language_data.js").read_text("utf-8")


def test_what_did_not_change_is_not_written_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(site, "_edition", committed_edition)
    some = {"repository": REPOSITORY, "chapters": ["b1", "b2"]}
    site.build_book(ROOT, tmp_path, **some)
    written = {page: page.stat().st_mtime_ns for page in tmp_path.glob("html/*/b?_*.html")}
    assert len(written) == 4
    site.build_book(ROOT, tmp_path, **some)
    assert [page.name for page, when in written.items() if page.stat().st_mtime_ns != when] == []


def test_a_cell_that_fails_stops_the_book(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fails(root: Path, chapter: str, framework: str) -> Edition:
        whole = committed_edition(root, chapter, framework)
        cell = next(cell for cell in whole.solved.cells if cell.cell_type == "code")
        cell.outputs = [nbformat.v4.new_output("error", ename="E", evalue="no", traceback=[])]
        return whole

    monkeypatch.setattr(site, "_edition", fails)
    with pytest.raises(CourseError, match="E: no"):
        site.build_book(ROOT, tmp_path, chapters=["b3"])
