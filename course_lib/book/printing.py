"""The book on paper: Chromium prints each page, and the pages are bound into one file for each language."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from course_lib.book import words
from course_lib.book.site import REFERENCE
from course_lib.errors import CourseError
from course_lib.language import LANGUAGES

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "microsoft-edge")
_SECONDS = 300
_HEADING = re.compile(r"<h1[^>]*>(.*?)</h1>", re.DOTALL)
_SIGNPOST = re.compile(r'<a class="headerlink".*?</a>', re.DOTALL)


def print_book(
    folder: Path, sources: Sequence[Path], *, reference: Sequence[str] = REFERENCE
) -> list[Path]:
    """Print the pages that were built into a folder: one PDF for each language.

    Chromium prints what it shows, so formulas, figures and Chinese need nothing else. Both frameworks
    are printed, each under its name. What is folded away (solutions, hints) stays away on paper.

    Args:
        folder: The book's.
        sources: Of the chapters to print, in their order.
        reference: The names of the reference pages that follow them.

    Raises:
        CourseError: There is no such browser here, or it fails.
    """
    browser = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise CourseError(
            "Printing needs Chromium or Chrome, and none was found: install one, or print single pages from "
            "your own browser.",
            "打印成 PDF 需要 Chromium 或 Chrome，这里没有找到：请先安装，或在自己的浏览器中逐页打印。",
        )
    made = []
    for language in LANGUAGES:
        names = ["index", *(path.stem for path in sources), *reference]
        pages = [folder / "html" / language / f"{name}.html" for name in names]
        target = folder / f"deep-transfer-learning-{language}.pdf"
        with tempfile.TemporaryDirectory() as place:
            printed = {page: _print(browser, page, Path(place)) for page in pages}
            _bind(printed, target, words.TITLE[language])
        made.append(target)
    return made


def _print(browser: str, page: Path, place: Path) -> Path:
    target = place / f"{page.stem}.pdf"
    command = [
        *(browser, "--headless", "--disable-gpu", "--no-pdf-header-footer"),
        *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
        *(f"--user-data-dir={place / 'profile'}", "--virtual-time-budget=20000"),
        *(f"--print-to-pdf={target}", page.as_uri()),
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if not target.exists():
        reason = run.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise CourseError(
            f"{Path(browser).name} did not print {page.name}: {reason[0]}",
            f"{Path(browser).name} 没能打印 {page.name}：{reason[0]}",
        )
    return target


def _bind(printed: Mapping[Path, Path], target: Path, title: str) -> None:
    """Bind PDFs, given by the page each was printed from, under the pages' own titles."""
    from pypdf import PdfWriter

    with PdfWriter() as book:
        begins = {}
        for page, path in printed.items():
            begins[page.resolve()] = len(book.pages)
            book.append(str(path), outline_item=_title(page), import_outline=False)
        _link_within(book, begins)
        book.add_metadata({"/Title": title})
        book.write(str(target))


def _title(page: Path) -> str:
    """Give a page's own title."""
    found = _HEADING.search(page.read_text(encoding="utf-8"))
    plain = re.sub(r"<[^>]+>", "", _SIGNPOST.sub("", found[1])) if found else page.stem
    return html.unescape(plain).strip()


def _link_within(book: Any, begins: Mapping[Path, int]) -> None:
    """Let links to other pages lead to them within the book; those to files that are not in it go."""
    from pypdf.generic import ArrayObject, NameObject, NullObject

    starts = {place: book.pages[number].indirect_reference for place, number in begins.items()}
    for sheet in book.pages:
        kept = ArrayObject()
        for reference in sheet.get("/Annots", ()):
            link = reference.get_object()
            address = urlsplit(str(link.get("/A", {}).get("/URI", "")))
            if address.scheme == "file":
                start = starts.get(Path(unquote(address.path)).resolve())
                if start is None:
                    continue
                del link["/A"]
                top = [NameObject("/XYZ"), NullObject(), NullObject(), NullObject()]
                link[NameObject("/Dest")] = ArrayObject([start, *top])
            kept.append(reference)
        sheet[NameObject("/Annots")] = kept
