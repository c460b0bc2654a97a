"""The site as people use it, in headless Chromium: search, tabs, quizzes, phones, and axe's rules."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

CHAPTER = "03_pre_training.html"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def address(built: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(built))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """A fresh page; whatever it asks of another host, or complains of, fails the test."""
    context = browser.new_context(viewport={"width": 1200, "height": 900}, base_url=address)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    # Aborted is what was still under way when the page was left for another one.
    page.on(
        "requestfailed",
        lambda request: (
            None if "ERR_ABORTED" in request.failure else complaints.append(request.url)
        ),
    )
    page.on(
        "response",
        lambda answer: (
            complaints.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None
        ),
    )
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((address, "data:"))
            else complaints.append(f"asked {request.url}")
        ),
    )
    yield page
    context.close()
    assert complaints == []


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


# Colours do not depend on the language.
@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("zh", "light"), ("en", "dark")])
def test_axe_finds_nothing_serious(page: Any, built: Path, language: str, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.emulate_media(color_scheme=scheme)
    found = {}
    for path in sorted(built.glob(f"{language}/*.html")):
        page.goto(f"/{path.relative_to(built).as_posix()}")
        violations = Axe().run(page).response["violations"]
        serious = [each for each in violations if each["impact"] in ("serious", "critical")]
        if serious:
            found[path.name] = [
                (each["id"], each["nodes"][0]["html"][:160], len(each["nodes"])) for each in serious
            ]
    assert found == {}
