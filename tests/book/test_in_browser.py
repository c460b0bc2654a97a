"""The site as people use it, in headless Chromium: search, tabs, quizzes, phones, and axe's rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import needs_chromium

from .accessibility import find_serious

pytestmark = needs_chromium

CHAPTER = "03_pre_training.html"


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("zh", "最近类均值"),
        ("zh", "预训练"),
        ("zh", "核"),
        ("zh", "BatchNorm"),
        ("en", "nearest class mean"),
    ],
)
def test_search_finds_a_phrase_typed_whole(page: Any, language: str, question: str) -> None:
    page.goto(f"/{language}/index.html")
    page.fill("input.sidebar-search", question)
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li").count() >= 1


def test_the_script_cuts_a_question_as_the_index_is_cut(page: Any) -> None:
    page.goto("/zh/search.html")
    cut = page.evaluate("splitQuery('用ResNet18做特征提取，核')")
    assert cut == ["用", "ResNet18", "做特", "特征", "征提", "提取", "核"]


def test_a_framework_chosen_in_one_tab_is_chosen_everywhere_and_remembered(page: Any) -> None:
    page.goto(f"/en/{CHAPTER}")
    shown = page.get_by_text("from course_lib.keras import", exact=False).first
    assert not shown.is_visible()
    page.locator("label.sd-tab-label", has_text="Keras").first.click()
    assert shown.is_visible()
    page.goto("/en/05_fine_tuning.html")
    assert page.get_by_text("from course_lib.keras import", exact=False).first.is_visible()


def test_a_quiz_answers(page: Any) -> None:
    page.goto(f"/en/{CHAPTER}")
    quiz = page.locator(".quiz").first
    said = quiz.locator(".said")
    assert said.inner_text() == ""
    for number in range(quiz.locator("button").count()):
        button = quiz.locator("button").nth(number)
        button.focus()
        page.keyboard.press("Enter")
        assert len(said.inner_text()) > 20
        assert button.get_attribute("aria-pressed") == "true"


def test_a_solution_is_folded_away_until_asked_for(page: Any) -> None:
    page.goto(f"/en/{CHAPTER}")
    solution = page.locator("details.solution").first
    code = solution.locator("pre").first
    assert not code.is_visible()
    solution.locator("summary").click()
    assert code.is_visible()


def test_the_other_language_is_one_click_away_and_the_door_remembers(page: Any) -> None:
    page.goto(f"/en/{CHAPTER}")
    page.locator(".language-link a").click()
    page.wait_for_url(f"**/zh/{CHAPTER}")
    assert page.evaluate("document.documentElement.lang").startswith("zh")
    page.goto("/index.html")
    page.wait_for_url("**/zh/index.html")


@pytest.mark.parametrize(
    "name", ["index", "02_losses_and_gradients", "05_fine_tuning", "methods", "teaching"]
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_is_wider_than_a_telephone(page: Any, language: str, name: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/{language}/{name}.html")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


# One page of each kind; `--full` looks at all of them.
KINDS = (
    "00_start_here",  # both frameworks' tabs, exercises, hints, solutions, quizzes
    "b1_convolution",
    "index",
    "choosing",
    "symptoms",
    "glossary",
    "methods",
    "documents",
    "departments",
    "search",
)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_axe_finds_nothing_serious(page: Any, language: str, name: str) -> None:
    page.goto(f"/{language}/{name}.html")
    assert find_serious(page) == []


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_axe_finds_nothing_serious_on_any_page(page: Any, built: Path, language: str) -> None:
    found = {}
    for path in sorted(built.glob(f"{language}/*.html")):
        page.goto(f"/{path.relative_to(built).as_posix()}")
        found[path.name] = find_serious(page)
    assert {name: each for name, each in found.items() if each} == {}
