"""The book on paper: one PDF for each language, in which words can be found."""

from __future__ import annotations

import re
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

    sources = source_paths(repository_root(), ["b1"])
    files = print_book(built.parent, sources, reference=("choosing", "glossary"))
    assert [path.name for path in files] == [
        f"deep-transfer-learning-{language}.pdf" for language in ("en", "zh")
    ]
    titles = {
        "en": [
            "Deep transfer learning",
            "Bridge B1: convolution",
            "Which method for my case?",
            "Glossary",
        ],
        "zh": ["深度迁移学习", "一页补课 B1：卷积", "我的情形该用哪种方法？", "术语表"],
    }
    for path, language, words in zip(files, titles, ("convolution", "卷积"), strict=True):
        term = {"en": "filter", "zh": "滤波器"}[language]
        book = PdfReader(path)
        text = "".join(page.extract_text() for page in book.pages)
        assert words in text
        assert not re.search(
            "[\u2e80-\u2fdf\ufb00-\ufb06]", text
        )  # radicals, ligatures: nobody types them
        assert "torch.nn.functional.conv2d" in text and "keras.ops.conv" in text
        # Bookmarks are the pages' titles, and links lead within the file or to the web.
        assert [entry["/Title"] for entry in book.outline] == titles[language]
        begins = [book.get_destination_page_number(entry) for entry in book.outline]
        links = [each.get_object() for page in book.pages for each in page.get("/Annots", ())]
        addresses = [str(link["/A"]["/URI"]) for link in links if "/URI" in link.get("/A", {})]
        assert not [each for each in addresses if each.startswith("file:")]
        pages = {page.indirect_reference.idnum for page in book.pages}
        within = [link["/Dest"][0] for link in links if isinstance(link.get("/Dest"), list)]
        assert within and {each.idnum for each in within} <= pages
        # A term leads to its own line, on whichever sheet of the glossary that is.
        dests = [
            each.get_object().get("/Dest")
            for sheet in book.pages[begins[1] : begins[2]]
            for each in sheet.get("/Annots", ())
        ]
        numbers = {page.indirect_reference.idnum: n for n, page in enumerate(book.pages)}
        led = [numbers[each[0].idnum] for each in dests if isinstance(each, list)]
        glossary = [number for number in led if number >= begins[3]]
        assert glossary and all(term in book.pages[number].extract_text() for number in glossary)


def test_without_a_browser_it_is_said_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("course_lib.book.printing.shutil.which", lambda name: None)
    with pytest.raises(CourseError, match="needs Chromium"):
        print_book(tmp_path, [])
