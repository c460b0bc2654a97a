"""A chapter's page from its editions."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import nbformat
import pytest

from course_lib import language
from course_lib.book import words
from course_lib.book.pages import Edition, chapter_page, question
from course_lib.exercises.public import load_chapter, load_quiz
from course_lib.paths import repository_root

ROOT = repository_root()
NAME = "03_pre_training"
WHY = "because of $x$"


def edition(framework: str, spoken: str) -> Edition:
    def read(side: str) -> nbformat.NotebookNode:
        return nbformat.read(ROOT / side / spoken / framework / f"{NAME}.ipynb", as_version=4)

    return Edition(read("solutions"), read("notebooks"))


@pytest.fixture(scope="module", params=["en", "zh"])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    before = language.current()
    language.use(request.param)
    editions = {name: edition(name, request.param) for name in ("pytorch", "keras")}
    text = chapter_page(NAME, editions, tmp_path_factory.mktemp("shown"), whys={"03.1": WHY})
    language.use(before)
    return text


def test_what_both_share_stands_once_and_what_differs_in_tabs(page: str) -> None:
    assert page.count("\n## 1 ") == 1
    assert "import torch\n" in page and "from course_lib.keras import" in page
    assert page.count("{tab-item} PyTorch") == page.count("{tab-item} Keras") > 5


def test_the_readers_own_cell_is_a_stub_and_the_solution_is_folded_away(page: str) -> None:
    before, after = page.split('<details class="solution">')[:2]
    assert "raise NotImplementedError" in before
    # Whoever unfolds it is asked for an attempt first; a second fold holds the solution.
    asked, shown = after.split('<details class="tried">')[:2]
    assert any(text in asked for text in words.HAVE_YOU_TRIED.values())
    assert "load_state_dict" not in asked
    shown = shown.split("</details>")[0]
    assert "load_state_dict" in shown and "NotImplementedError" not in shown
    assert WHY in shown
    assert page.count('<details class="tried">') == page.count('<details class="solution">')
    # Those answered in words have a model answer, folded away as well.
    assert page.count('<details class="solution">') == len(load_chapter("03"))
    assert page.count('check("03.1", transfer)') == 1
    assert "END SOLUTION" not in page


def test_hints_unfold_one_inside_the_other(page: str) -> None:
    first = page.split('<details class="hint">')[1]
    assert "</details>" not in first  # the second hint comes before the first one ends


def test_links_lead_to_pages_of_the_book(tmp_path: Path) -> None:
    cell = nbformat.v4.new_markdown_cell(
        "See [chapter 04](04_feature_extraction.ipynb#probe).", id="a"
    )
    one = Edition(*(nbformat.v4.new_notebook(cells=[cell]) for _ in range(2)))
    text = chapter_page(NAME, {"pytorch": one, "keras": one}, tmp_path)
    assert "[chapter 04](04_feature_extraction.md#probe)" in text


def test_a_quiz_does_not_show_its_answers_at_a_glance() -> None:
    quiz = load_quiz("03.q1")
    page = question(quiz)
    for option in quiz.options:
        assert option.feedback["en"] not in page
    said = [json.loads(base64.b64decode(each)) for each in re.findall('data-said="([^"]+)"', page)]
    assert [each["right"] for each in said] == [option.right for option in quiz.options]


def test_what_a_quiz_says_ends_as_its_language_does(monkeypatch: pytest.MonkeyPatch) -> None:
    for spoken, ends in (("en", {"Yes.", "No."}), ("zh", {"对。", "不对。"})):
        monkeypatch.setattr(language, "_chosen", spoken)
        said = re.findall('data-said="([^"]+)"', question(load_quiz("03.q1")))
        told = [json.loads(base64.b64decode(each))["words"] for each in said]
        assert {re.findall("<strong>(.*?)</strong>", each)[0] for each in told} == ends
