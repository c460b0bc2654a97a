"""Links to the glossary, and its page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from course_lib import language
from course_lib.authoring.glossary import Term
from course_lib.book.terms import TermLinks, glossary_page

TERMS = [
    Term(
        {"en": ("fine-tuning", "FT"), "zh": ("微调", "FT")},
        {"en": "More.", "zh": "再学。"},
        "05",
        1,
    ),
    Term({"en": ("MMD",), "zh": ("最大均值差异", "MMD")}, {"en": "Far.", "zh": "距离。"}, "07", 2),
]


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    before = language.current()
    language.use("en")
    yield
    language.use(before)


def test_only_the_first_bold_use_is_linked() -> None:
    text = TermLinks(TERMS).link("To **fine-tuning** and **Fine-tuning** and fine-tuning.")
    assert text.count("glossary.html#term-fine-tuning") == 1
    assert "and **Fine-tuning** and fine-tuning." in text


def test_code_and_headings_stay_as_they_are() -> None:
    text = "# **MMD**\n\n```\n**MMD**\n```\n\nNow **MMD.**"
    assert TermLinks(TERMS).link(text) == text.replace(
        "Now **MMD.**",
        'Now <a class="term" href="glossary.html#term-mmd"><strong>MMD.</strong></a>',
    )


def test_another_name_leads_there_too_and_other_words_nowhere() -> None:
    assert "#term-fine-tuning" in TermLinks(TERMS).link("**FT**")
    assert TermLinks(TERMS).link("**first**") == "**first**"


def test_italics_are_a_stress_too_and_stay_italics():
    language.use("en")
    text = TermLinks(TERMS).link("An *FT* then **FT**, a *b* c, 2*3*4.")
    assert '#term-fine-tuning"><em>FT</em></a>' in text
    assert text.endswith("then **FT**, a *b* c, 2*3*4.")


def test_the_page_names_the_other_language_and_chapters_that_exist() -> None:
    page = glossary_page(TERMS, {"05": "05_fine_tuning"})
    assert page.index("fine-tuning") < page.index("MMD")
    assert '<span lang="zh">微调</span>' in page and "05_fine_tuning.html" in page
    assert ">07<" not in page
    language.use("zh")
    assert '<strong>微调</strong> · <span lang="en">fine-tuning</span> · FT' in glossary_page(
        TERMS, {}
    )
