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


def test_a_phrase_typed_whole_leads_to_a_page_that_has_it(page: Any) -> None:
    page.goto("/zh/index.html")
    page.fill("input.sidebar-search", "迁移学习")
    page.keyboard.press("Enter")
    results = page.locator("#search-results li")
    results.first.wait_for()
    # A page about it comes first, not any page that has the characters somewhere.
    assert "迁移" in results.first.inner_text()
    results.first.locator("a").first.click()
    page.wait_for_url(lambda address: "/zh/" in address and "search.html" not in address)
    assert "迁移学习" in page.locator("article").inner_text()


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


def tab_to(page: Any, selector: str) -> None:
    """Press Tab until what has the focus is this."""
    for _ in range(150):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"the Tab key does not lead to {selector}")


def test_tabs_language_and_colours_need_no_mouse(page: Any) -> None:
    page.goto(f"/en/{CHAPTER}")
    shown = page.get_by_text("from course_lib.keras import", exact=False).first
    page.keyboard.press("Tab")  # the first stop leads past the navigation
    page.keyboard.press("Enter")
    tab_to(page, ".sd-tab-set > input")
    page.keyboard.press("ArrowRight")
    assert shown.is_visible()
    page.keyboard.press("ArrowLeft")
    assert not shown.is_visible()

    page.reload()
    tab_to(page, ".theme-toggle")
    before = page.evaluate("document.body.dataset.theme")
    page.keyboard.press("Enter")
    assert page.evaluate("document.body.dataset.theme") != before

    page.reload()
    tab_to(page, ".language-link a")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/zh/{CHAPTER}")


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
    tried, attempt = solution.locator("details.tried > summary"), solution.locator("textarea")
    why = solution.get_by_text("Why.", exact=True)
    assert not code.is_visible()
    solution.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert attempt.is_visible() and tried.is_visible() and not code.is_visible()
    page.keyboard.press("Tab")
    page.keyboard.type("the backbone's weights first")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert code.is_visible() and why.is_visible()
    assert attempt.input_value() == "the backbone's weights first"


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
