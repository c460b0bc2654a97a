"""The book on paper: Chromium prints each page, and the pages are bound into one file for each language."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import tempfile
import unicodedata
from collections.abc import Mapping, Sequence, Set
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
_ADDRESS = re.compile(r'href="([\w.-]+\.html)#([^"]+)"')
# A line of a PDF's table of characters: a glyph, or the first and last of some; then the (first) character.
_GLYPHS = re.compile(rb"^<([0-9A-F]+)> (?:<([0-9A-F]+)> )?<([0-9A-F]{4})>$", re.MULTILINE)
_NOT_TYPED = re.compile("[\u2e80-\u2fdf\ufb00-\ufb06]")  # radicals and ligatures
# Radicals for which Unicode has no compatible character, with the characters of the same look.
_SIMPLIFIED = dict(
    zip(
        "\u2ea0\u2ec1\u2ec4\u2ec5\u2ec6\u2ec9\u2ecb\u2ed3\u2ed4\u2ed8\u2ed9\u2eda\u2edb"
        "\u2edc\u2edd\u2ee2\u2ee3\u2ee4\u2ee5\u2ee6\u2ee7\u2ee8\u2ee9\u2eec\u2eee\u2ef0",
        "民虎西见角贝车长门青韦页风飞食马骨鬼鱼鸟卤麦黄齐齿龙",
        strict=True,
    )
)
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
        wanted = _linked_places(pages)
        with tempfile.TemporaryDirectory() as place:
            printed = {page: _print(browser, page, wanted[page], Path(place)) for page in pages}
            _bind(printed, target, words.TITLE[language])
        made.append(target)
    return made


def _linked_places(pages: Sequence[Path]) -> dict[Path, set[str]]:
    """Give by page the ids in it to which these pages link."""
    wanted: dict[Path, set[str]] = {page: set() for page in pages}
    by_name = {page.name: page for page in pages}
    for page in pages:
        for name, place in _ADDRESS.findall(page.read_text(encoding="utf-8")):
            if name in by_name:
                wanted[by_name[name]].add(html.unescape(place))
    return wanted


def _print(browser: str, page: Path, wanted: Set[str], place: Path) -> Path:
    """Print a page; the PDF knows by name where these ids are."""
    target = place / f"{page.stem}.pdf"
    # Chromium keeps the places of those ids only that the page itself links to.
    links = "".join(f'<a hidden href="#{html.escape(each)}"></a>' for each in sorted(wanted))
    copy = page.with_name(f"{page.stem}-to-print.html")
    copy.write_text(
        page.read_text(encoding="utf-8").replace("</body>", f"{links}</body>"), encoding="utf-8"
    )
    command = [
        *(browser, "--headless", "--disable-gpu", "--no-pdf-header-footer"),
        *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
        *(f"--user-data-dir={place / 'profile'}", "--virtual-time-budget=20000"),
        *(f"--print-to-pdf={target}", copy.as_uri()),
    ]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    finally:
        copy.unlink()
    if not target.exists():
        reason = run.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise CourseError(
            f"{Path(browser).name} did not print {page.name}: {reason[0]}",
            f"{Path(browser).name} 没能打印 {page.name}：{reason[0]}",
        )
    return target


def _bind(printed: Mapping[Path, Path], target: Path, title: str) -> None:
    """Bind PDFs, given by the page each was printed from, under the pages' own titles."""
    from pypdf import PdfReader, PdfWriter

    with PdfWriter() as book:
        begins, places = {}, {}
        for page, path in printed.items():
            part, begin = PdfReader(path), len(book.pages)
            begins[page.resolve()] = begin
            for name, found in part.named_destinations.items():
                number = part.get_destination_page_number(found)
                if number is not None:
                    places[page.resolve(), unquote(name[1:])] = (begin + number, found.top)
            book.append(part, outline_item=_title(page), import_outline=False)
        _link_within(book, begins, places)
        _name_characters(book)
        book.add_metadata({"/Title": title})
        book.write(str(target))


def _name_characters(book: Any) -> None:
    """Let text that is copied or searched for have the characters that people type.

    A font draws the radical U+2F6C and the character 目 with one glyph, and Chromium notes the radical; it
    notes the ligature of f and i as one character, too.
    """
    done = set()
    for sheet in book.pages:
        for font in sheet.get("/Resources", {}).get("/Font", {}).values():
            names = font.get_object().get("/ToUnicode")
            if names is None or names.idnum in done:
                continue
            done.add(names.idnum)
            table = names.get_object()
            table.set_data(_GLYPHS.sub(_typed, table.get_data()))


def _typed(line: re.Match[bytes]) -> bytes:
    first, last, begin = line.groups()
    glyphs = int(last or first, 16) - int(first, 16) + 1
    signs = [chr(int(begin, 16) + number) for number in range(glyphs)]
    if not _NOT_TYPED.search("".join(signs)):
        return line[0]
    typed = [_SIMPLIFIED.get(sign, unicodedata.normalize("NFKC", sign)) for sign in signs]
    codes = b" ".join(b"<%s>" % each.encode("utf-16-be").hex().upper().encode() for each in typed)
    return b"<%s> <%s> [%s]" % (first, last, codes) if last else b"<%s> %s" % (first, codes)


def _title(page: Path) -> str:
    """Give a page's own title."""
    found = _HEADING.search(page.read_text(encoding="utf-8"))
    plain = re.sub(r"<[^>]+>", "", _SIGNPOST.sub("", found[1])) if found else page.stem
    return html.unescape(plain).strip()


def _link_within(
    book: Any, begins: Mapping[Path, int], places: Mapping[tuple[Path, str], tuple[int, Any]]
) -> None:
    """Let links to other pages lead to their place within the book; those to files that are not in it go.

    The pages' names of places are the pages' own (each has its summary), so a link gets the place itself.

    Args:
        begins: The number of the sheet on which each page begins.
        places: By page and id, the number of the sheet and the height on it.
    """
    from pypdf.generic import ArrayObject, NameObject, NullObject

    in_order = sorted(begins, key=lambda page: begins[page])
    for number, sheet in enumerate(book.pages):
        own = next(page for page in reversed(in_order) if begins[page] <= number)
        kept = ArrayObject()
        for reference in sheet.get("/Annots", ()):
            link = reference.get_object()
            address = urlsplit(str(link.get("/A", {}).get("/URI", "")))
            name = link.get("/Dest")
            if address.scheme != "file" and not isinstance(name, str):
                kept.append(reference)  # to the web
                continue
            page = own if isinstance(name, str) else Path(unquote(address.path)).resolve()
            place = unquote(name[1:] if isinstance(name, str) else address.fragment)
            if page not in begins:
                continue
            leads_to, top = places.get((page, place), (begins[page], NullObject()))
            link.pop("/A", None)
            link[NameObject("/Dest")] = ArrayObject(
                [
                    book.pages[leads_to].indirect_reference,
                    *(NameObject("/XYZ"), NullObject(), top, NullObject()),
                ]
            )
            kept.append(reference)
        sheet[NameObject("/Annots")] = kept
